"""A store of a team for tests and scripts: a fresh database with the console's tables."""

import contextlib
import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.postgres.server import Server, programs, running_server

from console.domain.ledger.ulid import new_run_id
from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.migrations import migrate
from console.services.system.clock import unix_ms


async def migrated(server: Server) -> str:
    """Create a database with the console's tables, and return its URL."""
    url = server.url(server.create_database())
    async with await Database.open(Secret(url)) as database:
        await database.run(lambda connection: migrate(connection, lambda: new_run_id(unix_ms, os.urandom), unix_ms()))
    return url


@contextlib.contextmanager
def own_server(config: str = "") -> Iterator[tuple[Path, Server]]:
    """Run a server for a script, and give it a directory for what is beside it; both are gone after the block.

    Args:
        config: Lines for postgresql.conf.

    """
    found = programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed; run: apt-get install --no-install-recommends postgresql")
    with tempfile.TemporaryDirectory(prefix="gc-team-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        state = directory / "state"
        state.mkdir(mode=0o700)
        with running_server(directory / "server", found) as server:
            if config:
                with (server.data / "postgresql.conf").open("a") as file:
                    file.write(config)
                server.stop()
                server.start()
            yield state, server


def as_server_user() -> list[str]:
    """Return what starts a program as the user whom the server runs as."""
    if os.getuid() != 0:
        return []
    entry = pwd.getpwnam("nobody")
    return ["setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups", "--"]
