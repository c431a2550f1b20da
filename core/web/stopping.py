import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop_signal(act: Callable[[], None]) -> Iterator[None]:
    """Has `act` run on this event loop as soon as the process is told to stop; the server's own handlers run as well.

    uvicorn ends the lifespan only when the last answer is out, and an event stream is an answer that never ends.
    """
    if threading.current_thread() is not threading.main_thread():  # where signals can't be had
        yield
        return
    loop = asyncio.get_running_loop()
    known = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler = known[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in known.items():
            signal.signal(number, handler)
