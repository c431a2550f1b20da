"""A tree of messages, as other systems keep them, becomes a transcript with versions.

The branch that was shown becomes the transcript. Messages below the same one are versions of each other; of those that
are not shown, each begins a bundle: what is hidden together with it, as `core.models.Message` has it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from core.models import MessageRole, MessageType
from core.transfer.document import Said

Above = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Node:
    role: MessageRole
    content: str
    at: datetime | None = None
    """None: when the one above it was said."""
    message_type: MessageType = MessageType.TEXT
    model: str | None = None
    tokens: int | None = None


def messages_of(
    nodes: Mapping[str, Node], parents: Mapping[str, str | None], shown: str | None, began: datetime
) -> tuple[Said, ...]:
    """`nodes` are those with something to say, `parents` has all: what is in no node is passed over.

    `shown` is the last one of the branch that was shown; below it, and everywhere without it, the newest is. Messages
    in a circle have no place and are left out.
    """
    above = _kept_above(nodes, parents)
    times = _in_order(nodes, above, began)
    seqs = {key: seq for seq, key in enumerate(times, 1)}
    versions = _versions(above, times)
    bundles = _bundles(above, versions, times, _branch(shown, nodes, parents, above))
    questions = _questions(nodes, above, times)
    return tuple(
        Said(
            seq=seqs[key],
            role=nodes[key].role,
            content=nodes[key].content,
            created_at=at,
            message_type=nodes[key].message_type,
            sender=0 if nodes[key].role is MessageRole.USER else None,
            reply_to=_seq_of(seqs, questions[key]) if nodes[key].role is MessageRole.ASSISTANT else None,
            version_group=seqs[versions[above[key]][0]] if len(versions[above[key]]) > 1 else None,
            superseded_with=_seq_of(seqs, bundles[key]),
            model=nodes[key].model,
            tokens=nodes[key].tokens,
        )
        for key, at in times.items()
    )


def _seq_of(seqs: Mapping[str, int], key: str | None) -> int | None:
    return None if key is None else seqs[key]


def _kept_above(nodes: Collection[str], parents: Mapping[str, str | None]) -> Above:
    """For each node the nearest node above it, None at the top. Without those in a circle or below one."""
    above: Above = {}
    nearest: Above = {}
    """For each, a node or not, the node that it is, or that is nearest above it."""
    circling: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key in parents and not (key in nearest or key in circling or key in path):
            path[key] = None
            key = parents[key]
        if key in circling or key in path:
            circling |= path.keys()
            continue
        found = None if key is None else nearest.get(key)
        for passed in reversed(path):
            above[passed] = found
            found = nearest[passed] = passed if passed in nodes else found
    return {key: found for key, found in above.items() if key in nodes}


def _in_order(nodes: Mapping[str, Node], above: Above, began: datetime) -> dict[str, datetime]:
    """When each was said, in the order in which they were, each behind the one above it."""
    places = {key: place for place, key in enumerate(nodes)}
    below: dict[str | None, list[str]] = _below(above)
    times: dict[str, datetime] = {}
    waiting: list[tuple[datetime, int, str]] = []
    reached: str | None = None
    said_at = began
    while True:
        for key in below.get(reached, ()):
            heappush(waiting, (nodes[key].at or said_at, places[key], key))
        if not waiting:
            return times
        said_at, _, reached = heappop(waiting)
        times[reached] = said_at


def _below(above: Above) -> dict[str | None, list[str]]:
    below: dict[str | None, list[str]] = defaultdict(list)
    for key, parent in above.items():
        below[parent].append(key)
    return below


def _versions(above: Above, order: Collection[str]) -> dict[str | None, list[str]]:
    """What stands below each, and below none, first to last."""
    return _below({key: above[key] for key in order})


def _branch(shown: str | None, nodes: Collection[str], parents: Mapping[str, str | None], above: Above) -> set[str]:
    seen: set[str] = set()
    key = shown
    while (
        key is not None and key in parents and not (key in nodes or key in seen)
    ):  # passed over: what it stands below was shown
        seen.add(key)
        key = parents[key]
    branch: set[str] = set()
    while key is not None and key in above:
        branch.add(key)
        key = above[key]
    return branch


def _bundles(
    above: Above, versions: Mapping[str | None, list[str]], order: Collection[str], branch: Collection[str]
) -> Above:
    """With which version each is hidden; None for what is shown."""
    bundles: Above = {}
    current = {parent: next((key for key in keys if key in branch), keys[-1]) for parent, keys in versions.items()}
    for key in order:
        parent = above[key]
        is_current = current[parent] == key
        bundles[key] = (None if parent is None else bundles[parent]) if is_current else key
    return bundles


def _questions(nodes: Mapping[str, Node], above: Above, order: Collection[str]) -> Above:
    """The question that each stands under, itself if it is one."""
    questions: Above = {}
    for key in order:
        parent = above[key]
        is_question = nodes[key].role is MessageRole.USER
        questions[key] = key if is_question else None if parent is None else questions[parent]
    return questions
