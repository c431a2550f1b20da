"""The log: one line an event, as JSON or for the eye, and every package's lines through the same formatter."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from core.telemetry import counted, who
from core.telemetry.lines import chain_of, event_of, fields_of, is_ours, kind_of, places_of

log = logging.getLogger(__name__)

BARE = "'\"= "
STREAMLITS = "streamlit_console_handler"
"""The attribute of a logger under which Streamlit keeps the handler that it gave it."""
SERVERS = ("uvicorn", "uvicorn.asgi", "uvicorn.error", "websockets")
TAKEN_OVER = ("streamlit", "uvicorn", "websockets")
ACCESS = "uvicorn.access"
"""Its lines have the query with them; the gate writes its own."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, logger, whom it was for, its own fields, and how it went wrong."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "event": event_of(record),
            "logger": record.name,
            **who.known(),
            **fields_of(record),
        }
        if record.exc_info and record.exc_info[1]:
            chain = chain_of(record.exc_info[1])
            line["error"] = kind_of(chain[-1])
            line["traceback"] = [part for error in chain for part in (*places_of(error.__traceback__), kind_of(error))]
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """The same for the eye: a traceback goes over several lines."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {**fields_of(record), **who.known()}
        words = [_time(record), record.levelname, record.name]
        words += [event_of(record)] if is_ours(record) else []
        lines = [" ".join([*words, *(f"{name}={_word(value)}" for name, value in fields.items())])]
        if record.exc_info and record.exc_info[1]:
            for error in chain_of(record.exc_info[1]):
                lines += ["Traceback (most recent call last):"]
                lines += [*(f"  {place}" for place in places_of(error.__traceback__)), kind_of(error)]
        return "\n".join(lines)


class Lines(logging.StreamHandler[TextIO]):
    """Standard error. A line that can't be written is counted; Python would write its arguments out."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        counted.lost_log_lines.count()


class Counted(logging.Filter):
    """Counts what somebody may want to be woken by: our own events, and others by their logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            counted.log_lines.count(record.levelname, event_of(record))
        return True


def set_up(level: str, *, is_json: bool) -> logging.Handler:
    """Has everything logged in one form, our own lines from that level on, others from warnings on."""
    root = logging.getLogger()
    handler = next((one for one in root.handlers if isinstance(one.formatter, JsonLines | TextLines)), None)
    if handler is None:
        handler = Lines()
        handler.addFilter(Counted())
        root.addHandler(handler)
    handler.setFormatter(JsonLines() if is_json else TextLines())
    logging.getLogger("core").setLevel(level)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_crashed
    sys.excepthook = _process_crashed
    sys.unraisablehook = _unraisable
    logging.setLogRecordFactory(_taken_over)
    take_over()
    return handler


def _taken_over(name: str, *what: Any, **more: Any) -> logging.LogRecord:
    """The record of a line about to be written. Modules of these packages may have been loaded since the last one."""
    if name.split(".", 1)[0] in TAKEN_OVER:
        take_over()
    return logging.LogRecord(name, *what, **more)


def take_over() -> None:
    """Streamlit and uvicorn give their loggers handlers of their own, Streamlit to each when its module is loaded."""
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and (hasattr(logger, STREAMLITS) or logger.name in SERVERS):
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
            logger.propagate = logger.name != ACCESS
            if not logger.propagate:
                logger.addHandler(logging.NullHandler())  # without any, Python writes by itself
            logger.setLevel(max(logger.level, logging.WARNING))


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_type is not SystemExit:
        log.error("thread_crashed", exc_info=crash.exc_value)


def _process_crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("process_crashed", exc_info=error)


def _unraisable(crash: "sys.UnraisableHookArgs") -> None:
    """Where Python can raise nothing any more, as in `__del__`; it would write out what was in hand."""
    log.error("unraisable", exc_info=crash.exc_value)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _word(value: Any) -> str:
    """In quotes where it could be taken for more than one; no line of the log can be forged by what is in it."""
    text = str(value)
    return text if text and text.isprintable() and not set(BARE) & set(text) else json.dumps(text, ensure_ascii=False)
