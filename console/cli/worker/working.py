"""A worker on the command line: its profiles, its clones, its signals, and where it says what it does."""

import argparse
import asyncio
import secrets
import signal
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from console.cli import output
from console.cli.context import Context, current
from console.cli.exit_code import ExitCode
from console.cli.profile import is_sweep, swept_profiles
from console.cli.recording import look_as
from console.cli.run.context import open_run_context
from console.cli.worker.team_store import require_database
from console.cli.worker.watching import ProfileRounds
from console.domain.fleet.state import LookerKind
from console.domain.problem import Problem, ProblemKind
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile, WatchSettings
from console.services.open_gateway import Target, open_target
from console.services.watch.exposition import serve_metrics
from console.services.worker.jobs import Watched
from console.services.worker.look import Eyes
from console.services.worker.means import MachineMeans, clones_in
from console.services.worker.presence import Presence
from console.services.worker.worker import Told, Worker, WorkerPlan


async def work(arguments: argparse.Namespace) -> ExitCode:
    """Work until told to end.

    Raises:
        Problem: The config, the store or an option cannot be used.

    """
    context = current()
    look_as(LookerKind.WORKER)
    profiles = _profiles(arguments)
    if not profiles:
        raise Problem("none of the profiles can be used, so this worker could take no run", ProblemKind.CONFIG)
    clones = clones_in(arguments.repositories)
    first = next(iter(profiles.values()))
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_run_context(first))
        database = require_database(opened.store)
        means = MachineMeans(profiles, clones, context.environment)
        target = partial(_target, context)
        presence = Presence(database, arguments.name or f"w{secrets.token_hex(3)}", opened.operator.host or "")
        stop, hurry = asyncio.Event(), asyncio.Event()
        rounds = ProfileRounds(arguments, database, stop, hurry)
        watched = () if arguments.no_watch else _watched(profiles)
        plan = WorkerPlan(arguments.concurrency, arguments.drain, watched, arguments.once, arguments.auto)
        eyes = Eyes(opened, means.find, target)
        worker = Worker(database, eyes, presence, plan, _tell, rounds.watch, stop, hurry)
        _take_signals(worker)
        if arguments.metrics is not None:
            served = serve_metrics(
                arguments.metrics,
                lambda: worker.tally.metrics(len(presence.said.doing), len(presence.said.passed)),
                option="--metrics",
                is_well=lambda: worker.tally.is_store_up,
            )
            output.note(f"metrics: {await stack.enter_async_context(served)}")
        await worker.run()
    output.note("ended; what is due waits for the other workers")
    return ExitCode.OK


def _profiles(arguments: argparse.Namespace) -> dict[str, Profile]:
    """Return the profiles that this worker serves: those of its options, else all of the config."""
    if arguments.profile is None:
        arguments.all_profiles = True
    elif not is_sweep(arguments):
        arguments.profile = f"{arguments.profile},{arguments.profile}"  # one profile is a sweep of one
    found: Sequence[Profile | BrokenProfile] = swept_profiles(arguments)
    for each in found:
        if isinstance(each, BrokenProfile):
            output.note(f"profile {each.name} cannot be used, so its runs are left to others: {each.error}")
    return {each.name: each for each in found if isinstance(each, Profile)}


def _watched(profiles: dict[str, Profile]) -> tuple[Watched, ...]:
    """Return the profiles whose config has a watch table that says something."""
    return tuple(
        Watched(each.name, float(each.watch.every_s)) for each in profiles.values() if each.watch != WatchSettings()
    )


def _target(context: Context, profile: Profile) -> AbstractAsyncContextManager[Target]:
    return open_target(profile, context.embedded_gateway, environment=context.environment)


def _tell(told: Told) -> None:
    output.note(f"! {told.words}" if told.is_problem else told.words)


def _take_signals(worker: Worker) -> None:
    """Drain at the first signal, and end at once at the second."""

    def take() -> None:
        if worker.stop.is_set():
            output.note("ending at once; a call under way is recorded as lost")
            worker.hurry.set()
            return
        output.note(f"finishing the gates at hand, at most {worker.plan.drain_s:.0f} s; once more to end at once")
        worker.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, take)
