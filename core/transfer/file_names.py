"""Names for files that any system can have, made from what people called their conversations."""

import re
import unicodedata

LONGEST = 120
"""Bytes: names with more are refused by some systems once a folder's stand before them."""
UNTITLED = "New chat"
# Of paths, of shells and of Windows.
REFUSED = re.compile(r'[/\\:*?"<>|%]+')
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
KEPT = "\u200d"
"""Joins the parts of one emoji."""
DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\s|$)", re.IGNORECASE)


def file_name(title: str) -> str:
    """Without an ending. Never a path, hidden, a device, empty or too long."""
    shown = "".join(
        character if unicodedata.category(character) not in INVISIBLE or character == KEPT else " "
        for character in unicodedata.normalize("NFC", title)
    )
    name = _trimmed(REFUSED.sub("-", " ".join(shown.split())))
    name = _trimmed(name.encode()[:LONGEST].decode(errors="ignore"))
    if not name.strip("-. "):
        return UNTITLED
    return f"_{name}" if DEVICES.match(name) else name


def _trimmed(name: str) -> str:
    return name.lstrip(" .~-").rstrip(f" .{KEPT}")


class FileNames:
    """No two alike, however a system compares them."""

    def __init__(self, *taken: str) -> None:
        self._taken = {_compared(name) for name in taken}
        self._numbers: dict[str, int] = {}

    def add(self, title: str, ending: str) -> str:
        base = file_name(title)
        number, name = self._numbers.get(_compared(base), 1), base
        while _compared(name) in self._taken:
            number += 1
            name = f"{base} ({number})"
        self._numbers[_compared(base)] = number
        self._taken.add(_compared(name))
        return f"{name}.{ending}"


def _compared(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
