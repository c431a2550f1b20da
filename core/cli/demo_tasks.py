"""What the demo people have to do: for today, too late, some day, done, given to each other, from what was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core import clock
from core.bootstrap import Application
from core.permissions import Actor
from core.services.task_views import NewTask


@dataclass(frozen=True, slots=True)
class Does:
    whose: str
    title: str
    days: int | None = None
    """Until it is due, from today; None: some day."""
    whom: str | None = None
    """Who is to do it; None: whoever made it."""
    description: str = ""
    of: str | None = None
    """How the message begins that it was made of."""
    is_done: bool = False


TASKS = (
    Does("Ada", "Call the workshop about the mixer", -1, of="@Ada the mixer needs"),
    Does("Ada", "Sign the flour bill", -2, description="It lies in the red folder. Check the 50 kg that were missing."),
    Does("Ada", "Taste the rye from the small forms", 0, of="Will do tomorrow, first batch"),
    Does("Ada", "Write the notice for Friday’s early closing", 0),
    Does("Ada", "Pay the stand at the spring fair", 3, of="It is 140 € a day", description="140 € a day, three days."),
    Does("Ada", "Order new aprons", 12),
    Does("Ada", "Plan the summer party"),
    Does("Ada", "Send the oven photos to the newspaper", -4, is_done=True),
    Does("Ada", "Renew the insurance of the van", is_done=True),
    Does("Ada", "Write the shift plan for the fair", 5, whom="Bo"),
    Does("Ada", "Ask the neighbours about the delivery ramp", 1, whom="Fay"),
    Does("Ada", "Clean the forms of the harbour shop", -3, whom="Cy"),
    Does("Bo", "Try the rye with the small forms", 1, of="@Bo try it with the small forms"),
    Does("Bo", "Count the flour before the stocktaking", 2, whom="Ada"),
    Does("Bo", "Hang the van’s keys back", 0, whom="Fay", of="The white one; the keys"),
    Does("Cy", "Ask what the stand costs", -2, of="@Cy could you ask", is_done=True),
    Does("Cy", "Look for somebody who sharpens the knives"),
    Does("Di", "Open the door for the workshop", 2, of="They come on Thursday at nine"),
    Does("Di", "Write down the recipe of the small cakes", 9, whom="Ada"),
    Does("Fay", "Photograph the fair’s invoices", 4, of="Into the green folder", description="All of them go to Ada."),
)


def add_tasks(app: Application, people: Mapping[str, Actor], said: Mapping[str, UUID]) -> None:
    """`said`: messages by their text."""
    today = clock.now().date()
    for one in TASKS:
        actor, assignee = people[one.whose], people[one.whom or one.whose]
        new = NewTask(
            one.title,
            one.description,
            due_on=None if one.days is None else today + timedelta(days=one.days),
            assignee_id=assignee.user_id,
            message_id=next((key for text, key in said.items() if one.of and text.startswith(one.of)), None),
        )
        task = app.tasks.create(actor, new)
        if one.is_done:
            app.tasks.complete(assignee, task.id)
