"""`run candidate` and `run apply`: a sealed candidate, taken out of its run."""

import argparse
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.subject import missing, require_no_secret
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.artifacts.unified_diff import as_git_reads_it
from console.domain.problem import Problem, ProblemKind
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.run.subject import DraftShown
from console.domain.text.safe import safe
from console.services.candidate.branch import PatchApplied, PatchOrder, apply_patch, require_author
from console.services.candidate.file import save_candidate
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import Ledger
from console.services.record.checkpoints import save_beside
from console.services.run.run_log import RunLog
from console.services.run.subject import read_root, read_subject
from console.services.system.directories import absolute
from console.services.system.private_file import shown
from console.view.subject_words import draft_size, how_to_take


async def take_out(ledger: Ledger, artifacts: ArtifactStore, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    """Write the sealed candidate to a new file, with the run's checkpoint beside it, or to stdout.

    Raises:
        Problem: None is sealed, it seems to contain a secret, or the file exists.
        LedgerError: It is not stored any longer.

    """
    sealed = await _sealed(artifacts, log)
    text = as_git_reads_it(sealed.text.encode()).decode() if sealed.kind == ArtifactKind.PATCH else sealed.text
    path = None if str(arguments.output or "-") == "-" else absolute(arguments.output)
    if path is not None:
        save_candidate(path, text.encode())
        _save_checkpoint(path, ledger, log.state.run_id)
    if arguments.json:
        _write_document(log.state, sealed, text, path)
    elif path is None:
        output.write_exact(text)
    output_words = "" if path is None else f", written to {path}"
    if not arguments.json:
        output.note(
            f"candidate of run {log.state.run_id}: {draft_size(sealed)}, sealed as {sealed.sha256}{output_words}"
        )
        if len(text) != len(sealed.text):
            output.note("    a line feed was added at its end, because git does not read a patch without one")
        for command in _after_taking(log.state, sealed, path):
            output.note(f"    next: {command}")
    return ExitCode.OK


def _save_checkpoint(path: Path, ledger: Ledger, run_id: str) -> None:
    """Write the checkpoint beside the candidate. The candidate is taken out, whether or not that works."""
    try:
        saved = save_beside(path, ledger, run_id)
    except Problem as error:
        output.note(f"! its checkpoint was not written: {error}")
    else:
        if saved is not None:
            output.note(f"its checkpoint, for record verify --checkpoint: {shown(saved)}")


def _after_taking(state: RunState, sealed: DraftShown, path: Path | None) -> tuple[str, ...]:
    if sealed.kind != ArtifactKind.PATCH:
        return ()
    file = "FILE" if path is None or safe(str(path)) != str(path) else shown(path)  # a command that can be pasted
    return f"git apply {file}", f"gateway-console run apply {state.run_id}"


def _write_document(state: RunState, sealed: DraftShown, text: str, path: Path | None) -> None:
    from console.cli.reports.documents.subject import RunCandidateDocument

    document = RunCandidateDocument(
        run_id=state.run_id,
        kind=sealed.kind,
        sha256=sealed.sha256,
        size=sealed.size,
        is_line_feed_added=len(text) != len(sealed.text),
        files=sealed.files,
        output=None if path is None else str(path),
        text=text if path is None else None,
        next=_after_taking(state, sealed, path),
    )
    output.write_document(document)


async def _sealed(artifacts: ArtifactStore, log: RunLog) -> DraftShown:
    """Return the sealed candidate. Raises `Problem` if there is none, or it cannot be shown."""
    sealed = None
    if log.state.sealed is not None:
        sealed = await read_subject(artifacts, log, Gate.CANDIDATE, log.state.attempt)
    if not isinstance(sealed, DraftShown):
        raise missing(log.state, "sealed candidate")
    require_no_secret(log.state, sealed.text, "candidate")
    return sealed


# --- On a branch ------------------------------------------------------------------------------------------------------


async def apply(artifacts: ArtifactStore, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    """Apply the sealed patch to the run's repository, on a new branch.

    Raises:
        Problem: None is sealed, or it is not a patch.
        ApplyError: It cannot be applied; the repository is as it was.
        LedgerError: The candidate, or where the repository is, is not stored on this machine.

    """
    state = log.state
    sealed = await _sealed(artifacts, log)
    if sealed.kind != ArtifactKind.PATCH:
        raise Problem(
            f"the candidate of run {state.run_id} is not a patch but of the kind {sealed.kind}. Take it out with:"
            f" {how_to_take(state.run_id, sealed.kind)}",
            ProblemKind.USAGE,
        )
    root = await read_root(artifacts, state)
    environment = current().environment
    author = await require_author(root, environment) if arguments.commit else None
    order = PatchOrder(
        root,
        "" if state.created is None else state.created.repository.commit,
        sealed.text.encode(),
        arguments.branch or f"gateway-console/{state.run_id}",
        commit_message(state) if arguments.commit else "",
        author,
    )
    applied = await apply_patch(order, environment)
    if arguments.json:
        _write_applied(state, order, applied)
        return ExitCode.OK
    what = "staged, not committed" if applied.commit is None else f"committed as {applied.commit}"
    output.note(f"candidate of run {state.run_id} applied in {root}, on the new branch {applied.branch}: {what}")
    output.note("    nothing was pushed, and no hook of the repository ran")
    for command in _after_applying(applied):
        output.note(f"    next: {command}")
    return ExitCode.OK


def _after_applying(applied: PatchApplied) -> tuple[str, ...]:
    return ("git diff --staged", "git commit") if applied.commit is None else ("git show",)


def _write_applied(state: RunState, order: PatchOrder, applied: PatchApplied) -> None:
    from console.cli.reports.documents.subject import RunApplyDocument

    document = RunApplyDocument(
        run_id=state.run_id,
        repository=str(order.root),
        base=order.commit,
        branch=applied.branch,
        branch_before=applied.before or None,
        commit=applied.commit,
        paths=tuple(dict.fromkeys(path for change in applied.changes for path in change.touched)),
        next=_after_applying(applied),
        exit_code=ExitCode.OK,
    )
    output.write_document(document)


def commit_message(state: RunState) -> str:
    """Return the message of a candidate's commit: which run made it, by which record, and how it was judged."""
    lines = [
        f"Apply the candidate of run {state.run_id}",
        "",
        f"Run: {state.run_id}",
        f"Record-Head: {state.head}",
        f"Candidate-SHA256: {'' if state.sealed is None else state.sealed.artifact_sha256}",
        *(f"{gate.words.capitalize()}: {_verdict(state, gate)}" for gate in (Gate.REVIEWER, Gate.CRITIC)),
    ]
    if state.created is not None and state.created.is_simulated:
        lines.append("Gateway: embedded, which is not evidence of a real one")
    return "\n".join(lines) + "\n"


def _verdict(state: RunState, gate: Gate) -> str:
    opened = state.opening(gate)
    if opened is None:
        return "not asked"
    total = "" if opened.total is None else f", {opened.total} of 100"
    decided = [
        each.decided for each in state.decisions if (each.decided.gate, each.decided.attempt) == (gate, opened.attempt)
    ]
    over = f", overridden: {decided[-1].verdict}" if decided and decided[-1].is_override else ""
    return f"{opened.verdict}{total}{over}"
