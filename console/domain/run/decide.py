"""The rules of a run: `decide` turns a command into events, or into a refusal that says why and what to do.

Pure and total. Both user interfaces and the stepper go through here, so no rule can be bypassed. `transition` says
which event can follow which; this module adds the rules on budgets, reasons and operators.
"""

from dataclasses import replace

from console.domain.ledger.actor import Actor, ActorKind, actor_id
from console.domain.ledger.signature import SignatureFormError, signer_of
from console.domain.routes.role import Role
from console.domain.run.call_event import CallRecorded
from console.domain.run.command import (
    AllowRepeat,
    BringDraft,
    Command,
    Decide,
    HandOver,
    MoveRoute,
    ReportEvent,
    SignDecision,
    Stop,
)
from console.domain.run.event import (
    CandidateSealed,
    DraftBrought,
    GateDecided,
    HandedOver,
    OperatorSigned,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunEvent,
    RunStopped,
    StopCause,
)
from console.domain.run.gate import GateVerdict
from console.domain.run.reason import check_reason, kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.rules.repeats import repeat_of, why_no_repeat
from console.domain.run.rules.reports import report
from console.domain.run.state import Phase, RunState
from console.domain.run.terms import Terms, terms_of
from console.domain.run.transition import not_waiting, transition_of, why_not_follow, why_over

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
            return report(state, event)
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
        case HandOver():
            return _check_person(actor) or _hand_over(state, command)
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


def _allow_repeat(state: RunState, reason: str) -> tuple[RunEvent, ...] | Refusal:
    allowed = repeat_of(state, reason)
    return why_no_repeat(state, allowed) or check_reason(reason, is_needed=True) or (allowed,)


def _hand_over(state: RunState, command: HandOver) -> tuple[RunEvent, ...] | Refusal:
    if command.to != actor_id(command.to):
        return Refusal(RefusalCode.NOT_ALLOWED, "an operator's id has letters, digits and ._@+- only, at most 64")
    handed = HandedOver(state.gate, state.attempt, command.to, kept_reason(command.note), command.to_key)
    return why_not_follow(state, handed) or check_reason(command.note, is_needed=True, what="note") or (handed,)


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
