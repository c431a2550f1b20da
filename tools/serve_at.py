"""Serves Parley as if it were another moment: `python tools/serve_at.py 2026-11-18T14:30`. For pictures that are to
show the same day each time; everything else is as `python -m core serve` has it.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from streamlit.web import cli  # noqa: E402

from core import clock  # noqa: E402
from core.cli.serve import server_environment  # noqa: E402
from core.config import load_settings  # noqa: E402


def main(moment: datetime) -> None:
    began = clock.now()
    real = clock.now
    clock.now = lambda: moment + (real() - began)
    os.chdir(ROOT)
    os.environ.update(server_environment(load_settings()))
    sys.argv = ["streamlit", "run", "Home.py"]
    cli.main()


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]).replace(tzinfo=UTC))
