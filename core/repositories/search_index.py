"""Keeping the words that search looks through beside what was said: written in the same transaction, always."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import TextClause, text

from core.repositories.base import Repository
from core.repositories.message_lines import IS_STEP
from core.search.conditions import Mark
from core.search.words import LONGEST_WORD, fold, quoted, vector_of

BATCH = 500
JOINT = re.compile(r"[-_.:/ ]")

# The marks beside the words, as text of a tsvector. {m} is the message, {c} its conversation.
SCOPE_MARKS = f"""concat(
    ' ''{Mark.CONVERSATION}', right(CAST({{c}}.id AS text), 17), '''',
    CASE {{c}}.kind
        WHEN 'assistant' THEN concat(' ''{Mark.OWNER}', right(CAST({{c}}.owner_id AS text), 17), '''')
        ELSE concat(' ''{Mark.SHARED}', right(CAST({{c}}.company_id AS text), 17), '''') END,
    CASE {{c}}.kind WHEN 'company'
        THEN concat(' ''{Mark.COMPANY}', right(CAST({{c}}.company_id AS text), 17), '''') END)"""
MESSAGE_MARKS = f"""concat(
    ' ''{Mark.ROLE}', {{m}}.role, '''',
    CASE WHEN {{m}}.sender_id IS NOT NULL
        THEN concat(' ''{Mark.SENDER}', right(CAST({{m}}.sender_id AS text), 17), '''') END,
    to_char({{m}}.created_at AT TIME ZONE 'UTC',
        '" ''{Mark.MONTH}"YYYYMM"'' ''{Mark.QUARTER}"YYYYQ"'' ''{Mark.YEAR}"YYYY"''"'),
    CASE WHEN {{m}}.created_at > clock_timestamp() + interval '1 minute' THEN ' ''{Mark.LATER}''' END)"""
LATER_MARKS = f"""concat(
    CASE WHEN m.edited_at IS NOT NULL THEN ' ''{Mark.EDITED}''' END,
    CASE WHEN EXISTS (SELECT FROM reactions r WHERE r.message_id = m.id) THEN ' ''{Mark.REACTION}''' END,
    CASE WHEN EXISTS (SELECT FROM cases k WHERE k.message_id = m.id
        AND NOT k.reasons <@ ARRAY['automatic']::varchar[]) THEN ' ''{Mark.REPORTED}''' END)"""
SCOPE = "CASE {c}.kind WHEN 'assistant' THEN {c}.owner_id ELSE {c}.id END, {c}.kind <> 'assistant'"

_VECTOR = f"""CAST(concat(
    given.words, {SCOPE_MARKS.format(c="c")}, {MESSAGE_MARKS.format(m="m")}, {LATER_MARKS}) AS tsvector)"""
_PUT = text(
    f"""
    INSERT INTO message_words (message_id, company_id, conversation_id, scope_id, is_room, said_at, words)
    SELECT m.id, c.company_id, c.id, {SCOPE.format(c="c")}, m.created_at, {_VECTOR}
    FROM unnest(CAST(:ids AS uuid[]), CAST(:words AS text[])) AS given (id, words)
    JOIN messages m ON m.id = given.id AND m.deleted_at IS NULL JOIN conversations c ON c.id = m.conversation_id
    ORDER BY m.created_at, m.id
    ON CONFLICT (message_id) DO UPDATE SET words = excluded.words
    """
)
_PUT_TITLE = text(
    f"""
    INSERT INTO title_words (conversation_id, company_id, scope_id, is_room, said_at, words)
    SELECT c.id, c.company_id, {SCOPE.format(c="c")}, c.created_at,
        CAST(concat(CAST(:words AS text), {SCOPE_MARKS.format(c="c")}) AS tsvector)
    FROM conversations c WHERE c.id = :id
    ON CONFLICT (conversation_id) DO UPDATE SET words = excluded.words
    """
)
_PUT_TITLES = text(
    f"""
    INSERT INTO title_words (conversation_id, company_id, scope_id, is_room, said_at, words)
    SELECT c.id, c.company_id, {SCOPE.format(c="c")}, c.created_at,
        CAST(concat(given.words, {SCOPE_MARKS.format(c="c")}) AS tsvector)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:words AS text[])) AS given (id, words)
    JOIN conversations c ON c.id = given.id
    """
)
_REMOVE_TITLE = text("DELETE FROM title_words WHERE conversation_id = :id")
_LOCK = text("SELECT title FROM conversations WHERE id = :id FOR NO KEY UPDATE")
_REMOVE_ALL = text("DELETE FROM message_words w USING messages m WHERE m.id = w.message_id AND m.conversation_id = :id")
_TEXTS = """
    SELECT m.id, m.seq, m.content, coalesce(m.extra -> 'imported' ->> 'model', (
        SELECT k.model FROM model_calls k
        WHERE k.message_id = m.id AND k.purpose = 'answer' ORDER BY k.id DESC LIMIT 1)) AS model
    FROM messages m
"""
_SEARCHED = f"""{_TEXTS}
    WHERE {{which}} = :id AND m.seq > :after AND m.deleted_at IS NULL AND m.content <> ''
        AND m.status <> 'pending' AND m.message_type <> 'notice' AND NOT {IS_STEP.format(m="m")}
    ORDER BY m.seq LIMIT :limit
"""
_OF_CONVERSATION = text(_SEARCHED.format(which="m.conversation_id"))
_OF_MESSAGE = text(_SEARCHED.format(which="m.id"))
_TEXTS_OF = text(
    f"""{_TEXTS} JOIN (
        SELECT m.id, sum(char_length(m.content)) OVER (ORDER BY given.place) - char_length(m.content) AS before
        FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS given (id, place) JOIN messages m ON m.id = given.id
    ) few ON few.id = m.id WHERE few.before < :most
    """
)
_FITS = text(
    f"""
    SELECT m.id FROM unnest(CAST(:ids AS uuid[]), CAST(:texts AS text[])) AS given (id, words)
    JOIN messages m ON m.id = given.id JOIN conversations c ON c.id = m.conversation_id
    WHERE {_VECTOR} @@ CAST(:words AS tsquery)
    """
)
_MARK = text(
    "UPDATE message_words SET words = words || CAST(:mark AS tsvector)"
    " WHERE message_id = :id AND NOT words @@ CAST(:sought AS tsquery)"
)
_UNMARK = text("UPDATE message_words SET words = ts_delete(words, :word) WHERE message_id = :id")


class SearchIndex(Repository):
    def put(self, message_id: UUID, content: str, model: str | None = None) -> None:
        """A message that is whole, or has another text now. `model`: the one that wrote it; None for people."""
        self._put([message_id], [words_of(content, model)])

    def put_again(self, message_id: UUID) -> None:
        """A message that was taken out, unless it is not to be found at all."""
        self._put_all(_OF_MESSAGE, message_id)

    def remove(self, message_id: UUID) -> None:
        self.session.execute(text("DELETE FROM message_words WHERE message_id = :id"), {"id": message_id})

    def list_fitting(self, message_ids: Sequence[UUID], words: str, most: int) -> tuple[set[UUID], int]:
        """Which of these deleted messages fit a `tsquery`, and at how many of them was looked: those whose texts have
        `most` characters together, at least one. Their words are made for this, and kept nowhere: it is for who may
        read deleted messages.
        """
        texts = self.session.execute(_TEXTS_OF, {"ids": list(message_ids), "most": most}).all()
        given = {"ids": [row.id for row in texts], "texts": [words_of(row.content, row.model) for row in texts]}
        return set(self.session.execute(_FITS, given | {"words": words}).scalars()), len(texts)

    def remove_chats_of(self, user_id: UUID) -> None:
        """Everything said in a person's own chats with the assistant."""
        self.session.execute(text("DELETE FROM message_words WHERE scope_id = :id"), {"id": user_id})

    def mark(self, message_id: UUID, mark: Mark) -> None:
        self.session.execute(_MARK, {"id": message_id, "mark": mark.of(""), "sought": mark.of("")})

    def unmark(self, message_id: UUID, mark: Mark) -> None:
        self.session.execute(_UNMARK, {"id": message_id, "word": mark.value})

    def put_title(self, conversation_id: UUID, title: str) -> None:
        words = vector_of(title)
        given = {"id": conversation_id, "words": words}
        self.session.execute(_PUT_TITLE if words else _REMOVE_TITLE, given)

    def put_many(self, messages: Sequence[tuple[UUID, str]], titles: Sequence[tuple[UUID, str]]) -> None:
        """Words, by `words_of`, of messages that are new, and titles of conversations that have none yet."""
        for at in range(0, len(messages), BATCH):
            ids, words = zip(*messages[at : at + BATCH], strict=True)
            self._put(ids, words)
        named = [(key, vector) for key, title in titles if (vector := vector_of(title))]
        if named:
            ids, words = zip(*named, strict=True)
            self.session.execute(_PUT_TITLES, {"ids": list(ids), "words": list(words)})

    def put_conversation(self, conversation_id: UUID) -> int:
        """Title and messages of a conversation, all anew. Returns how many messages there were.

        It holds the conversation's lock, as whoever changes something in it does: what is edited, or gets a reaction,
        at this moment comes before it or after it.
        """
        row = self.session.execute(_LOCK, {"id": conversation_id}).one_or_none()
        if row is None:
            return 0
        self.put_title(conversation_id, row.title)
        self.session.execute(_REMOVE_ALL, {"id": conversation_id})
        return self._put_all(_OF_CONVERSATION, conversation_id)

    def _put_all(self, statement: TextClause, key: UUID) -> int:
        count, after = 0, 0
        while batch := self.session.execute(statement, {"id": key, "after": after, "limit": BATCH}).all():
            self._put([row.id for row in batch], [words_of(row.content, row.model) for row in batch])
            count, after = count + len(batch), batch[-1].seq
        return count

    def _put(self, ids: Sequence[UUID], words: Sequence[str]) -> None:
        self.session.execute(_PUT, {"ids": list(ids), "words": list(words)})

    # What was there before it was searched for

    def take_backlog(self) -> UUID | None:
        """A conversation whose words are still missing, held until the transaction ends; None when there is none."""
        statement = text(
            "DELETE FROM search_backlog WHERE conversation_id = (SELECT conversation_id FROM search_backlog"
            " ORDER BY conversation_id DESC LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING conversation_id"
        )
        return self.session.execute(statement).scalar_one_or_none()

    def count_backlog(self) -> int:
        return int(self.session.execute(text("SELECT count(*) FROM search_backlog")).scalar_one())

    def refill_backlog(self) -> int:
        """Every conversation once more. Returns how many there are to do."""
        statement = text("INSERT INTO search_backlog SELECT id FROM conversations ON CONFLICT DO NOTHING")
        self.session.execute(statement)
        return self.count_backlog()


def words_of(content: str, model: str | None = None) -> str:
    """The words of a message as text of a tsvector, with the marks of who wrote it if that was a model."""
    marks = [quoted(Mark.MODEL.value + name) for name in _names(fold(model))] if model else []
    return " ".join([vector_of(content), *marks])


def _names(model: str) -> list[str]:
    """What a model may be called: by its whole name, or its first words."""
    ends = [joint.start() for joint in JOINT.finditer(model) if joint.start()]
    return [model[:end][:LONGEST_WORD] for end in [*ends, len(model)]]
