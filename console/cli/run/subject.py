"""What a decision is about, on the command line: on stderr where a run waits, on stdout where it was asked for."""

import argparse
from collections.abc import Sequence
from itertools import groupby

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.run.report import finding_lines, next_commands, show_findings
from console.domain.finding import Finding
from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import ArtifactRole, GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.run.subject import DraftShown, PreflightNotes, Subject
from console.domain.text.secret_scan import find_secrets, scrub
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import LedgerError
from console.services.run.run_log import RunLog
from console.services.run.subject import read_artifact, read_findings, read_outputs_at, read_subject
from console.view.record.document import readable
from console.view.run_sign import opening_sign
from console.view.run_words import standing
from console.view.subject_words import LabelledLine, how_to_take, opening_lines, subject_lines

_LABEL = 12
_ALIKE = 3
"""More findings of one id in a row are told by the first one."""
_GATES = {
    "plan": Gate.PLANNER,
    "draft": Gate.WRITER,
    "sources": Gate.SOURCE_CHECK,
    "review": Gate.REVIEWER,
    "critique": Gate.CRITIC,
    "candidate": Gate.CANDIDATE,
}
"""The gate at which each artifact is decided on; the task is before all of them."""


# --- Where a run waits ------------------------------------------------------------------------------------------------


async def note_subject(artifacts: ArtifactStore, log: RunLog, gate: Gate, *, with_findings: bool) -> None:
    """Tell a person on stderr what a gate's decision is about, in brief. What cannot be read is said, not raised."""
    state = log.state
    attempt = _newest_attempt(state, gate)
    opened = _opening(state, gate, attempt)
    try:
        subject = await read_subject(artifacts, log, gate, attempt)
        findings = () if opened is None or not with_findings else await read_findings(artifacts, opened)
        tails = () if opened is None or not with_findings else await read_outputs_at(artifacts, state, opened)
    except LedgerError as error:
        output.note(f"    what the decision is about cannot be shown: {error}")
        return
    for line in () if subject is None else subject_lines(subject, is_brief=True):
        output.note(_line(line))
    if opened is not None:
        for line in opening_lines(state, opened):
            output.note(_line(line))
        show_findings(findings, tails)
    for command in _how_to_see(state, gate, subject):
        output.note(_line(LabelledLine("see", command)))


def note_preflight(run_id: str, notes: PreflightNotes) -> None:
    """Tell a person on stderr what a preflight found that needs no decision; of many alike the first is enough."""
    for line in subject_lines(notes, is_brief=True):
        output.note(_line(line))
    for _, found in groupby(notes.findings, key=lambda each: (each.severity, each.id)):
        alike = list(found)
        show_findings(alike if len(alike) <= _ALIKE else alike[:1])
        if len(alike) > _ALIKE:
            output.note(f"          and {len(alike) - 1} more of {alike[0].id}")
    output.note(_line(LabelledLine("see", f"gateway-console run show {run_id} --gate {Gate.PREFLIGHT}")))


def _how_to_see(state: RunState, gate: Gate, subject: Subject | None) -> tuple[str, ...]:
    if isinstance(subject, DraftShown):
        name = "candidate" if gate is Gate.CANDIDATE else "draft"
        take = (how_to_take(state.run_id, subject.kind),) if subject.is_sealed else ()
        return f"gateway-console run show {state.run_id} --artifact {name}", *take
    if isinstance(subject, PreflightNotes):
        return (f"gateway-console run show {state.run_id} --gate {gate}",)
    return ()


# --- What was asked for -----------------------------------------------------------------------------------------------


