"""Rounds of watches in a worker: each is one round of `watch`, with the state of the last one from the store."""

import argparse
import asyncio
import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.recording import record_problem, unix_ms
from console.cli.watch import verb
from console.cli.watch.desk import ConfigDesk
from console.cli.watch.following import follow_round
from console.cli.watch.order import WatchOrder
from console.domain.problem import Problem
from console.services.config.settings import Profile
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.database import Database
from console.services.run.beginning import config_sha256
from console.services.system.private_file import open_to_read, read_open, write_private
from console.services.watch.state_file import FILE_LIMIT, StateFile

if TYPE_CHECKING:
    from psycopg import Connection


class ProfileRounds:
    """Makes rounds of profiles' watches."""

    def __init__(
        self, arguments: argparse.Namespace, database: Database, stop: asyncio.Event, hurry: asyncio.Event
    ) -> None:
        """Prepare to make rounds; nothing is read or sent.

        Args:
            arguments: The worker's command line.
            database: The store.
            stop: Ends a round.
            hurry: Ends the wait for those who are told.

        """
        self._config = arguments.config
        self._is_json = arguments.json
        self._database = database
        self._stop = stop
        self._hurry = hurry

    async def watch(self, name: str) -> None:
        """Make a round of a profile's watch, and keep its state in the store. What hinders it is said, once a round.

        Raises:
            LedgerError: The store cannot be used: a change that was told may be told again.

        """
        arguments = self._arguments(name)
        desk = ConfigDesk(arguments)
        (profile,) = desk.at_start()
        if not isinstance(profile, Profile):
            output.note(f"profile {name} cannot be watched: {profile.error}")
            return
        digest = config_sha256(profile)
        with TemporaryDirectory(prefix="gateway-console-watch-") as directory:
            file = StateFile(Path(directory), profile)
            if (known := await self._known(name, digest)) is not None:
                write_private(file.path, known)
            try:
                order = WatchOrder.of(arguments, [profile], port=None, file=None)
                await follow_round(order, desk, Path(directory), self._stop, self._hurry)
            except LedgerError:
                raise
            except Problem as problem:
                output.note(f"profile {name} cannot be watched: {problem}")
                record_problem(profile, problem)
                return
            state = _read(file.path)
        if state is not None:
            await self._keep(name, digest, state)

    def _arguments(self, name: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        verb.add_arguments(parser)
        given = copy.copy(parser.parse_args([]))
        given.config, given.profile, given.json = self._config, name, self._is_json
        given.read_only, given.rounds = False, 1
        return given

    async def _known(self, name: str, digest: str) -> bytes | None:
        """Return the state after the last round, of whichever worker."""

        def read(connection: "Connection") -> bytes | None:
            row = connection.execute(
                "SELECT state FROM gateway_console.watch_state WHERE profile = %s AND config_sha256 = %s",
                (name, digest),
            ).fetchone()
            return None if row is None else bytes(row[0])

        return await self._database.run(read)

    async def _keep(self, name: str, digest: str, state: bytes) -> None:
        at_ms = unix_ms(current())

        def keep(connection: "Connection") -> None:
            connection.execute("SELECT gateway_console.keep_watch(%s, %s, %s, %s)", (name, digest, state, at_ms))

        await self._database.run(keep)


def _read(path: Path) -> bytes | None:
    file = open_to_read(path)
    return None if file is None else read_open(file, path, FILE_LIMIT)
