"""The locks of a whole database, which its processes take before what only one of them may do."""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """The keys of PostgreSQL's advisory locks. Any number does that no other lock has; it stays as it is, since two
    versions of Parley may wait for each other. Those of one company or person are derived from their ids.
    """

    MIGRATION = 7_305_001
    SETUP = 7_305_002
    MOVING = 7_305_003
    REBUILDING = 8_211_503
    """Of whoever makes the sums of usage anew."""
