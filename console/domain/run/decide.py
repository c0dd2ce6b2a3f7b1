"""What may happen in a run: `decide` turns a command into events, or into a refusal that says why and what to do.

Pure and total. Every face and the stepper come through here, so that no rule can be gone round. What can follow what
is in the table of `transition`; here is what budgets, reasons and operators allow besides.
"""

import re
from dataclasses import replace

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.signature import SignatureFormError, signer_of
from console.domain.money import usd_text
from console.domain.routes.role import Role
from console.domain.run.command import AllowRepeat, Command, Decide, MoveRoute, Report, Sign, Stop
from console.domain.run.event import (
    CallFailed,
    CallIntended,
    CallLost,
    CallRecorded,
    CallRepeatAllowed,
    CandidateSealed,
    GateDecided,
    OperatorSigned,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
)
from console.domain.run.gate import GateVerdict
from console.domain.run.reason import check_reason, kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import Phase, RunState
from console.domain.run.terms import Terms, terms_of
from console.domain.run.transition import not_waiting, transition_of, why_not_follow, why_over, words_of
from console.domain.text.secret_scan import find_secrets

CALLS_A_GATE = 2
"""Calls at one gate in one attempt: the first, and one more that the operator allows."""
HEAD_LENGTH = 12
"""The fewest characters of a head that name what an operator saw."""


def decide(state: RunState, command: Command, actor: Actor) -> tuple[RunEvent, ...] | Refusal:
    """Return what happens when a command meets a run, or why nothing does.

    Args:
        state: The run, folded from the ledger.
        command: What is wanted.
        actor: Who wants it.

    """
    if (over := why_over(state)) is not None:
        return over
    match command:
        case Report(event):
            return _report(state, event)
        case Decide():
            return _decide(state, command, actor)
        case Sign(signature, signers_sha256):
            return _check_person(actor) or _sign(state, actor, signature, signers_sha256)
        case AllowRepeat(reason):
            return _check_person(actor) or _allow_repeat(state, reason)
        case MoveRoute(role, reason):
            return _check_person(actor) or _move_route(state, role, reason)
        case Stop(reason):
            stopped = RunStopped(StopCause.OPERATOR, reason=kept_reason(reason))
            return why_not_follow(state, stopped) or check_reason(reason) or (stopped,)


def why_not(state: RunState, command: Command, actor: Actor) -> Refusal | None:
    """Say why a command would not be carried out; a signature that is still to be made does not stand against it."""
    found = decide(state, command, actor)
    return found if isinstance(found, Refusal) and found.code is not RefusalCode.UNSIGNED else None


# --- What the stepper reports ----------------------------------------------------------------------------------------

_SAID_BY_OPERATORS = (
    GateDecided, OperatorSigned, RunBlocked, CandidateSealed, RunClosed, CallRepeatAllowed, RouteMoved,
)  # fmt: skip
"""What comes of operators' commands only."""


def _report(state: RunState, event: RunEvent) -> tuple[RunEvent, ...] | Refusal:
    if isinstance(event, _SAID_BY_OPERATORS):
        return Refusal(RefusalCode.OUT_OF_ORDER, f"{words_of(type(event))} comes of an operator's command only")
    if (refused := why_not_follow(state, event)) is not None:
        return refused
    match event:
        case RunStopped():
            # The run stops whatever its words are; words that may not be kept are left out.
            is_kept = check_reason(event.reason) is None
            return (replace(event, reason=kept_reason(event.reason) if is_kept else ""),)
        case CallIntended():
            return _intend(state, event)
        case CallRecorded() | CallFailed() | CallLost():
            return _end_call(state, event)
        case SourcesChecked(sources):
            return (SourcesChecked(tuple(replace(each, reason="") for each in sources)),)  # its words are for display
        case _:
            return (event,)


def _intend(state: RunState, event: CallIntended) -> tuple[RunEvent, ...] | Refusal:
    if state.calls_here >= CALLS_A_GATE:
        return Refusal(RefusalCode.REPEATED, f"{CALLS_A_GATE} calls were made at this gate in this attempt")
    if event.secret_findings:
        return Refusal(RefusalCode.SECRET, f"the brief looks like it holds {event.secret_findings} secrets")
    over = why_over_budget(state, event.max_tokens, event.max_microusd)
    return (event,) if over is None else Refusal(RefusalCode.BUDGET, over)


