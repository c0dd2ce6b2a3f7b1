"""Reading what a gate's decision is about, from the artifacts beside the ledger, as both faces show it.

Nothing here is needed to step a run, so it loads no HTTP library.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from console.domain.answers.json_form import FormError
from console.domain.answers.role_answer import Critique, Draft, Review, RoleAnswer
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.artifacts.repository_path import Scope
from console.domain.artifacts.unified_diff import parse_patch
from console.domain.finding import Finding
from console.domain.run.agent_event import AgentBegun
from console.domain.run.answer_form import PLAN_FORM, form_at
from console.domain.run.call_event import CallIntended
from console.domain.run.event import ArtifactRole, ArtifactStored, Entry, GateOpened, SourcesChecked
from console.domain.run.gate import Gate
from console.domain.run.rubric import Rubric, RubricError, default_rubric, read_rubric
from console.domain.run.state import RunState
from console.domain.run.subject import (
    ClaimShown,
    DraftFile,
    DraftShown,
    PreflightNotes,
    ReviewShown,
    SourceShown,
    SourcesShown,
    Subject,
)
from console.domain.run.turn import AgentTurn, turns_of
from console.domain.sources.claim import Claim, named_claims, with_links
from console.services.checks.kept_output import AGENT, read_outputs
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import LedgerError
from console.services.run.preflight_notes import read_notes
from console.services.run.run_log import RunLog

_Read = TypeVar("_Read")


async def read_subject(artifacts: ArtifactStore, log: RunLog, gate: Gate, attempt: int) -> Subject | None:
    """Return what the decision at a gate is about; None if the run has not made it.

    Args:
        artifacts: The artifacts of this machine.
        log: The run, read.
        gate: The gate.
        attempt: The writer pass, from 1; at the planner, the number of the plan. The first two gates have one attempt.

    Raises:
        LedgerError: It was deleted or altered, or has a form that this version cannot read.

    """
    state = log.state
    match gate:
        case Gate.INSTRUCTION:
            return state.instruction
        case Gate.PREFLIGHT:
            return await _preflight(artifacts, state)
        case Gate.PLANNER:
            stored = _stored(state, ArtifactRole.PLAN, attempt)
            return None if stored is None else _read_as(PLAN_FORM.read, await read_text(artifacts, stored), "plan")
        case Gate.SOURCE_CHECK:
            return await _sources(artifacts, log, attempt)
        case Gate.REVIEWER:
            return await _review(artifacts, log, attempt)
        case Gate.CRITIC:
            answer = await _answer(artifacts, log, Gate.CRITIC, attempt, ())
            return answer if isinstance(answer, Critique) else None
        case Gate.WRITER | Gate.CANDIDATE:
            stored = _stored(state, ArtifactRole.DRAFT, attempt)
            if stored is None and gate is Gate.WRITER:
                return _turn(state, attempt)
            if stored is None or (gate is Gate.CANDIDATE and not _is_candidate(state, attempt)):
                return None
            return await _draft(artifacts, state, stored, is_sealed=gate is Gate.CANDIDATE and state.sealed is not None)


async def read_artifact(artifacts: ArtifactStore, state: RunState, role: ArtifactRole) -> str:
    """Return the text of the newest artifact of a role. Raises `LedgerError` if there is none, or not any longer."""
    stored = state.artifact(role)
    if stored is None:
        raise LedgerError(f"the run has no {role} yet")
    return await read_text(artifacts, stored)


async def read_text(artifacts: ArtifactStore, stored: ArtifactStored) -> str:
    """Return an artifact's text. Raises `LedgerError` if it was deleted or altered."""
    data = await artifacts.read(stored.sha256)
    if data is None:
        raise LedgerError(
            f"the {stored.role} {stored.sha256[:12]} is not stored on this machine: it was deleted, or the run began on"
            " another one"
        )
    return data.decode(errors="replace")


