"""The rules of a run: `decide` turns a command into events, or into a refusal that says why and what to do.

Pure and total. Both user interfaces and the stepper go through here, so no rule can be bypassed. `transition` says
which event can follow which; this module adds the rules on budgets, reasons and operators.
"""

from dataclasses import replace

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.signature import SignatureFormError, signer_of
from console.domain.money import Budget, BudgetScope, Estimate, Limits
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentBegun, AgentEnded
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.command import (
    AllowRepeat,
    BringDraft,
    Command,
    Decide,
    MoveRoute,
    ReportEvent,
    SignDecision,
    Stop,
)
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
from console.domain.run.gate import GateVerdict
from console.domain.run.reason import check_reason, kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import Phase, RunState
from console.domain.run.terms import Terms, terms_of
from console.domain.run.transition import not_waiting, transition_of, why_not_follow, why_over, words_of
from console.domain.text.closed_name import FINDING_ID, FINISH, MODEL_NAME, REQUEST_ID, VERSION, closed_name

HEAD_LENGTH = 12
"""The minimum length of a head prefix that identifies what an operator saw."""


def decide(state: RunState, command: Command, actor: Actor) -> tuple[RunEvent, ...] | Refusal:
    """Return the events that a command leads to, or why it is refused.

    Args:
        state: The run, folded from the ledger.
        command: The command.
        actor: The actor that issues it.

    """
    if (over := why_over(state)) is not None:
        return over
    match command:
        case ReportEvent(event):
            return _report(state, event)
        case Decide():
            return _decide(state, command, actor)
        case SignDecision(signature, signers_sha256):
            return _check_person(actor) or _sign(state, actor, signature, signers_sha256)
        case AllowRepeat(reason):
            return _check_person(actor) or _allow_repeat(state, reason)
        case BringDraft(draft):
            made_by = kept_reason(draft.made_by)
            brought = DraftBrought(state.attempt, replace(draft, made_by=made_by))
            return _check_person(actor) or why_not_follow(state, brought) or check_reason(made_by) or (brought,)
        case MoveRoute():
            return _check_person(actor) or _move_route(state, command)
        case Stop(reason):
            stopped = RunStopped(StopCause.OPERATOR, reason=kept_reason(reason))
            return why_not_follow(state, stopped) or check_reason(reason, is_needed=True) or (stopped,)


def why_not(state: RunState, command: Command, actor: Actor) -> Refusal | None:
    """Return why a command would be refused; a signature that is still to be made does not count."""
    found = decide(state, command, actor)
    return found if isinstance(found, Refusal) and found.code is not RefusalCode.UNSIGNED else None


def waits_for(state: RunState, operator: Actor) -> bool:
    """Return whether a run waits for a person, and this operator may take it further.

    Anyone may block or stop a run. Under a policy for two operators, not everyone may pass its gate.
    """
    terms = terms_of(state, GateVerdict.READY)
    if not state.is_waiting or terms is None:
        return state.is_waiting
    passed = Decide(state.gate, GateVerdict.READY, "", state.head, state.subject_sha256)
    refused = _check_two_operators(state, passed, operator, terms)
    return refused is None or refused.code is RefusalCode.UNSIGNED


# --- The stepper's reports -------------------------------------------------------------------------------------------

_SAID_BY_OPERATORS = (
    GateDecided, OperatorSigned, RunBlocked, CandidateSealed, RunClosed, CallRepeatAllowed, RouteMoved,
)  # fmt: skip
"""Events that only an operator's command produces."""


def _is_operators(state: RunState, event: RunEvent) -> bool:
    """Return whether only an operator's command produces an event: a draft that the run did not begin with, too."""
    return isinstance(event, _SAID_BY_OPERATORS) or (isinstance(event, DraftBrought) and state.attempt > 1)


def _report(state: RunState, event: RunEvent) -> tuple[RunEvent, ...] | Refusal:
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
    return _check_budgets(state, event.cost) or (event,)


def _check_new_content(state: RunState, event: CallIntended | AgentBegun) -> Refusal | None:
    if not state.repeats(event.content_sha256):
        return None
    return Refusal(
        RefusalCode.REPEATED,
        f"this run sent the same brief to {event.role} before, and no person has asked for it again",
    )


def _check_budgets(state: RunState, cost: Estimate) -> Refusal | None:
    over = next((over for budget in run_budgets(state) if (over := budget.why_not(cost)) is not None), None)
    return None if over is None else Refusal(RefusalCode.BUDGET, over.message)


