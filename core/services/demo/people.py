"""Who works at the company that is made up, and where they sit."""

from dataclasses import dataclass

from core.permissions import Role

COMPANY = "Lindgrove"
DOMAIN = "demo.example"
BERLIN, LISBON, NAIROBI, BENGALURU, MONTREAL = (
    "Europe/Berlin",
    "Europe/Lisbon",
    "Africa/Nairobi",
    "Asia/Kolkata",
    "America/Toronto",
)


@dataclass(frozen=True, slots=True)
class Hand:
    name: str
    department: str
    zone: str
    roles: tuple[Role, ...] = (Role.STAFF,)
    came: float = 0.0
    """When, as a part of the year; 0: before."""
    went: float | None = None
    """When the account was deactivated."""

    @property
    def first(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def email(self) -> str:
        return f"{self.first.lower()}@{DOMAIN}"


STAFF, ANALYST, MODERATOR, ADMIN = Role.STAFF, Role.ANALYST, Role.MODERATOR, Role.ADMIN

PEOPLE = (
    Hand("Ada Berger", "people", BERLIN, (ADMIN, STAFF)),
    Hand("Bo Lindqvist", "operations", BERLIN),
    Hand("Cy Okafor", "finance", LISBON, (ANALYST, STAFF)),
    Hand("Di Marchetti", "support", BERLIN, (MODERATOR, STAFF)),
    Hand("Eli Novak", "engineering", BERLIN, (ADMIN, ANALYST, MODERATOR, STAFF)),
    Hand("Fay Tanaka", "design", MONTREAL),
    Hand("Amina Yusuf", "operations", NAIROBI),
    Hand("Anselm Brandt", "engineering", BERLIN),
    Hand("Arjun Rao", "engineering", BENGALURU),
    Hand("Beatriz Nogueira", "support", LISBON),
    Hand("Camille Gagnon", "marketing", MONTREAL),
    Hand("Chidi Eze", "sales", NAIROBI),
    Hand("Dagny Sørensen", "engineering", BERLIN),
    Hand("Daniel Kimani", "support", NAIROBI),
    Hand("Esra Aydın", "engineering", BERLIN),
    Hand("Femi Adeyemi", "sales", NAIROBI, came=0.18),
    Hand("Greta Hollmann", "finance", BERLIN),
    Hand("Hannah Wójcik", "people", BERLIN),
    Hand("Ibrahim Haddad", "operations", BERLIN),
    Hand("Inês Carvalho", "marketing", LISBON),
    Hand("Jonas Petrauskas", "engineering", LISBON, came=0.09),
    Hand("Kavya Menon", "engineering", BENGALURU),
    Hand("Leon Fuchs", "sales", BERLIN),
    Hand("Lucía Ferrer", "support", LISBON, came=0.27),
    Hand("Mai Nguyen", "design", BERLIN),
    Hand("Marek Dvořák", "operations", BERLIN),
    Hand("Meera Iyer", "support", BENGALURU, came=0.34),
    Hand("Nadia Rahmani", "marketing", BERLIN),
    Hand("Noah Tremblay", "sales", MONTREAL),
    Hand("Olu Bankole", "engineering", NAIROBI, came=0.42),
    Hand("Paulo Teixeira", "operations", LISBON),
    Hand("Priya Nair", "finance", BENGALURU, came=0.13),
    Hand("Quentin Roy", "engineering", MONTREAL, came=0.55),
    Hand("Rosa Lombardi", "design", LISBON, came=0.61),
    Hand("Sanne de Wit", "sales", BERLIN),
    Hand("Teo Markovic", "engineering", BERLIN, came=0.22),
    Hand("Uma Krishnan", "engineering", BENGALURU, came=0.7),
    Hand("Viktor Szabó", "operations", BERLIN, went=0.66),
    Hand("Wanjiru Mwangi", "marketing", NAIROBI, came=0.48),
    Hand("Yara Nasser", "support", MONTREAL, came=0.78),
)
"""Each first name once: by that they are called."""
GUIDES = (
    ("staff", "Bo"),
    ("analyst", "Cy"),
    ("moderator", "Di"),
    ("admin", "Ada"),
    ("everything", "Eli"),
)
"""Whose sign-in shows what, with staff beside each role."""
LIVELY = ("Ada", "Bo", "Cy", "Di", "Eli", "Fay")
"""Those who have something new to read."""
