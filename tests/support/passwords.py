from pwdlib.hashers.argon2 import Argon2Hasher

from core.services.passwords import Passwords

GOOD = "seven tall lighthouses"
OTHER = "nine quiet harbours"


class QuickPasswords(Passwords):
    """The real thing at its cheapest, and it keeps count of the verifications."""

    def __init__(self) -> None:
        super().__init__(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
        self.verified = 0

    def verify(self, password: str, known: str | None) -> bool:
        self.verified += 1
        return super().verify(password, known)
