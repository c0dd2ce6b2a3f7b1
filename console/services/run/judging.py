"""Judging: what our code computes at each gate from a role's answer. A model contributes only its answer."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from console.domain.answers.evidence import plain
from console.domain.answers.role_answer import Plan
from console.domain.artifacts.repository_path import Scope
from console.domain.finding import Finding, Severity
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentEnded, AgentEnding, FileGuard, NetworkGuard
from console.domain.run.call_event import CallFailed
from console.domain.run.event import CommandRun, GateOpened, InstructionPinned, noted
from console.domain.run.gate import Gate, GateVerdict, worst
from console.domain.run.independence import ANOTHER_MODEL, LEVEL_WORDS, UnprovenPolicy
from console.domain.run.pinned import RunPolicy
from console.domain.run.rubric import Judgement
from console.domain.run.state import RunState
from console.domain.run.subject import PreflightNotes
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets
from console.services.run.routing import NO_JUDGE, Independence


@dataclass(frozen=True, slots=True)
class GateOpening:
    """A gate about to open: what the ledger records, and the texts that it does not."""

    opened: GateOpened
    findings: tuple[Finding, ...]
    output_tails: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The name and last output of each failed check; what the policy's own commands wrote is kept as an artifact."""


def open_gate(
    state: RunState,
    verdict: GateVerdict,
    findings: Sequence[Finding] = (),
    *,
    needs_human: bool = False,
    is_final: bool = False,
    artifact_sha256: str | None = None,
    judgement: Judgement | None = None,
    independence: Independence = NO_JUDGE,
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
            independence=independence.levels,
            commands=commands,
            unproven=independence.unproven,
            own=judgement.verdict if judgement is not None and state.gate is Gate.CRITIC else None,
        ),
        said,
    )