def why_over_budget(state: RunState, max_tokens: int, max_microusd: int | None) -> str | None:
    """Say why a call does not fit into the run's budget or the attempt's; None where it does."""
    if state.created is None:
        return None
    policy = state.created.policy
    for what, spent, tokens, microusd in (
        ("run", state.spent, policy.run_tokens, policy.run_microusd),
        ("attempt", state.spent_in_attempt, policy.attempt_tokens, policy.attempt_microusd),
    ):
        if tokens is not None and spent.tokens + max_tokens > tokens:
            return f"{what}_tokens is {tokens}, {spent.tokens} are spent, and this call may take {max_tokens}"
        if microusd is not None and max_microusd is None:
            return f"{what}_usd is set and the gateway names no price for this model, so it cannot be kept to"
        if microusd is not None and spent.microusd + (max_microusd or 0) > microusd:
            return (
                f"{what}_usd is {_usd(microusd)}, {_usd(spent.microusd)} are spent,"
                f" and this call may cost {_usd(max_microusd or 0)}"
            )
    return None


def _usd(microusd: int) -> str:
    return usd_text(microusd / 1_000_000)


def _end_call(state: RunState, event: CallRecorded | CallFailed | CallLost) -> tuple[RunEvent, ...]:
    role = event.role if state.intended is None else state.intended.role
    match event:
        case CallLost():
            return (replace(event, role=role),)
        case CallRecorded():
            return (
                replace(
                    event,
                    role=role,
                    model_reported=_closed(event.model_reported, _MODEL_NAME),
                    http_status=_whole(event.http_status),
                    request_id=_closed(event.request_id, _REQUEST_ID),
                    finish=_closed(event.finish, _FINISH),
                    input_tokens=_whole(event.input_tokens),
                    output_tokens=_whole(event.output_tokens),
                    ttft_ms=_whole(event.ttft_ms),
                    total_ms=_whole(event.total_ms),
                    microusd=_whole(event.microusd),
                ),
            )
        case CallFailed():
            stops = event.stops or event.category.stops_before_generation or event.category in STOPS_BY_CATEGORY
            failed = replace(
                event,
                role=role,
                stops=stops,
                http_status=_whole(event.http_status),
                request_id=_closed(event.request_id, _REQUEST_ID),
                input_tokens=_whole(event.input_tokens),
                output_tokens=_whole(event.output_tokens),
                total_ms=_whole(event.total_ms),
                microusd=_whole(event.microusd),
            )
            return (failed, RunStopped(StopCause.CALL, event.category)) if stops else (failed,)


_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+ -]{0,127}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/@-]{1,128}")
_FINISH = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")


def _closed(text: str | None, form: re.Pattern[str]) -> str | None:
    """Return what a gateway named, or None where it is not a name: its words never enter the ledger."""
    if text is None or form.fullmatch(text) is None or find_secrets(text):
        return None
    return text


def _whole(number: int | None) -> int | None:
    """Return a number that a gateway gave, or None where it is none that counts anything."""
    return number if number is not None and 0 <= number < _NUMBER_LIMIT else None


# --- What operators decide -------------------------------------------------------------------------------------------


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
    """Refuse a decision on anything else than what waits, as the operator saw it."""
    if len(command.saw) < HEAD_LENGTH or not state.head.startswith(command.saw):
        return Refusal(
            RefusalCode.STALE, "something happened in the run since you looked: look at it again, then decide"
        )
    if state.opened is None or command.artifact_sha256 != state.opened.artifact_sha256:
        return Refusal(RefusalCode.STALE, "the artifact is another one than the one you saw: look at it again")
    return None


def _check_person(actor: Actor, *, is_person: bool = True) -> Refusal | None:
    """Refuse a person's word from the console itself."""
    if is_person and actor.kind is ActorKind.CONSOLE:
        return Refusal(RefusalCode.HUMAN, "the console decides nothing by itself: this needs an operator")
    return None


def _check_verdict(state: RunState, command: Decide, terms: Terms) -> Refusal | None:
    """Refuse what may not be said at this gate, and an override without a typed reason."""
    opened = state.opened
    if opened is None:
        return None
    if command.is_machine and (command.verdict is not opened.verdict or opened.needs_human):
        return Refusal(RefusalCode.HUMAN, f"the gate {command.gate.words} needs a person's decision")
    if not terms.is_open:
        return Refusal(RefusalCode.NOT_ALLOWED, f"{opened.verdict} is final here: no reason makes it {command.verdict}")
    return check_reason(command.reason, is_needed=terms.needs_reason and not command.is_machine)


