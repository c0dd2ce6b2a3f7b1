"""What became of each gate and of the policy's checks, as an export says it: one list for JUnit, in-toto and people.

A gate counts by its newest opening: an earlier draft that was sent back says nothing about the one that followed. What
was not reached or not decided is a result too, and never a pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.domain.record.record import Record, RecordedGate, WriterKind
from console.domain.run.event import CommandRun
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunStatus


class Outcome(StrEnum):
    """What became of a gate or a check."""

    PASSED = "passed"
    """It was ready, computed and decided."""
    OVERRIDDEN = "overridden"
    """An operator passed it against what was computed."""
    FAILED = "failed"
    """It was sent back, or blocked."""
    STOPPED = "stopped"
    """The run ended here, or its call gave nothing to judge: this says nothing about the draft."""
    WAITING = "waiting"
    """It is not decided yet."""
    NOT_REACHED = "not reached"
    NOT_NEEDED = "not needed"
    """A draft from outside is not planned."""


@dataclass(frozen=True, slots=True)
class Result:
    """One gate, or one of the policy's checks."""

    name: str
    """`gate/reviewer`, `check/unit`, `check/unit/base-tests`: the same in each run."""
    outcome: Outcome
    words: str
    """Why. It may hold names and reasons that people typed."""
    gate: RecordedGate | None = None
    """The opening that it rests on; None if the gate was not opened."""
    check: CommandRun | None = None


def results_of(record: Record) -> tuple[Result, ...]:
    """Return the results of a record's gates in their order, each followed by the checks that ran there."""
    newest = {each.gate: each for each in record.gates}
    return tuple(each for gate in Gate for each in _of_gate(record, gate, newest.get(gate)))


def gate_outcome(record: Record, opened: RecordedGate) -> Outcome:
    """Return what became of one opening of a gate."""
    if opened.decided is None:
        return Outcome.STOPPED if record.status is RunStatus.STOPPED or opened.failure else Outcome.WAITING
    if opened.decided is not GateVerdict.READY:
        return Outcome.STOPPED if opened.failure else Outcome.FAILED
    return Outcome.OVERRIDDEN if opened.is_override else Outcome.PASSED


def verdict_words(opened: RecordedGate) -> str:
    """Return what to say of a gate's computed verdict and of the decision."""
    total = "" if opened.total is None else f", {opened.total} of 100 (threshold {opened.threshold})"
    failure = "" if opened.failure is None else f", nothing to judge: {opened.failure}"
    found = ", ".join(dict.fromkeys(each.id for each in opened.findings))
    findings = f", findings {found}" if found else ""
    by = "not decided" if opened.decided is None else f"decided {opened.decided} by {opened.decided_by}"
    against = ", against what was computed" if opened.is_override else ""
    return f"computed {opened.computed}{total}{failure}{findings}; {by}{against}"


def _of_gate(record: Record, gate: Gate, opened: RecordedGate | None) -> Iterator[Result]:
    name = f"gate/{gate}"
    order = list(Gate)
    ahead = order.index(gate) - order.index(record.gate)
    if gate is Gate.PLANNER and record.writer.kind is WriterKind.OUTSIDE:
        yield Result(name, Outcome.NOT_NEEDED, "the draft came from outside, so no plan was asked for")
    elif ahead > 0:  # also if it judged an earlier draft
        yield Result(name, Outcome.NOT_REACHED, f"not reached: the run is at {record.gate.words}")
    elif ahead == 0 and (opened is None or opened.attempt != record.attempt):
        yield _unopened(record, name)
    elif opened is None:
        yield Result(name, Outcome.PASSED, "passed without a decision")  # the preflight, if nothing needs a person
    else:
        outcome = gate_outcome(record, opened)
        stop = f"; {stop_words(record)}" if outcome is Outcome.STOPPED and record.stop is not None else ""
        yield Result(name, outcome, verdict_words(opened) + stop, opened)
        for each in opened.commands:
            check = f"check/{each.name}{'/base-tests' if each.with_base_tests else ''}"
            passed = Outcome.PASSED if each.is_passed else Outcome.FAILED
            yield Result(check, passed, _check_words(each), opened, each)


def _unopened(record: Record, name: str) -> Result:
    """Return the result of the gate at which the run stands without having opened it."""
    if record.stop is not None:
        return Result(name, Outcome.STOPPED, stop_words(record))
    return Result(name, Outcome.WAITING, "its work is not done yet")


def stop_words(record: Record) -> str:
    """Return why a run was stopped, with the role and the route; empty if it was not."""
    stop = record.stop
    if stop is None:
        return ""
    named = " / ".join(dict.fromkeys(str(each) for each in (stop.cause, stop.rule, stop.category) if each is not None))
    role = "" if stop.role is None else f", role {stop.role}"
    route = "" if stop.endpoint_path is None else f" ({stop.model}, {stop.endpoint_family} {stop.endpoint_path})"
    by = "" if stop.by is None else f" by {stop.by}"
    return f"stopped{by}: {named}{role}{route}{': ' if stop.reason else ''}{stop.reason}"


def _check_words(check: CommandRun) -> str:
    if check.is_passed:
        return "passed"
    return "it was stopped" if check.exit_code is None else f"exit code {check.exit_code}"
