import signal
from collections.abc import Iterator

import pytest

from core.cli.stopping import SIGNALS, stoppable


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_what_is_taken_back_is_not_broken_off_by_another(number: signal.Signals) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL)
    is_taken_back = False
    with pytest.raises(KeyboardInterrupt), stoppable():
        try:
            signal.raise_signal(number)
        finally:
            for each in SIGNALS:
                signal.raise_signal(each)
            is_taken_back = True
    assert is_taken_back and {signal.getsignal(each) for each in SIGNALS} == {signal.SIG_DFL}


def test_a_signal_that_was_ignored_before_still_is() -> None:
    """As `nohup` has it: who closes the terminal does not mean what runs in it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stoppable():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
