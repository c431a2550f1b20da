"""What answers on a port of this machine: an application in a thread, or a program in a process of its own."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp


class Loopback:
    """The port is taken from the beginning; `with` it, the application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        # Loggers belong to the whole process: they are left as they are.
        config = uvicorn.Config(self._app, log_config=None, log_level=None, lifespan="off", timeout_graceful_shutdown=1)
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[self._socket])), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def reopen(self) -> None:
        """At the same port, after its end."""
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.__enter__()


@contextmanager
def running(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ends it afterwards, whatever became of it."""
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
