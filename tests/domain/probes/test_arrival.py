"""How content arrived, by moments that the tests choose."""

import pytest

from console.domain.probes.arrival import Arrival, ArrivalMeter, ArrivalPattern


def arrival(*reads: tuple[float, int], written_ms: float = 0.0) -> Arrival:
    meter = ArrivalMeter()
    for moment_ms, pieces in reads:
        meter.take(moment_ms, pieces)
    found = meter.arrival(written_ms)
    assert found is not None
    return found


def every(gap_ms: float, count: int, *, first_ms: float = 300.0) -> list[tuple[float, int]]:
    return [(first_ms + number * gap_ms, 1) for number in range(count)]


@pytest.mark.parametrize(
    ("reads", "pattern"),
    [
        (every(20.0, 40), ArrivalPattern.FLOWING),
        (every(5.0, 200, first_ms=4_000.0), ArrivalPattern.FLOWING),
        ([(5_217.0, 40)], ArrivalPattern.BURST),
        ([(5_217.0, 20), (5_219.0, 20)], ArrivalPattern.BURST),
        ([(30_000.0 + number, 100) for number in range(40)], ArrivalPattern.BURST),
        ([(300.0, 40)], ArrivalPattern.FLOWING),
        ([(5_000.0, 5)], ArrivalPattern.FEW),
        ([(1_200.0, 3), (1_205.0, 2)], ArrivalPattern.FEW),
        ([(800.0, 30), (2_000.0, 30), (3_300.0, 30)], ArrivalPattern.LUMPS),
        ([(800.0, 30), (1_200.0, 30), (1_700.0, 30)], ArrivalPattern.FLOWING),
        ([*every(20.0, 40), (11_000.0, 1)], ArrivalPattern.FLOWING),
    ],
)
def test_a_pattern_is_told_by_its_figures(reads: list[tuple[float, int]], pattern: ArrivalPattern) -> None:
    found = arrival(*reads)
    assert found.pattern is pattern
    assert found.is_collected is (pattern in (ArrivalPattern.BURST, ArrivalPattern.LUMPS))


def test_the_longest_gap_and_its_place_are_known() -> None:
    found = arrival((300.0, 2), (320.0, 1), (10_320.0, 1), (10_400.0, 1), written_ms=100.0)
    assert (found.longest_gap_ms, found.gap_after, found.pieces, found.wait_ms) == (10_000.0, 3, 5, 200.0)


def test_the_wait_counts_from_the_request_on() -> None:
    assert arrival((5_000.0, 20), written_ms=4_500.0).pattern is ArrivalPattern.FLOWING


def test_without_content_nothing_arrived() -> None:
    assert ArrivalMeter().arrival(0.0) is None
