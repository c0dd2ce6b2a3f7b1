"""What may happen in a run: `decide` turns a command into events, or into a refusal that says why and what to do.

Pure and total. Every face and the stepper come through here, so that no rule can be gone round.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.signature import SignatureFormError, signer_of
from console.domain.money import Budget, BudgetScope, Limits
from console.domain.routes.role import Role
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
from console.domain.run.gate import Gate, GateVerdict, allowed_verdicts, role_at
from console.domain.run.state import Phase, RunState, can_follow, needs_signature
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets

REASON_LIMIT = 280
"""The most characters of a reason."""
TYPED_REASON = 8
"""The fewest characters of a reason that stands against what our code computed."""
CALLS_A_GATE = 2
"""Calls at one gate in one attempt: the first, and one more that the operator allows."""
HEAD_LENGTH = 12
"""The fewest characters of a head that name what an operator saw."""


class RefusalCode(StrEnum):
    """Why a command was not carried out."""

    OVER = "over"
    NOT_WAITING = "not_waiting"
    OTHER_GATE = "other_gate"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    REASON = "reason"
    FOUR_EYES = "four_eyes"
    HUMAN = "human"
    OUT_OF_ORDER = "out_of_order"
    BUDGET = "budget"
    ROUTE = "route"
    SECRET = "secret"  # noqa: S105  # a code, no secret
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was not carried out: nothing happened."""

    code: RefusalCode
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """The stepper reports what was done."""

    event: RunEvent


@dataclass(frozen=True, slots=True)
class Decide:
    """A verdict at a gate."""

    gate: Gate
    verdict: GateVerdict
    reason: str
    saw: str
    """The head of the ledger that the operator had before the eyes; its first 12 characters are enough."""
    artifact_sha256: str | None
    is_machine: bool = False
    """The machine's own verdict is taken, by `--auto`."""


@dataclass(frozen=True, slots=True)
class Sign:
    """The operator's signature for what is begun, or for the decision that follows at once. It was verified."""

    signature: str
    signers_sha256: str


@dataclass(frozen=True, slots=True)
class AllowRepeat:
    """The operator wants the gate's call to be made once more, on the same route."""

    reason: str


