"""`worker`: step the runs of a team's store when they are due, and watch its profiles; or show who does."""

import argparse
import asyncio

from console.cli.exit_code import ExitCode
from console.cli.option_values import count_to, span_s
from console.cli.profile import add_sweep_argument
from console.domain.problem import Problem, ProblemKind

_MOST_JOBS = 64
_DRAIN_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.description = (
        "Do the work of the gates that are due in a team's store; each gate then waits for an operator, whose decision"
        " rings the bell. A run whose repository, profile or token is not here is passed over, and never fails."
        " Profiles with a [watch] table are watched, each by one worker at a time. SIGTERM or ctrl+c finishes the gates"
        " at hand; a second one ends at once, and a call under way is recorded as lost. worker status shows who is at"
        " work."
    )
    parser.add_argument("kind", nargs="?", choices=("run", "status"), default="run", help="run (default), or status")
    parser.add_argument(
        "--repositories",
        action="append",
        default=[],
        metavar="DIR|NAME=PATH",
        help="a clone, a directory of clones, or the clone of a repository by its name in records; may be repeated."
        " Without it, runs are stepped where they began",
    )
    add_sweep_argument(parser)
    parser.add_argument(
        "--concurrency", type=count_to(_MOST_JOBS), default=4, metavar="N", help="how many jobs at a time (default: 4)"
    )
    parser.add_argument(
        "--drain",
        type=_seconds,
        default=_DRAIN_S,
        metavar="TIME",
        help="how long the gates at hand may take (default: 60s)",
    )
    parser.add_argument(
        "--metrics", type=count_to(65_535), metavar="PORT", help="serve /metrics and /health on 127.0.0.1:PORT"
    )
    parser.add_argument(
        "--auto",
        action="store_true",
        help="take the computed verdict at gates that need no person; else every gate waits for an operator",
    )
    parser.add_argument("--name", type=_name, metavar="NAME", help="the worker's name (default: one of its own)")
    parser.add_argument("--no-watch", action="store_true", help="step runs only; watch no profile")
    parser.add_argument("--once", action="store_true", help="end when no job waits, as from cron")


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else span_s(text)


def _name(text: str) -> str:
    if 1 <= len(text) <= 40 and all(each in "abcdefghijklmnopqrstuvwxyz0123456789-" for each in text):
        return text
    raise argparse.ArgumentTypeError("wants small letters, digits and -, at most 40")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Work until told to end, or show who works. Raises any kind of `Problem`."""
    if arguments.kind == "status":
        return asyncio.run(_status(arguments))
    if arguments.read_only:
        raise Problem("--read-only: a worker makes calls that cost money; nothing was done", ProblemKind.REFUSED)
    from console.cli.worker.working import work

    return asyncio.run(work(arguments))


async def _status(arguments: argparse.Namespace) -> ExitCode:
    from console.cli import output
    from console.cli.run.ledger import store_to_read
    from console.cli.worker.team_store import require_database
    from console.services.worker.presence import read_queues, read_workers
    from console.view.worker.words import queue_words, worker_lines

    async with store_to_read() as store:
        database = require_database(store)
        workers, queues = await read_workers(database), await read_queues(database)
    if arguments.json:
        from console.cli.reports.documents.team.workers import WorkersDocument

        output.write_document(WorkersDocument.of(store.where, workers, queues))
        return ExitCode.OK
    for line in worker_lines(workers):
        output.write_line(line)
    for each in queues:
        output.write_line(queue_words(each))
    return ExitCode.OK
