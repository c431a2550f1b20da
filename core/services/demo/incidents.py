"""What was reported in the year, and what became of it."""

from dataclasses import dataclass

from core.models import Decision, ReportReason

CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Incident:
    room: str
    """Its title; of a direct chat the first names of the two."""
    days: float
    """Ago."""
    author: str
    text: str
    reason: ReportReason
    by: tuple[str, ...] = ()
    """Who reported it; nobody: a rule did."""
    comment: str = ""
    became: Decision | str | None = None
    """None: it still waits."""
    moderator: str = "Di"
    why: str = ""
    text_then: str = ""
    days_out: float = 0
    """For how long its author was suspended."""
    looked: str = ""
    """Why a moderator read the conversation, where that is a private one."""


R, D = ReportReason, Decision
INCIDENTS = (
    Incident(
        "Kitchen table",
        331,
        "Viktor",
        "Selling two tickets for the final, 400 € each, only today, write to me at tickets@fast.example!!",
        R.SPAM,
        ("Hannah", "Marek"),
        "He posts this everywhere.",
        D.DELETED,
        why="Advertising. Please use the notice board.",
    ),
    Incident(
        "Help with tools",
        300,
        "Noah",
        "Whoever built this form has never met a human being.",
        R.HARASSMENT,
        ("Anselm",),
        "It was my form.",
        D.DISMISSED,
        "Eli",
        "Blunt, but about the form.",
    ),
    Incident(
        "Support desk",
        262,
        "Beatriz",
        "Customer Lehmann's private mobile is 0151 00000000, call him at home in the evening.",
        R.PRIVATE,
        ("Daniel",),
        "Should this number stand here?",
        D.EDITED,
        why="Private numbers don't belong into rooms.",
        text_then="Customer Lehmann asks to be called in the evening; the number is in the ticket.",
    ),
    Incident(
        "Sales",
        233,
        "Leon",
        "If marketing could read a calendar we would not be in this mess.",
        R.HARASSMENT,
        ("Nadia", "Inês"),
        "",
        D.DELETED,
        "Eli",
        "Not how we talk about each other.",
    ),
    Incident(
        "Kitchen table",
        214,
        "Viktor",
        "You are all too stupid to load a dishwasher.",
        R.HARASSMENT,
        ("Greta", "Mai", "Hannah"),
        "Third time this week.",
        D.DELETED,
        why="Insulting everybody helps nobody.",
        days_out=3,
    ),
    Incident(
        "Product and customers",
        188,
        "Chidi",
        "I heard Van Dalen is about to go bankrupt, don't ship anything.",
        R.FALSE,
        ("Sanne",),
        "They paid yesterday.",
        D.EDITED,
        why="A rumour; finance says otherwise.",
        text_then="Does anybody know how Van Dalen is doing? I'd like to check before the next shipment.",
    ),
    Incident(
        "Operations",
        160,
        "Marek",
        "The light barrier on line 2 is off, just reach in quickly when it jams.",
        R.DANGEROUS,
        ("Ibrahim",),
        "Somebody will lose a finger.",
        D.DELETED,
        why="Dangerous. Line 2 is stopped until the barrier works.",
    ),
    Incident(
        "Viktor Marek",
        151,
        "Viktor",
        "If you tell Bo about the overtime I'll make sure you regret it.",
        R.HARASSMENT,
        ("Marek",),
        "This is a threat.",
        D.DELETED,
        why="Threats are not tolerated.",
        days_out=14,
        looked="A reported threat; I need to see what led to it before I decide.",
    ),
    Incident(
        "Engineering",
        132,
        "Teo",
        "lol the reviewer must have been asleep",
        R.HARASSMENT,
        ("Arjun",),
        "",
        D.DISMISSED,
        "Di",
        "A joke among friends, he says so too.",
    ),
    Incident(
        "Harvest app",
        109,
        "Quentin",
        "The staging login is demo / [password removed], please don't share it further.",
        R.AUTOMATIC,
        (),
        became=D.DISMISSED,
        why="The password was masked when it was sent.",
    ),
    Incident(
        "Announcements",
        84,
        "Femi",
        "Everybody who forwards this to ten people gets a free weekend at a spa!",
        R.SPAM,
        ("Wanjiru", "Paulo"),
        "",
        D.DELETED,
        why="A chain letter.",
    ),
    Incident(
        "Marketing",
        61,
        "Camille",
        "Project Magnolia: the price will be 89 €, not public before spring.",
        R.AUTOMATIC,
        (),
        became=D.EDITED,
        why="Not public before the launch.",
        text_then="The price of the new model is in the launch folder.",
    ),
    Incident(
        "Website relaunch",
        178,
        "Jonas",
        "This text reads as if a toaster wrote it.",
        R.HARASSMENT,
        ("Inês",),
        "",
        D.DISMISSED,
        "Eli",
        "About a text, and fair enough.",
    ),
    Incident(
        "Sprout 3 launch",
        33,
        "Leon",
        "Let's say it lasts ten years, nobody will check.",
        R.FALSE,
        ("Dagny", "Esra"),
        "We can't promise that.",
        D.DELETED,
        why="A claim that we can't keep.",
    ),
    Incident(
        "Kitchen table",
        19,
        "Noah",
        "Great offer: miracle fertiliser, doubles everything, miracle-grow.example, use my code NOAH.",
        R.SPAM,
        ("Rosa",),
        "",
        D.DELETED,
        "Eli",
        "Advertising with a code of one's own.",
    ),
    Incident(
        "Leon Noah",
        9.2,
        "Leon",
        "I know what you earn, and I know who would like to know it too.",
        R.PRIVATE,
        ("Noah",),
        "Where does he have that from?",
        CLAIMED,
        looked="A report about somebody's pay; I have to see the message before it.",
    ),
    Incident(
        "Kitchen table",
        5.1,
        "Chidi",
        "The person who keeps microwaving fish is a monster. You know who you are, Olu.",
        R.HARASSMENT,
        ("Olu", "Amina"),
        "It was funny the first time.",
        None,
    ),
    Incident(
        "Support desk",
        3.2,
        "Yara",
        "The card of the customer from ticket 48112 ends in 4242, valid until next March, name Tremaine.",
        R.PRIVATE,
        ("Beatriz",),
        "Card details in a room.",
        None,
    ),
    Incident(
        "Nairobi pilot",
        2.3,
        "Femi",
        "Project Magnolia devices could go to Nakuru first, they would love them.",
        R.AUTOMATIC,
        (),
        became=None,
    ),
    Incident(
        "Product and customers",
        1.2,
        "Sanne",
        "Competitor's devices poison the groundwater, tell everybody at the fair!",
        R.FALSE,
        ("Nadia", "Leon", "Inês"),
        "We would be sued for this.",
        None,
    ),
    Incident(
        "Help with tools",
        0.9,
        "Jonas",
        "WIN a new phone! Answer three questions on win.example and tell your colleagues!",
        R.SPAM,
        ("Teo", "Lucía"),
        "His account may be somebody else's.",
        None,
    ),
)
