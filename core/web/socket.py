from collections.abc import Awaitable, Callable

import anyio
from starlette.types import Message, Receive, Send


class GuardedSocket:
    """An open websocket that ends with its session: at the next frame from the browser, and for a browser that
    only listens, at the next frame to it once `recheck_seconds` have passed since the last look. What the browser sends
    that is not wanted comes to nothing."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        is_live: Callable[[], Awaitable[bool]],
        is_wanted: Callable[[bytes], bool],
        close_code: int,
        recheck_seconds: float,
    ) -> None:
        self._receive = receive
        self._send = send
        self._is_live = is_live
        self._is_wanted = is_wanted
        self._close_code = close_code
        self._recheck_seconds = recheck_seconds
        self._looked_at = anyio.current_time()
        self._has_ended = False

    async def receive(self) -> Message:
        while not self._has_ended:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            if await self._may_go_on() and self._is_wanted(message.get("bytes") or b""):
                return message
        return {"type": "websocket.disconnect", "code": self._close_code}

    async def send(self, message: Message) -> None:
        is_frame = message["type"] == "websocket.send"
        is_due = anyio.current_time() - self._looked_at >= self._recheck_seconds
        if is_frame and is_due:
            await self._may_go_on()
        if not self._has_ended:
            await self._send(message)

    async def _may_go_on(self) -> bool:
        """Ends the socket unless the session still stands."""
        self._looked_at = anyio.current_time()
        if not self._has_ended and not await self._is_live() and not self._has_ended:
            self._has_ended = True
            await self._send({"type": "websocket.close", "code": self._close_code})
        return not self._has_ended
