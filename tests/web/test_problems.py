import logging

import pytest

from core.errors import DatabaseUnavailable, Misconfigured, NotFound, ParleyError
from core.web.problems import RETRY_SECONDS, answer_for


@pytest.mark.parametrize(
    ("error", "status", "is_logged"),
    [(NotFound(), 404, False), (Misconfigured(), 500, True), (DatabaseUnavailable(), 503, False)],
    ids=lambda value: getattr(value, "code", None),
)
def test_what_is_logged(error: ParleyError, status: int, is_logged: bool, caplog: pytest.LogCaptureFixture) -> None:
    """While PostgreSQL is away each request meets it; core.database says it once."""
    assert answer_for(error, wants_html=False).status_code == status
    assert bool([record for record in caplog.records if record.levelno == logging.ERROR]) is is_logged


def test_a_page_that_cannot_be_had_now_looks_again_by_itself() -> None:
    text = bytes(answer_for(DatabaseUnavailable(), wants_html=True).body).decode()
    assert f'<meta http-equiv="refresh" content="{RETRY_SECONDS}">' in text
    assert f'content="{RETRY_SECONDS}"' not in bytes(answer_for(NotFound(), wants_html=True).body).decode()
