"""The promises that can be measured in this process hold, tried as often as a test has time for."""

from collections.abc import Iterator

import pytest

from tests.promises import a, b, f, g
from tests.promises.bench import Bench, Measure

IN_PROCESS = (
    a.expired_forms, a.largest_cookie, a.codes_come_back, a.told_where,
    b.fuzzed, b.two_values, b.unknown_options, b.spoilt_cookies, b.addresses,
    f.soak, g.components, g.static_checks,
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """What the measurements work on, small."""
    bench = Bench(short=True)
    yield bench
    bench.close()


@pytest.mark.parametrize("measure", IN_PROCESS, ids=lambda measure: measure.__name__)
def test_the_promise_holds(bench: Bench, measure: Measure) -> None:
    assert measure(bench)
