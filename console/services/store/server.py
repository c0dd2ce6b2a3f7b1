"""The server behind a database: its version, its clock, and how the connection is protected."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.domain.text.safe import safe

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself."""

    version: str
    """Such as `15.14`."""
    now_ms: int
    """Its clock, as Unix time."""
    tls: str
    """The protocol and the cipher; empty if the connection is not encrypted."""

    def ahead_of(self, now_ms: int) -> int:
        """Return how many ms a clock that says this now is ahead of the server's."""
        return now_ms - self.now_ms


def server_of(connection: "psycopg.Connection[Any]") -> Server:
    """Return what the server says of itself."""
    row = connection.execute(
        "SELECT current_setting('server_version_num')::int, (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
        " (SELECT version || ', ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl)"
    ).fetchone()
    number, now_ms, tls = row or (0, 0, "")
    return Server(f"{number // 10_000}.{number % 10_000}", int(now_ms), safe(str(tls or ""), limit=80))
