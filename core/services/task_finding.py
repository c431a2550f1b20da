"""Finding tasks by words."""

from collections.abc import Sequence

from sqlmodel import Session

from core.permissions import Actor
from core.repositories.task_lines import TaskLines
from core.search.words import fold
from core.services.task_views import TaskLine, TaskPage, TaskPlace, TasksWanted

AT_ONCE, STEPS = 200, 10
"""Tasks that a search reads in one step, and how many steps it takes for one page."""
LONGEST_SEARCH = 200


def find_tasks(
    session: Session,
    actor: Actor,
    text: str,
    wanted: TasksWanted,
    *,
    after: TaskPlace | None,
    limit: int,
    at_once: int,
) -> TaskPage:
    """Those of a list that have all these words in title or description.

    It reads their own tasks in the order of the list until the page is full, descriptions included, and at most STEPS
    times `at_once` of them: milliseconds for hundreds, less than a fifth of a second for two thousand, and never more.
    A page may thus be short, even empty, and have a `next` all the same.
    """
    words = fold(text[:LONGEST_SEARCH]).split()
    found: list[TaskLine] = []
    for _ in range(STEPS):
        looked = TaskLines(session).list_with_descriptions(actor, wanted, after=after, limit=at_once)
        for line, description in looked:
            after = line.place
            if _has_words(words, line.title, description):
                found.append(line)
            if len(found) == limit:
                return TaskPage(tuple(found), after)
        if len(looked) < at_once:
            return TaskPage(tuple(found), None)
    return TaskPage(tuple(found), after)


def _has_words(words: Sequence[str], title: str, description: str) -> bool:
    text = fold(f"{title} {description}")
    return all(word in text for word in words)
