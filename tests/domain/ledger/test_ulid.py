"""Run ids: ULIDs that sort by time and are fit to be an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.ledger.ulid import is_run_id, new_run_id

TIMES = st.integers(0, 2**48 - 1)
BYTES = st.binary(min_size=10, max_size=10)


def test_an_id_is_the_one_that_the_specification_gives() -> None:
    # The example of github.com/ulid/spec: 01ARZ3NDEK is the time part of 1469922850259 ms.
    assert new_run_id(lambda: 1469922850259, bytes) == "01ARZ3NDEK0000000000000000"
    assert new_run_id(lambda: 2**48 - 1, lambda size: b"\xff" * size) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


@given(TIMES, BYTES)
def test_every_id_is_recognised(at_ms: int, random: bytes) -> None:
    assert is_run_id(new_run_id(lambda: at_ms, lambda _: random))


@given(TIMES, TIMES, BYTES, BYTES)
def test_ids_sort_by_time(one_ms: int, other_ms: int, one: bytes, other: bytes) -> None:
    earlier, later = sorted([(one_ms, one), (other_ms, other)])
    assert new_run_id(lambda: earlier[0], lambda _: earlier[1]) <= new_run_id(lambda: later[0], lambda _: later[1])


@pytest.mark.parametrize("at_ms", [-1, 2**48, 2**70])
def test_a_clock_that_is_far_off_still_gives_an_id(at_ms: int) -> None:
    assert is_run_id(new_run_id(lambda: at_ms, bytes))


@pytest.mark.parametrize(
    "text",
    [
        "", "01ARZ3NDEK000000000000000", "01ARZ3NDEK00000000000000000", "01arz3ndek0000000000000000",
        "81ARZ3NDEK0000000000000000", "01ARZ3NDEKI000000000000000", "01ARZ3NDEKU000000000000000",
        "../../../etc/passwd/000000", "01ARZ3NDEK0000000000000000\n", "٠1ARZ3NDEK0000000000000000", None, 7,
    ],
)  # fmt: skip
def test_what_is_no_id_is_told(text: object) -> None:
    assert not is_run_id(text)
