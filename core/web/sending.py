"""Files that are made while they are sent."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from core.web.threads import export


async def sent(first: bytes | None, blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each block is made when the one before it is out. Whoever hangs up ends it."""
    block = first
    try:
        while block is not None:
            yield block
            block = await export(next, blocks, None)
    finally:
        blocks.close()  # type: ignore[attr-defined]


def attachment(name: str) -> str:
    """RFC 6266: the name as it is, and before it one for whoever knows only ASCII."""
    plain = name.encode("ascii", "ignore").decode().strip()
    stem = plain.rpartition(".")[0].strip() or "conversation"
    return f"attachment; filename=\"{stem}.{name.rpartition('.')[2]}\"; filename*=UTF-8''{quote(name, safe='')}"
