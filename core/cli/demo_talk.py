"""What the demo people say in a day: who, where, in which order."""

from dataclasses import dataclass

from core.assistant.steps import StepState
from core.assistant.tools.registry import Link
from core.models import ConversationKind, History, MessageStatus, ReportReason
from core.services.demo_answers import Answers, Does

COMPANY = "Demo Bakery"
PEOPLE = {
    "Ada": "Ada Berger",
    "Bo": "Bo Lindqvist",
    "Cy": "Cy Okafor",
    "Di": "Di Marchetti",
    "Eli": "Eli Novak",
    "Fay": "Fay Tanaka",
}
"""By first name; the first one is the admin of a company that is made for the demo."""
MODERATOR = "Di"


@dataclass(frozen=True, slots=True)
class Says:
    who: str
    text: str
    replies_to: str | None = None
    """How an earlier message of the room begins."""
    reactions: tuple[tuple[str, str], ...] = ()
    """Emoji, and whose it is."""
    edited_to: str | None = None
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Adds:
    who: str
    whom: str


@dataclass(frozen=True, slots=True)
class Removes:
    who: str
    whom: str


@dataclass(frozen=True, slots=True)
class Joins:
    who: str


@dataclass(frozen=True, slots=True)
class Leaves:
    who: str


@dataclass(frozen=True, slots=True)
class Reads:
    """Everything that is there by then."""

    who: str


@dataclass(frozen=True, slots=True)
class Reports:
    who: str
    text: str
    """How the message begins."""
    reason: ReportReason
    comment: str = ""


Event = Says | Reports | Adds | Removes | Joins | Leaves | Reads


@dataclass(frozen=True, slots=True)
class Room:
    kind: ConversationKind
    title: str
    """Empty for a direct chat."""
    owner: str
    people: tuple[str, ...]
    events: tuple[Event, ...]
    history: History = History.ALL