async def read_findings(artifacts: ArtifactStore, opened: GateOpened) -> tuple[Finding, ...]:
    """Return a gate's findings with their messages, which are empty if they are not stored, or not any longer.

    Raises:
        LedgerError: They were altered.

    """
    data = None if opened.notes_sha256 is None else await artifacts.read(opened.notes_sha256)
    kept = [] if data is None else msgspec.json.decode(data)
    messages = [each["message"] for each in kept] if len(kept) == len(opened.findings) else [""] * len(opened.findings)
    return tuple(Finding(each.id, each.severity, said) for each, said in zip(opened.findings, messages, strict=True))


async def read_outputs_at(artifacts: ArtifactStore, state: RunState, opened: GateOpened) -> tuple[tuple[str, str], ...]:
    """Return what failed at a gate with what it wrote last: each check, or the agent that made no draft.

    Raises:
        LedgerError: An output was altered.

    """
    checks = await read_outputs(opened.commands, artifacts.read)
    failed = [each for each in state.openings if each.failure is not None and _is_at(each, opened)]
    turns = [each for each in turns_of(state) if each.attempt == opened.attempt and each.failure is not None]
    if opened.gate is not Gate.WRITER or opened not in failed or len(turns) <= failed.index(opened):
        return checks
    sha256 = turns[failed.index(opened)].output_sha256
    data = None if sha256 is None else await artifacts.read(sha256)
    return checks if data is None else (*checks, (AGENT, data.decode(errors="replace")))


def _is_at(opened: GateOpened, other: GateOpened) -> bool:
    return (opened.gate, opened.attempt) == (other.gate, other.attempt)


async def read_root(artifacts: ArtifactStore, state: RunState) -> Path:
    """Return the root of a run's repository on this machine. Raises `LedgerError` if it is not known here."""
    inputs = await _inputs(artifacts, state)
    if inputs is None:
        raise LedgerError("the inputs of this run are not on this machine: it was begun on another one, or cleaned up")
    return Path(inputs.repository)


def claims_of(draft: Draft, kind: str) -> tuple[Claim, ...]:
    """Return the claims of a draft, by the ids that a record has; those of an article include its links."""
    claims = named_claims(draft.claims)
    return with_links(claims, draft.artifact) if kind == ArtifactKind.ARTICLE else claims


# --- One gate's -------------------------------------------------------------------------------------------------------


async def _preflight(artifacts: ArtifactStore, state: RunState) -> PreflightNotes | None:
    notes = await read_notes(artifacts, state)
    if notes is not None or state.preflight is None:
        return notes
    bare = tuple(Finding(each.id, each.severity, "") for each in state.preflight.findings)
    return PreflightNotes((), bare, state.preflight.reach)


async def _draft(artifacts: ArtifactStore, state: RunState, stored: ArtifactStored, *, is_sealed: bool) -> DraftShown:
    text = await read_text(artifacts, stored)
    kind = _kind(state)
    plan = state.artifact(ArtifactRole.PLAN)
    patterns = () if plan is None else _read_as(PLAN_FORM.read, await read_text(artifacts, plan), "plan").scope
    scope = Scope(patterns) if state.outside is None else None
    files = await asyncio.to_thread(_files, text, scope) if kind == ArtifactKind.PATCH else ()
    return DraftShown(
        stored.sha256,
        kind,
        text,
        stored.size,
        files,
        patterns,
        is_sealed,
        turn=_turn(state, stored.attempt),
        outside=next((each.draft for each in state.brought if each.attempt == stored.attempt), None),
    )


def _turn(state: RunState, attempt: int) -> AgentTurn | None:
    """Return the newest turn of the run's agent in an attempt."""
    return next((each for each in reversed(turns_of(state)) if each.attempt == attempt), None)


def _files(text: str, scope: Scope | None) -> tuple[DraftFile, ...]:
    patch = parse_patch(text)
    if patch.faults:
        return ()
    return tuple(
        DraftFile(each, scope is None or all(scope.covers(path) for path in each.touched)) for each in patch.changes
    )


def _is_candidate(state: RunState, attempt: int) -> bool:
    return any((each.gate, each.attempt) == (Gate.CANDIDATE, attempt) for each in state.openings)


