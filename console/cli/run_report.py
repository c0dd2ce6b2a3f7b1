"""What the command line shows of a run: each thing that happened, where it stands, and the next command."""

from collections.abc import Iterator, Sequence

from console.cli import output
from console.cli.exit_code import ExitCode
from console.domain.category import Category
from console.domain.contract import Finding
from console.domain.gate import GATES_WITH_A_CALL, Gate, GateVerdict, allowed_verdicts
from console.domain.money import usd_text
from console.domain.run import Phase, RunState, RunStatus
from console.domain.run_event import (
    CallFailed,
    CallIntended,
    CallLost,
    CallRecorded,
    CandidateSealed,
    Entry,
    GateDecided,
    GateOpened,
    InstructionPinned,
    PreflightFinished,
    RouteMoved,
    RunBlocked,
    RunStopped,
    SourcesChecked,
)
from console.domain.run_rule import CALLS_A_GATE, HEAD_LENGTH

_SIGNS = {GateVerdict.READY: "✓ ready", GateVerdict.REVISE: "~ revise", GateVerdict.BLOCK: "× block"}


def code_of_run(state: RunState) -> ExitCode:
    """Return the exit code that says how a run stands."""
    if state.status in (RunStatus.BLOCKED, RunStatus.STOPPED):
        category = None if state.stopped is None else state.stopped.category
        return _code_of_stop(category)
    return ExitCode.WAITING if state.is_waiting else ExitCode.OK


def _code_of_stop(category: Category | None) -> ExitCode:
    if category is None:
        return ExitCode.BLOCKED
    if category in (Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED):
        return ExitCode.REFUSED
    if category is Category.ENDPOINT_DRIFT:
        return ExitCode.DRIFT
    return ExitCode.ACCOUNT if category.is_account else ExitCode.BLOCKED


def entry_words(entry: Entry) -> str | None:
    """Return one line on what happened; None for what says nothing to a person."""
    match entry.event:
        case InstructionPinned(tool, primary, _, sources):
            return f"instruction source: {primary or 'none'} for {tool}, {len(sources)} file(s) pinned"
        case PreflightFinished() as event:
            proven = ", ".join(f"{each.role} rung {each.rung} {each.verdict}" for each in event.proofs)
            return f"preflight: {proven}"
        case CallIntended() as event:
            cost = "price unknown" if event.max_microusd is None else f"at most {_usd(event.max_microusd)}"
            return f"call: {event.role}, {event.brief_size} bytes sent, at most {event.max_tokens} tokens, {cost}"
        case CallRecorded() as event:
            return f"answered: {_answer_words(event)}"
        case CallFailed() as event:
            return f"no usable answer: {event.category}, blame {event.blame}; no draft failed by it"
        case CallLost():
            return "a call was cut off: its outcome is unknown, and it may have been billed"
        case SourcesChecked(sources):
            return f"sources: {len(sources)} page(s) read" if sources else "sources: the draft claims none"
        case GateOpened() as event:
            total = "" if event.total is None else f", {event.total} of 100"
            return f"{event.gate.words}: {_SIGNS[event.verdict]}{total}, computed here"
        case GateDecided() as event:
            by = "the machine's verdict" if event.is_machine else entry.actor.id
            over = ", against what was computed" if event.is_override else ""
            return f"{event.gate.words}: {event.verdict} by {by}{over}"
        case RouteMoved(role, route):
            return f"{role} is served by the fallback route from here on: {route.model} on {route.endpoint_family}"
        case RunBlocked(gate, attempt, used_up):
            why = "the attempts are used up" if used_up else "blocked"
            return f"{why} at {gate.words}, attempt {attempt}"
        case RunStopped(cause, category, reason):
            named = f" ({category})" if category is not None else ""
            return f"stopped: {cause}{named}. {reason}".rstrip()
        case CandidateSealed(sha256):
            return f"candidate sealed: {sha256}"
        case _:
            return None


def _answer_words(event: CallRecorded) -> str:
    parts = [event.model_reported or "model not named"]
    if event.input_tokens is not None and event.output_tokens is not None:
        parts.append(f"{event.input_tokens} in {event.output_tokens} out")
    if event.ttft_ms is not None:
        parts.append(f"first token {event.ttft_ms} ms")
    if event.total_ms is not None:
        parts.append(f"{event.total_ms} ms")
    if event.microusd is not None:
        parts.append(_usd(event.microusd))
    return ", ".join(parts)


def _usd(microusd: int) -> str:
    return usd_text(microusd / 1_000_000)


def show_findings(findings: Sequence[Finding]) -> None:
    """Note a gate's findings for a person."""
    for finding in findings:
        output.note(f"    {finding.severity.value:<5} {finding.id}  {finding.message}")
        if finding.evidence:
            output.note(f"          {finding.evidence}")


def next_commands(state: RunState) -> tuple[str, ...]:
    """Return the commands that take a run further from where it stands."""
    run_id = state.run_id
    if state.is_over:
        return (f"gateway-console record show {run_id}",)
    if state.phase is Phase.LOST:
        return (
            f"gateway-console run resume {run_id} --repeat --reason TEXT",
            f"gateway-console run stop {run_id} --reason TEXT",
        )
    if state.phase is Phase.WAITING:
        return tuple(_decisions(state))
    if state.gate in GATES_WITH_A_CALL:
        sending = "" if state.has_generated else " --send"
        return f"gateway-console run step {run_id} --preview", f"gateway-console run step {run_id}{sending}"
    return (f"gateway-console run step {run_id}",)


def _decisions(state: RunState) -> Iterator[str]:
    floor = state.opened.verdict.rank if state.opened is not None and state.opened.is_final else 0
    for verdict in allowed_verdicts(state.gate):
        if verdict.rank < floor:
            continue
        yield (
            f"gateway-console run decide {state.run_id} --gate {state.gate} --verdict {verdict}"
            f" --saw {state.head[:HEAD_LENGTH]} --reason TEXT"
        )
    if state.failure is not None and state.calls_here < CALLS_A_GATE:
        yield f"gateway-console run resume {state.run_id} --repeat --reason TEXT"


def show_standing(state: RunState) -> None:
    """Note where a run stands and the next commands."""
    output.note(f"run {state.run_id}: {standing(state)}")
    for command in next_commands(state):
        output.note(f"    next: {command}")


def standing(state: RunState) -> str:
    """Say in words where a run stands."""
    if state.is_over:
        return f"{state.status} at {state.gate.words}"
    where = f"{state.gate.words}, attempt {state.attempt}" if state.gate is not Gate.INSTRUCTION else state.gate.words
    match state.phase:
        case Phase.WAITING if state.opened is not None:
            human = "; it needs a person" if state.opened.needs_human else ""
            return f"waits at {where}: computed {state.opened.verdict}{human}"
        case Phase.LOST:
            return f"at {where}: a call has an unknown outcome and may have been billed; only you may repeat it"
        case Phase.CALLING:
            return f"at {where}: a call is under way"
        case _:
            return f"at {where}: the next step is due"
