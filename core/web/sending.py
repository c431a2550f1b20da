"""Files that are made while they are sent."""

from collections.abc import AsyncIterator, Iterator

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
