import math
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from core.telemetry import counted
from core.telemetry.exposition import Family, Kind, Sample, exposition
from core.telemetry.meters import MOST_SERIES, OTHER, Counter, Histogram
from core.telemetry.process import process_families
from tests.support.scrapes import scraped


@given(label=st.text(max_size=30), amounts=st.lists(st.floats(0, 1e6), max_size=20))
def test_whatever_is_counted_reads_as_the_format_asks(label: str, amounts: list[float]) -> None:
    counter, histogram = (
        Counter("a", "Help\nwith \\ it.", "model"),
        Histogram("b_seconds", "Help.", (0.1, 1, 10), "model"),
    )
    for amount in amounts:
        counter.add(amount, label)
        histogram.observe(amount, label)
    found = scraped(exposition([counter.family(), histogram.family()]))
    escaped = label.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    labels = (("model", escaped),)
    if amounts:
        assert math.isclose(found["a_total", labels], sum(amounts))
        assert found["b_seconds_count", labels] == len(amounts)
        for bound in ("0.1", "1", "10"):
            inside = sum(amount <= float(bound) for amount in amounts)
            assert found["b_seconds_bucket", (*labels, ("le", bound))] == inside


def test_odd_numbers_have_their_spelling() -> None:
    values = [math.inf, -math.inf, math.nan, 0, 1e300, 1.5]
    text = exposition([Family("a", "A.", Kind.GAUGE, [Sample("", (("n", str(i)),), v) for i, v in enumerate(values)])])
    assert [line.split()[-1] for line in text.splitlines()[2:]] == ["+Inf", "-Inf", "NaN", "0", "1e+300", "1.5"]
    scraped(text)


def test_nothing_is_lost_between_threads() -> None:
    counter, histogram = Counter("a", "A.", "kind"), Histogram("b", "B.", (1,))

    def work(_: int) -> None:
        for number in range(2_000):
            counter.count(str(number % 3))
            histogram.observe(number % 2 * 2)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert sum(counter.value(str(kind)) for kind in range(3)) == 16_000
    assert scraped(exposition([histogram.family()]))["b_bucket", (("le", "1"),)] == 8_000


def test_series_do_not_grow_without_end() -> None:
    counter = Counter("a", "A.", "model", "kind")
    for number in range(MOST_SERIES * 3):
        counter.count(f"model {number}", "input")
    assert len(counter.family().samples) == MOST_SERIES + 1
    assert counter.value(OTHER, OTHER) == MOST_SERIES * 2


def test_what_the_process_counts_reads_as_one_page() -> None:
    found = scraped(exposition([*counted.families(), *process_families()]))
    names = {name for name, _ in found}
    assert {"parley_websockets", "parley_event_streams", "process_start_time_seconds"} <= names
    labels = {
        label for meter in vars(counted).values() if isinstance(meter, Counter | Histogram) for label in meter.labels
    }
    # Each has few values by its nature. Think before you add one: a label is no place for an id or a name.
    assert labels == {
        "route",
        "status",
        "place",
        "code",
        "level",
        "event",
        "model",
        "purpose",
        "kind",
        "tool",
        "outcome",
    }
