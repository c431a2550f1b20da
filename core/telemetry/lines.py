"""A log record as one event with fields, and how much of an exception may be said.

Our own lines are a constant event name with `key=%s` fields: ids and numbers, never content. Of other packages' lines
only the template is certain to be theirs, and of an exception only its kind and where it was: what was in their hands
when it happened may be what a person wrote.
"""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

OURS = ("core", "pages")
FIELD = re.compile(r"(\w+)=%(?:\.\d+)?[sdfgr]")
EVENT = re.compile(r"[a-z][a-z0-9_]*")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]")
WARNING = re.compile(r"\S+:\d+: \w+")
SPEAKS_OF_CODE = (AttributeError, NameError, ImportError)
"""Exceptions whose words are names in a program."""
LEFT_OUT = "…"
LONGEST = 500
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".", 1)[0] in OURS


def event_of(record: logging.LogRecord) -> str:
    return str(record.msg).split(" ", 1)[0] if is_ours(record) else record.name


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """By name: what our own lines say; of another package's, its words without what was filled in."""
    if not is_ours(record):
        return {"message": _harmless(record)}
    fields = dict(zip(FIELD.findall(str(record.msg)), map(_plain, _arguments(record)), strict=False))
    return fields | {name: _plain(value) for name, value in vars(record).items() if name not in STANDARD}


def _arguments(record: logging.LogRecord) -> tuple[Any, ...]:
    return record.args if isinstance(record.args, tuple) else (record.args,)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return value if isinstance(value, bool | int | None) else str(value)[:LONGEST]


def _harmless(record: logging.LogRecord) -> str:
    if record.name == "py.warnings" and record.args:
        found = WARNING.match(str(_arguments(record)[0]))
        return found[0] if found else LEFT_OUT
    # What is filled in by then stands behind the first line, as asyncio has it.
    template = (str(record.msg).splitlines() or [""])[0][:LONGEST]
    values = iter(_arguments(record)) if record.args and not isinstance(record.args, Mapping) else iter(())
    return PLACEHOLDER.sub(lambda _: _number(next(values, None)), template)


def _number(value: object) -> str:
    return str(value) if isinstance(value, int | float) else LEFT_OUT


def kind_of(error: BaseException) -> str:
    """Its class, and what else is certain to hold nothing of a person's."""
    told = [type(error).__name__]
    # Of PostgreSQL's errors; their words repeat values.
    diagnosis = getattr(getattr(error, "orig", error), "diag", None)
    state, constraint = (getattr(diagnosis, name, None) for name in ("sqlstate", "constraint_name"))
    told += [f"sqlstate={state}"] if state else []
    told += [f"constraint={constraint}"] if constraint else []
    if isinstance(code := getattr(type(error), "code", None), str):
        told.append(f"code={code}")
    if isinstance(error, OSError) and error.errno is not None:
        told.append(f"errno={error.errno}")
    if isinstance(error, SPEAKS_OF_CODE):
        told.append(str(error)[:LONGEST])
    return " ".join(told)


def chain_of(error: BaseException) -> list[BaseException]:
    """The error, behind what led to it."""
    chain: list[BaseException] = []
    while error not in chain:
        chain.insert(0, error)
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None:
            break
        error = before
    return chain


def places_of(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
