"""A fresh database of a test."""

from dataclasses import dataclass, field

from support.postgres.server import Server

from console.domain.tokens.secret import Secret


@dataclass
class Postgres:
    """A database of one test, on a real server, with nothing in it."""

    server: Server
    name: str
    url: str = field(repr=False)

    @property
    def secret(self) -> Secret:
        return Secret(self.url)
