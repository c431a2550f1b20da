"""Parley's own format: everything that a document says, so that export, import and export give the same bytes.

docs/export.md explains it, docs/parley-conversation.schema.json describes it to programs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.errors import Invalid
from core.transfer.document import Document, Said
from core.transfer.outgoing import Outgoing, outgoing
from core.transfer.parts import BOOKED, HEAD, PERSON, SAID, an_object, list_of, part_of, refusal

FORMAT, MANY, VERSION = "parley.conversation", "parley.conversations", 1
LISTS = ("messages", "calls", "people")
UNKNOWN = "Fields that this Parley doesn't know were left out."
NEWER = "A newer Parley wrote this file. Bring this one up to date, then import it."
TOO_DEEP = "This is no conversation of Parley: it is nested too deeply."


def write(going: Outgoing) -> Iterator[str]:
    """As text, message by message, each on a line of its own. The same document gives the same text."""
    yield _line(_head(going.head))[:-1]
    yield from _list("messages", map(SAID.write, going.messages))
    yield from _list("calls", map(BOOKED.write, going.calls))
    yield from _list("people", map(PERSON.write, going.people))  # by now all of them are known
    yield "}\n"


def dumps(document: Document) -> str:
    return "".join(write(outgoing(document)))


def from_json(value: Any) -> Document:
    """Raises Invalid, with the place, for whatever is no conversation in this format."""
    try:
        return _document(an_object(value, ""))
    except RecursionError:
        raise Invalid(TOO_DEEP) from None


def _head(document: Document) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **HEAD.write(document)}


def _list(name: str, items: Iterable[Any]) -> Iterator[str]:
    yield f',"{name}":['
    between = "\n"
    for item in items:
        yield between + _line(item)
        between = ",\n"
    yield "]" if between == "\n" else "\n]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _document(given: Mapping[str, Any]) -> Document:
    if given.get("format") != FORMAT:
        raise refusal("format", f"is not {FORMAT}")
    _check_version(given)
    lists = {name: given[name] for name in LISTS if given.get(name) is not None}
    if "messages" not in lists:
        raise refusal("messages", "is missing")
    messages = list_of(part_of(SAID)).read(lists["messages"], "messages")
    people = list_of(part_of(PERSON)).read(lists.get("people", []), "people")
    calls = list_of(part_of(BOOKED)).read(lists.get("calls", []), "calls")
    head = HEAD.values(given, "")
    _check_order(messages)
    _check_people(len(people), messages, calls)
    known = HEAD.keys | {"format", "version", *LISTS}
    is_known = given.keys() <= known and all(item.keys() <= SAID.keys for item in lists["messages"])
    return Document(**head, messages=messages, people=people, calls=calls, notes=() if is_known else (UNKNOWN,))


def _check_version(given: Mapping[str, Any]) -> None:
    version = given.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise refusal("version", "is no version of this format")
    if version > VERSION:
        raise Invalid(NEWER)


def _check_order(messages: Sequence[Said]) -> None:
    """Each after the one before, naming only what was said before it, and one version of a message shown at most."""
    groups: dict[int, int | None] = {}
    """Of each message."""
    shown: set[int] = set()
    last = 0
    for number, said in enumerate(messages):
        place = f"messages[{number}]"
        if said.seq <= last:
            raise refusal(f"{place}.seq", "is not larger than the one before")
        last, groups[said.seq] = said.seq, said.version_group
        if said.reply_to is not None and (said.reply_to == said.seq or said.reply_to not in groups):
            raise refusal(f"{place}.reply_to", "names no message before it")
        if said.superseded_with is not None and said.superseded_with not in groups:
            raise refusal(f"{place}.superseded_with", "names neither this message nor one before it")
        if (group := said.version_group) is not None:
            if groups.get(group) != group:
                raise refusal(f"{place}.version_group", "is not the seq of a first version")
            if said.superseded_with is None and group in shown:
                raise refusal(f"{place}.version_group", "has two versions that are shown")
            shown |= {group} if said.superseded_with is None else set()
        if said.deleted_at and (said.content or said.revisions or said.reactions or said.ratings or said.steps):
            raise refusal(place, "is deleted and has a text, reactions, ratings or steps all the same")
        if said.delete_reason is not None and not said.deleted_at:
            raise refusal(f"{place}.delete_reason", "says why it was deleted, and it is not")


def _check_people(count: int, messages: Sequence[Said], calls: Sequence[Any]) -> None:
    def check(person: int | None, place: str) -> None:
        if person is not None and person >= count:
            raise refusal(place, "names nobody in people")

    for number, said in enumerate(messages):
        place = f"messages[{number}]"
        check(said.sender, f"{place}.sender")
        check(said.edited_by, f"{place}.edited_by")
        for name in ("revisions", "reactions", "ratings", "calls"):
            for at, part in enumerate(getattr(said, name)):
                person = part.edited_by if name == "revisions" else part.by
                check(person, f"{place}.{name}[{at}]")
    for at, call in enumerate(calls):
        check(call.by, f"calls[{at}].by")
