"""The command line with a home of its own: in this process, and as a process where the process is what is tested."""

import asyncio
import contextlib
import io
import json
import os
import sys
import tempfile
import threading
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from support.cli.schemas import valid
from support.config import Table, config_table, route, write_config

from console.cli.context import Context
from console.cli.main import run
from console.domain.tokens.secret import Secret
from console.simulator.embedded import Embedded
from console.simulator.server import serve

PIPE, DEVNULL = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL


@dataclass(frozen=True)
class Ended:
    """A command line that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document that stdout is, which its published schema allows."""
        return valid(json.loads(self.stdout))

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
        self.start_embedded: Callable[[], AbstractAsyncContextManager[Embedded]] = embedded_at_once
        self.now: Callable[[], datetime] | None = None
        """The wall clock of command lines in this process; None means the system's."""

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
        **tables: Table | str,
    ) -> Path:
        """Write a config for a gateway that takes no token; its lines and its profile's further tables may be TOML."""
        table = config_table(
            {"base_url": base_url, **tomllib.loads(gateway)}, {role: route(model) for role in roles}, **tables
        )
        return write_config(self.home / name, table)

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

    async def run(self, *arguments: str | Path, given: bytes | None = None, **environment: str) -> Ended:
        """Run the command line to its end in this process; `given` is what stdin holds.

        It runs in a thread, so that its loop is its own and servers of the test can answer it. The embedded gateway
        is the real one at full speed. The process is not hardened, and its streams are not touched: `run_process`
        tests what does that.
        """
        stdout, stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
        with contextlib.chdir(self.home), tempfile.TemporaryFile() as file:
            file.write(given or b"")
            file.seek(0)
            with io.TextIOWrapper(file, "utf-8") as stdin:
                context = Context(
                    self.environment | environment, stdin, stdout, stderr, self.start_embedded, now=self.now
                )
                code = await _in_thread(lambda: run(list(map(str, arguments)), context))
        return Ended(code, _text_of(stdout), _text_of(stderr))

    async def run_all(self, commands: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Ended]:
        """Run command lines to their ends in this process, one after another."""
        return {command: await self.run(*command) for command in commands}

    async def run_process(
        self, *arguments: str | Path, python: tuple[str, ...] = (), given: bytes | None = None, **environment: str
    ) -> Ended:
        """Run the command line to its end as a process of its own."""
        stdin = DEVNULL if given is None else PIPE
        async with self.start(*arguments, python=python, stdin=stdin, **environment) as child:
            return await ended(child, given=given)


@contextlib.asynccontextmanager
async def embedded_at_once() -> AsyncIterator[Embedded]:
    """Serve the embedded gateway in this process, answering at once."""
    async with serve(pace=0) as listening:
        yield Embedded(listening.base_url, Secret.parse(listening.token))


async def _in_thread(call: Callable[[], int]) -> int:
    """Call in a thread that cannot keep this process alive, and wait for what it returns or raises."""
    loop = asyncio.get_running_loop()
    end: asyncio.Future[int] = loop.create_future()

    def work() -> None:
        try:
            code = call()
        except BaseException as error:  # noqa: BLE001  # it belongs to the test
            loop.call_soon_threadsafe(end.set_exception, error)
        else:
            loop.call_soon_threadsafe(end.set_result, code)

    threading.Thread(target=work, daemon=True).start()
    return await end


def _text_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


async def ended(child: asyncio.subprocess.Process, given: bytes | None = None) -> Ended:
    """Wait for a process's end and return what it left."""
    stdout, stderr = await child.communicate(given)
    assert child.returncode is not None
    return Ended(child.returncode, (stdout or b"").decode(), stderr.decode())


@contextlib.contextmanager
def pipe_without_reader() -> Iterator[int]:
    """Return the writing end of a pipe whose reader has left, as after `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)
