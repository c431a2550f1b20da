"""The model of the shared Parley: it answers at once, tells stories until it is told to end, and makes up no titles."""

import threading

from tests.support.openai_server import OpenAIServer, Received, Reply

LONG = "Write a long story about a lighthouse keeper."
SHORT = "Say hello in one short sentence."
STORYTELLER = "storyteller"
"""Its name among models."""
PACE = 0.2
"""Seconds between two sentences."""


class Storyteller(OpenAIServer):
    """However slow the machine is, a story lasts as long as a test looks at it: `end_stories()` ends those of now."""

    def __init__(self) -> None:
        super().__init__()
        self._end = threading.Event()

    def end_stories(self) -> None:
        self._end.set()
        self._end = threading.Event()

    def reply_to(self, received: Received) -> Reply:
        if received.question.startswith("Answer:\n"):  # asked for a title
            return Reply(chunks=())
        if LONG in received.question:
            return Reply(("The lamp went round and ", "the ships went by. "), delay=PACE, ended=self._end)
        return super().reply_to(received)
