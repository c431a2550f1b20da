"""Tasks: made by people and by the assistant, kept by their owner and done by their assignee."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.assistant.screening import screened
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.models import (
    MAX_TASK_DESCRIPTION,
    MAX_TASK_TITLE,
    AuditAction,
    ConversationKind,
    Task,
    TaskStatus,
    User,
)
from core.permissions import Actor, Permission, permissions_of
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.repositories.tasks import Tasks
from core.repositories.users import Users
from core.rules.screen import told
from core.search.words import fold
from core.services.access import get_or_raise
from core.services.records import LEAVE, Leave, record_change
from core.services.task_views import NewTask, TaskCounts, TaskLine, TaskPage, TaskPlace, TasksWanted, TaskView, Whose
from core.services.texts import checked_text, one_line, required_text

PAGE = 50
AT_ONCE, STEPS = 200, 10
"""Tasks that a search for words reads in one step, and how many steps it takes for one page."""
LONGEST_SEARCH = 200
KIND = "task"
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
CHANGED = "This task was changed meanwhile. Look at it again, then change it."
TAKEN_BACK = "This task was made before and deleted since. Restore it, or make one with another title."
LIMITS = {"title": MAX_TASK_TITLE, "description": MAX_TASK_DESCRIPTION}
ONLY_OWNER = "Only the person who made a task can delete it."


class TaskService:
    """Whoever owns a task or is to do it may change and complete it; only its owner may delete it. For all others it
    does not exist.
    """

    def __init__(self, database: Database, told_person: Callable[[UUID], None] = lambda _: None) -> None:
        """`told_person` is told each person whose tasks are different now."""
        self.database = database
        self.told_person = told_person

    def create(self, actor: Actor, new: NewTask, *, client_key: UUID | None = None) -> TaskView:
        """The same `client_key` again gives the task that it gave the first time. Raises Invalid, NotFound for a
        message or conversation this person may not read, Conflict when the task of that key was deleted since.
        """
        actor.require(Permission.RECORDS_KEEP)
        texts = {"title": _title(new.title), "description": _description(new.description)}
        due_on = _day(new.due_on)
        try:
            with self.database.transaction() as session:
                if client_key and (earlier := _made_before(session, actor, client_key)):
                    return earlier
                assignee = _assignee(session, actor, new.assignee_id)
                conversation_id = _source(session, actor, new)
                texts, masked = _screened(session, actor, assignee.id, texts)
                task = Tasks(session).add(
                    Task(
                        company_id=actor.company_id,
                        owner_id=actor.user_id,
                        assignee_id=assignee.id,
                        title=texts["title"],
                        description=texts["description"],
                        due_on=due_on,
                        source=new.source,
                        conversation_id=conversation_id,
                        message_id=new.message_id,
                        client_key=client_key,
                    )
                )
                made = replace(_view(session, actor, task.id), masked=masked)
                after = _facts(task) | {"source": task.source}
                record_change(session, actor, AuditAction.RECORD_CREATED, KIND, task.id, after=after)
        except IntegrityError:  # the same one, sent twice at once: the other was faster
            with self.database.reading() as session:
                if client_key and (earlier := _made_before(session, actor, client_key)):
                    return earlier
            raise
        self._tell(actor, assignee.id)
        return made

    def get(self, actor: Actor, task_id: UUID) -> TaskView:
        """Raises NotFound for what is not this person's, and for what is deleted."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            _task(session, actor, task_id)
            return _view(session, actor, task_id)

    def list_page(
        self, actor: Actor, wanted: TasksWanted, *, after: TaskPlace | None = None, limit: int = PAGE
    ) -> TaskPage:
        """What is open by the day it is due, what has no day last; what is done, and everything, the newest first."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            lines = Tasks(session).list_page(actor, wanted, after=after, limit=limit + 1)
        shown = tuple(lines[:limit])
        return TaskPage(shown, shown[-1].place if len(lines) > limit else None)

    def find(
        self,
        actor: Actor,
        text: str,
        wanted: TasksWanted,
        *,
        after: TaskPlace | None = None,
        limit: int = PAGE,
        at_once: int = AT_ONCE,
    ) -> TaskPage:
        """Those of a list that have all these words in title or description, begun or whole, without case and accents.

        It reads their own tasks in the order of the list until the page is full, descriptions included, and at most
        STEPS times `at_once` of them: milliseconds for hundreds, less than a fifth of a second for two thousand, and
        never more. A page may thus be short, even empty, and have a `next` all the same.
        """
        actor.require(Permission.RECORDS_KEEP)
        words = fold(text[:LONGEST_SEARCH]).split()
        found: list[TaskLine] = []
        with self.database.reading() as session:
            for _ in range(STEPS):
                looked = Tasks(session).list_with_descriptions(actor, wanted, after=after, limit=at_once)
                for line, description in looked:
                    after = line.place
                    if _has_words(words, line.title, description):
                        found.append(line)
                    if len(found) == limit:
                        return TaskPage(tuple(found), after)
                if len(looked) < at_once:
                    return TaskPage(tuple(found), None)
        return TaskPage(tuple(found), after)

    def counts(self, actor: Actor, today: date, whose: Whose = Whose.MINE) -> TaskCounts:
        """Of what is open, and theirs in that way. `today` is the reader's."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return Tasks(session).counts(actor, today, whose)

    def count_due(self, actor: Actor, today: date) -> int:
        """What they are to do by today, what is overdue included."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return Tasks(session).count_due(actor.user_id, today)

    def people(self, actor: Actor, *, also: UUID | None = None) -> tuple[tuple[UUID, str], ...]:
        """Those with whom this person shares open tasks, by name; `also` this one, if they share any task."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return tuple(Tasks(session).list_people(actor, also))

    def update(
        self,
        actor: Actor,
        task_id: UUID,
        *,
        title: str | Leave = LEAVE,
        description: str | Leave = LEAVE,
        due_on: date | Leave | None = LEAVE,
        assignee_id: UUID | Leave = LEAVE,
        version: int | None = None,
    ) -> TaskView:
        """What is left out stays; an empty description empties it, None takes the day away.

        `version`: the one that this person saw; Conflict when it is another by now. Raises Invalid, NotFound.
        """
        given: dict[str, Any] = {
            "title": title if isinstance(title, Leave) else _title(title),
            "description": description if isinstance(description, Leave) else _description(description),
            "due_on": due_on if isinstance(due_on, Leave) else _day(due_on),
            "assignee_id": assignee_id,
        }
        changes = {name: value for name, value in given.items() if value is not LEAVE}
        return self._change(actor, task_id, changes, version)

    def assign(self, actor: Actor, task_id: UUID, assignee_id: UUID) -> TaskView:
        """Hands it to somebody of the same company. Who neither owns it nor is to do it sees it no more."""
        return self.update(actor, task_id, assignee_id=assignee_id)

    def complete(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> TaskView:
        """Done; one that is done already stays as it is. `version` as for `update`."""
        return self._move(actor, task_id, TaskStatus.DONE, version)

    def reopen(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> TaskView:
        """Open again; when it was done stays known. `version` as for `update`."""
        return self._move(actor, task_id, TaskStatus.OPEN, version)

    def delete(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> None:
        """`restore` undoes it. `version` as for `update`. Raises NotPermitted for who is only to do it."""
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            if task.owner_id != actor.user_id:
                raise NotPermitted(ONLY_OWNER)
            Tasks(session).update(task, deleted_at=clock.now())
            record_change(session, actor, AuditAction.RECORD_DELETED, KIND, task.id, before=_facts(task))
        self._tell(actor, task.assignee_id)

    def restore(self, actor: Actor, task_id: UUID) -> TaskView:
        """One that is not deleted stays as it is."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            task = Tasks(session).get_readable(actor, task_id, lock=True, deleted=True)
            if task is None:
                _task(session, actor, task_id)
                return _view(session, actor, task_id)
            if task.owner_id != actor.user_id:
                raise NotFound
            Tasks(session).update(task, deleted_at=None)
            restored = _view(session, actor, task_id)
            record_change(session, actor, AuditAction.RECORD_RESTORED, KIND, task.id, after=_facts(task))
        self._tell(actor, task.assignee_id)
        return restored

    def clear_done(self, actor: Actor) -> tuple[int, datetime]:
        """Deletes what is done of those that they own. How many, and what `restore_cleared` wants to undo it."""
        actor.require(Permission.RECORDS_KEEP)
        at = clock.now()
        with self.database.transaction() as session:
            whose = Tasks(session).clear_done(actor.user_id, at)
            if whose:
                record_change(session, actor, AuditAction.RECORD_DELETED, KIND, None, after={"count": len(whose)})
        self._tell(actor, *whose)
        return len(whose), at

    def restore_cleared(self, actor: Actor, at: datetime) -> int:
        """How many came back."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            whose = Tasks(session).restore_cleared(actor.user_id, at)
            if whose:
                record_change(session, actor, AuditAction.RECORD_RESTORED, KIND, None, after={"count": len(whose)})
        self._tell(actor, *whose)
        return len(whose)

    def _move(self, actor: Actor, task_id: UUID, status: TaskStatus, version: int | None) -> TaskView:
        now = clock.now()
        moved = {"completed_at": now, "completed_by": actor.user_id}
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            if task.status is status:
                return _view(session, actor, task_id)
            before = _facts(task)
            Tasks(session).update(task, status=status, **(moved if status is TaskStatus.DONE else {"reopened_at": now}))
            done = _view(session, actor, task_id)
            record_change(
                session, actor, AuditAction.RECORD_UPDATED, KIND, task.id, **_difference(before, _facts(task))
            )
        self._tell(actor, task.owner_id, task.assignee_id)
        return done

    def _change(self, actor: Actor, task_id: UUID, changes: dict[str, Any], version: int | None) -> TaskView:
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            before, was_with = _facts(task), task.assignee_id
            assignee_id = changes.get("assignee_id", task.assignee_id)
            if assignee_id != task.assignee_id:
                _assignee(session, actor, assignee_id)
            texts = {name: changes[name] for name in LIMITS if name in changes}
            if assignee_id != task.assignee_id:  # others read it now: all of it is looked at anew
                texts = {name: texts.get(name, getattr(task, name)) for name in LIMITS}
            kept, masked = _screened(
                session, actor, assignee_id, texts, before=task if assignee_id == was_with else None
            )
            changes |= kept
            changes = {name: value for name, value in changes.items() if getattr(task, name) != value}
            if not changes:
                return _view(session, actor, task_id)
            Tasks(session).update(task, **changes)
            changed = replace(_view(session, actor, task.id), masked=masked)
            record_change(
                session, actor, AuditAction.RECORD_UPDATED, KIND, task.id, **_difference(before, _facts(task))
            )
        self._tell(actor, task.owner_id, task.assignee_id, was_with)
        return changed

    @contextmanager
    def _changing(self, actor: Actor, task_id: UUID) -> Iterator[tuple[Session, Task]]:
        """A transaction that holds the task."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            yield session, _task(session, actor, task_id, lock=True)

    def _tell(self, actor: Actor, *others: UUID) -> None:
        for user_id in dict.fromkeys([actor.user_id, *others]):
            self.told_person(user_id)


def _task(session: Session, actor: Actor, task_id: UUID, *, lock: bool = False) -> Task:
    task = Tasks(session).get_readable(actor, task_id, lock=lock)
    if task is None:
        raise NotFound
    return task


def _refuse_changed(task: Task, version: int | None) -> None:
    if version is not None and task.version != version:
        raise Conflict(CHANGED)


def _view(session: Session, actor: Actor, task_id: UUID) -> TaskView:
    found = Tasks(session).get_line(actor, task_id)
    assert found is not None  # it was found just now, in the same transaction
    line, description = found
    return TaskView(line, description, may_delete=line.owner_id == actor.user_id)


def _made_before(session: Session, actor: Actor, client_key: UUID) -> TaskView | None:
    task = Tasks(session).get_by_client_key(client_key)
    if task is None:
        return None
    if task.owner_id != actor.user_id:
        raise Conflict("That task was made by somebody else. Reload the page and make yours again.")
    if task.deleted_at is not None:
        raise Conflict(TAKEN_BACK)
    return _view(session, actor, task.id)


def _assignee(session: Session, actor: Actor, user_id: UUID | None) -> User:
    """Raises Invalid for who is not of the company, or keeps no tasks."""
    user = Users(session).get(user_id or actor.user_id)
    if user is None or user.company_id != actor.company_id:
        raise Invalid("Nobody of this company is that. Choose somebody from the list.")
    if user.id == actor.user_id:
        return user
    may_keep = Permission.RECORDS_KEEP in permissions_of(Users(session).list_roles(user.id))
    if not user.is_active or not may_keep:
        raise Invalid(f"{user.display_name} keeps no tasks here: that needs an active account with the role staff.")
    return user


def _source(session: Session, actor: Actor, new: NewTask) -> UUID | None:
    """The conversation that it comes from. Raises NotFound for what this person may not read."""
    if new.message_id is None:
        if new.conversation_id is not None:
            get_or_raise(Conversations(session), actor, new.conversation_id)
        return new.conversation_id
    message = Messages(session).get(new.message_id)
    if message is None or message.deleted_at is not None:
        raise NotFound
    conversation = get_or_raise(Conversations(session), actor, message.conversation_id)
    member = Members(session).get(conversation.id, actor.user_id) if conversation.kind.is_room else None
    if member and message.seq <= conversation.floor_for(member):
        raise NotFound
    return conversation.id


def _screened(
    session: Session, actor: Actor, assignee_id: UUID, texts: Mapping[str, str], *, before: Task | None = None
) -> tuple[dict[str, str], str | None]:
    """As they may be kept: what one notes for oneself is held against the rules for chats with the assistant, what one
    gives to somebody against those for direct chats. With it what was taken out, in a sentence.
    """
    kind = ConversationKind.ASSISTANT if assignee_id == actor.user_id else ConversationKind.DIRECT
    found = {
        name: screened(
            session, actor.company_id, kind, text, limit=LIMITS[name], before=getattr(before, name) if before else ""
        )
        for name, text in texts.items()
    }
    notes = (told(one.masked) for one in found.values())
    return {name: one.text for name, one in found.items()}, next((note for note in notes if note), None)


def _has_words(words: Sequence[str], title: str, description: str) -> bool:
    text = fold(f"{title} {description}")
    return all(word in text for word in words)


def _title(text: str) -> str:
    return required_text(one_line(text), field="The title", limit=MAX_TASK_TITLE)


def _description(text: str) -> str:
    return checked_text(text.strip(), field="The description", limit=MAX_TASK_DESCRIPTION)


def _day(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(f"A task can be due from {FIRST_DAY.year} to {LAST_DAY.year}. Choose another day.")
    return day


def _facts(task: Task) -> dict[str, Any]:
    """What the trail may know of it: no text."""
    return {
        "title_length": len(task.title),
        "description_length": len(task.description),
        "status": task.status,
        "due_on": task.due_on,
        "assignee": task.assignee_id,
    }


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    changed = [name for name, value in after.items() if before[name] != value]
    return {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
