"""Where they talk, and who is there."""

from dataclasses import dataclass

from core.models import ConversationKind, History

GROUP, OPEN = ConversationKind.GROUP, ConversationKind.COMPANY


@dataclass(frozen=True, slots=True)
class Room:
    title: str
    kind: ConversationKind
    places: tuple[str, ...]
    """What is talked about: see the heads of `texts/rooms.txt`."""
    share: float
    """Of all that is said in rooms, beside the other shares."""
    owner: str
    departments: tuple[str, ...] = ()
    """Everybody of these; none: the whole company."""
    others: tuple[str, ...] = ()
    begins: float = 0.0
    ends: float | None = None
    """When it was put away, as a part of the year."""
    history: History = History.ALL


ROOMS = (
    Room("Announcements", OPEN, ("announce",), 0.35, "Ada"),
    Room("Kitchen table", OPEN, ("social",), 1.1, "Hannah"),
    Room("Product and customers", OPEN, ("sales", "marketing", "support", "general"), 1.6, "Eli"),
    Room("Help with tools", OPEN, ("general",), 0.7, "Anselm"),
    Room("Engineering", OPEN, ("engineering", "general"), 3.2, "Eli", ("engineering",), ("Fay", "Mai", "Bo", "Di")),
    Room("Support desk", OPEN, ("support", "general"), 2.6, "Di", ("support",), ("Eli", "Bo", "Cy", "Sanne")),
    Room("Operations", OPEN, ("operations", "general"), 2.3, "Bo", ("operations",), ("Greta", "Esra", "Ada")),
    Room("Sales", GROUP, ("sales", "general"), 2.0, "Leon", ("sales",), ("Nadia", "Cy", "Di", "Eli")),
    Room("Marketing", GROUP, ("marketing", "general"), 1.5, "Nadia", ("marketing",), ("Fay", "Sanne", "Ada")),
    Room("Design crit", GROUP, ("design", "general"), 1.1, "Fay", ("design",), ("Esra", "Camille", "Eli", "Bo")),
    Room("Finance", GROUP, ("finance", "general"), 0.9, "Greta", ("finance",), ("Ada", "Bo", "Eli")),
    Room("People team", GROUP, ("people", "general"), 0.7, "Ada", ("people",), ("Eli", "Di"),
         history=History.JOINED),
    Room("Sprout 3 launch", GROUP, ("project", "marketing", "engineering"), 1.8, "Nadia", (), (
        "Fay", "Bo", "Eli", "Di", "Dagny", "Kavya", "Leon", "Camille", "Ibrahim", "Esra"), 0.2),
    Room("Nairobi pilot", GROUP, ("project", "support", "sales"), 1.4, "Amina", (), (
        "Chidi", "Daniel", "Bo", "Di", "Kavya", "Cy", "Femi", "Wanjiru", "Ada"), 0.3),
    Room("Battery life", GROUP, ("engineering", "project"), 1.2, "Dagny", (), (
        "Arjun", "Kavya", "Anselm", "Eli", "Marek", "Olu", "Fay"), 0.12),
    Room("Moving to the new ERP", GROUP, ("project", "finance", "operations"), 1.1, "Greta", (), (
        "Bo", "Cy", "Priya", "Ibrahim", "Paulo", "Ada", "Marek"), 0.35),
    Room("Website relaunch", GROUP, ("project", "design", "marketing"), 0.9, "Inês", (), (
        "Mai", "Fay", "Nadia", "Jonas", "Camille", "Rosa"), 0.1, 0.62),
    Room("Warehouse Lisbon", GROUP, ("operations", "project"), 0.8, "Paulo", (), (
        "Bo", "Ibrahim", "Beatriz", "Cy", "Marek", "Greta"), 0.4),
    Room("Trade fair crew", GROUP, ("project", "sales", "marketing"), 0.8, "Sanne", (), (
        "Leon", "Nadia", "Fay", "Di", "Noah", "Mai", "Bo"), 0.5),
    Room("Harvest app", GROUP, ("engineering", "design", "project"), 1.3, "Esra", (), (
        "Mai", "Fay", "Teo", "Uma", "Quentin", "Eli", "Lucía", "Di"), 0.05),
    Room("Security review", GROUP, ("engineering",), 0.5, "Eli", (), ("Anselm", "Arjun", "Ada", "Esra"), 0.45, None,
         History.JOINED),
    Room("Onboarding buddies", GROUP, ("people", "social"), 0.4, "Hannah", (), (
        "Ada", "Di", "Bo", "Camille", "Arjun", "Daniel"), 0.15),
)  # fmt: skip
DIRECT_SHARE = 0.22
"""Of all that is said in rooms."""
PAIRS = (
    "Ada Bo", "Ada Di", "Ada Eli", "Ada Hannah", "Ada Greta", "Ada Cy", "Ada Fay", "Bo Ibrahim", "Bo Marek",
    "Bo Greta", "Bo Amina", "Bo Fay", "Bo Paulo", "Bo Eli", "Cy Greta", "Cy Priya", "Cy Eli", "Cy Leon", "Cy Di",
    "Di Beatriz", "Di Daniel", "Di Meera", "Di Eli", "Di Sanne", "Di Lucía", "Eli Dagny", "Eli Anselm", "Eli Arjun",
    "Eli Esra", "Eli Kavya", "Fay Mai", "Fay Camille", "Fay Esra", "Fay Rosa", "Fay Eli", "Amina Chidi",
    "Amina Daniel", "Anselm Teo", "Arjun Kavya", "Arjun Uma", "Beatriz Inês", "Beatriz Lucía", "Camille Noah",
    "Camille Nadia", "Chidi Femi", "Dagny Marek", "Daniel Wanjiru", "Esra Teo", "Greta Priya", "Hannah Nadia",
    "Ibrahim Marek", "Ibrahim Paulo", "Jonas Inês", "Kavya Uma", "Leon Sanne", "Leon Noah", "Lucía Jonas", "Mai Rosa",
    "Meera Priya", "Nadia Inês", "Olu Chidi", "Paulo Inês", "Quentin Camille", "Quentin Yara", "Teo Dagny",
    "Viktor Marek", "Viktor Ibrahim", "Wanjiru Femi", "Yara Noah", "Sanne Nadia",
)  # fmt: skip
