"""A run as text: each event, and its current state; the same in both faces."""

from collections.abc import Sequence

from console.domain.money import usd_text
from console.domain.probes.served_as import ServedAs
from console.domain.probes.standing import Standing
from console.domain.run.agent_event import (
    OWN_COMMAND,
    AgentBegun,
    AgentEnded,
    AgentEnding,
    AgentLost,
    FileGuard,
    Isolation,
    NetworkGuard,
)
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    CandidateSealed,
    DraftBrought,
    Entry,
    GateDecided,
    GateOpened,
    HandedOver,
    InstructionPinned,
    PreflightFinished,
    ProofPaid,
    RouteMoved,
    RunBlocked,
    RunStopped,
    SourcesChecked,
)
from console.domain.run.gate import Gate
from console.domain.run.pinned import RouteProof
from console.domain.run.state import Handover, Phase, RunState
from console.domain.run.turn import AgentTurn, TurnOutcome
from console.view.run_sign import opening_sign


def entry_words(entry: Entry) -> str | None:
    """Return one line for an event; None if it means nothing to a person."""
    match entry.event:
        case InstructionPinned(tool, primary, _, sources):
            return f"instruction source: {primary or 'none'} for {tool}, {len(sources)} file(s) pinned"
        case PreflightFinished() as event:
            return f"preflight: {proof_words(event.proofs)}"
        case CallIntended() as event:
            cost = "price unknown" if event.max_microusd is None else f"at most {usd_text(event.max_microusd)}"
            return f"call: {event.role}, {event.brief_size} bytes sent, at most {event.max_tokens} tokens, {cost}"
        case CallRecorded() as event:
            return f"answered: {_answer_words(event)}"
        case CallFailed() as event:
            return f"no usable answer: {_failure_words(event)}; this does not count as a failed draft"
        case CallLost():
            return "a call was cut off: its outcome is unknown, and it may have been billed"
        case AgentBegun() as event:
            began = f"{agent_words(event.agent, event.version)} begins: {event.brief_size} bytes of task"
            return f"{began}; {held_words(event.isolation)}"
        case AgentEnded() as event:
            return f"agent {_ended_words(event)}"
        case AgentLost():
            return "an agent was cut off with the process that held it: its changes are lost"
        case DraftBrought(_, draft):
            return f"draft from outside: {draft.size} bytes, {author_words(draft.made_by)}"
        case CallRepeatAllowed():
            return f"one more call is allowed by {_who_and_why(entry.actor.id, entry.event.reason)}"
        case SourcesChecked(sources):
            return f"sources: {len(sources)} page(s) read" if sources else "sources: the draft claims none"
        case GateOpened() as event:
            total = "" if event.total is None else f", {event.total} of 100"
            return f"{event.gate.words}: {opening_sign(event)}{total}, computed here"
        case GateDecided() as event:
            by = "the machine's verdict" if event.is_machine else entry.actor.id
            over = ", against the computed verdict" if event.is_override else ""
            return f"{event.gate.words}: {event.verdict} by {by}{over}"
        case HandedOver(_, _, to, note):
            return f"handed over to {to} by {_who_and_why(entry.actor.id, note)}"
        case ProofPaid(spent):
            return f"{spent.tokens} token(s) booked for calls that proved routes"
        case RouteMoved(role, route, reason):
            moved = f"{role} is served by the fallback route from here on: {route.model} on {route.endpoint_family}"
            return f"{moved}, by {_who_and_why(entry.actor.id, reason)}"
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


def agent_words(agent: str, version: str = "") -> str:
    """Return a coding agent's name with its version, if it said one."""
    name = "own command" if agent == OWN_COMMAND else agent
    return f"{name} {version}" if version else name


def author_words(made_by: str) -> str:
    """Return who made a draft from outside, and that only the operator says so."""
    return f"made by {made_by}, as the operator says" if made_by else "its author is not named"


def turn_words(turn: AgentTurn) -> str:
    """Return how an agent's turn ended, with its calls."""
    calls = f"{turn.calls} call{'' if turn.calls == 1 else 's'}"
    match turn.outcome:
        case TurnOutcome.OPEN:
            return f"{calls} so far"
        case TurnOutcome.LOST:
            return f"{calls}; cut off with the process that held it, so its changes are lost"
        case TurnOutcome.DRAFTED | TurnOutcome.FAILED:
            return f"{calls}; {_ended_words(turn)}"


