"""Reading a run for display: its state, its events, and the texts that are stored beside the ledger."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import msgspec

from console.domain.answers.role_answer import Critique, Review
from console.domain.run.event import ArtifactRole, GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.config.toml_text import ConfigError
from console.services.ledger.ledger import LedgerError
from console.services.open_gateway import Target
from console.services.run.beginning import read_inputs
from console.services.run.opening import OperatorError, catalogues_of, operator_of, profile_of
from console.services.run.role_call import RoleCall, read_answer
from console.services.run.routing import independence
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.view.run_view import CallShown, GateNotes, JudgeNote, RunNote, RunSeen
from console.view.run_words import entry_words

Opens = Callable[[Profile], Callable[[], AbstractAsyncContextManager[Target]]]
"""Returns what opens the gateway of a profile."""


async def read_run(context: RunContext, run_id: str) -> RunLog:
    """Read a run. Raises as `RunLog.open` does."""
    return await RunLog.open(context.ledger, run_id)


async def context_of_run(context: RunContext, state: RunState, opens: Opens) -> tuple[RunContext, str]:
    """Return the context with the profile that a run was begun with, and why it cannot step the run.

    Args:
        context: The session's context.
        state: The run.
        opens: Opens the gateway of a profile other than the session's.

    """
    try:
        inputs = await read_inputs(context.artifacts, state)
    except LedgerError as error:
        return context, str(error)
    config = None if context.profile.is_built_in else context.profile.source
    if (inputs.profile, inputs.config) == (context.profile.name, config):
        return context, ""
    try:
        profile = profile_of(inputs, context.environment)
        operator = operator_of(profile)
    except (ConfigError, OperatorError) as error:
        return context, str(error)
    return replace(
        context,
        profile=profile,
        catalogues=catalogues_of(profile, context.environment),
        operator=operator,
        open_target=opens(profile),
        reservations=context.reservations.under(profile.budget()),
    ), ""


async def seen(context: RunContext, log: RunLog, problem: str, known: Sequence[GateNotes] = ()) -> RunSeen:
    """Return everything to show of a run.

    Args:
        context: The context of the run.
        log: The run, read.
        problem: Why it cannot be stepped here; empty if it can.
        known: The notes of openings that are shown already: they are not read again.

    """
    state = log.state
    words = [told for entry in log.entries if (told := entry_words(entry)) is not None]
    notes = [
        known[place] if place < len(known) and known[place].opened == opened else await _notes(context, state, opened)
        for place, opened in enumerate(state.openings)
    ]
    asked = {**dict(independence(state, Gate.REVIEWER).levels), **dict(independence(state, Gate.CRITIC).levels)}
    proven = dict(pair for opened in state.openings for pair in opened.independence)
    return RunSeen(
        state,
        tuple(words),
        tuple(notes),
        tuple((asked | proven).items()),
        context.operator,
        problem,
    )


async def _notes(context: RunContext, state: RunState, opened: GateOpened) -> GateNotes:
    data = None if opened.notes_sha256 is None else await _read(context, opened.notes_sha256)
    if data is None:
        bare = tuple(RunNote(each.id, each.severity, "") for each in opened.findings)
        return GateNotes(opened, bare, is_kept=False)
    said = [(each["id"], each["message"]) for each in msgspec.json.decode(data)]
    findings = tuple(
        RunNote(found.id, found.severity, message) for found, (_, message) in zip(opened.findings, said, strict=False)
    )
    return GateNotes(opened, findings, await _judged(context, state, opened))


async def _judged(context: RunContext, state: RunState, opened: GateOpened) -> tuple[JudgeNote, ...]:
    """Return what a judge wrote; nothing at a gate without one, or if its answer was deleted."""
    if opened.gate not in (Gate.REVIEWER, Gate.CRITIC):
        return ()
    criteria = tuple(criterion for criterion, _ in opened.scores)
    for stored in reversed(state.artifacts):
        if stored.role is not ArtifactRole.ANSWER or stored.attempt != opened.attempt:
            continue
        data = await _read(context, stored.sha256)
        answer = None if data is None else read_answer(opened.gate, data.decode(errors="replace"), criteria)
        if isinstance(answer, Review) and opened.gate is Gate.REVIEWER:
            scored = tuple(JudgeNote(each.id, "", each.evidence) for each in answer.criteria)
            return (*scored, *(JudgeNote(each.severity, each.note, each.quote) for each in answer.findings))
        if isinstance(answer, Critique) and opened.gate is Gate.CRITIC:
            return tuple(JudgeNote(each.severity, each.note, each.quote) for each in answer.findings)
    return ()


async def read_text(context: RunContext, state: RunState, role: ArtifactRole) -> str:
    """Return the text of the newest artifact of a role, a plan formatted for display. Raises `LedgerError`."""
    stored = state.artifact(role)
    data = None if stored is None else await context.artifacts.read(stored.sha256)
    if data is None:
        raise LedgerError(f"the {role} is no longer stored")
    return (msgspec.json.format(data, indent=2) if role is ArtifactRole.PLAN else data).decode(errors="replace")


async def _read(context: RunContext, sha256: str) -> bytes | None:
    try:
        return await context.artifacts.read(sha256)
    except LedgerError:
        return None  # an unreadable text is shown as not stored; the ledger holds the verdict


def call_shown(call: RoleCall, attempt: int) -> CallShown:
    """Return a call as it is shown before it is sent."""
    return CallShown(
        call.gate,
        attempt,
        call.route.role,
        call.route.model,
        call.route.endpoint_family,
        call.route.endpoint_path,
        len(call.request.body),
        call.cost,
        call.brief.instructions,
        call.brief.prompt,
    )
