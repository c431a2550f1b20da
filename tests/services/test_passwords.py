import threading
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from core.errors import Invalid
from core.services.passwords import (
    NAMES_ITS_OWNER,
    NOT_TEXT,
    TOO_COMMON,
    TOO_LONG,
    TOO_SHORT,
    Passwords,
    check_password,
)
from tests.support.passwords import GOOD, QuickPasswords


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", TOO_SHORT),
        ("elevenchars", TOO_SHORT),
        ("x" * 1_001, TOO_LONG),
        ("my lovelace secret", NAMES_ITS_OWNER),
        ("I am AUGUSTA, hello", NAMES_ITS_OWNER),
        ("countess of engines", NAMES_ITS_OWNER),
        ("aaaaaaaaaaaa", TOO_COMMON),
        ("abababababab", TOO_COMMON),
        ("password1234", TOO_COMMON),
        ("Password2026!", TOO_COMMON),
        ("QwertyUiop123", TOO_COMMON),
        ("123456789012", TOO_COMMON),
        ("987654321098", TOO_COMMON),
        ("unpaired \ud800 surrogate", NOT_TEXT),
        ("twelve chars", None),
        ("x1!" * 333 + "y", TOO_COMMON),
        ("correct horse battery", None),
        ("Ada and the engine", None),
        ("пароль длинный", None),
        ("\0 with a nul inside", None),
    ],
)
def test_each_refusal_is_one_sentence(password: str, sentence: str | None) -> None:
    def check() -> None:
        check_password(password, email="countess@example.com", display_name="Ada Augusta Lovelace")

    if sentence is None:
        check()
    else:
        with pytest.raises(Invalid) as refused:
            check()
        assert str(refused.value) == sentence


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_same_password_matches(password: str, other: str) -> None:
    passwords = QuickPasswords()
    known = passwords.hash(password)
    assert passwords.verify(password, known)
    assert passwords.verify(other, known) == (QuickPasswords().verify(other, passwords.hash(password)))
    assert not passwords.verify(password, None)


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    passwords = QuickPasswords()
    assert passwords.verify("cafe\u0301 au lait", passwords.hash("caf\u00e9 au lait"))


def test_hashes_are_argon2id_and_salted() -> None:
    first, second = Passwords().hash(GOOD), Passwords().hash(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,")


class WatchedHasher(Argon2Hasher):
    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.running, self.most = 0, 0
        self._lock, self._both = threading.Lock(), threading.Barrier(2)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self._both.wait(10)  # two do run together; a third would have been counted by now
        with self._lock:
            self.running -= 1
        return super().hash(password, salt=salt)


def test_at_most_two_hashes_run_at_once() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher)
    threads = [threading.Thread(target=passwords.hash, args=[GOOD]) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hasher.most == 2


def test_without_a_hash_it_takes_as_long(capsys: pytest.CaptureFixture[str]) -> None:
    passwords = Passwords()
    known = passwords.hash(GOOD)
    passwords.verify(GOOD, known)
    took = {"wrong password": 60.0, "unknown e-mail": 60.0}  # the quickest of each, as this machine has others to serve
    for _ in range(5):
        for name, reference in zip(took, (known, None), strict=True):
            started = perf_counter()
            assert not passwords.verify("something else", reference)
            took[name] = min(took[name], perf_counter() - started)
    with capsys.disabled():
        print("".join(f"\n  {name}: {seconds * 1000:.0f} ms" for name, seconds in took.items()))
    assert 0.5 < took["unknown e-mail"] / took["wrong password"] < 2
