"""What the benchmarks make of a round of load; no server runs here, and nothing is timed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from benchmarks.journeys import Request, plain
from benchmarks.load import Loaded, WrongAnswer, middle, read, share
from benchmarks.scale import mixed


def said(statuses: Mapping[int, int], failed: int = 0) -> str:
    """What wrk prints at the end of two seconds in which these statuses came."""
    seen = {"requests": sum(statuses.values()), "microseconds": 2_000_000, "failed": failed, "p50": 1500, "p99": 9000}
    return f"Running 2s test\n  984 requests\n{json.dumps({**seen, 'statuses': statuses})}\n"


def test_the_figures_of_a_round() -> None:
    seen = read(said({200: 984}), [200], connections=16, cpu=1.0)
    assert (seen.rate, seen.p50, seen.p99) == (492, 1.5, 9)
    assert seen.cpu == pytest.approx(1000), "those still under way at the end were worked out as well"


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ({200: 900, 410: 1}, [200]),
        ({303: 100}, [200]),
        ({200: 100, 303: 100}, [200, 200, 200, 303]),
        ({200: 300}, [200, 200, 200, 303]),
    ],
)
def test_a_wrong_status_ends_the_run(statuses: Mapping[int, int], wanted: list[int]) -> None:
    with pytest.raises(WrongAnswer):
        read(said(statuses), wanted, connections=16, cpu=1.0)


def test_a_request_without_an_answer_ends_the_run() -> None:
    with pytest.raises(WrongAnswer, match="3 requests"):
        read(said({200: 984}, failed=3), [200], connections=16, cpu=1.0)


def test_statuses_may_differ_only_by_what_is_under_way() -> None:
    read(said({200: 310, 303: 90}), [200, 200, 200, 303], connections=16, cpu=1.0)


def test_a_share_is_taken_round_by_round() -> None:
    page, hello = ([Loaded(rate, 1, 1, 1, 1) for rate in rates] for rates in ([10, 5, 1], [100, 10, 100]))
    assert share(page, of=hello) == 10
    assert middle(page).rate == 5


def test_each_person_is_at_another_place_of_the_journey() -> None:
    journeys = [[_asked(f"/{person}/{step}") for step in range(4)] for person in range(2)]
    requests = [request.path for request in mixed(journeys)]
    assert requests == ["/0/0", "/1/2", "/0/1", "/1/3", "/0/2", "/1/0", "/0/3", "/1/1"]


def test_a_request_on_the_wire() -> None:
    wire = _asked("/run/x/1", body="a=b").wire()
    assert wire.startswith(b"POST /run/x/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: c=d\r\n")
    assert wire.endswith(b"Content-Length: 3\r\n\r\na=b")


def test_what_is_new_each_time_is_not_compared() -> None:
    one, other = (
        f'<a href="/run/{run * 16}/check"><input name="csrf_token" value="{run}"><svg><path d="{run}"></svg>'.encode()
        for run in "xy"
    )
    assert one != other
    assert plain(one) == plain(other)
    assert plain(b"<p>Call now") != plain(b"<p>Wait")


def _asked(path: str, body: str = "") -> Request:
    return Request("POST" if body else "GET", path, 200, b"", 0, "c=d", body)