def _check_two_operators(state: RunState, command: Decide, actor: Actor, terms: Terms) -> Refusal | None:
    """Where the policy wants two operators, refuse the machine, one without a key, and the same one twice.

    A decision that only wants its signature is refused last, so that nothing is signed in vain.
    """
    if state.created is None or not state.created.policy.four_eyes:
        return None
    if command.is_machine:
        return Refusal(RefusalCode.FOUR_EYES, "the policy wants two operators, so no verdict is taken by itself")
    if not terms.needs_signature:
        return None
    if actor.key_fingerprint is None:
        return Refusal(
            RefusalCode.FOUR_EYES,
            "the policy wants two operators, told apart by what they sign: name your key as operator_key in the policy",
        )
    if terms.is_second and any(each and each.key_fingerprint == actor.key_fingerprint for each in terms.behind):
        return Refusal(
            RefusalCode.FOUR_EYES, "the policy wants another operator here than who began the run or passed its draft"
        )
    if terms.is_second and None in terms.behind:
        return Refusal(
            RefusalCode.FOUR_EYES,
            "who began the run or passed its draft did not sign it, so two operators cannot be told apart",
        )
    if state.signed is None or state.signed.key_fingerprint != actor.key_fingerprint:
        return Refusal(RefusalCode.UNSIGNED, "the policy wants two operators: this decision has to be signed by you")
    return None


def _sign(state: RunState, actor: Actor, signature: str, signers_sha256: str) -> tuple[RunEvent, ...] | Refusal:
    try:
        signer = signer_of(signature)
    except SignatureFormError as error:
        return Refusal(RefusalCode.FOUR_EYES, f"the signature cannot be kept: {error}")
    if signer != actor.key_fingerprint:
        return Refusal(RefusalCode.FOUR_EYES, "the signature is by another key than the operator's own")
    signed = OperatorSigned(signer, signature, signers_sha256)
    return why_not_follow(state, signed) or (signed,)


def may_repeat(state: RunState) -> bool:
    """Return whether an operator may have the gate's call made once more."""
    return not isinstance(_allow_repeat(state, ""), Refusal)


def _allow_repeat(state: RunState, reason: str) -> tuple[RunEvent, ...] | Refusal:
    call_id = "" if state.intended is None else state.intended.call_id
    allowed = CallRepeatAllowed(call_id, kept_reason(reason))
    if (refused := why_not_follow(state, allowed)) is not None:
        return refused
    if state.calls_here >= CALLS_A_GATE:
        left = "stop the run" if state.phase is Phase.LOST else "revise, block or stop"
        return Refusal(RefusalCode.REPEATED, f"{CALLS_A_GATE} calls were made at this gate in this attempt: {left}")
    return check_reason(reason) or (allowed,)


def _move_route(state: RunState, role: Role, reason: str) -> tuple[RunEvent, ...] | Refusal:
    fallback = state.route(Role.FALLBACK)
    if fallback is None or role is Role.FALLBACK or state.route(role) is None:
        return Refusal(RefusalCode.ROUTE, "the profile has no fallback route, or the role has no route to move")
    moved = RouteMoved(role, replace(fallback, role=role), kept_reason(reason))
    if (refused := why_not_follow(state, moved)) is not None:
        return refused
    if state.route(role) == moved.route:
        return Refusal(RefusalCode.ROUTE, f"the fallback route serves {role} already")
    if _has_answered(state, role):
        return Refusal(
            RefusalCode.ROUTE, f"{role} has done its work in this attempt, and the record says by which route: revise"
        )
    return check_reason(reason, is_needed=True) or (moved,)


def _has_answered(state: RunState, role: Role) -> bool:
    answered = {end.call_id for end in state.ends if isinstance(end, CallRecorded)}
    return any(call.role is role and call.attempt == state.attempt and call.call_id in answered for call in state.calls)


_NUMBER_LIMIT = 2**53
STOPS_BY_CATEGORY = frozenset({Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED})
"""Our own categories that stop a run as an account, drift or route error does."""
