"""The context of a run on the command line: the profile it was begun with, its task, and its id as typed."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.gateway import opened_target
from console.cli.recording import recording_of
from console.cli.run.ledger import RunNameError
from console.domain.artifacts.artifact import SIZE_LIMIT_BYTES
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations
from console.services.ledger.ledger import LedgerError
from console.services.record.checkpoints import Checkpoints
from console.services.run.beginning import TASK_LIMIT, BeginError, read_inputs
from console.services.run.begun_elsewhere import profile_here, why_not_stepped
from console.services.run.opening import catalogues_of, open_context, operator_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.system.os_reason import os_reason
from console.services.team.operators import identities
from console.services.team.telling import telling

_STEPPING = frozenset({"step", "resume", "bring"})


@asynccontextmanager
async def open_run_context(
    profile: Profile, *, reservations: Reservations | None = None, is_auto: bool = False
) -> AsyncIterator[RunContext]:
    """Open a profile's run context for this command line; what it appends to runs is told to the team's webhook.

    Args:
        profile: A checked profile.
        reservations: The session's budget; None starts a session.
        is_auto: Whether the command line takes the computed verdicts by itself.

    Raises:
        Problem: As `open_context` and `telling` do.

    """
    given = current()
    async with (
        telling(given.environment, output.note, is_auto=lambda _: is_auto) as appended,
        open_context(
            profile,
            partial(opened_target, profile),
            environment=given.environment,
            home=given.home,
            reservations=reservations,
            ended=recording_of(profile).run_ended,
            appended=appended,
            identify=identities,
        ) as context,
    ):
        yield context


async def context_of_run(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> RunContext:
    """Return the context with the profile that the run was begun with, whatever the default profile is now.

    Raises:
        ConfigError: That profile can no longer be used.
        RunNameError: The command line names another profile.
        Problem: It is to be stepped, and can only be elsewhere.

    """
    try:
        inputs = await read_inputs(context.artifacts, log.state)
    except LedgerError:
        return context  # another machine can show and decide too; a step there fails with a message
    if arguments.profile is not None and arguments.profile != inputs.profile:
        raise RunNameError(f"the run was begun with profile {inputs.profile}; omit --profile")
    is_shared = context.store.database is not None
    profile = profile_here(inputs, context.profile, current().environment, is_shared=is_shared)
    operator = context.named(operator_of(profile))
    why = why_not_stepped(log.state, inputs, profile, operator, current().environment, is_shared=is_shared)
    if why and arguments.kind in _STEPPING:
        raise Problem(why, ProblemKind.WAITING)
    return replace(
        context,
        profile=profile,
        catalogues=catalogues_of(profile, context.environment),
        operator=operator,
        open_target=partial(opened_target, profile),
        reservations=context.reservations.under(profile.budget()),
        checkpoints=Checkpoints(context.ledger, profile.policy, context.environment, context.now_ms),
        ended=recording_of(profile).run_ended,
    )


def read_task(path: Path) -> bytes:
    """Read the task.

    Raises:
        BeginError: The file cannot be read.

    """
    return _read(path, "task", TASK_LIMIT)


def read_draft(path: Path) -> bytes:
    """Read a draft from outside. Raises `BeginError` if the file cannot be read."""
    return _read(path, "draft", SIZE_LIMIT_BYTES)


def _read(path: Path, what: str, limit: int) -> bytes:
    """Read at most one byte more than a limit, from a file or from stdin."""
    try:
        if str(path) == "-":
            if current().stdin.isatty():
                output.note(f"type the {what}, then ctrl+d:")
            return current().stdin.buffer.read(limit + 1)
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise BeginError(f"cannot read the {what} {safe(str(path), limit=200)}: {os_reason(error)}") from None