def run_budgets(state: RunState) -> tuple[Budget, ...]:
    """Return the budgets of a run and of its attempt, with the amounts spent and those that open calls may cost."""
    if state.created is None:
        return ()
    policy, in_flight = state.created.policy, state.open_cost.taken()
    return (
        Budget(BudgetScope.RUN, Limits(policy.run_tokens, policy.run_microusd), state.spent.plus(in_flight)),
        Budget(
            BudgetScope.ATTEMPT,
            Limits(policy.attempt_tokens, policy.attempt_microusd),
            state.spent_in_attempt.plus(in_flight),
        ),
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


# --- Operators' decisions --------------------------------------------------------------------------------------------


def _decide(state: RunState, command: Decide, actor: Actor) -> tuple[RunEvent, ...] | Refusal:
    terms = terms_of(state, command.verdict)
    decided = GateDecided(
        command.gate,
        state.attempt,
        command.verdict,
        kept_reason(command.reason),
        command.is_machine,
        is_override=terms is not None and terms.is_override,
        saw=state.head,
        artifact_sha256=command.artifact_sha256,
    )
    led = transition_of(state, decided)
    if terms is None or (isinstance(led, Refusal) and led.code is not RefusalCode.UNSIGNED):
        return led if isinstance(led, Refusal) else not_waiting(state)
    refused = (
        _check_seen(state, command)
        or _check_person(actor, is_person=not command.is_machine)
        or _check_verdict(state, command, terms)
        or _check_two_operators(state, command, actor, terms)
    )
    if refused is not None:
        return refused
    if isinstance(led, Refusal):
        return led
    if led.to is not Phase.ENDING:
        return (decided,)
    if command.verdict is not GateVerdict.READY:
        is_used_up = command.verdict is GateVerdict.REVISE
        return decided, RunBlocked(command.gate, state.attempt, attempts_used_up=is_used_up)
    if command.artifact_sha256 is None or state.created is None:
        return Refusal(RefusalCode.NOT_ALLOWED, "there is no candidate to seal: block or stop the run")
    return decided, CandidateSealed(command.artifact_sha256, state.created.policy.four_eyes), RunClosed()


def _check_seen(state: RunState, command: Decide) -> Refusal | None:
    """Refuse a decision unless it is about what waits, as the operator saw it."""
    if len(command.saw) < HEAD_LENGTH or not state.head.startswith(command.saw):
        return Refusal(RefusalCode.STALE, "the run has changed since you looked: look at it again, then decide")
    if state.opened is None or command.artifact_sha256 != state.opened.artifact_sha256:
        return Refusal(RefusalCode.STALE, "the artifact is not the one that you saw: look at it again")
    return None


def _check_person(actor: Actor, *, is_person: bool = True) -> Refusal | None:
    """Refuse a person's decision from the console itself."""
    if is_person and actor.kind is ActorKind.CONSOLE:
        return Refusal(RefusalCode.HUMAN, "the console decides nothing itself: an operator must do this")
    return None


def _check_verdict(state: RunState, command: Decide, terms: Terms) -> Refusal | None:
    """Refuse a verdict that this gate does not allow, and an override without a typed reason."""
    opened = state.opened
    if opened is None:
        return None
    if command.is_machine and (command.verdict is not opened.verdict or opened.needs_human):
        return Refusal(RefusalCode.HUMAN, f"the gate {command.gate.words} needs a person's decision")
    if not terms.is_open:
        return Refusal(
            RefusalCode.NOT_ALLOWED, f"{opened.verdict} is final here: no reason can change it to {command.verdict}"
        )
    return check_reason(command.reason, is_needed=terms.needs_reason and not command.is_machine)


def _check_two_operators(state: RunState, command: Decide, actor: Actor, terms: Terms) -> Refusal | None:
    """Refuse the machine, an operator without a key, and the same operator twice, if the policy requires two operators.

    A decision that only lacks its signature is refused last, so that no one signs for nothing.
    """
    if state.created is None or not state.created.policy.four_eyes:
        return None
    if command.is_machine:
        return Refusal(
            RefusalCode.FOUR_EYES, "the policy requires two operators, so no verdict is accepted automatically"
        )
    if not terms.needs_signature:
        return None
    if actor.key_fingerprint is None:
        return Refusal(
            RefusalCode.FOUR_EYES,
            "the policy requires two operators, told apart by signatures: set operator_key in the policy to your key",
        )
    if terms.is_second and any(each and each.key_fingerprint == actor.key_fingerprint for each in terms.behind):
        return Refusal(
            RefusalCode.FOUR_EYES, "the policy requires an operator who neither began the run nor passed its draft"
        )
    if terms.is_second and None in terms.behind:
        return Refusal(
            RefusalCode.FOUR_EYES,
            "the operator who began the run or passed its draft did not sign, so two operators cannot be told apart",
        )
    if state.signed is None or state.signed.key_fingerprint != actor.key_fingerprint:
        return Refusal(RefusalCode.UNSIGNED, "the policy requires two operators: you have to sign this decision")
    return None


def _sign(state: RunState, actor: Actor, signature: str, signers_sha256: str) -> tuple[RunEvent, ...] | Refusal:
    try:
        signer = signer_of(signature)
    except SignatureFormError as error:
        return Refusal(RefusalCode.FOUR_EYES, f"the signature cannot be stored: {error}")
    if signer != actor.key_fingerprint:
        return Refusal(RefusalCode.FOUR_EYES, "the signature was not made with the operator's own key")
    signed = OperatorSigned(signer, signature, signers_sha256)
    return why_not_follow(state, signed) or (signed,)


def needs_new_attempt(state: RunState) -> bool:
    """Return whether a lost call can be made again in a new attempt only: this one's budget is used up, the run's not.

    A revision begins a new attempt, with its own budget.
    """
    call, created = state.intended, state.created
    if state.phase is not Phase.LOST or call is None or created is None or may_repeat(state):
        return False
    of_run = next(each for each in run_budgets(state) if each.scope is BudgetScope.RUN)
    return of_run.why_not(call.cost) is None and state.attempt < created.policy.max_attempts


def may_repeat(state: RunState) -> bool:
    """Return whether an operator may allow one more call at the gate."""
    return _why_no_repeat(state, _repeat_of(state, "")) is None


def _allow_repeat(state: RunState, reason: str) -> tuple[RunEvent, ...] | Refusal:
    allowed = _repeat_of(state, reason)
    return _why_no_repeat(state, allowed) or check_reason(reason, is_needed=True) or (allowed,)


def _repeat_of(state: RunState, reason: str) -> CallRepeatAllowed:
    return CallRepeatAllowed("" if state.intended is None else state.intended.call_id, kept_reason(reason))


def _why_no_repeat(state: RunState, allowed: CallRepeatAllowed) -> Refusal | None:
    """Return why the gate's call cannot be made once more: there is none to repeat, or a budget is used up.

    Another route has another price, so the budgets are asked about it only once its call is built.
    """
    call = state.intended
    if (refused := why_not_follow(state, allowed)) is not None or call is None:
        return refused
    route = state.route(call.role)
    is_same = route is not None and route.fingerprint == call.fingerprint
    return _check_budgets(state, call.cost) if is_same else None


def _move_route(state: RunState, command: MoveRoute) -> tuple[RunEvent, ...] | Refusal:
    role, reason = command.role, command.reason
    fallback = state.route(Role.FALLBACK)
    if fallback is None or role is Role.FALLBACK or state.route(role) is None:
        return Refusal(RefusalCode.ROUTE, "the profile has no fallback route, or the role has no route")
    moved = RouteMoved(role, replace(fallback, role=role), kept_reason(reason), command.proof, command.spent)
    if (refused := why_not_follow(state, moved)) is not None:
        return refused
    if role is Role.WRITER and state.writer is not None and not _is_of_family(state, moved):
        return Refusal(
            RefusalCode.ROUTE,
            f"{state.writer.agent} writes this run in the route's own family, and the fallback is of another: begin"
            " another run",
        )
    if state.route(role) == moved.route:
        return Refusal(RefusalCode.ROUTE, f"the fallback route serves {role} already")
    if _has_answered(state, role):
        return Refusal(
            RefusalCode.ROUTE,
            f"{role} has already answered in this attempt, and the record names its route: revise to use another",
        )
    return check_reason(reason, is_needed=True) or (moved,)


def _is_of_family(state: RunState, moved: RouteMoved) -> bool:
    route = state.route(moved.role)
    return route is not None and route.endpoint_family is moved.route.endpoint_family


def _has_answered(state: RunState, role: Role) -> bool:
    answered = {end.call_id for end in state.ends if isinstance(end, CallRecorded)}
    return any(call.role is role and call.attempt == state.attempt and call.call_id in answered for call in state.calls)


_NUMBER_LIMIT = 2**53
STOPS_BY_CATEGORY = frozenset({Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED})
"""Our own categories that stop a run, like an account, drift or route error."""
