"""`record verify`: what runs' lines, checkpoints and signatures prove, and whether that is enough."""

import argparse
import contextlib
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import run_id_of
from console.domain.problem import Problem, ProblemKind
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.record.requirement import Requirement, why_unmet
from console.domain.run.fold import fold
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.git.command import NoGitError
from console.services.git.content import tree_of_commit
from console.services.ledger.codec import CodecError, entry_of
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.record.checkpoints import read_file
from console.services.record.evidence import read_evidence
from console.services.record.signing import Signers, require_readable, revoked_of, signers_of
from console.services.record.verify_chain import Against, Verified, every_run, verify_lines, verify_runs
from console.services.run.run_log import DamagedRunError, RunLog
from console.services.system.directories import absolute
from console.view.record.proof import signed_words


async def verify(ledger: Ledger, profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Verify runs of this machine's ledger.

    Raises:
        LedgerError: The ledger cannot be read.
        SigningError: A list of signers cannot be read.
        CheckpointError: A named copy is not a checkpoint.

    """
    against = _against(profile, arguments)
    names = arguments.run_ids
    run_ids = await every_run(ledger, against) if arguments.all else [await run_id_of(ledger, each) for each in names]
    told = _Told(is_json=arguments.json)
    progress = output.Progress("verified", len(run_ids), is_silent=not arguments.json)
    try:
        async with contextlib.aclosing(verify_runs(ledger, run_ids, against)) as results:
            async for result in results:
                told.add(result, await _unmet(ledger, result, arguments))
                progress.advance()
    finally:
        progress.end()
    return told.end()


async def verify_file(profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Verify the evidence in a file; no ledger of this machine is asked.

    Raises:
        EvidenceError: It is not evidence of one run.
        SigningError: A list of signers cannot be read.
        CheckpointError: A named copy is not a checkpoint.

    """
    against = _against(profile, arguments)
    evidence = read_evidence(absolute(arguments.evidence))
    result = await verify_lines(evidence.lines, evidence.checkpoints, against)
    record = None
    if result.holds:
        with contextlib.suppress(CodecError):  # it would be among the faults
            record = record_of(fold(result.run_id, map(entry_of, evidence.lines)))
    told = _Told(is_json=arguments.json)
    told.add(result, await _unmet_of(record, result, arguments))
    return told.end()


def _against(profile: Profile, arguments: argparse.Namespace) -> Against:
    allowed = arguments.signers or signers_of(profile.policy)
    revoked = arguments.revoked or revoked_of(profile.policy)
    signers = None if allowed is None else Signers(allowed, revoked)
    if signers is not None:
        require_readable(signers)  # an unreadable list says nothing about a record, so it fails first
    copies = tuple(read_file(absolute(each)) for each in arguments.checkpoint or ())
    return Against(signers, current().environment, copies)


# --- Requirements ----------------------------------------------------------------------------------------------------


async def _unmet(ledger: Ledger, result: Verified, arguments: argparse.Namespace) -> tuple[str, ...]:
    if not _is_asked(arguments) or not result.holds or result.pruned_at_ms is not None:
        return await _unmet_of(None, result, arguments)
    try:
        log = await RunLog.open(ledger, result.run_id)
    except (LedgerError, DamagedRunError) as error:
        return (str(error),)
    return await _unmet_of(record_of(log.state), result, arguments)


def _is_asked(arguments: argparse.Namespace) -> bool:
    return bool(arguments.require or arguments.commit)


async def _unmet_of(record: Record | None, result: Verified, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return what is required and does not hold; a run that does not verify meets nothing."""
    if not _is_asked(arguments):
        return ()
    if record is None:
        return ("the requirements were not judged: the run's lines are gone or do not verify",)
    unmet: list[str] = []
    if record.is_simulated and not arguments.allow_simulated:
        unmet.append("the embedded gateway answered: nothing is proven of a real gateway (--allow-simulated takes it)")
    requirement: Requirement
    for requirement in arguments.require or ():
        why = why_unmet(requirement, record, is_signed=result.is_signed)
        unmet += [] if why is None else [f"{requirement}: {why}"]
    if arguments.commit:
        unmet += await _other_commit(record, arguments.commit, absolute(arguments.repo))
    return tuple(unmet)


async def _other_commit(record: Record, revision: str, root: Path) -> tuple[str, ...]:
    """Return why a commit is not the sealed candidate; nothing if it has exactly its content."""
    shown = f"commit {safe(revision, limit=80)}"
    if record.candidate_sha256 is None:
        return (f"{shown}: the run has no sealed candidate",)
    if record.candidate_tree is None:
        return (
            f"{shown}: the run does not name its candidate's content: it is not a patch, or is of an older version",
        )
    try:
        commit, tree = await tree_of_commit(root, revision, current().environment)
    except NoGitError as error:
        raise Problem(str(error), ProblemKind.FAILED) from None
    if not commit:
        raise Problem(
            f"{safe(str(root), limit=200)} has no {shown}; fetch it, or name the repository with --repo",
            ProblemKind.USAGE,
        )
    if tree != record.candidate_tree:
        return (f"{shown}: its content (tree {tree[:12]}) is not the candidate's ({record.candidate_tree[:12]})",)
    return ()


# --- Telling ---------------------------------------------------------------------------------------------------------


class _Told:
    """Tells each result as it comes, and ends with the exit code."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._results: list[tuple[Verified, tuple[str, ...]]] = []
        self._is_chain_only = False

    def add(self, result: Verified, unmet: tuple[str, ...]) -> None:
        """Tell a result."""
        self._results.append((result, unmet))
        if self._is_json:
            return
        self._is_chain_only = self._is_chain_only or (result.holds and not result.checkpoints)
        if result.unread:
            output.write_line(f"× not read  {result.run_id}")
            output.note(f"    {result.unread}")
            return
        sign = "✓ holds" if result.holds and not unmet else "× broken" if not result.holds else "× not enough"
        output.write_line(f"{sign}  {result.run_id}  {result.lines} lines, head {result.head}, {signed_words(result)}")
        for fault in result.faults:
            output.note(f"    line {fault.seq}: {fault.words}")
        for words in unmet:
            output.note(f"    required, and does not hold: {words}")
        if result.unverified:
            output.note(f"    ! {result.unverified} signature(s) not verified: name the allowed signers with --signers")

    def end(self) -> ExitCode:
        """Write the document, or say what a chain alone cannot show; return the exit code."""
        holds = all(result.holds and not unmet for result, unmet in self._results)
        code = ExitCode.OK if holds else ExitCode.RECORD
        if self._is_json:
            from console.cli.reports.documents.runs import RecordVerifyDocument, VerifiedDocument

            records = tuple(VerifiedDocument.of(*each) for each in self._results)
            output.write_document(RecordVerifyDocument(records=records, exit_code=code))
        elif self._is_chain_only:
            output.note(
                "Chain only: without a checkpoint it cannot show a missing end or a rewritten run. Compare the head"
                " with a copy that you saved elsewhere, or set operator_key in the policy."
            )
        return code
