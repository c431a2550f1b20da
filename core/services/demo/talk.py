"""What they say to each other, in threads: asked, answered, agreed, thanked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.models import (
    AnswerRun,
    AuditAction,
    ConversationKind,
    History,
    Member,
    MemberRole,
    Mention,
    MessageRevision,
    Reaction,
    RunStatus,
)
from core.services.calls import called_people
from core.services.demo.care import Care
from core.services.demo.incidents import Incident
from core.services.demo.ledger import Ledger
from core.services.demo.people import GUIDES, LIVELY
from core.services.demo.rooms import Room
from core.services.demo.scripts import Deck, Filling, Line, Script, scripts_of
from core.services.demo.words import Vocabulary
from core.services.demo.world import Ask, Person, Place, Row, World, tokens_of

UNREAD = timedelta(minutes=100)
"""For so long before the last hour those who show Parley have not looked."""
EDITED = 0.015
TAKEN_BACK = 0.004
LATEST = timedelta(seconds=90)
ON_SECOND_THOUGHT = (
    "Wrong room, sorry!",
    "Ignore me, found it.",
    "Sorry, that was for somebody else.",
    "Never mind, solved.",
)


class Talk:
    """One room, or the direct chat of two, from its making on."""

    def __init__(
        self, world: World, ledger: Ledger, care: Care, kind: ConversationKind, *, people: Sequence[Person],
        owner: Person, begun: datetime, room: Room | None = None,
    ) -> None:  # fmt: skip
        self.world, self.ledger, self.care, self.chance = world, ledger, care, world.chance
        self.room, self.owner, self.people, self.begun = room, owner, list(people), begun
        self.history = room.history if room else History.ALL
        given = {"title": room.title, "is_titled": True, "history": room.history} if room else {}
        if kind is ConversationKind.DIRECT:
            given = {"direct_key": ":".join(sorted(one.id.hex for one in people))}
        self.place = Place(world, kind, owner, begun, **given)
        self.words = Vocabulary(self.chance)
        self.names = {one.id: (one.hand.name, one.hand.email) for one in people}
        self.read: dict[UUID, int] = {}
        """By person: the last message that they wrote themselves."""
        self.joined: dict[UUID, tuple[datetime, int, Person | None]] = {}
        self.waiting = [one for one in self.people if one.came > begun]
        """Those who come later."""
        self.texts: dict[tuple[str, ...], Deck[str]] = {}

    def tell(
        self, places: Sequence[str], count: int, until: datetime | None = None, incidents: Sequence[Incident] = ()
    ) -> None:
        """About so many messages in threads of these places."""
        self._begin()
        fitting = [one for one in scripts_of("rooms") if one.fits(places)]
        deck = Deck(self.chance, fitting)
        threads = max(round(count * len(fitting) / sum(len(one.lines) for one in fitting)), 1)
        zones = [one.hand.zone for one in self.people]
        moments: list[tuple[datetime, Incident | None]] = [
            (self.world.year.moment(self.chance, self.chance.choice(zones), self.begun, until), None)
            for _ in range(threads)
        ]
        moments += [(self.care.when(incident), incident) for incident in incidents]
        at = self.begun
        for moment, incident in sorted(moments, key=lambda one: one[0]):
            at = max(at + timedelta(minutes=self.chance.randrange(2, 11)), moment)
            if at > self.world.now - LATEST:
                break
            at = self._incident(at, incident) if incident else self._thread(at, deck.take())

    def last_word(self, at: datetime, script: Script, cast: Sequence[Person]) -> None:
        """Something that was said just now, by and to people who are named."""
        at = max([at, *(when + timedelta(seconds=20) for when in self.place.said_at[-1:])])
        self._welcome(at)
        self._lines(at, script, dict(zip("ABCD", cast, strict=False)))

    def end(self, until: datetime | None = None) -> Place:
        world, place = self.world, self.place
        for one in self.people:
            self._add_member(one)
        place.end(len(self.people))
        if until is not None:
            place.row["archived_at"] = until
            world.did(until, AuditAction.CONVERSATION_ARCHIVED, self.owner, place.id)
        return place

    def _begin(self) -> None:
        world, place, here = self.world, self.place, [one for one in self.people if one.came <= self.begun]
        for one in here:
            self.joined[one.id] = (self.begun, 0, self.owner if self.room and one is not self.owner else None)
        after: dict[str, Any] = {"kind": place.kind}
        if self.room:
            place.notice(self.begun, f"{self.owner.hand.name} made this room.")
            invited = sorted(str(one.id) for one in here if one is not self.owner)
            after |= {"history": self.history, "members": invited}
        world.did(self.begun, AuditAction.ROOM_CREATED, self.owner, place.id, after=after)

    def _add_member(self, person: Person) -> None:
        place = self.place
        at, seq, by = self.joined.get(person.id, (self.begun, 0, None))
        seen = max(self._seen(person), self.read.get(person.id, 0), seq)
        role = MemberRole.OWNER if person is self.owner and self.room else MemberRole.MEMBER
        self.world.add(
            Member, conversation_id=place.id, user_id=person.id, kind=place.kind, role=role, joined_at=at,
            joined_seq=seq, added_by=by.id if by else None, last_read_seq=seen, read_said=place.counts[seen],
        )  # fmt: skip

    def _seen(self, person: Person) -> int:
        last = self.world.year.last_hour
        if person.name in LIVELY:
            return self.place.seq_at(last - UNREAD)
        return self.place.seq_at(last - timedelta(minutes=self.chance.expovariate(1 / 50)))

    # A thread

    def _thread(self, at: datetime, script: Script) -> datetime:
        self._welcome(at)
        here = [one for one in self.people if one.is_there(at) and one.id in self.joined]
        if at > self.world.year.last_hour - UNREAD:
            here = [one for one in here if one.name not in LIVELY] or here
        if len(here) < script.voices:
            return at
        return self._lines(at, script, dict(zip("ABCD", self.chance.sample(here, min(4, len(here))), strict=False)))

    def _welcome(self, at: datetime) -> None:
        """Whoever came to the company since is added."""
        for one in [one for one in self.waiting if one.came <= at]:
            self.waiting.remove(one)
            when = max(at - timedelta(seconds=80), self.place.said_at[-1] if self.place.said_at else self.begun)
            seq = self.place.seq
            if self.room:
                self.place.notice(when, f"{self.owner.hand.name} added {one.hand.name}.")
                added = {"members": [str(one.id)], "role": MemberRole.MEMBER}
                self.world.did(when, AuditAction.MEMBERS_ADDED, self.owner, self.place.id, after=added)
            self.joined[one.id] = (when, seq, self.owner)
            self.read[one.id] = self.place.seq

    def _lines(self, at: datetime, script: Script, voices: dict[str, Person]) -> datetime:
        names = {letter: one.name for letter, one in voices.items()}
        filling = Filling(self.chance, self.words, script, names | {"person": self._another(voices).name})
        before, last = None, None
        for line in script.lines:
            if at > self.world.now - LATEST:
                break
            if before is not None:
                filling.known["other"] = before.name
            if line.who == "Z":
                at = self._assistant(at, filling.fill(self._text(line)), voices["A"], last)
                continue
            speaker = voices[line.who]
            last = self._say(at, line, filling, speaker, last if line.replies else None)
            self._react(at, line, last, speaker)
            if line.task:
                task = line.task
                title = filling.fill(task.title)
                self.world.asks.append(
                    Ask(at, speaker, voices.get(task.who, speaker), title, task.days, self.place.id, last["id"])
                )
            before = speaker if before is None or speaker is not before else before
            at += self._pause()
        if self.chance.random() < TAKEN_BACK * len(script.lines) and at < self.world.now - timedelta(hours=3):
            at = self._take_back(at, self.chance.choice(list(voices.values())))
        return at

    def _incident(self, at: datetime, incident: Incident) -> datetime:
        self._welcome(at)
        author = self.world.people[incident.author]
        row = self.place.say(at, incident.text, author, tokens_used=tokens_of(incident.text))
        self.read[author.id] = row["seq"]
        self.care.report(self.place, row, incident, self.people)
        return at

    def _text(self, line: Line) -> str:
        if len(line.texts) == 1:
            return line.texts[0]
        return self.texts.setdefault(line.texts, Deck(self.chance, line.texts)).take()

    def _say(self, at: datetime, line: Line, filling: Filling, speaker: Person, replied: Row | None) -> Row:
        text = filling.fill(self._text(line))
        row = self.place.say(
            at, text, speaker, tokens_used=tokens_of(text), reply_to_id=replied["id"] if replied else None
        )
        self.read[speaker.id] = row["seq"]
        if "@" in text:
            for user_id in sorted(called_people(text, self.names) - {speaker.id}):
                self.world.add(
                    Mention, message_id=row["id"], user_id=user_id, conversation_id=self.place.id, seq=row["seq"]
                )
        if self.chance.random() < EDITED:
            self._edit(at, row, speaker)
        return row

    def _edit(self, at: datetime, row: Row, speaker: Person) -> None:
        """Only a word was missing."""
        words = row["content"].split(" ")
        if len(words) < 5 or "\n" in row["content"]:
            return
        del words[self.chance.randrange(1, len(words) - 1)]
        before, edited = " ".join(words), at + timedelta(seconds=self.chance.randrange(8, 240))
        self.world.add(
            MessageRevision, id=self.world.id(edited), created_at=edited, message_id=row["id"], content=before,
            edited_by=speaker.id,
        )  # fmt: skip
        row |= {"edited_at": edited, "edited_by": speaker.id}
        was, now = {"length": len(before)}, {"length": len(row["content"])}
        self.world.did(edited, AuditAction.MESSAGE_EDITED, speaker, row["id"], before=was, after=now)

    def _take_back(self, at: datetime, speaker: Person) -> datetime:
        text, gone = self.chance.choice(ON_SECOND_THOUGHT), at + timedelta(seconds=self.chance.randrange(20, 400))
        row = self.place.say(at, text, speaker, tokens_used=tokens_of(text), deleted_at=gone, deleted_by=speaker.id)
        self.read[speaker.id] = row["seq"]
        self.world.did(gone, AuditAction.MESSAGE_DELETED, speaker, row["id"])
        return at + timedelta(minutes=3)

    def _react(self, at: datetime, line: Line, row: Row, speaker: Person) -> None:
        others = [one for one in self.people if one is not speaker and one.is_there(at) and one.id in self.joined]
        for emoji in line.reactions:
            some = (
                others
                if len(others) < 2
                else self.chance.sample(others, min(len(others), self.chance.choice((1, 1, 2, 4))))
            )
            for one in some:
                when = at + timedelta(seconds=self.chance.randrange(10, 900))
                key = {"message_id": row["id"], "user_id": one.id, "emoji": emoji}
                if (
                    self._has_seen(one, at)
                    and when < self.world.now
                    and not any(key.items() <= there.items() for there in self._reacted(row))
                ):
                    self.world.add(Reaction, **key, created_at=when)

    def _has_seen(self, person: Person, at: datetime) -> bool:
        return person.name not in LIVELY or at <= self.world.year.last_hour - UNREAD

    def _reacted(self, row: Row) -> list[Row]:
        """Of this message alone: they stand last."""
        found = []
        for there in reversed(self.world.rows[Reaction]):
            if there["message_id"] != row["id"]:
                break
            found.append(there)
        return found

    def _assistant(self, at: datetime, text: str, asker: Person, asked: Row | None) -> datetime:
        assert asked is not None  # it speaks when it is asked
        model, run_id, written = self.ledger.choose(), self.world.id(at), tokens_of(text)
        row = self.place.say(at, text, finds=model.name, tokens_used=written, reply_to_id=asked["id"])
        call = self.ledger.book(
            self.place, asker, model, at, read=900 + asked["tokens_used"], written=written, message_id=row["id"],
            run_id=run_id,
        )  # fmt: skip
        end = call.created_at = at + timedelta(milliseconds=call.duration_ms)
        self.world.add(
            AnswerRun, id=run_id, created_at=at, conversation_id=self.place.id, message_id=row["id"], asked_by=asker.id,
            status=RunStatus.COMPLETE, prompt_tokens=call.input_tokens, heartbeat_at=end, finished_at=end,
        )  # fmt: skip
        self.ledger.rate(call, model, asker)
        return end + timedelta(seconds=40)

    def _another(self, voices: dict[str, Person]) -> Person:
        """Somebody who does not speak here."""
        guides = {name for _, name in GUIDES}
        others = [one for one in self.world.people.values() if one not in voices.values() and one.name not in guides]
        return self.chance.choice(others)

    def _pause(self) -> timedelta:
        if self.chance.random() < 0.08:
            return timedelta(minutes=self.chance.randrange(15, 50))
        return timedelta(seconds=12 + self.chance.expovariate(1 / 130), milliseconds=self.chance.randrange(1_000))
