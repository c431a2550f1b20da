"""`python -m core demo`: people who talk and ask models, so that there is something to look at."""

from collections.abc import Mapping
from uuid import UUID

import typer
from rich.progress import track

from core import ids
from core.bootstrap import Application, current
from core.cli.demo_talk import (
    ANSWERS,
    COMPANY,
    DAY,
    MODERATOR,
    PEOPLE,
    Adds,
    Event,
    Joins,
    Leaves,
    Reads,
    Removes,
    Reports,
    Room,
    Says,
)
from core.cli.demo_tasks import add_tasks
from core.cli.users import Company, FromStdin, read_password
from core.errors import NotFound
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.services.demo_answers import DemoAnswers
from core.services.demo_ledger import DAYS, DemoLedger
from core.services.people import Person
from core.services.views import Sent

LENGTH = 16
"""Characters of a password that is made here."""
THERE = "The demo people are there already; nothing was changed."

People = Mapping[str, Actor]


def demo(company: Company = None, password_stdin: FromStdin = False) -> None:
    """Add six demo people, a day of their talk, tasks and three months of usage. Without a company, one is made."""
    app = current()
    if _is_there(app):
        typer.echo(THERE)
        return
    password = read_password(from_stdin=True) if password_stdin else ids.new_token()[:LENGTH]
    app.events.start()  # a server that runs beside this one shows it at once
    try:
        people = _add_people(app, password, company)
        rooms: list[UUID] = []
        said: dict[str, UUID] = {}
        titled: dict[str, UUID] = {}
        for room in track(DAY, "The demo people talk"):
            talk = _Talk(app, people, room)
            talk.play()
            said |= {text: sent.message_id for text, sent in talk.said.items()}
            rooms += [talk.id] if room.kind is not ConversationKind.DIRECT else []
            titled[room.title] = talk.id
        for told in ANSWERS:
            DemoAnswers(app.database).add(people[told.who], told, titled[told.room] if told.room else None)
        add_tasks(app, people, said)
        _add_history(app, people, rooms)
    finally:
        app.events.stop()
    typer.echo(f"Added {', '.join(PEOPLE)}. Sign in as {_email(next(iter(PEOPLE)))}, or another of these names.")
    typer.echo(f"{MODERATOR} is a moderator, and has reports to look at.")
    if not password_stdin:
        typer.echo(f"Their password, which is not shown again: {password}")


def _add_history(app: Application, people: People, rooms: list[UUID]) -> None:
    """What they asked models in the months before: only its figures."""
    company_id = next(iter(people.values())).company_id
    user_ids = [actor.user_id for actor in people.values()]
    days = DemoLedger(app.database).add_days(company_id, user_ids, rooms)
    for _ in track(days, "Three months of model calls", total=DAYS):
        pass


def _is_there(app: Application) -> bool:
    try:
        app.people.find(None, _email(next(iter(PEOPLE))))
    except NotFound:
        return False
    return True


def _add_people(app: Application, password: str, company_id: UUID | None) -> People:
    """The first one is the admin of a new company; in one that is there already, nobody becomes admin by this."""
    first, *others = PEOPLE
    if app.accounts.needs_setup():
        app.accounts.require_passwords()
        app.accounts.set_up_by_command(
            company_name=COMPANY, email=_email(first), display_name=PEOPLE[first], password=password
        )
        added = {first: app.people.find(None, _email(first))}
    else:
        added, others = {}, [first, *others]
    for name in track(others, "Adding the demo people"):
        added[name] = app.people.create_user(
            None,
            email=_email(name),
            display_name=PEOPLE[name],
            password=password,
            roles=[Role.STAFF, Role.MODERATOR] if name == MODERATOR else [Role.STAFF],
            company_id=company_id,
        )
    return {name: _actor(person) for name, person in added.items()}


def _email(name: str) -> str:
    return f"{name.lower()}@demo.example"


def _actor(person: Person) -> Actor:
    return Actor(person.id, person.company_id, person.email, person.display_name, person.roles)


class _Talk:
    """One room, from its making on."""

    def __init__(self, app: Application, people: People, room: Room) -> None:
        self.app = app
        self.people = people
        self.room = room
        self.said: dict[str, Sent] = {}
        """By text."""
        self.id = self._begun()

    def _begun(self) -> UUID:
        owner, ids_ = self.people[self.room.owner], [self.people[name].user_id for name in self.room.people]
        if self.room.kind is ConversationKind.DIRECT:
            return self.app.rooms.start_direct(owner, ids_[0])
        kind, title, history = self.room.kind, self.room.title, self.room.history
        return self.app.rooms.create(owner, kind, title, user_ids=ids_, history=history)

    def play(self) -> None:
        for event in self.room.events:
            self._do(event, self.people[event.who])

    def _do(self, event: Event, actor: Actor) -> None:
        members = self.app.members
        match event:
            case Says():
                self._say(event, actor)
            case Reports():
                message = next(sent for text, sent in self.said.items() if text.startswith(event.text))
                self.app.reports.report(actor, message.message_id, event.reason, event.comment)
            case Adds(whom=whom):
                members.add(actor, self.id, [self.people[whom].user_id])
            case Removes(whom=whom):
                members.remove(actor, self.id, self.people[whom].user_id)
            case Joins():
                self.app.rooms.join(actor, self.id)
            case Leaves():
                members.leave(actor, self.id)
            case Reads():
                members.mark_read(actor, self.id, max(sent.seq for sent in self.said.values()))

    def _say(self, event: Says, actor: Actor) -> None:
        replied = next((sent for text, sent in self.said.items() if text.startswith(event.replies_to or "\0")), None)
        sent = self.app.talk.send(actor, self.id, event.text, reply_to_id=replied.message_id if replied else None)
        self.said[event.text] = sent
        for emoji, name in event.reactions:
            self.app.reactions.react(self.people[name], sent.message_id, emoji)
        if event.edited_to:
            self.app.talk.edit(actor, sent.message_id, event.edited_to)
        if event.is_taken_back:
            self.app.talk.delete(actor, sent.message_id)