@dataclass(frozen=True, slots=True)
class MoveRoute:
    """The operator wants the fallback route to serve a role from here on."""

    role: Role
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The operator ends the run."""

    reason: str


Command = Report | Decide | Sign | AllowRepeat | MoveRoute | Stop


def decide(state: RunState, command: Command, actor: Actor) -> tuple[RunEvent, ...] | Refusal:
    """Return what happens when a command meets a run, or why nothing does.

    Args:
        state: The run, folded from the ledger.
        command: What is wanted.
        actor: Who wants it.

    """
    if state.is_over:
        return Refusal(RefusalCode.OVER, f"the run is {state.status}: nothing more can happen in it")
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
            refused = _check_reason(reason, fewest=0)
            return refused or (RunStopped(StopCause.OPERATOR, reason=kept_reason(reason)),)


# --- What the stepper reports ----------------------------------------------------------------------------------------


def _report(state: RunState, event: RunEvent) -> tuple[RunEvent, ...] | Refusal:
    match event:
        case RunStopped():
            # The run stops whatever its words are; words that may not be kept are left out.
            is_kept = _check_reason(event.reason, fewest=0) is None
            return (replace(event, reason=kept_reason(event.reason) if is_kept else ""),)
        case CallIntended():
            return _intend(state, event)
        case CallRecorded() | CallFailed() | CallLost():
            return _end_call(state, event)
        case (
            GateDecided()
            | OperatorSigned()
            | RunBlocked()
            | CandidateSealed()
            | RunClosed()
            | CallRepeatAllowed()
            | RouteMoved()
        ):
            return _out_of_order(state, type(event).__name__)
        case _ if not can_follow(state, event):
            return _out_of_order(state, type(event).__name__)
        case SourcesChecked(sources):
            return (SourcesChecked(tuple(replace(each, reason="") for each in sources)),)  # its words are for display
        case _:
            return (event,)


def _intend(state: RunState, event: CallIntended) -> tuple[RunEvent, ...] | Refusal:
    route = state.route(event.role)
    if state.phase is not Phase.DUE or (event.gate, event.attempt) != (state.gate, state.attempt):
        return _out_of_order(state, "a call")
    if event.role is not role_at(state.gate, state.attempt):
        return Refusal(RefusalCode.ROUTE, f"the role {event.role} does not work at the gate {state.gate.words}")
    if route is None or route.fingerprint != event.fingerprint:
        return Refusal(RefusalCode.ROUTE, f"the route of {event.role} is not the one that the run was begun with")
    if event.call_id in {call.call_id for call in state.calls}:
        return Refusal(RefusalCode.REPEATED, "this call is in the ledger already; a recorded call is never repeated")
    if state.calls_here >= CALLS_A_GATE:
        return Refusal(RefusalCode.REPEATED, f"{CALLS_A_GATE} calls were made at this gate in this attempt")
    if event.secret_findings:
        return Refusal(RefusalCode.SECRET, f"the brief looks like it holds {event.secret_findings} secrets")
    for budget in run_budgets(state):
        if (over := budget.why_not(event.cost)) is not None:
            return Refusal(RefusalCode.BUDGET, over.message)
    return (event,)


def run_budgets(state: RunState) -> tuple[Budget, ...]:
    """Return the budgets of a run and of its attempt, with what is spent of them."""
    if state.created is None:
        return ()
    policy = state.created.policy
    return (
        Budget(BudgetScope.RUN, Limits(policy.run_tokens, policy.run_microusd), state.spent),
        Budget(BudgetScope.ATTEMPT, Limits(policy.attempt_tokens, policy.attempt_microusd), state.spent_in_attempt),
    )


def _end_call(state: RunState, event: CallRecorded | CallFailed | CallLost) -> tuple[RunEvent, ...] | Refusal:
    if not can_follow(state, event):
        return _out_of_order(state, "the end of a call")
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


def _out_of_order(state: RunState, what: str) -> Refusal:
    return Refusal(RefusalCode.OUT_OF_ORDER, f"{what} cannot follow here: the gate {state.gate.words} is {state.phase}")


# --- What operators decide -------------------------------------------------------------------------------------------


def _decide(state: RunState, command: Decide, actor: Actor) -> tuple[RunEvent, ...] | Refusal:
    refused = (
        _check_subject(state, command)
        or _check_person(actor, is_person=not command.is_machine)
        or _check_verdict(state, command)
        or _check_four_eyes(state, command, actor)
    )
    if refused is not None or state.opened is None or state.created is None:
        return refused or _out_of_order(state, "a decision")
    decided = GateDecided(
        command.gate,
        state.attempt,
        command.verdict,
        kept_reason(command.reason),
        command.is_machine,
        is_override=command.verdict.rank < state.opened.verdict.rank,
        saw=state.head,
        artifact_sha256=state.opened.artifact_sha256,
    )
    if command.verdict is GateVerdict.BLOCK:
        return decided, RunBlocked(command.gate, state.attempt)
    if command.verdict is GateVerdict.REVISE and state.attempt >= state.created.policy.max_attempts:
        return decided, RunBlocked(command.gate, state.attempt, attempts_used_up=True)
    if command.gate is Gate.CANDIDATE:
        if state.opened.artifact_sha256 is None:
            return Refusal(RefusalCode.NOT_ALLOWED, "there is no candidate to seal: block or stop the run")
        sealed = CandidateSealed(state.opened.artifact_sha256, state.created.policy.four_eyes)
        return decided, sealed, RunClosed()
    return (decided,)


def _check_subject(state: RunState, command: Decide) -> Refusal | None:
    """Refuse a decision on anything else than what waits, as the operator saw it."""
    if state.phase is not Phase.WAITING or state.opened is None:
        return Refusal(RefusalCode.NOT_WAITING, f"the gate {state.gate.words} does not wait: it is {state.phase}")
    if command.gate is not state.gate:
        return Refusal(
            RefusalCode.OTHER_GATE, f"the run waits at the gate {state.gate.words}, not at {command.gate.words}"
        )
    if len(command.saw) < HEAD_LENGTH or not state.head.startswith(command.saw):
        return Refusal(
            RefusalCode.STALE, "something happened in the run since you looked: look at it again, then decide"
        )
    if command.artifact_sha256 != state.opened.artifact_sha256:
        return Refusal(RefusalCode.STALE, "the artifact is another one than the one you saw: look at it again")
    return None


def _check_person(actor: Actor, *, is_person: bool = True) -> Refusal | None:
    """Refuse a person's word from the console itself."""
    if is_person and actor.kind is ActorKind.CONSOLE:
        return Refusal(RefusalCode.HUMAN, "the console decides nothing by itself: this needs an operator")
    return None


def _check_verdict(state: RunState, command: Decide) -> Refusal | None:
    """Refuse what may not be said at this gate, and an override without a typed reason."""
    if state.opened is None:
        return None
    allowed = allowed_verdicts(command.gate)
    if command.verdict not in allowed:
        return Refusal(RefusalCode.NOT_ALLOWED, f"at the gate {command.gate.words} one says {' or '.join(allowed)}")
    is_override = command.verdict.rank < state.opened.verdict.rank
    if command.is_machine and (command.verdict is not state.opened.verdict or state.opened.needs_human):
        return Refusal(RefusalCode.HUMAN, f"the gate {command.gate.words} needs a person's decision")
    if is_override and state.opened.is_final:
        return Refusal(
            RefusalCode.NOT_ALLOWED, f"{state.opened.verdict} is final here: no reason makes it {command.verdict}"
        )
    needs_reason = not command.is_machine and (
        is_override or state.opened.needs_human or command.verdict is not GateVerdict.READY
    )
    return _check_reason(command.reason, fewest=TYPED_REASON if needs_reason else 0)


