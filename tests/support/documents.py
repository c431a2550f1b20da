"""Documents with everything in them that one may have, made up by Hypothesis."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from core.models import (
    CallPurpose,
    CallStatus,
    ConversationKind,
    MessageRole,
    MessageStatus,
    MessageType,
    Score,
    StepState,
    UsageSource,
)
from core.transfer.document import Booked, Did, Document, Person, Rated, Reacted, Revision, Said

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
words = st.sampled_from(
    ["", "Where is order acme-1234?", "<b>so</b>", "الميزانية", "明天开会", "👩‍👩‍👧", "a\r\n\tb", 'x"\\y']
)
some = st.one_of(words, texts)
names = some.filter(bool)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.decimals(0, 10_000, places=8, allow_nan=False).map(lambda amount: Decimal(format(amount, "f")))
counts = st.integers(0, 2**31 - 1)
anything = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def calls(places: st.SearchStrategy[int | None]) -> st.SearchStrategy[tuple[Booked, ...]]:
    one = st.builds(
        Booked,
        at=moments,
        purpose=st.sampled_from(CallPurpose),
        provider=names,
        model=names,
        status=st.sampled_from(CallStatus),
        usage_source=st.sampled_from(UsageSource),
        duration_ms=counts,
        by=places,
        input_tokens=maybe(counts),
        cached_tokens=maybe(counts),
        output_tokens=maybe(counts),
        input_price=maybe(amounts),
        output_price=maybe(amounts),
        cost=maybe(amounts),
        price_source=maybe(some),
        first_token_ms=maybe(counts),
        error_code=maybe(some),
    )
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def documents(draw: st.DrawFn, *, importer: str = "importer@example.com") -> Document:
    """Some of the people in it may be the importer."""
    mails = maybe(st.sampled_from(["ada@example.com", "bo@example.com", importer, importer.upper()]))
    people = draw(st.lists(st.builds(Person, name=some, email=mails), max_size=4))
    places = maybe(st.integers(0, len(people) - 1)) if people else st.none()
    messages: list[Said] = []
    seq = 0
    for _ in range(draw(st.integers(0, 8))):
        seq += draw(st.integers(1, 3))
        messages.append(_message(draw, seq, messages, places))
    return Document(
        source=draw(st.sampled_from(["parley", "chatgpt", "open-webui"])),
        id=draw(names),
        kind=draw(st.sampled_from(ConversationKind)),
        title=draw(st.one_of(some, st.just("long " * 60))),
        is_titled=draw(st.booleans()),
        created_at=draw(moments),
        last_message_at=draw(moments),
        messages=tuple(messages),
        people=tuple(people),
        model=draw(maybe(some)),
        instructions=draw(st.one_of(some, st.just("Answer in verse. " * 300))),
        archived_at=draw(maybe(moments)),
        calls=draw(calls(places)),
        extra=draw(anything),
    )


def _message(draw: st.DrawFn, seq: int, before: list[Said], places: st.SearchStrategy[int | None]) -> Said:
    earlier = [said.seq for said in before]
    firsts = {said.seq: said for said in before if said.version_group == said.seq}
    group = draw(maybe(st.sampled_from([*firsts, seq])))
    superseded = draw(maybe(st.sampled_from([*earlier, seq])))
    if superseded is None and any(one.version_group == group and one.superseded_with is None for one in before):
        group = None
    deleted_at = draw(maybe(moments))
    is_there = deleted_at is None

    def lists(one: st.SearchStrategy[Any]) -> Any:
        return draw(st.lists(one, max_size=3).map(tuple)) if is_there else ()

    return Said(
        seq=seq,
        role=draw(st.sampled_from(MessageRole)),
        content=draw(st.one_of(some, st.just("long " * 2_100))) if is_there else "",
        created_at=draw(moments),
        message_type=draw(st.sampled_from(MessageType)),
        status=draw(st.sampled_from(MessageStatus)),
        sender=draw(places),
        reply_to=draw(maybe(st.sampled_from(earlier))) if earlier else None,
        version_group=group,
        superseded_with=superseded,
        model=draw(maybe(names)),
        tokens=draw(maybe(counts)),
        reached_limit=draw(st.booleans()),
        edited_at=draw(maybe(moments)),
        edited_by=draw(places),
        edit_reason=draw(maybe(some)),
        deleted_at=deleted_at,
        delete_reason=None if is_there else draw(maybe(some)),
        revisions=lists(
            st.builds(
                Revision, content=some, replaced_at=moments, edited_by=places, reason=some, by_moderator=st.booleans()
            )
        ),
        reactions=lists(st.builds(Reacted, emoji=st.sampled_from(["👍", "🎉", "a"]), by=places, at=moments)),
        ratings=lists(
            st.builds(
                Rated, score=st.sampled_from(Score), by=places, at=moments,
                tags=st.lists(some, max_size=2).map(tuple), comment=some,
            )
        ),
        calls=draw(calls(places)),
        steps=lists(
            st.builds(
                Did, name=some, state=st.sampled_from(StepState), at=counts, arguments=some, shown=some,
                seconds=maybe(st.floats(0, 1_000)), is_undone=st.booleans(),
            )
        ),
    )  # fmt: skip


BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def talk(count: int, title: str = "A long talk") -> Document:
    """Questions and answers by turns."""
    messages = tuple(
        Said(
            seq=seq,
            role=MessageRole.USER if seq % 2 else MessageRole.ASSISTANT,
            content=f"Message {seq}: **what** was said about `core/db.py` and the budget of the fair, at some length. "
            * 5,
            created_at=BEGAN + timedelta(seconds=seq),
            sender=0 if seq % 2 else None,
            reply_to=None if seq % 2 else seq - 1,
            model=None if seq % 2 else "small",
        )
        for seq in range(1, count + 1)
    )
    return Document(
        source="parley", id=f"talk-{count}-{title}", kind=ConversationKind.ASSISTANT, title=title, is_titled=True,
        created_at=BEGAN, last_message_at=BEGAN + timedelta(seconds=count), messages=messages,
        people=(Person("Ada", "ada@example.com"),),
    )  # fmt: skip
