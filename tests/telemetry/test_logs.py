"""The log: one line an event, whose it was, and nothing that anybody wrote."""

import ast
import gc
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from streamlit.logger import get_logger

from core.config import ROOT, Settings
from core.database.engine import Database, connect
from core.errors import RefusedByRule
from core.ids import new_id
from core.telemetry import counted, logs, who
from core.telemetry.lines import FIELD

log = logging.getLogger("core.telemetry.testing")
SECRETS = ("planted-words", "ada@planted.example", "sk-planted-0123456789", "planted-token")


@contextmanager
def logging_to(stream: StringIO, *, is_json: bool) -> Iterator[None]:
    """As the lifespan sets it up, and put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("core")
    known, level, factory = list(root.handlers), ours.level, logging.getLogRecordFactory()
    hooks = threading.excepthook, sys.excepthook, sys.unraisablehook
    handler = logs.set_up("DEBUG", is_json=is_json)
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    try:
        yield
    finally:
        root.handlers[:], (threading.excepthook, sys.excepthook, sys.unraisablehook) = known, hooks
        logging.setLogRecordFactory(factory)
        ours.setLevel(level)
        logging.captureWarnings(capture=False)


def lines_of(act: Callable[[], Any], *, is_json: bool = True) -> list[dict[str, Any]]:
    stream = StringIO()
    with logging_to(stream, is_json=is_json):
        act()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_its_fields_and_whose_it_was() -> None:
    request, person, run = new_id(), new_id(), new_id()

    def act() -> None:
        with who.noted(request=request):
            who.note(person=person, run=None)
            log.info("run_ended status=%s count=%d seconds=%.3f code=%s", "complete", 3, 0.12345, None)
        log.warning("local_model_died", extra={"exit_code": -9, "run": run})

    first, second = Context().run(lines_of, act)  # whatever this thread has done before
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "INFO",
        "event": "run_ended",
        "logger": "core.telemetry.testing",
        "request": str(request),
        "person": str(person),
        "status": "complete",
        "count": 3,
        "seconds": 0.123,
        "code": None,
    }
    assert {"exit_code": -9, "run": str(run)}.items() <= second.items()
    assert "request" not in second and "person" not in second


def test_text_is_for_the_eye_and_no_line_can_be_forged() -> None:
    stream = StringIO()
    with logging_to(stream, is_json=False):
        log.info("request path=%s status=%d", '/x\n2026-01-01 ERROR core forged "a"', 404)
    [line] = stream.getvalue().splitlines()
    assert 'INFO core.telemetry.testing request path="/x\\n2026-01-01 ERROR core forged \\"a\\"" status=404' in line


def give(error: BaseException, cause: BaseException | None = None) -> None:
    raise error from cause


def raise_and_log(error: BaseException, cause: BaseException | None = None) -> None:
    try:
        give(error, cause)
    except Exception:
        log.exception("answer_crashed reference=%s", "0123abcd")


def crash_thread() -> None:
    thread = threading.Thread(target=raise_in_thread)
    thread.start()
    thread.join()


def raise_in_thread() -> None:
    raise RuntimeError(SECRETS)


def crash_process() -> None:
    try:
        give(RuntimeError(SECRETS))
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)


class Dying:
    def __del__(self) -> None:
        give(RuntimeError(SECRETS))


def crash_where_nothing_can_be_raised() -> None:
    Dying()
    gc.collect()


def warn() -> None:
    """As `logging.captureWarnings` has it logged."""
    said = warnings.formatwarning(f"odd: {SECRETS}", UserWarning, "core/somewhere.py", 3)
    logging.getLogger("py.warnings").warning("%s", said)


def let_streamlit_log() -> None:
    """In a module that is loaded when all has long been set up."""
    get_logger(f"streamlit.testing.{new_id()}").error("Uncaught %s", SECRETS[0])


# asyncio fills it in by itself.
NEVER_RETRIEVED = f"Task exception was never retrieved\nfuture: <Task finished exception=RuntimeError({SECRETS})>"
HOSTILE: dict[str, Callable[[], None]] = {
    "words of an exception": lambda: raise_and_log(ValueError(SECRETS)),
    "a key": lambda: raise_and_log(KeyError(SECRETS[0])),
    "a cause": lambda: raise_and_log(RuntimeError("x"), ValueError(SECRETS)),
    "an error of ours": lambda: raise_and_log(RefusedByRule(f"Not with “{SECRETS[0]}” in it.")),
    "decoding": lambda: raise_and_log(UnicodeDecodeError("utf-8", SECRETS[0].encode(), 0, 1, SECRETS[1])),
    "a file": lambda: raise_and_log(FileNotFoundError(2, "No such file", f"/tmp/{SECRETS[0]}")),
    "another package's arguments": lambda: logging.getLogger("elsewhere").error("failed for %s: %r", *SECRETS[:2]),
    "another package by name": lambda: logging.getLogger("elsewhere").error("failed %(a)s", {"a": SECRETS[0]}),
    "a task": lambda: logging.getLogger("asyncio").error(NEVER_RETRIEVED),
    "Streamlit": let_streamlit_log,
    "a thread": crash_thread,
    "the process": crash_process,
    "the end of an object": crash_where_nothing_can_be_raised,
    "a warning": warn,
}


@pytest.mark.parametrize("is_json", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_in_hand_when_it_went_wrong_is_not_logged(
    name: str, is_json: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = StringIO()
    with logging_to(stream, is_json=is_json):
        HOSTILE[name]()
    written = stream.getvalue()
    assert written and not [secret for secret in SECRETS if secret in written]
    out, err = capfd.readouterr()
    assert "planted" not in out + err
    if is_json:
        [line] = map(json.loads, written.splitlines())
        assert line["level"] in ("ERROR", "CRITICAL", "WARNING")
        if "error" in line:
            assert line["traceback"][-1] == line["error"]
            assert any("test_logs.py:" in place for place in line["traceback"])


@pytest.mark.parametrize("is_json", [True, False])
def test_parameters_of_statements_are_not_logged(fresh_database: Database, is_json: bool) -> None:
    statements = [
        ("SELECT CAST(CAST(:word AS text) AS integer)", "22P02"),
        ("INSERT INTO companies (id, name) VALUES (CAST(CAST(:word AS text) AS uuid), 'x')", "22P02"),
        ("INSERT INTO companies (name) VALUES (CAST(:word AS text))", "23502"),
    ]
    for statement, state in statements:
        stream = StringIO()
        with logging_to(stream, is_json=is_json):
            try:
                with fresh_database.transaction() as session:
                    session.execute(text(statement), {"word": SECRETS[0]})
            except SQLAlchemyError:
                log.exception("request_failed reference=%s", "0123abcd")
        assert "planted" not in stream.getvalue()
        assert f"sqlstate={state}" in stream.getvalue()


def test_a_pool_that_comes_and_goes_says_nothing(fresh_url: URL, settings: Settings) -> None:
    database = connect(settings, fresh_url)

    def act() -> None:
        database.check()
        database.dispose()

    assert lines_of(act) == []


def test_streamlit_and_the_server_go_through_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    def act() -> None:
        for name in ("streamlit.early", "uvicorn.error", "websockets", "uvicorn.access"):
            get_logger(name)
        logs.take_over()
        for name in ("streamlit.early", "uvicorn.error", "websockets"):
            logging.getLogger(name).error("pid %d at %s", 7, SECRETS[0])
        logging.getLogger("uvicorn.access").error("GET /x?token=%s", SECRETS[0])

    assert [line["message"] for line in lines_of(act)] == ["pid 7 at …"] * 3
    assert capfd.readouterr().err == ""


class Unsayable:
    def __str__(self) -> str:
        raise ValueError(SECRETS)

    __repr__ = __str__


@pytest.mark.parametrize("form", [logs.JsonLines(), logs.TextLines()])
def test_a_line_that_cannot_be_written_is_counted_and_harms_nobody(
    form: logging.Formatter, capfd: pytest.CaptureFixture[str]
) -> None:
    before, closed = counted.lost_log_lines.value(), StringIO()
    closed.close()
    for stream, said in ((StringIO(), Unsayable()), (closed, "x")):
        handler = logs.Lines(stream)
        handler.setFormatter(form)
        handler.handle(log.makeRecord(log.name, logging.ERROR, "", 1, "failed a=%s b=%s", (said, SECRETS[0]), None))
    assert counted.lost_log_lines.value() == before + 2
    assert "planted" not in "".join(capfd.readouterr())


def test_what_somebody_should_look_at_is_counted() -> None:
    before = counted.log_lines.value("ERROR", "page_crashed")

    def act() -> None:
        log.error("page_crashed reference=%s", "0123abcd")
        log.info("page_crashed reference=%s", "0123abcd")

    lines_of(act)
    assert counted.log_lines.value("ERROR", "page_crashed") == before + 1


CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
LINE = re.compile(rf"[a-z][a-z0-9_]*(?: {FIELD.pattern})*")


def logged_in(file: Path) -> Iterator[tuple[int, ast.expr]]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr="log"), args=[_, line, *_]):
                yield node.lineno, line
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=level), args=[line, *_]):
                if level in CALLS:
                    yield node.lineno, line


def test_every_line_of_ours_is_a_constant_event_with_fields() -> None:
    """Others are logged without what is filled into them; see core/telemetry/lines.py."""
    found = [
        (f"{file.relative_to(ROOT)}:{number}", line)
        for folder in ("core", "pages")
        for file in (ROOT / folder).rglob("*.py")
        for number, line in logged_in(file)
    ]
    assert len(found) > 30
    odd = [place for place, line in found if not (isinstance(line, ast.Constant) and LINE.fullmatch(str(line.value)))]
    assert not odd, f"write them as `event_name key=%s`: {odd}"