DAY = (
    Room(
        ConversationKind.COMPANY,
        "Announcements",
        "Ada",
        (),
        (
            Joins("Bo"),
            Joins("Cy"),
            Joins("Di"),
            Says(
                "Ada",
                "Good morning! The new oven in the **harbour shop** is running since six. First bread at seven.",
                reactions=(("🎉", "Bo"), ("🎉", "Cy"), ("👍", "Di")),
            ),
            Says("Di", "Who may I send the photos to?"),
            Says("Ada", "Put them here, @Di, everybody wants to see it.", replies_to="Who may I send"),
            Joins("Eli"),
            Joins("Fay"),
            Says("Eli", "Late to the party: welcome, oven.", reactions=(("😂", "Ada"), ("😂", "Fay"))),
            Says(
                "Ada",
                "On Friday we close at 16:00 for the stocktaking.",
                edited_to="On Friday we close at **15:00** for the stocktaking.",
                reactions=(("✅", "Bo"), ("✅", "Cy"), ("✅", "Di"), ("✅", "Eli")),
            ),
            Says("Eli", "WIN a free holiday!!! Only today: holiday-for-you.example, tell everybody!"),
            Reports("Bo", "WIN a free", ReportReason.SPAM, "Eli's account may be somebody else's."),
            Reports("Fay", "WIN a free", ReportReason.SPAM),
            Reads("Bo"),
            Reads("Di"),
        ),
    ),
    Room(
        ConversationKind.COMPANY,
        "Recipes",
        "Di",
        (),
        (
            Joins("Bo"),
            Says(
                "Di",
                "The rye, as of today:\n\n"
                "```\nrye flour   600 g\nwater       480 g\nsourdough   180 g\nsalt         12 g\n```",
                reactions=(("🙏", "Bo"),),
            ),
            Says("Bo", "80 % water, is that not too soft for the forms?"),
            Says("Di", "Twenty minutes longer in the basket and it holds.", replies_to="80 % water"),
            Joins("Ada"),
            Says("Ada", "@Bo try it with the small forms first, please."),
            Says("Bo", "Will do tomorrow, first batch. @Ada, will you taste it?"),
        ),
    ),
    Room(
        ConversationKind.GROUP,
        "Spring fair",
        "Ada",
        ("Bo", "Cy", "Eli"),
        (
            Says("Ada", "Four weeks to go. What do we bring?"),
            Says("Cy", "Rolls, the small cakes, and coffee. No cream cakes in the sun again."),
            Says("Bo", "Agreed. About 400 rolls?", reactions=(("👍", "Cy"),)),
            Says("Eli", "I can drive on Saturday."),
            Says("Eli", "Wrong group, sorry.", is_taken_back=True),
            Says("Ada", "@Cy could you ask what the stand costs this year?"),
            Says("Cy", "It is 140 € a day, paid in advance.", replies_to="@Cy could you", reactions=(("👀", "Ada"),)),
            Removes("Ada", "Eli"),
            Adds("Ada", "Fay"),
            Says("Ada", "Fay drives instead of Eli. Welcome, @Fay!", reactions=(("❤️", "Fay"),)),
            Says("Fay", "Thank you! Which van?"),
            Says("Bo", "The white one; the keys hang in the office.", replies_to="Thank you! Which"),
            Says("Cy", "The card for petrol has the PIN 4471, it is in the glove box."),
            Reports("Fay", "The card for petrol", ReportReason.PRIVATE, "A PIN should not stand here."),
            Reads("Cy"),
        ),
    ),
    Room(
        ConversationKind.GROUP,
        "Night shift",
        "Bo",
        ("Cy", "Di"),
        (
            Says("Bo", "Plan for this week: Cy Monday and Tuesday, Di Wednesday, I do the rest."),
            Says("Di", "Can I swap Wednesday with Thursday? My sister visits."),
            Says("Bo", "Fine with me.", replies_to="Can I swap", reactions=(("🙏", "Di"),)),
            Says("Cy", "The dough mixer makes that noise again, by the way."),
            Adds("Bo", "Ada"),
            Says("Bo", "@Ada the mixer needs somebody to look at it before the weekend."),
            Says("Ada", "I'll call the workshop today.", reactions=(("👍", "Bo"), ("👍", "Cy"))),
            Says("Ada", "They come on Thursday at nine. Who is there?"),
            Says("Di", "Me, now that I swapped."),
            Says("Cy", "Whoever left the small oven on again is an idiot."),
            Reports("Bo", "Whoever left the small oven", ReportReason.HARASSMENT),
        ),
        history=History.JOINED,
    ),
    Room(
        ConversationKind.DIRECT,
        "",
        "Ada",
        ("Bo",),
        (
            Says("Ada", "Did the flour delivery come?"),
            Says("Bo", "At five, complete this time.", reactions=(("👍", "Ada"),)),
            Says("Ada", "Good. I sign the bill at noon."),
            Reads("Bo"),
        ),
    ),
    Room(
        ConversationKind.DIRECT,
        "",
        "Di",
        ("Ada",),
        (
            Says("Di", "Could I take the last week of May off?"),
            Says("Ada", "Yes. Tell Bo as well, he plans the shifts."),
            Says("Di", "Done already. Thank you!"),
        ),
    ),
    Room(
        ConversationKind.DIRECT,
        "",
        "Fay",
        ("Cy",),
        (
            Says("Fay", "Where do the invoices for the fair go?"),
            Says("Cy", "Into the green folder, and a photo to Ada."),
        ),
    ),
)

ANSWERS = (
    Answers(
        "Ada",
        "What did we say about the oven noise, and can you remind Bo to call the workshop?",
        (
            "Let me look that up.",
            Does("search_messages", {"query": "mixer noise"}, "Found 2 messages."),
            "It was the dough mixer, not the oven: Cy heard it on Monday. The workshop comes on Thursday at nine.",
            Does(
                "create_task",
                {"title": "Ask the workshop about the dough mixer", "due": "Thursday"},
                "Created “Ask the workshop about the dough mixer”.",
                seconds=0.1,
                links=(Link("Tasks", "tasks"),),
            ),
            Does(
                "create_task",
                {"title": "Call the workshop", "assignee": "Bob"},
                "There is nobody called Bob here.",
                StepState.FAILED,
            ),
            "I kept a task for you. I could not give one to Bob: nobody of that name is here. Did you mean Bo?",
        ),
    ),
    Answers(
        "Ada",
        "Please put the flour order on my list for tomorrow.",
        (
            "I'd add this to your tasks:",
            Does(
                "create_task",
                {"title": "Order flour: 40 bags rye, 60 bags wheat", "due": "tomorrow"},
                state=StepState.WAITING,
            ),
        ),
        status=MessageStatus.WAITING,
    ),
    Answers(
        "Bo",
        '@Assistant add "rent the white van" to my tasks, please.',
        (Does("create_task", {"title": "Rent the white van"}, state=StepState.WAITING),),
        room="Spring fair",
        status=MessageStatus.WAITING,
    ),
)
"""What was asked of the assistant, and what it did, or wants to do."""
