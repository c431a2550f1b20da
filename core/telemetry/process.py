"""The process as its operating system sees it, under the names that every Prometheus client uses."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.telemetry.exposition import Family, Kind, Sample, gauge

STATUS = Path("/proc/self/statm")
FILES = Path("/proc/self/fd")

STARTED_AT = time.time()
"""When this module was loaded: within the first second of a process."""


def process_families() -> Iterator[Family]:
    yield gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", STARTED_AT)
    times = os.times()
    yield Family(
        "process_cpu_seconds",
        "Seconds of processor time.",
        Kind.COUNTER,
        [Sample("_total", (), times.user + times.system)],
    )
    with suppress(OSError):  # Linux alone has these
        resident = int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        yield gauge("process_resident_memory_bytes", "Memory in use.", resident)
        yield gauge("process_open_fds", "Open files and sockets.", len(list(FILES.iterdir())))
