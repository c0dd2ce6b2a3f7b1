"""Reading a run for display: its state, its events, and the texts that are stored beside the ledger."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from console.domain.finding import Finding
from console.domain.run.event import GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.config.toml_text import ConfigError
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.open_gateway import Target
from console.services.record.checkpoints import Checkpoints
from console.services.run.beginning import read_inputs
from console.services.run.begun_elsewhere import profile_here, why_not_stepped
from console.services.run.briefing.briefing import AgentTask
from console.services.run.opening import OperatorError, catalogues_of, operator_of
from console.services.run.role_call import RoleCall
from console.services.run.routing import independence
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.subject import read_findings, read_outputs_at, read_subject
from console.view.record.proof import Claim, claim_of
from console.view.run.event import CallShown, GateNotes, RunSeen
from console.view.run_words import entry_words

Opens = Callable[[Profile], Callable[[], AbstractAsyncContextManager[Target]]]
"""Returns what opens the gateway of a profile."""


async def read_run(context: RunContext, run_id: str) -> RunLog:
    """Read a run. Raises as `RunLog.open` does."""
    return await RunLog.open(context.ledger, run_id, ended=context.ended, appended=context.appended)


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
    is_shared = context.store.database is not None
    config = None if context.profile.is_built_in else context.profile.source
    if (inputs.profile, inputs.config) == (context.profile.name, config):
        return context, why_not_stepped(
            state, inputs, context.profile, context.operator, context.environment, is_shared=is_shared
        )
    try:
        profile = profile_here(inputs, context.profile, context.environment, is_shared=is_shared)
        operator = context.named(operator_of(profile))
    except (ConfigError, OperatorError) as error:
        return context, str(error)
    return replace(
        context,
        profile=profile,
        catalogues=catalogues_of(profile, context.environment),
        operator=operator,
        open_target=opens(profile),
        reservations=context.reservations.under(profile.budget()),
        checkpoints=Checkpoints(context.ledger, profile.policy, context.environment, context.now_ms),
    ), why_not_stepped(state, inputs, profile, operator, context.environment, is_shared=is_shared)


async def seen(context: RunContext, log: RunLog, problem: str, known: Sequence[GateNotes] = ()) -> RunSeen:
    """Return everything to show of a run.

    Args:
        context: The context of the run.
        log: The run, read.
        problem: Why it cannot be stepped here; empty if it can.
        known: The notes that are shown already: those of an opening are not read again, but for the candidate's, which
            change when it is sealed.

    """
    state = log.state
    words = [told for entry in log.entries if (told := entry_words(entry)) is not None]
    again = {each.opened: each for each in known if each.gate is not Gate.CANDIDATE}
    notes = [again.get(opened) or await _notes(context, log, opened) for opened in state.openings]
    if not any(each.gate is Gate.PREFLIGHT for each in notes) and (checked := await _preflight(context, log)):
        place = sum(each.gate is Gate.INSTRUCTION for each in notes)
        notes.insert(place, checked)
    asked = {**dict(independence(state, Gate.REVIEWER).levels), **dict(independence(state, Gate.CRITIC).levels)}
    proven = dict(pair for opened in state.openings for pair in opened.independence)
    return RunSeen(
        state,
        tuple(words),
        tuple(notes),
        tuple((asked | proven).items()),
        context.operator,
        problem,
        await read_claim(context.ledger, state.run_id, state.seq),
    )


async def read_claim(ledger: Ledger, run_id: str, lines: int) -> Claim:
    """Return what the checkpoints of a run with so many lines say; nothing is verified."""
    try:
        return claim_of(await ledger.checkpoints(run_id), lines)
    except LedgerError as error:
        return Claim(lines, problem=str(error))


async def _notes(context: RunContext, log: RunLog, opened: GateOpened) -> GateNotes:
    """Return an opening with what it is about. What cannot be read is said; the ledger still has the verdict."""
    problem, subject = "", None
    found = tuple(Finding(each.id, each.severity, "") for each in opened.findings)
    outputs: tuple[tuple[str, str], ...] = ()
    try:
        found = await read_findings(context.artifacts, opened)
        outputs = await read_outputs_at(context.artifacts, log.state, opened)
        subject = await read_subject(context.artifacts, log, opened.gate, opened.attempt)
    except LedgerError as error:
        problem = str(error)
    return GateNotes(opened.gate, opened.attempt, opened, found, subject, problem, outputs)


async def _preflight(context: RunContext, log: RunLog) -> GateNotes | None:
    """Return what a preflight found that opened no gate; None if it has not ended."""
    try:
        subject = await read_subject(context.artifacts, log, Gate.PREFLIGHT, 1)
    except LedgerError as error:
        return GateNotes(Gate.PREFLIGHT, 1, None, problem=str(error))
    return None if subject is None else GateNotes(Gate.PREFLIGHT, 1, None, subject=subject)


def call_shown(call: RoleCall | AgentTask, attempt: int) -> CallShown:
    """Return a call as it is shown before it is sent."""
    return CallShown(
        call.gate,
        attempt,
        call.route.role,
        call.route.model,
        call.route.endpoint_family,
        call.route.endpoint_path,
        len(call.body),
        call.cost,
        call.brief.instructions,
        call.brief.prompt,
        call.agent if isinstance(call, AgentTask) else "",
    )
