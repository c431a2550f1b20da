"""Percentiles out of counts by buckets that grow with what they hold.

DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB
2019): bucket i holds what is above g^(i-1) and up to g^i milliseconds, g = 1.02 / 0.98. Its value is taken as
2 g^i / (g + 1), which is off by at most 2 % from anything in it. Buckets of hours, days and models add up.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.repositories.usage_measures import GROWTH

Whole = NDArray[np.int64]


def value_of(bucket: Whole) -> NDArray[np.float64]:
    """Milliseconds."""
    return 2.0 * np.power(GROWTH, bucket.astype(np.float64)) / (GROWTH + 1.0)


def percentiles(
    groups: Whole, buckets: Whole, calls: Whole, *, size: int, shares: Sequence[float]
) -> NDArray[np.float64]:
    """For each group, numbered from 0 to `size`, and each share (0 to 1) the time in milliseconds within which that
    share of its calls was done; NaN for a group without calls. Shape (size, shares).

    By the nearest rank: of n sorted times it is the one at place ceil(share * n). `groups`, `buckets` and `calls` are
    the columns of the counts, in any order; what occurs twice is added up.
    """
    found = np.full((size, len(shares)), np.nan)
    if not buckets.size:
        return found
    least = int(buckets.min())
    counts = np.zeros((size, int(buckets.max()) - least + 1), dtype=np.int64)
    np.add.at(counts, (groups, buckets - least), calls)
    running = counts.cumsum(axis=1)
    totals = running[:, -1]
    for column, share in enumerate(shares):
        places = np.maximum(np.ceil(share * totals - 1e-9), 1)
        reached = (running >= places[:, None]).argmax(axis=1)
        found[:, column] = np.where(totals > 0, value_of(reached + least), np.nan)
    return found
