"""Gates: their order, their roles, and what may be said at them."""

import pytest

from console.domain.routes.role import Role
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict, allowed_verdicts, role_at, worst
from console.domain.run.role_answer import SCORE_LIMIT, schema_at


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
    assert allowed_verdicts(Gate.PREFLIGHT) == ()
    assert GateVerdict.REVISE not in allowed_verdicts(Gate.INSTRUCTION) + allowed_verdicts(Gate.CANDIDATE)
    for gate in (Gate.PLANNER, Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC):
        assert set(allowed_verdicts(gate)) == set(GateVerdict)


def _objects(schema: object) -> list[dict[str, object]]:
    match schema:
        case dict():
            inner = [each for value in schema.values() for each in _objects(value)]
            return [schema, *inner] if schema.get("type") == "object" else inner
        case list():
            return [each for value in schema for each in _objects(value)]
        case _:
            return []


@pytest.mark.parametrize("gate", sorted(GATES_WITH_A_CALL))
def test_a_schema_is_closed_and_asks_for_no_verdict(gate: Gate) -> None:
    name, schema = schema_at(gate, ("safety", "tests"))
    assert name.startswith("run_")
    for each in _objects(schema):
        assert each["additionalProperties"] is False
        properties = each["properties"]
        assert isinstance(properties, dict)
        assert each["required"] == list(properties)
        assert not {"verdict", "total", "status", "review_status"} & set(properties)


def test_the_reviewers_schema_names_the_criteria_and_the_scores() -> None:
    text = repr(schema_at(Gate.REVIEWER, ("safety", "tests"))[1])
    assert "['safety', 'tests']" in text
    assert repr(list(range(SCORE_LIMIT + 1))) in text
    with pytest.raises(ValueError, match="no model works"):
        schema_at(Gate.SOURCE_CHECK)
