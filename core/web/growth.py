"""Answers that grow while somebody watches: how often their viewers are told."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from core.web.application import Application

OFTEN, SELDOM = 0.2, 1.0
"""Seconds between two tellings, with few viewers and with many."""
TELLINGS = 50
"""A second, of all viewers of an answer together: each has a page draw the text again."""


@dataclass(slots=True)
class _Answer:
    run_id: UUID
    length: int = 0
    due_at: float = 0.0


class Growth:
    """Of this process's rooms."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._answers: dict[UUID, _Answer] = {}

    @property
    def due_at(self) -> float:
        """In monotonic seconds; infinite while nothing grows."""
        return min((answer.due_at for answer in self._answers.values()), default=float("inf"))

    def follow(self, conversation_id: UUID, run_id: UUID | None) -> None:
        """From now on that run, or none."""
        known = self._answers.get(conversation_id)
        if run_id is None:
            self._answers.pop(conversation_id, None)
        elif known is None or known.run_id != run_id:
            self._answers[conversation_id] = _Answer(run_id)

    def look(self, viewers: Mapping[UUID, int]) -> dict[UUID, tuple[UUID, int]]:
        """Run and length of the answers that it is time to tell of, and that are longer than they were told to be.

        `viewers`: how many each room has. An answer without any is forgotten.
        """
        grown: dict[UUID, tuple[UUID, int]] = {}
        for conversation_id, answer in list(self._answers.items()):
            if conversation_id not in viewers:
                self._answers.pop(conversation_id, None)
            elif answer.due_at <= time.monotonic():
                answer.due_at = time.monotonic() + min(SELDOM, max(OFTEN, viewers[conversation_id] / TELLINGS))
                length = len(self._application.runner.glance(answer.run_id).text)
                if length > answer.length:
                    answer.length = length
                    grown[conversation_id] = answer.run_id, length
        return grown
