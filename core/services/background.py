"""Work that a process does beside everything else, in a thread of its own."""

import threading


class Background:
    """`run` in a thread from `start` on, until it returns or `stop` is called: it looks at `stopping` between steps."""

    def __init__(self, name: str) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for the step under way."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join()
