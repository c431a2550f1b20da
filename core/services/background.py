"""Work that a process does beside everything else, in a thread of its own."""

import threading
from abc import ABC, abstractmethod


class Background(ABC):
    """`run` in a thread from `start` on, until it returns or `stop` is called: it looks at `stopping` between steps."""

    def __init__(self, name: str) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @abstractmethod
    def run(self) -> None: ...

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for the step under way."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join()
