"""What is red stays red until the same rung holds again."""

import pytest

from console.domain.history.fact import FactStatus
from console.domain.history.streak import End, current_end
from console.domain.probes.ladder import Rung

HELD, RED = FactStatus.PASSED, FactStatus.FAILED


def call(status: FactStatus, rung: Rung) -> End:
    return End(status, rung, is_check=False, is_refusal=status is RED)


def found(rung: Rung) -> End:
    """Return what a check found without any refusal, such as a gateway that takes any key."""
    return End(RED, rung, is_check=True, is_refusal=False)


def check(rung: Rung) -> End:
    return End(FactStatus.UNPROVEN, rung, is_check=True, is_refusal=False)


RUN_RED = End(FactStatus.STOPPED, None, is_check=False, is_refusal=True)
RUN_GREEN = End(HELD, None, is_check=False, is_refusal=False)


@pytest.mark.parametrize(
    ("oldest_first", "is_red"),
    [
        ([call(HELD, Rung.SMOKE), call(RED, Rung.SMOKE)], True),
        ([call(RED, Rung.SMOKE), call(HELD, Rung.SMOKE)], False),
        ([call(RED, Rung.SMOKE), check(Rung.KEY)], True),  # a free check says nothing of a failed call
        ([call(RED, Rung.SHAPE), call(HELD, Rung.SMOKE)], True),  # text says nothing of the role's shape
        ([call(RED, Rung.SMOKE), call(HELD, Rung.SHAPE)], False),
        ([found(Rung.KEY), call(HELD, Rung.SMOKE)], True),  # a call does not look for it
        ([found(Rung.KEY), check(Rung.KEY)], False),
        ([call(RED, Rung.SHAPE), call(RED, Rung.SMOKE), call(HELD, Rung.SMOKE)], True),
        ([RUN_RED, RUN_GREEN], False),
        ([RUN_GREEN, RUN_RED], True),
    ],
)
def test_what_is_red_now(oldest_first: list[End], is_red: bool) -> None:
    now = current_end(reversed(oldest_first))
    assert now is not None
    assert now.status.is_red is is_red


def test_without_a_fact_nothing_is_known() -> None:
    assert current_end([]) is None