def _sign(state: RunState, actor: Actor, signature: str, signers_sha256: str) -> tuple[RunEvent, ...] | Refusal:
    try:
        signer = signer_of(signature)
    except SignatureFormError as error:
        return Refusal(RefusalCode.FOUR_EYES, f"the signature cannot be kept: {error}")
    if signer != actor.key_fingerprint:
        return Refusal(RefusalCode.FOUR_EYES, "the signature is by another key than the operator's own")
    signed = OperatorSigned(signer, signature, signers_sha256)
    return (signed,) if can_follow(state, signed) else _out_of_order(state, "a signature")


def _check_four_eyes(state: RunState, command: Decide, actor: Actor) -> Refusal | None:
    """Where two operators are wanted, refuse what nobody signed, and the candidate to who stands behind it already.

    Anybody may block what two have to pass.
    """
    if state.created is None or not state.created.policy.four_eyes:
        return None
    if command.is_machine:
        return Refusal(RefusalCode.FOUR_EYES, "the policy wants two operators, so no verdict is taken by itself")
    if not needs_signature(state, command.verdict):
        return None
    signer = None if state.signed is None else state.signed.key_fingerprint
    if signer is None or signer != actor.key_fingerprint:
        return Refusal(
            RefusalCode.FOUR_EYES,
            "the policy wants two operators, told apart by what they sign: name your key as operator_key in the policy",
        )
    if command.gate is not Gate.CANDIDATE or command.verdict is not GateVerdict.READY:
        return None
    passed = (
        each.signed
        for each in state.decisions
        if (each.decided.gate, each.decided.attempt) == (Gate.WRITER, state.attempt)
    )
    others = [state.begun, *passed]
    if any(each is not None and each.key_fingerprint == signer for each in others):
        return Refusal(
            RefusalCode.FOUR_EYES, "the policy wants another operator here than who began the run or passed its draft"
        )
    if None in others:
        return Refusal(
            RefusalCode.FOUR_EYES, "who began the run or passed its draft did not sign it, so nobody can be told apart"
        )
    return None


def _allow_repeat(state: RunState, reason: str) -> tuple[RunEvent, ...] | Refusal:
    if state.intended is None or not state.may_repeat:
        return Refusal(
            RefusalCode.NOT_WAITING, "no call of this gate was lost or failed, and a recorded call is never repeated"
        )
    if state.calls_here >= CALLS_A_GATE:
        left = "stop the run" if state.phase is Phase.LOST else "revise, block or stop"
        return Refusal(RefusalCode.REPEATED, f"{CALLS_A_GATE} calls were made at this gate in this attempt: {left}")
    refused = _check_reason(reason, fewest=0)
    return refused or (CallRepeatAllowed(state.intended.call_id, kept_reason(reason)),)


def _move_route(state: RunState, role: Role, reason: str) -> tuple[RunEvent, ...] | Refusal:
    fallback = state.route(Role.FALLBACK)
    if fallback is None or role is Role.FALLBACK or state.route(role) is None:
        return Refusal(RefusalCode.ROUTE, "the profile has no fallback route, or the role has no route to move")
    if state.phase not in (Phase.DUE, Phase.WAITING):
        return _out_of_order(state, "a move to the fallback route")
    moved = replace(fallback, role=role)
    if state.route(role) == moved:
        return Refusal(RefusalCode.ROUTE, f"the fallback route serves {role} already")
    if _has_answered(state, role):
        return Refusal(
            RefusalCode.ROUTE, f"{role} has done its work in this attempt, and the record says by which route: revise"
        )
    refused = _check_reason(reason, fewest=TYPED_REASON)
    return refused or (RouteMoved(role, moved, kept_reason(reason)),)


def _has_answered(state: RunState, role: Role) -> bool:
    answered = {end.call_id for end in state.ends if isinstance(end, CallRecorded)}
    return any(call.role is role and call.attempt == state.attempt and call.call_id in answered for call in state.calls)


def _check_reason(reason: str, *, fewest: int) -> Refusal | None:
    """Refuse a reason that is too short, too long, or holds what must not be kept."""
    kept = kept_reason(reason)
    if len(kept) < fewest:
        return Refusal(RefusalCode.REASON, f"this needs a reason of at least {fewest} characters, typed by you")
    if len(kept) > REASON_LIMIT:
        return Refusal(RefusalCode.REASON, f"a reason has at most {REASON_LIMIT} characters")
    if safe(kept) != kept:
        return Refusal(RefusalCode.REASON, "the reason holds characters that nobody can see; type it again")
    if find_secrets(kept):
        return Refusal(RefusalCode.SECRET, "the reason looks like it holds a secret; it was not kept")
    return None


def kept_reason(reason: str) -> str:
    """Return a reason as the ledger keeps it: one line, in the one spelling that Unicode has for it."""
    return unicodedata.normalize("NFC", " ".join(reason.strip()[:_TYPED_LIMIT].split()))


_TYPED_LIMIT = 4 * REASON_LIMIT
"""What is typed beyond it is not looked at: it is too long anyway."""
_NUMBER_LIMIT = 2**53
STOPS_BY_CATEGORY = frozenset({Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED})
"""Our own categories that stop a run as an account, drift or route error does."""
