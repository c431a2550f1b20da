"""Settings of a Parley that nobody has set anything for."""

from core.config import Settings

UNTOUCHED = Settings(_env_file=None)  # type: ignore[call-arg]
"""Made once, and copied with what a test changes: to look all of them up in the environment takes longer than many a
test does.
"""