async def show_subject(artifacts: ArtifactStore, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    """Write what `--gate` or `--artifact` names to stdout.

    Raises:
        Problem: The run has none, or it seems to contain a secret.
        LedgerError: It cannot be read.

    """
    if arguments.artifact == "task":
        return await _show_task(artifacts, log, arguments)
    gate = Gate(arguments.gate) if arguments.gate else _GATES[arguments.artifact]
    name = arguments.artifact or f"work at the gate {gate.words}"
    attempt = arguments.attempt or _newest_attempt(log.state, gate)
    subject = await read_subject(artifacts, log, gate, attempt)
    if subject is None:
        raise missing(log.state, f"{name}{f' of attempt {arguments.attempt}' if arguments.attempt else ''}")
    opened = _opening(log.state, gate, attempt)
    findings = await _findings(artifacts, subject, opened)
    tails = () if opened is None else await read_outputs_at(artifacts, log.state, opened)
    if isinstance(subject, DraftShown):
        require_no_secret(log.state, subject.text, name)
    if arguments.json:
        _write_document(log.state, subject, gate=gate, attempt=attempt, opened=opened, findings=findings, tails=tails)
    elif arguments.artifact and isinstance(subject, DraftShown):
        output.write_exact(subject.text)
    else:
        output.write_line(f"{gate.words}, attempt {attempt}: {_verdict(log.state, gate, opened)}")
        for line in (*subject_lines(subject), *(() if opened is None else opening_lines(log.state, opened))):
            output.write_line(_line(line))
        for text in finding_lines(findings, tails):
            output.write_line(text)
    return ExitCode.OK


def _verdict(state: RunState, gate: Gate, opened: GateOpened | None) -> str:
    if opened is not None:
        return f"computed {opening_sign(opened).word}{'' if opened.total is None else f', {opened.total} of 100'}"
    if gate is Gate.PREFLIGHT:
        return "it stopped the run" if state.preflight is None else "passed"
    return "not judged yet"


async def _show_task(artifacts: ArtifactStore, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    text = await read_artifact(artifacts, log.state, ArtifactRole.TASK)
    if arguments.json:
        _write_document(log.state, text)
    else:
        output.write_exact(text)
    return ExitCode.OK


async def _findings(artifacts: ArtifactStore, subject: Subject, opened: GateOpened | None) -> tuple[Finding, ...]:
    if opened is None:
        return subject.findings if isinstance(subject, PreflightNotes) else ()
    return await read_findings(artifacts, opened)


def _write_document(
    state: RunState,
    subject: Subject | str,
    *,
    gate: Gate | None = None,
    attempt: int = 1,
    opened: GateOpened | None = None,
    findings: Sequence[Finding] = (),
    tails: Sequence[tuple[str, str]] = (),
) -> None:
    from console.cli.reports.documents.subject import RunSubjectDocument

    document = RunSubjectDocument.of(
        subject, run_id=state.run_id, gate=gate, attempt=attempt, opened=opened, findings=findings, tails=tails
    )
    output.write_document(_masked(readable(document)))


def missing(state: RunState, what: str) -> Problem:
    """Return that a run has something not, or not yet, with where it is and the next command."""
    return Problem(
        f"run {state.run_id} has no {what}: {standing(state)}. Next: {next_commands(state)[0]}", ProblemKind.BLOCKED
    )


def require_no_secret(state: RunState, text: str, what: str) -> None:
    """Raise a `Problem` if a text seems to contain a secret: it could not be shown as it is."""
    hits = find_secrets(text)
    if hits:
        raise Problem(
            f"the {what} of run {state.run_id} seems to contain {hits[0].words}, in line {hits[0].line};"
            " it is not shown",
            ProblemKind.REFUSED,
        )


def _newest_attempt(state: RunState, gate: Gate) -> int:
    """Return the newest attempt that a gate was opened in; the run's own if it was not, and is at the gate."""
    opened = [each.attempt for each in state.openings if each.gate is gate]
    at_gate = state.attempt if state.gate is gate else 1
    return max([*opened, at_gate])


def _opening(state: RunState, gate: Gate, attempt: int) -> GateOpened | None:
    found = (each for each in reversed(state.openings) if (each.gate, each.attempt) == (gate, attempt))
    return next(found, None)


def _line(line: LabelledLine) -> str:
    return f"    {line.label:<{_LABEL}} {_masked(line.text)}"


def _masked(value: object) -> object:
    """Return text from a model with what seems to be a secret masked: it may quote a draft."""
    if isinstance(value, str):
        return scrub(value) if find_secrets(value) else value
    if isinstance(value, dict):
        return {key: _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value
