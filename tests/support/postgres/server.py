"""A real PostgreSQL server of the tests: an ordinary user's, in a temporary directory, and a fresh database a test."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.waiting import HANG_S, Patience

HOST = "127.0.0.1"
ADMIN = "admin"
_CONFIG = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
max_connections = 100
shared_buffers = 16MB
fsync = on
synchronous_commit = on
log_min_messages = warning
wal_level = replica
max_wal_size = 256MB
password_encryption = scram-sha-256
"""


def programs() -> Path | None:
    """Return where PostgreSQL's programs are; None if it is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    for each in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name)):
        if (each / "initdb").exists():
            return each
    return None


@dataclass
class Server:
    """A PostgreSQL server on loopback."""

    directory: Path
    binaries: Path
    port: int
    password: str = field(repr=False)
    process: "subprocess.Popen[bytes] | None" = None
    _count: int = 0

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def url(self, database: str = "postgres", user: str = ADMIN, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{HOST}:{self.port}/{database}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the server, and return when it takes connections."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_with_parent(), self.binaries / "postgres", "-D", self.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self._await_ready()

    def _await_ready(self) -> None:
        assert self.process is not None
        look = f"'{self.binaries}/pg_isready' -q -h {HOST} -p {self.port} || {{ sleep 0.05; exit 1; }}"
        patience = Patience()
        while subprocess.run(["/bin/sh", "-c", look], check=False).returncode != 0:
            if self.process.poll() is not None or patience.is_over:
                raise AssertionError((self.directory / "log").read_text(errors="replace")[-2000:])

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: SIGQUIT is `immediate`, as after a power failure; SIGINT is `fast`, SIGTERM `smart`."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=HANG_S)
            self.process = None

    def restart_immediately(self) -> None:
        """Do what `pg_ctl restart -m immediate` does."""
        self.stop(signal.SIGQUIT)
        self.start()

    def create_database(self, template: str = "template1") -> str:
        """Create a database and return its name."""
        import psycopg

        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _with_parent() -> list[str]:
    """Return what starts a program that ends with the tests, as an ordinary user: postgres refuses to run as root."""
    if shutil.which("setpriv") is None:  # not on Linux
        return []
    return ["setpriv", *_as_nobody(), "--pdeathsig", "QUIT", "--"]


def _as_nobody() -> list[str]:
    if os.getuid() != 0:
        return []
    entry = pwd.getpwnam("nobody")
    return ["--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups"]


@contextlib.contextmanager
def running_server(directory: Path, binaries: Path) -> Iterator[Server]:
    """Run a server within the block, in a directory that is made for it."""
    directory.mkdir(mode=0o700)
    if os.getuid() == 0:
        entry = pwd.getpwnam("nobody")
        os.chown(directory, entry.pw_uid, entry.pw_gid)
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    server = Server(directory, binaries, port, secrets.token_hex(16))
    password = directory / "password"
    password.write_text(server.password)
    password.chmod(0o644)
    subprocess.run(
        [*_with_parent(), binaries / "initdb", "-D", server.data, "-U", ADMIN, "-A", "scram-sha-256",
         "--pwfile", password, "-E", "UTF8", "--locale", "C", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
    )  # fmt: skip
    with (server.data / "postgresql.conf").open("a") as config:
        config.write(_CONFIG.format(port=port, directory=directory))
    server.start()
    try:
        yield server
    finally:
        server.stop()
