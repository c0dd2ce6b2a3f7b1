"""The stepper's reports: each event that it may add, with every text from outside cut to a closed form."""

from dataclasses import replace

from console.domain.errors.category import Category
from console.domain.run.agent_event import AgentBegun, AgentEnded
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    CandidateSealed,
    DraftBrought,
    GateDecided,
    GateOpened,
    OperatorSigned,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
    StopRule,
)
from console.domain.run.reason import check_reason, kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.rules.budgets import check_budgets
from console.domain.run.rules.repeats import needs_new_attempt
from console.domain.run.state import Phase, RunState
from console.domain.run.transition import why_not_follow, words_of
from console.domain.text.closed_name import FINDING_ID, FINISH, MODEL_NAME, REQUEST_ID, VERSION, closed_name

_SAID_BY_OPERATORS = (
    GateDecided, OperatorSigned, RunBlocked, CandidateSealed, RunClosed, CallRepeatAllowed, RouteMoved,
)  # fmt: skip
"""Events that only an operator's command produces."""


def _is_operators(state: RunState, event: RunEvent) -> bool:
    """Return whether only an operator's command produces an event: a draft that the run did not begin with, too."""
    return isinstance(event, _SAID_BY_OPERATORS) or (isinstance(event, DraftBrought) and state.attempt > 1)


def report(state: RunState, event: RunEvent) -> tuple[RunEvent, ...] | Refusal:
    """Return the events that a report of the stepper leads to, or why it is refused."""
    if _is_operators(state, event):
        return Refusal(
            RefusalCode.OUT_OF_ORDER, f"only an operator's command can produce the event {words_of(type(event))}"
        )
    if (refused := why_not_follow(state, event)) is not None:
        return refused
    match event:
        case RunStopped():
            # The run stops whatever the reason says; a reason that may not be stored is dropped.
            is_kept = check_reason(event.reason) is None
            return (replace(event, reason=kept_reason(event.reason) if is_kept else ""),)
        case CallIntended():
            return _intend(state, event)
        case AgentBegun():
            version = closed_name(event.version, VERSION) or ""
            return _check_new_content(state, event) or (replace(event, version=version),)
        case AgentEnded():
            return _end_turn(event)
        case CallRecorded() | CallFailed() | CallLost():
            return _end_call(state, event)
        case GateOpened() if state.phase is Phase.LOST and not needs_new_attempt(state):
            return Refusal(RefusalCode.OUT_OF_ORDER, "a lost call waits for a person, who may have it made once more")
        case SourcesChecked(sources):
            return (SourcesChecked(tuple(replace(each, reason="") for each in sources)),)  # for display only
        case _:
            return (event,)


def _intend(state: RunState, event: CallIntended) -> tuple[RunEvent, ...] | Refusal:
    if (refused := _check_new_content(state, event)) is not None:
        return refused
    if event.secret_findings:
        return Refusal(RefusalCode.SECRET, f"the brief seems to contain {event.secret_findings} secrets")
    return check_budgets(state, event.cost) or (event,)


def _check_new_content(state: RunState, event: CallIntended | AgentBegun) -> Refusal | None:
    if not state.repeats(event.content_sha256):
        return None
    return Refusal(
        RefusalCode.REPEATED,
        f"this run sent the same brief to {event.role} before, and no person has asked for it again",
    )


def _end_turn(event: AgentEnded) -> tuple[RunEvent, ...]:
    """End an agent's turn, and the run with it if a call was refused for a reason that stops a run."""
    if not event.stops or event.failure is None:
        return (replace(event, stops=False),)
    cause = _CAUSES.get(event.failure, StopCause.CALL)
    rule = StopRule.REFUSED_CALL if cause is StopCause.CALL else None
    return event, RunStopped(cause, event.failure, _OF_AGENTS[cause], role=event.role, rule=rule)


_OF_AGENTS = {
    StopCause.BUDGET: "one of the agent's calls could have exceeded a budget, so it was not sent",
    StopCause.CALL: "the gateway refused one of the agent's calls for a reason that repeating does not change",
    StopCause.SECRET_IN_PROMPT: "one of the agent's calls seemed to hold a secret, so it was not sent",
}
_CAUSES = {
    Category.BUDGET_EXCEEDED: StopCause.BUDGET,
    Category.SECRET_IN_PROMPT: StopCause.SECRET_IN_PROMPT,
}


def _end_call(state: RunState, event: CallRecorded | CallFailed | CallLost) -> tuple[RunEvent, ...]:
    call = next((each for each in state.open_calls if each.call_id == event.call_id), None)
    role = event.role if call is None else call.role
    match event:
        case CallLost():
            return (replace(event, role=role),)
        case CallRecorded():
            return (
                replace(
                    event,
                    role=role,
                    model_reported=closed_name(event.model_reported, MODEL_NAME),
                    http_status=_whole(event.http_status),
                    request_id=closed_name(event.request_id, REQUEST_ID),
                    finish=closed_name(event.finish, FINISH),
                    input_tokens=_whole(event.input_tokens),
                    output_tokens=_whole(event.output_tokens),
                    ttft_ms=_whole(event.ttft_ms),
                    total_ms=_whole(event.total_ms),
                    microusd=_whole(event.microusd),
                    counted_tokens=_whole(event.counted_tokens),
                    counted_microusd=_whole(event.counted_microusd),
                    model_behind=closed_name(event.model_behind, MODEL_NAME),
                ),
            )
        case CallFailed():
            stops = event.stops or event.category.stops_before_generation or event.category in STOPS_BY_CATEGORY
            failed = replace(
                event,
                role=role,
                stops=stops,
                http_status=_whole(event.http_status),
                request_id=closed_name(event.request_id, REQUEST_ID),
                input_tokens=_whole(event.input_tokens),
                output_tokens=_whole(event.output_tokens),
                total_ms=_whole(event.total_ms),
                microusd=_whole(event.microusd),
                counted_tokens=_whole(event.counted_tokens),
                counted_microusd=_whole(event.counted_microusd),
                model_reported=closed_name(event.model_reported, MODEL_NAME),
                finding=closed_name(event.finding, FINDING_ID),
                ttft_ms=_whole(event.ttft_ms),
            )
            stopped = RunStopped(StopCause.CALL, event.category, role=role, rule=StopRule.REFUSED_CALL)
            is_agents = call is not None and bool(call.turn_id)  # its turn ends first, and then the run
            return (failed, stopped) if stops and not is_agents else (failed,)


def _whole(number: int | None) -> int | None:
    """Return a number from a gateway, or None if it is not a valid count."""
    return number if number is not None and 0 <= number < _NUMBER_LIMIT else None


_NUMBER_LIMIT = 2**53
STOPS_BY_CATEGORY = frozenset({Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED})
"""Our own categories that stop a run, like an account, drift or route error."""