def _ended_words(end: AgentEnded | AgentTurn) -> str:
    how = "ended" if end.ending is None else end.ending.replace("_", " ")
    code = "" if end.exit_code is None else f" with {end.exit_code}"
    refused = f", {end.calls_refused} call(s) refused here" if end.calls_refused else ""
    why = "" if end.ending is AgentEnding.CUT_OFF else f": {end.failure}"
    failed = "" if end.failure is None else f", no draft{why}"
    return f"{how}{code} after {end.duration_ms} ms{refused}{failed}"


def held_words(isolation: Isolation) -> str:
    """Return what holds an agent, and loudly what does not."""
    files = "NOT kept from your files" if isolation.files is FileGuard.NONE else f"files held by {isolation.files}"
    network = (
        "NOT kept from the network"
        if isolation.network is NetworkGuard.NONE
        else f"network held by {isolation.network}"
    )
    return f"{files}, {network}"


def _who_and_why(actor: str, reason: str) -> str:
    return f"{actor}: {reason}" if reason else actor


def proof_words(proofs: Sequence[RouteProof]) -> str:
    """Return what a preflight proved: the rungs that hold, and the verdict on the routes, in groups."""
    groups: dict[tuple[int, str], list[str]] = {}
    for each in proofs:
        groups.setdefault((each.rung, each.verdict), []).append(each.role.value)
    return "; ".join(_proven_words(rung, verdict, roles) for (rung, verdict), roles in groups.items())


def _proven_words(rung: int, verdict: str, roles: Sequence[str]) -> str:
    rest = ", a higher rung was not tried" if verdict == Standing.UNPROVEN else ""
    return f"rungs 0 to {rung} hold for {', '.join(roles)} ({verdict}{rest})"


def _failure_words(event: CallFailed) -> str:
    """Return why a call failed, with the fact behind a broken contract."""
    parts = [event.category.value if event.finding is None else f"{event.category} {event.finding}"]
    if event.model_reported is not None and event.served_as is ServedAs.SWAPPED:
        parts.append(f"{event.model_reported} answered")
    return ", ".join([*parts, f"blame {event.blame}"])


def _answer_words(event: CallRecorded) -> str:
    parts = [event.model_reported or "model not named"]
    if event.model_behind is not None and event.model_behind != event.model_reported:
        parts.append(f"behind it {event.model_behind}")
    if event.input_tokens is not None and event.output_tokens is not None:
        parts.append(f"{event.input_tokens} in {event.output_tokens} out")
    if event.ttft_ms is not None:
        parts.append(f"first token {event.ttft_ms} ms")
    if event.total_ms is not None:
        parts.append(f"{event.total_ms} ms")
    if event.microusd is not None:
        parts.append(usd_text(event.microusd))
    return ", ".join(parts)


def handover_words(left: Handover) -> tuple[str, str]:
    """Return whom a gate was left to, and by whom and with which note."""
    return f"for {left.handed.to}", f"{left.handed.note}   (left by {left.actor.id}; anyone may still decide)"


def standing(state: RunState) -> str:
    """Return where a run is, as text."""
    if state.is_over:
        return f"{state.status} at {state.gate.words}"
    where = f"{state.gate.words}, attempt {state.attempt}" if state.gate is not Gate.INSTRUCTION else state.gate.words
    match state.phase:
        case Phase.WAITING if state.opened is not None:
            human = "; it needs a person" if state.opened.needs_human else ""
            return f"waits at {where}: computed {opening_sign(state.opened).word}{human}"
        case Phase.LOST if state.is_agents_turn:
            return f"at {where}: the agent was cut off, and its changes are lost; only you may let it work once more"
        case Phase.LOST:
            return f"at {where}: a call has an unknown outcome and may have been billed; only you may repeat it"
        case Phase.CALLING:
            return f"at {where}: a call is in progress"
        case Phase.WRITING:
            return f"at {where}: {agent_words(state.writer.agent) if state.writer else 'an agent'} is at work"
        case Phase.DUE if state.awaits_draft:
            return f"at {where}: the draft from outside was sent back; bring the next one"
        case _:
            return f"at {where}: the next step is due"
