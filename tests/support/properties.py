"""Properties that ask PostgreSQL: `make long` tries them as often as they say, `make test` a third as often."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

WHOLE = os.environ.get("PROPERTIES") == "whole"
EXPECTED = (
    HealthCheck.function_scoped_fixture,  # all examples of a test share a database
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
)


def tried(often: int) -> Callable[[Any], Any]:
    """In the place of Hypothesis' own settings."""
    quickly = settings(max_examples=often if WHOLE else -(-often // 3), deadline=None, suppress_health_check=EXPECTED)
    return lambda test: pytest.mark.property(quickly(test))
