"""`record evidence`: a run's lines and checkpoints, for anyone to verify, and where a text of a run goes."""

import argparse
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import run_id_of
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.git.checkout import NoCheckoutError
from console.services.git.command import NoGitError
from console.services.git.notes import add_note
from console.services.git.scratch import ScratchError
from console.services.ledger.ledger import Ledger
from console.services.record.evidence import evidence_of
from console.services.record.export import save_export
from console.services.system.directories import absolute
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.os_reason import os_reason

NOTE = "git-note"
"""What `--to` names instead of a file."""
_REFERENCE = "gateway-console"


async def write_evidence(ledger: Ledger, arguments: argparse.Namespace) -> ExitCode:
    """Write the evidence of a run.

    Raises:
        LedgerError: The run does not exist, or is damaged.
        Problem: It cannot be written.

    """
    run_id = await run_id_of(ledger, arguments.run_id)
    await write_to(arguments, await evidence_of(ledger, run_id), _REFERENCE, f"evidence of run {run_id}")
    return ExitCode.OK


async def write_to(arguments: argparse.Namespace, text: str, reference: str, what: str) -> None:
    """Write a text where `--to` says: to stdout, to a new file, or as a note on a commit. Raises `Problem`."""
    if arguments.to is None or arguments.to == "-":
        output.write_exact(text)
        return
    if arguments.to != NOTE:
        path = absolute(Path(arguments.to))
        save_export(path, text.encode(), is_forced=False)
        output.note(f"{what} written to {safe(str(path), limit=200)}")
        return
    if LEAK_GUARD.is_hit(text):
        raise Problem("the note was not made: it would hold a token", ProblemKind.REFUSED)
    root = absolute(arguments.repo)
    try:
        commit = await add_note(root, reference, arguments.commit or "HEAD", text, current().environment)
    except NoCheckoutError:
        raise Problem(
            f"{safe(str(root), limit=200)} is not a git repository that git trusts", ProblemKind.USAGE
        ) from None
    except (NoGitError, ScratchError) as error:
        raise Problem(str(error), ProblemKind.FAILED) from None
    except OSError as error:
        raise Problem(f"the note cannot be written: {os_reason(error)}", ProblemKind.FAILED) from None
    output.note(f"{what} is a note on commit {commit}, in refs/notes/{reference}")
    output.note(f"    next: git push origin refs/notes/{reference}")
