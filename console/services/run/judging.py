"""Judging: what our code computes at each gate from a role's answer. A model contributes only its answer."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from console.domain.artifacts.repository_path import Scope
from console.domain.finding import Finding, Severity
from console.domain.run.event import CallFailed, CommandRun, GateOpened, noted
from console.domain.run.evidence import plain
from console.domain.run.gate import Gate, GateVerdict, worst
from console.domain.run.independence import LEVEL_WORDS
from console.domain.run.role_answer import Plan
from console.domain.run.rubric import Judgement
from console.domain.run.state import RunState


@dataclass(frozen=True, slots=True)
class GateOpening:
    """A gate about to open: what the ledger records, and the texts that it does not."""

    opened: GateOpened
    findings: tuple[Finding, ...]
    output_tails: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The name and last output of each failed check; display only, never stored."""


def open_gate(
    state: RunState,
    verdict: GateVerdict,
    findings: Sequence[Finding] = (),
    *,
    needs_human: bool = False,
    is_final: bool = False,
    artifact_sha256: str | None = None,
    judgement: Judgement | None = None,
    independence: tuple[tuple[str, int], ...] = (),
    commands: tuple[CommandRun, ...] = (),
) -> GateOpening:
    """Return the opening of a run's current gate."""
    said = tuple(findings)
    return GateOpening(
        GateOpened(
            state.gate,
            state.attempt,
            verdict,
            noted(said),
            needs_human,
            is_final,
            artifact_sha256,
            total=None if judgement is None else judgement.total,
            scores=() if judgement is None else judgement.scores,
            severities=() if judgement is None else judgement.severities,
            independence=independence,
            commands=commands,
        ),
        said,
    )


def open_failed(state: RunState, failure: CallFailed, why: str = "") -> GateOpening:
    """Return the opening of a gate whose call gave us nothing to judge.

    It is not a verdict on a draft: the operator may allow the call to be repeated, or decide revise or block.

    Args:
        state: The run.
        failure: How the call ended.
        why: The evidence in our own words, if this process saw the call; it is stored only with the notes.

    """
    said = f": {why}" if why else ""
    finding = Finding(
        "CALL-01",
        Severity.FAIL,
        f"the call gave us nothing to judge: {failure.category}{said}. This does not count as a failed draft",
    )
    verdict = GateVerdict.REVISE
    return GateOpening(
        GateOpened(
            state.gate,
            state.attempt,
            verdict,
            noted((finding,)),
            needs_human=True,
            is_final=True,
            artifact_sha256=None if state.gate in (Gate.PLANNER, Gate.WRITER) else state.subject_sha256,
            failure=failure.category,
        ),
        (finding,),
    )


def check_source(reported: str, primary: str) -> Iterator[Finding]:
    """Yield a finding if an answer does not name the instruction source that it should follow."""
    if not primary:
        return
    named = posixpath.normpath(plain(reported)).removeprefix("./").casefold() if reported.strip() else ""
    if named != posixpath.normpath(primary).casefold():
        said = "names none" if not named else "names another"
        yield Finding(
            "INSTR-01", Severity.FAIL, f"the instruction source is {primary}, but the answer {said}: the gate fails"
        )


def judge_plan(state: RunState, plan: Plan, artifact_sha256: str) -> GateOpening:
    """Open the planner's gate: the plan must be bounded and follow the instruction source."""
    primary = "" if state.instruction is None else state.instruction.primary
    findings = [*check_source(plan.instruction_source, primary), *_check_plan(plan)]
    verdict = GateVerdict.REVISE if any(each.severity is Severity.FAIL for each in findings) else GateVerdict.READY
    return open_gate(state, verdict, findings, artifact_sha256=artifact_sha256)


def _check_plan(plan: Plan) -> Iterator[Finding]:
    if not plan.scope:
        yield Finding("PLAN-01", Severity.FAIL, "the plan names no path that the draft may touch")
    outside = [path for path in plan.scope if not _is_inside(path)]
    if outside:
        yield Finding("PLAN-02", Severity.FAIL, f"the plan's scope leaves the repository ({len(outside)} paths)")
    if plan.scope and Scope(tuple(plan.scope)).bounds_nothing:
        yield Finding(
            "PLAN-03", Severity.FAIL, "the plan's scope covers files that it does not name, so it bounds nothing"
        )
    if not plan.steps:
        yield Finding("PLAN-04", Severity.FAIL, "the plan has no step")
    if not plan.stop_conditions:
        yield Finding("PLAN-05", Severity.FAIL, "the plan names no condition for stopping")


def _is_inside(path: str) -> bool:
    if not path or path.startswith(("/", "~")) or "\\" in path or "\0" in path or ":" in path:
        return False
    parts = path.split("/")
    return ".." not in parts and ".git" not in (part.casefold() for part in parts)


def check_independence(levels: Sequence[tuple[str, int]], least: int) -> Iterator[Finding]:
    """Yield a finding for each judge that is less independent than the policy requires."""
    for pair, reached in levels:
        if reached < least:
            yield Finding(
                "INDEP-01",
                Severity.FAIL,
                f"{pair.replace('_', ' ')}: {reached} of 3, {LEVEL_WORDS[reached]}; the policy requires {least}",
            )


def lowered(judgement: Judgement, findings: Sequence[Finding]) -> GateVerdict:
    """Return a judgement's verdict, lowered if findings break one of the run's own rules."""
    broken = any(each.severity is Severity.FAIL for each in findings)
    return worst(judgement.verdict, GateVerdict.BLOCK if broken else GateVerdict.READY)
