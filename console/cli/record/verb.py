"""`record`: the safe records of runs: list, show, verify, export, diff, prune."""

import argparse
import asyncio
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.cli.option_values import age_days
from console.cli.profile import chosen_profile
from console.cli.run.list_options import add_list_arguments
from console.domain.problem import Problem, ProblemKind
from console.domain.record.requirement import FORMS, Requirement, RequirementFormError, read_requirement
from console.view.record.exports import Form

_KINDS = {
    "list": "list the records, newest first",
    "show": "show a run's safe record in YAML; with --summary, one screenful of it",
    "verify": "prove, line by line, that a run's ledger has not been changed",
    "export": "write a run's record in a form that other tools read",
    "checkpoint": "sign a run as it is now, and keep a copy outside the ledger",
    "evidence": "write a run's lines and checkpoints, which anyone can verify, without this tool too",
    "diff": "show in what two runs differ: routes, models, proofs, scores, decisions, cost",
    "prune": "delete whole runs that are over and older than the retention; a tombstone of each is kept",
}
_SIGNED = (
    "in-toto Statements are signed with the policy's operator_key, in DSSE envelopes. The signature is an SSHSIG over"
    " DSSE's PAE, a profile of our own: ssh-keygen -Y verify -n gateway-console-run@v1 verifies it, stock DSSE tools do"
    " not."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    each["show"].add_argument("run_id", metavar="RUN", help="a run's id, a unique part of it, or: last")
    each["show"].add_argument(
        "--summary", action="store_true", help="what was proven, in reach, judged and decided, and why it stopped"
    )
    each["verify"].add_argument("run_ids", metavar="RUN", nargs="*", help="run ids, as for show")
    each["verify"].add_argument("--all", action="store_true", help="every run on this machine")
    each["verify"].add_argument(
        "--signers", type=Path, metavar="F", help="a file of allowed signers (default: the policy's allowed_signers)"
    )
    _add_verify_arguments(each["verify"])
    _add_export_arguments(each["export"])
    for kind in ("checkpoint", "evidence"):
        each[kind].add_argument("run_id", metavar="RUN", help="a run's id, as for show")
        each[kind].add_argument(
            "--to", metavar="FILE|git-note", help="a new file, or a note on a commit (default: stdout)"
        )
        each[kind].add_argument("--commit", metavar="REV", help="with git-note: the commit (default: HEAD)")
        _add_repo_argument(each[kind])
    add_list_arguments(each["list"], "record", limit=100_000)
    _add_diff_arguments(each["diff"])
    _add_prune_arguments(each["prune"])


def _add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Exit code 0: no field differs. 1: at least one does; measured times alone do not count. Ids, times of day and"
        " hashes of lines, which only name a run, are not compared."
    )
    parser.add_argument("run_ids", metavar="RUN", nargs=2, help="two run ids, as for show")
    parser.add_argument("--all", action="store_true", help="show the fields that are equal too")


def _add_prune_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Only whole runs that are closed, blocked or stopped are deleted, with what their models wrote. Each leaves a"
        " tombstone, signed if the policy has an operator_key: how many lines it had, and the hash of the last one."
        " record verify still holds it against the checkpoint that is kept beside the ledger."
    )
    parser.add_argument(
        "--older-than",
        type=age_days,
        metavar="AGE",
        help="runs whose last line is older, as 400d or 52w (default: the policy's retention_days)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only list what would be deleted")
    parser.add_argument("--yes", action="store_true", help="delete without asking")


def _add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--revoked", type=Path, metavar="F", help="a file of revoked keys (default: the policy's revoked_signers)"
    )
    parser.add_argument(
        "--checkpoint", type=Path, action="append", metavar="F", help="a checkpoint kept elsewhere; may be repeated"
    )
    parser.add_argument(
        "--from", dest="evidence", type=Path, metavar="F", help="verify a file of record evidence, and no ledger"
    )
    parser.add_argument(
        "--commit", metavar="REV", help="require that this commit has exactly the content of the sealed candidate"
    )
    _add_repo_argument(parser)
    parser.add_argument(
        "--require", type=_requirement, action="append", metavar="R", help=f"require {FORMS}; may be repeated"
    )
    parser.add_argument(
        "--allow-simulated", action="store_true", help="with --require or --commit: take a simulated run as well"
    )


def _add_repo_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the repository (default: here)")


def _requirement(text: str) -> Requirement:
    try:
        return read_requirement(text)
    except RequirementFormError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _SIGNED
    parser.add_argument("run_id", metavar="RUN", help="a run's id, as for show")
    parser.add_argument(
        "--as",
        dest="form",
        required=True,
        choices=tuple(Form),
        metavar="FORM",
        help="; ".join(f"{form}: {form.words}" for form in Form),
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="a new file, for you alone (default: stdout)")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--allow-simulated", action="store_true", help="export a run that the embedded gateway answered, marked as such"
    )
    parser.add_argument("--unsigned", action="store_true", help="with in-toto: the bare Statements as JSON lines")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb."""
    if arguments.kind == "verify" and arguments.evidence is not None and (arguments.run_ids or arguments.all):
        raise Problem("--from verifies a file; leave RUN and --all out", ProblemKind.USAGE)
    if arguments.kind == "verify" and not arguments.run_ids and not arguments.all and arguments.evidence is None:
        raise Problem("name a run, or use --all; gateway-console record list shows the runs", ProblemKind.USAGE)
    if arguments.kind == "show" and arguments.summary and arguments.json:
        raise Problem("--json has every fact of the summary; leave --summary out", ProblemKind.USAGE)
    if arguments.kind == "export" and arguments.read_only and str(arguments.output or "-") != "-":
        raise Problem(
            "--read-only: record export writes a file; nothing was done. Leave --output out", ProblemKind.REFUSED
        )
    if arguments.kind == "prune":
        return _prune(arguments)
    from console.cli.record.kinds import look
    from console.cli.run.whose import where_runs_are

    if arguments.read_only and (arguments.kind == "checkpoint" or getattr(arguments, "to", None) not in (None, "-")):
        raise Problem(
            f"--read-only: record {arguments.kind} writes; nothing was done. Leave --read-only out", ProblemKind.REFUSED
        )
    one = [arguments.run_id] if "run_id" in arguments else []
    names = arguments.run_ids if "run_ids" in arguments else one
    with where_runs_are(names):
        return asyncio.run(look(arguments, chosen_profile(arguments, uses_gateway=False)))


def _prune(arguments: argparse.Namespace) -> ExitCode:
    if arguments.read_only and not arguments.dry_run:
        raise Problem("--read-only: record prune deletes runs; nothing was done. Add --dry-run", ProblemKind.REFUSED)
    if arguments.json and not (arguments.yes or arguments.dry_run):
        words = "--json cannot show the runs before it asks whether to delete them; add --yes, or --dry-run"
        raise Problem(words, ProblemKind.USAGE)
    from console.cli.record.prune import prune

    return asyncio.run(prune(arguments, chosen_profile(arguments, uses_gateway=False)))
