"""A wire to PostgreSQL that breaks in the worst moment: after a commit was done, before anybody heard of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
READY = b"Z\x00\x00\x00\x05I"
"""The server's "ready for the next", outside of a transaction."""


class LossyWire:
    """`with LossyWire(path, chance).serving() as wire: wire.share = 0.2`: that share of commits is done, not told."""

    def __init__(self, server: Path, chance: Random) -> None:
        self.share = 0.0
        self.lost = 0
        self._server = server
        self._chance = chance
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    @contextmanager
    def serving(self) -> Iterator["LossyWire"]:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for one in self._open:
                _close(one)
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):  # the end
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._open += [client, server]
                Wire(self, client, server)

    def is_to_be_lost(self) -> bool:
        return self._chance.random() < self.share


class Wire:
    """One connection, a thread each way."""

    def __init__(self, wires: LossyWire, client: socket.socket, server: socket.socket) -> None:
        self._wires, self._client, self._server = wires, client, server
        self._is_breaking = False
        for carry in (self._carry_up, self._carry_down):
            threading.Thread(target=carry, daemon=True).start()

    def _carry_up(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65_536):
                self._is_breaking = data.endswith(COMMIT) and self._wires.is_to_be_lost()
                self._server.sendall(data)
        self._end()

    def _carry_down(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(65_536):
                if not self._is_breaking:
                    self._client.sendall(data)
                elif data.endswith(READY):
                    self._wires.lost += 1
                    break
        self._end()

    def _end(self) -> None:
        _close(self._client)
        _close(self._server)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
