"""Running the command line as a process of its own, with a home of its own."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIPE, DEVNULL = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    stdout: str
    stderr: str
    took_s: float

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document that stdout is."""
        return dict(json.loads(self.stdout))

    @property
    def complaint(self) -> str:
        """The one line of stderr; stdout is empty and nothing is a traceback."""
        assert self.stdout == ""
        assert "Traceback" not in self.stderr
        (line,) = self.stderr.splitlines()
        assert line.startswith("gateway-console: ")
        return line


class Console:
    """The command line in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}

    def write_config(self, text: str, name: str = "config.toml") -> Path:
        """Write a config file, not at the default path."""
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        return path

    def config_for(
        self,
        base_url: str,
        *,
        gateway: str = "",
        roles: tuple[str, ...] = ("writer",),
        name: str = "config.toml",
        model: str = "m",
    ) -> Path:
        """Write a config for a gateway that takes no token."""
        routes = "".join(
            f'[profiles.p.routes.{role}]\nmodel = "{model}"\n'
            'endpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'
            for role in roles
        )
        head = 'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\n'
        return self.write_config(f'{head}base_url = "{base_url}"\n{gateway}\n{routes}', name)

    @contextlib.asynccontextmanager
    async def start(
        self,
        *arguments: str | Path,
        python: tuple[str, ...] = (),
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        **environment: str,
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the command line while the block runs."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *python,
            "-m",
            "console",
            *map(str, arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=PIPE,
            env=self.environment | environment,
            cwd=self.home,
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
            await child.communicate()

    async def run(
        self, *arguments: str | Path, python: tuple[str, ...] = (), given: bytes | None = None, **environment: str
    ) -> Ended:
        """Run the command line to its end; `given` is what stdin holds."""
        stdin = DEVNULL if given is None else PIPE
        async with self.start(*arguments, python=python, stdin=stdin, **environment) as child:
            return await ended(child, given=given)

    async def run_all(self, commands: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Ended]:
        """Run command lines to their ends, a few at once."""
        places = asyncio.Semaphore(4)

        async def run(command: tuple[str, ...]) -> tuple[tuple[str, ...], Ended]:
            async with places:
                return command, await self.run(*command)

        return dict(await asyncio.gather(*map(run, commands)))


async def ended(child: asyncio.subprocess.Process, within_s: float = 30.0, given: bytes | None = None) -> Ended:
    """Wait for a process's end and return what it left."""
    start = time.perf_counter()
    async with asyncio.timeout(within_s):
        stdout, stderr = await child.communicate(given)
    assert child.returncode is not None
    return Ended(child.returncode, (stdout or b"").decode(), stderr.decode(), time.perf_counter() - start)


@contextlib.contextmanager
def pipe_without_reader() -> Iterator[int]:
    """Return the writing end of a pipe whose reader has left, as after `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)