def open_failed(state: RunState, failure: CallFailed | AgentEnded, why: str = "") -> GateOpening:
    """Return the opening of a gate whose call, or agent, gave us nothing to judge.

    It is not a verdict on a draft: the operator may allow the call to be repeated, or decide revise or block.

    Args:
        state: The run.
        failure: How the call or the agent ended.
        why: The evidence in our own words, if this process saw the call; it is stored only with the notes.

    """
    said = f": {why or _recorded_why(failure)}".removesuffix(": ")
    what = "the agent" if isinstance(failure, AgentEnded) else "the call"
    finding = Finding(
        "CALL-01",
        Severity.FAIL,
        f"{what} gave us nothing to judge: {failure.category}{said}. This does not count as a failed draft",
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


def open_lost(state: RunState) -> GateOpening:
    """Return the opening of a gate whose call was lost, and which the attempt's budget does not allow once more.

    It is not a verdict on a draft: a revision begins a new attempt, with its own budget.
    """
    words = (
        "the call was cut off: it may have been billed, so the attempt's budget has no room to repeat it. Revise, which"
        " begins a new attempt with its own budget, or block. This does not count as a failed draft"
    )
    found = Finding("CALL-03", Severity.FAIL, words)
    return open_gate(
        state, GateVerdict.REVISE, (found,), needs_human=True, is_final=True, artifact_sha256=state.subject_sha256
    )


def asks_again(opening: GateOpening, role: Role) -> GateOpening:
    """Return an opening that waits for a person, because its verdict would send a brief that was sent before.

    Args:
        opening: The opening.
        role: The role that the brief would go to.

    """
    is_revision = opening.opened.verdict is GateVerdict.REVISE
    next_words = (
        "nothing new is known. Revise with a reason, which is sent, or block"
        if is_revision
        else "the draft is one that it has judged. Decide ready with a reason to pay for that again, or revise or block"
    )
    found = Finding(
        "CALL-02", Severity.WARN, f"{role} would be sent the same brief as before, word for word: {next_words}"
    )
    findings = (*opening.findings, found)
    return replace(
        opening, opened=replace(opening.opened, findings=noted(findings), needs_human=True), findings=findings
    )


_OF_ENDING = {
    AgentEnding.EXITED: "it ended with exit code {code}",
    AgentEnding.TIMED_OUT: "its time was up",
    AgentEnding.FLOODED: "it wrote too much to its output",
    AgentEnding.CUT_OFF: "it was cut off",
    AgentEnding.NOT_STARTED: "it was not started",
}


def _recorded_why(failure: CallFailed | AgentEnded) -> str:
    """Return what the ledger says of why an answer was unusable: another process may have made the call."""
    if isinstance(failure, AgentEnded):
        return _OF_ENDING[failure.ending].format(code=failure.exit_code)
    named = "" if failure.model_reported is None else f"{failure.model_reported} answered"
    return ", ".join(part for part in (failure.finding or "", named) if part)


def check_source(reported: str, pinned: InstructionPinned | None) -> Iterator[Finding]:
    """Yield a finding if an answer does not name the instruction source that it should follow.

    The finding says which pinned source the answer names, by our own list: an answer's text is never repeated.
    """
    if pinned is None or not pinned.primary:
        return
    named = _as_path(plain(reported)) if reported.strip() else ""
    if named == _as_path(pinned.primary):
        return
    if not named:
        said = "names none"
    elif known := next((each.path for each in pinned.sources if _as_path(each.path) == named), None):
        said = f"names {safe(known, limit=200)}, another pinned source"
    elif any(_as_path(each) in named for each in (pinned.primary, *(source.path for source in pinned.sources))):
        said = "names a pinned source among other words, and not alone"
    else:
        said = "names something that is not among the pinned sources"
    yield Finding(
        "INSTR-01",
        Severity.FAIL,
        f"the instruction source is {safe(pinned.primary, limit=200)}, but the answer {said}: the gate fails",
    )


NEEDS_A_PERSON = ("AUTHOR-01", "AUTHOR-03")
"""What a person has to decide about the author of a draft."""


def check_author(state: RunState) -> Iterator[Finding]:
    """Yield what there is to say of a draft that no route of the run was asked for."""
    if state.outside is not None:
        yield Finding(
            "AUTHOR-03",
            Severity.WARN,
            "the draft came from outside: no plan bounds it, and it names no instruction source that it follows. Look"
            " at the files that it touches",
        )
    turn = next((each for each in reversed(state.turns) if each.attempt == state.attempt), None)
    if turn is None:
        return
    if turn.isolation.files is FileGuard.NONE:
        yield Finding(
            "AUTHOR-01",
            Severity.WARN,
            "nothing kept the agent from your files: it could read what you can, and write elsewhere. Install"
            " bubblewrap, or run the console in a container",
        )
    if turn.isolation.network is NetworkGuard.NONE:
        yield Finding(
            "AUTHOR-02",
            Severity.INFO,
            "nothing kept the agent from the network: this kernel cannot restrict it to the relay",
        )


def _as_path(text: str) -> str:
    return posixpath.normpath(text).removeprefix("./").casefold()


def judge_plan(state: RunState, plan: Plan, artifact_sha256: str, text: str) -> GateOpening:
    """Open the planner's gate: the plan must be bounded, follow the instruction source and hold no secret.

    Args:
        state: The run.
        plan: The plan.
        artifact_sha256: The hash of the stored plan.
        text: The stored plan, in which no later brief may send a secret on.

    """
    findings = [*check_source(plan.instruction_source, state.instruction), *_check_plan(plan)]
    is_leaking = bool(find_secrets(text))
    if is_leaking:
        findings.append(
            Finding(
                "PLAN-06", Severity.FAIL, "the plan seems to contain a secret: no brief sends it on. Revise or block"
            )
        )
    verdict = GateVerdict.REVISE if any(each.severity is Severity.FAIL for each in findings) else GateVerdict.READY
    return open_gate(
        state, verdict, findings, needs_human=is_leaking, is_final=is_leaking, artifact_sha256=artifact_sha256
    )


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


def judge_preflight(state: RunState, notes: PreflightNotes | None) -> GateOpening:
    """Open the preflight's gate, which only a person passes: it found something that does not stop the run by itself.

    Args:
        state: The run.
        notes: What the preflight found, with its words; None if they are no longer stored.

    """
    found = () if state.preflight is None else state.preflight.findings
    kept = () if notes is None else notes.findings
    said = kept if noted(kept) == found else tuple(Finding(each.id, each.severity, "") for each in found)
    return open_gate(state, GateVerdict.READY, said, needs_human=True)


def check_independence(found: Independence, policy: RunPolicy | None) -> Iterator[Finding]:
    """Yield a finding for each judge that is less independent than the policy requires, or not provably so.

    Args:
        found: The judge's independence.
        policy: The run's policy; None requires nothing.

    """
    least = 0 if policy is None else policy.min_independence
    how = UnprovenPolicy.ACCEPT if policy is None or least < ANOTHER_MODEL else policy.unproven_independence
    for pair, reached in found.levels:
        who = pair.replace("_", " ")
        if reached < least:
            words = f"{who}: {reached} of 3, {LEVEL_WORDS[reached]}; the policy requires {least}"
            yield Finding("INDEP-01", Severity.FAIL, words)
        elif pair in found.unproven and how is not UnprovenPolicy.ACCEPT:
            severity = Severity.FAIL if how is UnprovenPolicy.BLOCK else Severity.WARN
            words = f"{who}: not proven to be two models, because a name that is not a known model's may be an alias"
            yield Finding("INDEP-02", severity, f"{words}. {_UNPROVEN_NEXT[how]}")


_UNPROVEN_NEXT = {
    UnprovenPolicy.ASK: "Look up in the gateway which models are behind the names, then decide",
    UnprovenPolicy.BLOCK: "The policy blocks this: use models whose names are known, or a gateway that names them",
}


def lowered(judgement: Judgement, findings: Sequence[Finding]) -> GateVerdict:
    """Return a judgement's verdict, lowered if findings break one of the run's own rules."""
    broken = any(each.severity is Severity.FAIL for each in findings)
    return worst(judgement.verdict, GateVerdict.BLOCK if broken else GateVerdict.READY)
