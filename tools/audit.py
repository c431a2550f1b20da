"""`make audit`: the pinned packages against the known vulnerabilities, by pip-audit in an environment of its own.

Ends with 1 when something was found. Where its data can't be reached that is said, and is no failure: nobody knows
then. With --strict it is one.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")
COMMAND = (
    sys.executable,
    "-m",
    "uv",
    "tool",
    "run",
    "--quiet",
    "pip-audit",
    "--disable-pip",
    "--no-deps",
    "--progress-spinner=off",
)
FOUND = re.compile(r"Found \d+ known vulnerabilit")
SKIPPED = "could not be audited"
PATIENCE = 600


def main() -> int:
    files = [word for name in FILES for word in ("--requirement", str(ROOT / name))]
    try:
        done = subprocess.run([*COMMAND, *files], check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return not_audited(f"no answer within {PATIENCE} s")
    said = f"{done.stdout}{done.stderr}".strip()
    if FOUND.search(said):
        print(said)
        return 1
    if skipped := said.count(SKIPPED):
        return not_audited(f"{skipped} packages are not known to the index that was asked")
    if done.returncode:
        return not_audited((said.splitlines() or ["it said nothing"])[-1])
    print(said)
    return 0


def not_audited(why: str) -> int:
    print(f"audit: not done, or not in full: {why}")
    return 1 if "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
