"""Database calls block: they run in threads of their own, never on the event loop."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

# Checks are a millisecond each and every frame waits for one, so slow password hashing must not take their threads.
CHECKS = 16
FORMS = 4
# Few: each takes a core while it writes, and they wait for slow readers without a thread.
EXPORTS = 2

P = ParamSpec("P")
T = TypeVar("T")

_checks: RunVar[CapacityLimiter] = RunVar("parley_checks")
_forms: RunVar[CapacityLimiter] = RunVar("parley_forms")
_exports: RunVar[CapacityLimiter] = RunVar("parley_exports")


async def check(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For what is quick and what others wait for."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limiter(_checks, CHECKS))


async def work(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For what may hash a password."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limiter(_forms, FORMS))


async def export(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For a piece of a file that is being written."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limiter(_exports, EXPORTS))


def _limiter(kept: RunVar[CapacityLimiter], threads: int) -> CapacityLimiter:
    """One for each event loop, as limiters can't be shared between loops."""
    try:
        return kept.get()
    except LookupError:
        kept.set(CapacityLimiter(threads))
        return kept.get()
