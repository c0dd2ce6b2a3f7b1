"""Gates: their order, their roles, and what may be said at them."""

import pytest

from console.domain.routes.role import Role
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict, allowed_verdicts, role_at, worst


def test_the_order_of_a_run() -> None:
    order = [Gate.INSTRUCTION]
    while (following := order[-1].after) is not None:
        order.append(following)
    assert order == list(Gate)
    assert [gate.words for gate in order[:2]] == ["instruction source", "preflight"]
    assert Gate.SOURCE_CHECK.words == "source check"


def test_a_worse_verdict_wins() -> None:
    ready, revise, block = GateVerdict
    assert worst() is ready
    assert worst(ready, revise) is revise
    assert worst(block, ready, revise) is block


def test_a_model_works_where_a_call_is_paid_for_and_nowhere_else() -> None:
    assert {gate for gate in Gate if role_at(gate, 1) is not None} == GATES_WITH_A_CALL


@pytest.mark.parametrize(("attempt", "role"), [(1, Role.WRITER), (2, Role.REVISION), (9, Role.REVISION)])
def test_later_drafts_come_from_the_revision(attempt: int, role: Role) -> None:
    assert role_at(Gate.WRITER, attempt) is role
    assert role_at(Gate.PLANNER, attempt) is Role.PLANNER


def test_what_may_be_said() -> None:
    for gate in (Gate.INSTRUCTION, Gate.PREFLIGHT, Gate.CANDIDATE):
        assert allowed_verdicts(gate) == (GateVerdict.READY, GateVerdict.BLOCK)
    for gate in (Gate.PLANNER, Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC):
        assert set(allowed_verdicts(gate)) == set(GateVerdict)
