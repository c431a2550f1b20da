"""What they have to do: asked for in messages, made with the assistant; for those who show Parley some for today."""

from datetime import date, datetime, timedelta

from core.models import AuditAction, Task, TaskSource, TaskStatus
from core.services.demo.world import Ask, Person, Row, World

KIND = "task"
SETTLED = timedelta(days=16)
"""What is older has been done, or was deleted as nobody needed it any more."""
OPEN = 0.3
"""Of those that are younger and not due yet."""
LATE = 0.05
"""Of those that should be done."""
UNNEEDED = 0.03
TODAY = (
    ("Ada", "Sign the contract of the new colleague in Lisbon", -2, "Ada", ""),
    ("Ada", "Answer the works council", 0, "Ada", "In writing. Hannah has the numbers."),
    ("Ada", "Prepare the all-hands", 1, "Ada", ""),
    ("Ada", "Collect the holidays for the summer", 6, "Hannah", ""),
    ("Ada", "Renew the first-aid course", None, "Ada", ""),
    ("Bo", "Call Kilima about the pallets in Mombasa", -1, "Bo", ""),
    ("Bo", "Order O-rings before the price goes up", 0, "Bo", "5,000 pieces, the grey ones."),
    ("Bo", "Count the spare sets with Marek", 0, "Bo", ""),
    ("Bo", "Write the plan for the line", 2, "Bo", ""),
    ("Ada", "Say which half of the hall gets the new floor", 3, "Bo", ""),
    ("Bo", "Try the new label printer", None, "Bo", ""),
    ("Cy", "Explain the jump in model spend to Greta", -1, "Cy", "The large model, mostly."),
    ("Cy", "Close the month", 0, "Cy", ""),
    ("Cy", "Draft next year's budget for the assistant", 4, "Cy", ""),
    ("Di", "Look at the reports from the weekend", 0, "Di", ""),
    ("Di", "Update the macro for cold batteries", -3, "Di", ""),
    ("Di", "Talk to Yara about card details in rooms", 1, "Di", ""),
    ("Di", "Test the new headsets", None, "Beatriz", ""),
    ("Eli", "Approve the budget of the Harvest app room", -1, "Eli", ""),
    ("Eli", "Go through the security findings", 0, "Eli", ""),
    ("Eli", "Choose a date for the restore drill", 2, "Eli", "Last one was in spring."),
    ("Eli", "Review the firmware plan", 5, "Dagny", ""),
    ("Fay", "Send the icons to Esra", 0, "Fay", ""),
    ("Fay", "Two labels for the Sprout 3 to test", -1, "Fay", ""),
    ("Fay", "Book the photographer", 8, "Fay", ""),
)  # fmt: skip


class Tasks:
    def __init__(self, world: World) -> None:
        self.world = world

    def tell(self) -> None:
        for ask in sorted(self.world.asks, key=lambda ask: ask.at):
            self._asked(ask)
        morning = self.world.year.last_hour - timedelta(days=4)
        for number, (owner, title, days, assignee, description) in enumerate(TODAY):
            due = None if days is None else self.world.now.date() + timedelta(days=days)
            whose, whom = self.world.people[owner], self.world.people[assignee]
            self._add(morning + timedelta(minutes=17 * number), whose, whom, title, due, description=description)

    def _asked(self, ask: Ask) -> None:
        chance, now = self.world.chance, self.world.now
        due = _working_day(ask.at.date() + timedelta(days=ask.days))
        row = self._add(
            ask.at, ask.owner, ask.assignee, ask.title, due, source=ask.source, conversation_id=ask.conversation_id,
            message_id=ask.message_id,
        )  # fmt: skip
        is_new = ask.at > now - SETTLED
        is_open = chance.random() < (LATE if due < now.date() else 1 - OPEN) if is_new else False
        if is_open:
            return
        lasted = max((due - ask.at.date()).days, 0) + chance.uniform(-0.6, 1.2)
        latest = self.world.year.last_hour - timedelta(seconds=chance.randrange(200, 18_000))
        done = min(ask.at + max(timedelta(days=lasted), timedelta(minutes=25)), latest)
        if done <= ask.at:  # it was asked just now
            return
        if chance.random() < UNNEEDED:
            row |= {"deleted_at": done, "version": 1}
            self.world.did(done, AuditAction.RECORD_DELETED, ask.owner, row["id"], before={"kind": KIND} | _facts(row))
            return
        self._complete(row, ask.assignee, done)

    def _add(
        self, at: datetime, owner: Person, assignee: Person, title: str, due: date | None, **values: object
    ) -> Row:  # fmt: skip
        row = self.world.add(
            Task, id=self.world.id(at), created_at=at, company_id=self.world.company_id, owner_id=owner.id,
            assignee_id=assignee.id, title=title, due_on=due, **values,
        )  # fmt: skip
        after = {"kind": KIND} | _facts(row) | {"source": row.get("source", TaskSource.PERSON)}
        self.world.did(at, AuditAction.RECORD_CREATED, owner, row["id"], after=after)
        return row

    def _complete(self, row: Row, assignee: Person, at: datetime) -> None:
        row |= {"status": TaskStatus.DONE, "completed_at": at, "completed_by": assignee.id, "version": 1}
        before, after = {"status": TaskStatus.OPEN}, {"status": TaskStatus.DONE}
        self.world.did(
            at,
            AuditAction.RECORD_UPDATED,
            assignee,
            row["id"],
            before={"kind": KIND} | before,
            after={"kind": KIND} | after,
        )


def _facts(row: Row) -> dict[str, object]:
    return {
        "title_length": len(row["title"]),
        "description_length": len(row.get("description", "")),
        "status": row.get("status", TaskStatus.OPEN),
        "due_on": row["due_on"],
        "assignee": row["assignee_id"],
    }


def _working_day(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=max(7 - day.weekday(), 0)) if day.weekday() > 4 else day