async def _sources(artifacts: ArtifactStore, log: RunLog, attempt: int) -> SourcesShown | None:
    checked = _checked_sources(log.entries, attempt)
    is_outside = log.state.outside is not None  # it makes no claims of its own
    draft = Draft("", "", ()) if is_outside else await _answer(artifacts, log, Gate.WRITER, attempt, ())
    if checked is None or not isinstance(draft, Draft):
        return None
    claims = {each.id: each for each in claims_of(draft, _kind(log.state))}
    return SourcesShown(
        tuple(
            SourceShown(
                source,
                tuple(
                    ClaimShown(
                        each,
                        claims[each].quote if each in claims else "",
                        True if each in source.supports else False if each in source.lacks else None,
                    )
                    for each in source.claims
                ),
            )
            for source in checked.sources
        )
    )


async def _review(artifacts: ArtifactStore, log: RunLog, attempt: int) -> ReviewShown | None:
    rubric = await _rubric(artifacts, log.state)
    opened = [each for each in log.state.openings if (each.gate, each.attempt) == (Gate.REVIEWER, attempt)]
    scored = tuple(criterion for criterion, _ in opened[-1].scores) if opened else ()
    answer = await _answer(artifacts, log, Gate.REVIEWER, attempt, scored or rubric.ids)
    if not isinstance(answer, Review):
        return None
    return ReviewShown(answer, tuple(each.id for each in rubric.criteria if each.must))


# --- What is stored ---------------------------------------------------------------------------------------------------


class _Inputs(msgspec.Struct):
    """What is needed here of a run's inputs; see `RunInputs`."""

    repository: str
    rubric_sha256: str = ""


async def _inputs(artifacts: ArtifactStore, state: RunState) -> _Inputs | None:
    data = None if state.created is None else await artifacts.read(state.created.inputs_sha256)
    try:
        return None if data is None else msgspec.json.decode(data, type=_Inputs)
    except msgspec.MsgspecError:
        raise LedgerError("the inputs of this run are not what a console writes; begin another run") from None


async def _rubric(artifacts: ArtifactStore, state: RunState) -> Rubric:
    inputs = await _inputs(artifacts, state)
    text = await artifacts.read(inputs.rubric_sha256) if inputs is not None and inputs.rubric_sha256 else None
    try:
        return default_rubric(_kind(state)) if text is None else read_rubric(text.decode(), _kind(state))
    except (RubricError, UnicodeDecodeError) as error:
        raise LedgerError(f"the run's rubric cannot be read: {error}") from None


async def _answer(
    artifacts: ArtifactStore, log: RunLog, gate: Gate, attempt: int, criteria: tuple[str, ...]
) -> RoleAnswer | None:
    """Return what a gate's role answered in an attempt; None if no answer was stored."""
    called: CallIntended | AgentBegun | None = None
    found: ArtifactStored | None = None
    for event in (entry.event for entry in log.entries):
        match event:
            case CallIntended() | AgentBegun():
                called = event
            case ArtifactStored(role=ArtifactRole.ANSWER) if called is not None:
                found = event if (called.gate, called.attempt) == (gate, attempt) else found
    if found is None:
        return None
    text = await read_text(artifacts, found)
    return _read_as(form_at(gate, criteria).read, text, f"answer of the {gate.words}")


def _checked_sources(entries: Sequence[Entry], attempt: int) -> SourcesChecked | None:
    """Return the newest check of sources before the last opening of its gate in an attempt."""
    newest: SourcesChecked | None = None
    found: SourcesChecked | None = None
    for event in (entry.event for entry in entries):
        match event:
            case SourcesChecked():
                newest = event
            case GateOpened(gate=Gate.SOURCE_CHECK, attempt=number) if number == attempt:
                found = newest
    return found


def _stored(state: RunState, role: ArtifactRole, attempt: int) -> ArtifactStored | None:
    found = (each for each in reversed(state.artifacts) if each.role is role and each.attempt == attempt)
    return next(found, None)


def _kind(state: RunState) -> str:
    return ArtifactKind.PATCH.value if state.created is None else state.created.kind


def _read_as(read: Callable[[str], _Read], text: str, what: str) -> _Read:
    try:
        return read(text)
    except FormError as error:
        raise LedgerError(f"the {what} has a form that this version cannot read: {error}") from None
