"""A stranger's desk: an empty home, a clone of a small repository, and a page whose blocks are typed one after another.

Commands of the console run in this process, on the embedded gateway at full speed; everything else runs in bash, where
`gateway-console` is the same program. What a shell exports and where it stands holds for the rest of the page.
"""

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from pathlib import Path

from support.cli.console_process import Console, Ended
from support.docs.page import Block, Page, Said
from support.git.repositories import Repository

CREDENTIALS = "/run/credentials/gateway-console"
SAMPLE = {
    "AGENTS.md": b"# Rules\n\nBe brief. Keep to the task.\n",
    "README.md": b"# Sample\n\nA small repository.\n",
    "docs/start.md": b"# Start here\n",
    ".github/workflows/ci.yml": b"on: push\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-24.04\n"
    b"    steps:\n      - run: 'true'\n",
}
_OURS = re.compile(r"(?P<words>gateway-console( [^|&;<>()$`*?~{}\n]*?)?)(?P<out> > ?[\w./-]+)?(?P<given> < ?[\w./-]+)?")
_OWN_PROCESS = {"relay", "simulate", "prove", "watch"}
"""The verbs that take signals, which only a process of their own gets."""
_KEEP = '{ env -0 > "$DESK/environment"; pwd > "$DESK/directory"; } 2>/dev/null'


class Desk:
    """A home, a repository and the program under its name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        (self.home / "bin").mkdir(parents=True)
        self.config = self.home / ".config/gateway-console/config.toml"
        repository = Repository(self.home / "sample", SAMPLE)
        repository.git("config", "user.name", "Ann Example")
        repository.git("config", "user.email", "ann@example.com")
        self.console = Console(repository.root)
        program = self.home / "bin/gateway-console"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m console "$@"\n')
        program.chmod(0o755)
        private = {
            root / "credentials/vault": "a passphrase",
            self.console.home / "token.txt": "made-up-token-of-a-page",
        }
        for path, text in private.items():
            path.parent.mkdir(exist_ok=True)
            path.touch(0o600)
            path.write_text(text)
        self.console.environment |= {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "DESK": str(root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }

    async def type(self, page: Page) -> int:
        """Do what a page says, and return how many commands were run.

        Raises AssertionError with the page's line of the first block that does not do what the page says.
        """
        count = 0
        for block in page.blocks:
            where = f"{page.path.name}:{block.line}"
            if block.file:
                self._write(block)
            elif block.is_run:
                for said in block.commands:
                    count += 1
                    await self._do(said, block, f"{where}: {said.command}")
        return count

    def _there(self, text: str) -> str:
        """Return a text with the desk's credentials in the place of those that systemd would give."""
        return text.replace(CREDENTIALS, str(self.root / "credentials"))

    def _write(self, block: Block) -> None:
        path = Path(block.file.replace("~", str(self.home), 1))
        path = path if path.is_absolute() else self.console.home / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._there(block.text) + "\n", encoding="utf-8")

    async def _do(self, said: Said, block: Block, where: str) -> None:
        ours = _OURS.fullmatch(said.command)
        if block.until:
            ended = await self._until(said.command, block.until)
        elif ours is not None and not _OWN_PROCESS.intersection(said.command.split()[1:2]):
            ended = await self._run_ours(ours)
        else:
            ended = await self._run_in_shell(said.command)
        codes = (*block.codes, 130) if block.until else block.codes
        assert ended.code in codes, f"{where} ended with {ended.code}\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
        rest = f"{ended.stdout}\n{ended.stderr}"
        for shown in said.shows:
            pattern = r"[\s\S]*?".join(re.escape(each.strip()) for each in shown.split("…"))
            found = re.search(pattern, rest)
            assert found is not None, f"{where} does not say: {shown}\n{rest[-4000:]}"

    async def _run_ours(self, ours: re.Match[str]) -> Ended:
        given = None
        if ours["given"]:
            given = (self.console.home / ours["given"].lstrip(" <")).read_bytes()
        ended = await self.console.run(*shlex.split(ours["words"])[1:], given=given)
        if ours["out"]:
            (self.console.home / ours["out"].lstrip(" >")).write_text(ended.stdout, encoding="utf-8")
        return ended

    async def _run_in_shell(self, command: str) -> Ended:
        script = f"set -eo pipefail\n{command}\n{_KEEP}\n"
        child = await self._start("bash", "-c", script)
        try:
            out, err = await child.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):  # what a page left in the background
                os.killpg(child.pid, signal.SIGKILL)
        assert child.returncode is not None
        if child.returncode == 0:
            rows = (self.root / "environment").read_bytes().decode().split("\0")
            pairs = (row.split("=", 1) for row in rows if "=" in row)
            self.console.environment = {name: value for name, value in pairs if name not in ("_", "SHLVL", "OLDPWD")}
            self.console.home = Path((self.root / "directory").read_text().rstrip("\n"))
        return Ended(child.returncode, out.decode(), err.decode())

    async def _until(self, command: str, text: str) -> Ended:
        """Start a command that would not end by itself, wait for what it says, and press ctrl+c."""
        child = await self._start("bash", "-c", f"exec {command}")
        assert child.stdout is not None
        read = b""
        while text.encode() not in read:
            piece = await child.stdout.read(4096)
            assert piece, f"{command} ended before it said: {text}\n{read.decode()}"
            read += piece
        child.send_signal(signal.SIGINT)
        rest, _ = await child.communicate()
        assert child.returncode is not None
        return Ended(child.returncode, (read + rest).decode(), "")

    async def _start(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        error = asyncio.subprocess.STDOUT if words[-1].startswith("exec ") else pipe
        return await asyncio.create_subprocess_exec(
            *words,
            cwd=self.console.home,
            env=self.console.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=error,
            start_new_session=True,
        )
