"""The difference of two records: what a reviewer of two runs has to see, and nothing that only names a run."""

from dataclasses import fields, replace
from typing import Any

from support.ledger.ledgers import BOB
from support.run.story import BLOCK, READY, waiting_at

from console.domain.record.diff import Row, diff
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.run.gate import Gate


def differing(a: Record, b: Record) -> dict[str, tuple[str | None, str | None]]:
    return {each.field: (each.a, each.b) for each in diff(a, b) if not each.is_equal}


def test_who_decided_what_is_a_difference() -> None:
    first, second = waiting_at(Gate.REVIEWER), waiting_at(Gate.REVIEWER)
    first.says(READY)
    second.says(BLOCK, BOB)
    found = differing(record_of(first.state), record_of(second.state))
    assert found["gate.reviewer.1.decided"] == ("ready", "block")
    assert found["gate.reviewer.1.decided_by"] == ("ann", "bob")
    assert found["status"] == ("active", "blocked")


def test_another_model_another_cost_and_a_lower_proof_are_each_seen() -> None:
    a = record_of(waiting_at(Gate.REVIEWER).state)
    calls = (*a.calls[:-1], replace(a.calls[-1], model_reported="another-model"))
    proofs = tuple(replace(each, rung=1, verdict="offline") for each in a.proofs)
    b = replace(a, calls=calls, proofs=proofs, spent_microusd=a.spent_microusd + 1)
    found = differing(a, b)
    role = a.calls[-1].role
    assert found[f"route.{role}.reported"][1] == "another-model"
    assert {each for each in found if each.endswith(".proof")}
    assert "cost" in found


def test_time_alone_and_what_names_a_run_make_no_difference() -> None:
    a = record_of(waiting_at(Gate.REVIEWER).state)
    later = [replace(each, call_id="other", request_id="other", total_ms=99_999) for each in a.calls]
    b = replace(a, run_id="01J0000000000000000000000B", head="0" * 64, started_at_ms=7, calls=tuple(later))
    rows = diff(a, b)
    assert {each.field for each in rows if not each.is_equal} == {"time.of_calls_ms", "time.of_run_ms"}
    assert not any(each.counts for each in rows)


def test_a_gate_that_only_one_run_reached_stands_in_the_order_of_a_run() -> None:
    early, late = waiting_at(Gate.PLANNER), waiting_at(Gate.CRITIC)
    names = [each.field for each in diff(record_of(early.state), record_of(late.state))]
    assert names == [each.field for each in diff(record_of(late.state), record_of(early.state))]
    assert names.index("gate.planner.1.computed") < names.index("gate.critic.1.computed") < names.index("status")
    assert Row("gate.critic.1.decided", None, None).is_equal


class Read:
    """A record that notes which of its fields are read."""

    def __init__(self, record: Record) -> None:
        self.record, self.names = record, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self.record, name)


_NAMES_A_RUN = {"run_id", "lines", "head", "handovers"}
_SAID_BY_ANOTHER_FIELD = {
    "gate", "attempt", "stop_cause", "stop_category", "instructions", "source_urls_checked",
    "planner_endpoint_family", "writer_endpoint_family", "revision_endpoint_family", "reviewer_endpoint_family",
    "critic_endpoint_family",
}  # fmt: skip


def test_a_field_of_the_record_is_compared_unless_it_is_left_out_on_purpose() -> None:
    record = record_of(waiting_at(Gate.CRITIC).state)
    read: Any = Read(replace(record, independence=(("writer_vs_critic", 2),)))
    diff(read, read)
    assert {each.name for each in fields(Record)} - read.names == _NAMES_A_RUN | _SAID_BY_ANOTHER_FIELD
