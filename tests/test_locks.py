import re

from core.config import ROOT
from core.locks import Lock


def test_the_key_of_a_lock_of_the_whole_database_stands_in_one_place() -> None:
    """There two of one number are an error. All other keys are derived, or are `Lock`s."""
    sources = {path: path.read_text() for path in (ROOT / "core").rglob("*.py")}
    assert not [path for path, text in sources.items() if re.search(r"pg_\w*advisory_\w*\(\d", text)]
    keys = {f"{lock:_}" for lock in Lock}
    assert [path.name for path, text in sources.items() if any(key in text for key in keys)] == ["locks.py"]
    taken = {key for text in sources.values() for key in re.findall(r"\bLock\.([A-Z]+)", text)}
    assert taken == {lock.name for lock in Lock}
