"""The drill itself: plant, run the steps, search, report."""

import os
import resource
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.services.git.command import has_git
from console.services.git.example import commit_all
from console.services.leak_drill.canary import REPOSITORY, Canary, Scratch, plant
from console.services.leak_drill.child import Ended, NoPseudoTerminalError, Screen, run_at_terminal, run_on_pipes
from console.services.leak_drill.recorder import Recorder, recording, split_sent
from console.services.leak_drill.search import Search
from console.services.leak_drill.step import How, Step, steps

_PASSED_ON = ("PATH", "PYTHONPATH", "VIRTUAL_ENV")
_CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
_KEY_INTERVAL_S = 0.5


class DrillGateway(Protocol):
    """A running gateway; the faces decide what starts it."""

    @property
    def base_url(self) -> str:
        """Where it listens, on loopback."""


@dataclass(frozen=True, slots=True)
class StepEnd:
    """The result of a step."""

    name: str
    code: int | None
    problem: str = ""
    """Why the step proved nothing, as text; empty if it ran as it should."""


@dataclass(frozen=True, slots=True)
class DrillReport:
    """The drill's findings."""

    steps: tuple[StepEnd, ...]
    files: int
    size_bytes: int
    requests_bytes: int
    """The bytes that reached the gateway."""
    key_headers: int
    """How often the canary reached the gateway in its own header."""
    hits: tuple[str, ...]
    unread: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the drill proves less than it should."""
        ended = tuple(f"{step.name}: {step.problem}" for step in self.steps if step.problem)
        return ended + tuple(f"{name} could not be searched" for name in self.unread)

    @property
    def is_passed(self) -> bool:
        """Whether every step ran and the canary was found only in its own header."""
        return not self.hits and not self.problems


StartGateway = Callable[[str], AbstractAsyncContextManager[DrillGateway]]
"""Starts a gateway that accepts one token."""


async def hold_drill(
    start_gateway: StartGateway,
    *,
    choose: Callable[[Canary], Sequence[Step]] = steps,
    told: Callable[[StepEnd], None] = lambda _: None,
) -> DrillReport:
    """Run the drill. Nothing is written outside a new directory, and nothing leaves this machine.

    Args:
        start_gateway: Starts the embedded gateway.
        choose: Returns the steps to take with a canary.
        told: Called with every step's result.

    Raises:
        NoGitError: Git exists but cannot create the repository for the drilled runs.
        OSError: The scratch directory, a port or a child is not available.

    """
    canary = Canary()
    with tempfile.TemporaryDirectory(prefix="gateway-console-drill-") as folder:
        async with start_gateway(canary.value) as gateway, recording(canary, gateway.base_url) as recorder:
            scratch = plant(Path(folder), canary, recorder.base_url, recorder.stalled_url)
            if has_git(os.environ):
                await commit_all(scratch.work / REPOSITORY, os.environ)
                scratch.arm()
            runner = _Runner(canary, scratch, recorder, Search(canary))
            ends = []
            for step in choose(canary):
                ends.append(await runner.run(step))
                told(ends[-1])
            if scratch.witness.exists():
                ends.append(StepEnd("all steps", None, "git ran a program that the repository names"))
                told(ends[-1])
        runner.search.search_tree(scratch)
        sent = runner.search_sent()
    search = runner.search
    return DrillReport(
        steps=tuple(ends),
        files=search.files,
        size_bytes=search.size_bytes,
        requests_bytes=sent,
        key_headers=runner.key_headers(),
        hits=search.hits,
        unread=search.unread,
        notes=runner.notes,
    )


class _Runner:
    """Runs the steps of one drill."""

    def __init__(self, canary: Canary, scratch: Scratch, recorder: Recorder, search: Search) -> None:
        self._canary = canary
        self._recorder = recorder
        self._scratch = scratch
        self._environment = scratch.environment(
            canary, {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        )
        self.search = search
        self.notes = _notes() if has_git(os.environ) else (*_notes(), "git is not installed, so no run was drilled")

    async def run(self, step: Step) -> StepEnd:
        """Run one step to its end, and search its output streams."""
        keys_before = self.key_headers()
        try:
            ended = await self._run(step)
        except NoPseudoTerminalError:
            self.notes += (f"{step.name}: skipped, because this system has no pseudo-terminal",)
            return StepEnd(step.name, None)
        for stream, data in ended.streams.items():
            self.search.search_bytes(f"{stream} of {step.name}", data)
        return StepEnd(step.name, ended.code, self._problem(step, ended, self.key_headers() - keys_before))

    async def _run(self, step: Step) -> Ended:
        program, folder = (*step.program, *step.arguments), self._scratch.work
        match step.how:
            case How.AT_TERMINAL:
                drive = self._type(step.keys) if step.keys else self._drive
                return await run_at_terminal(program, self._environment, folder, drive)
            case How.UNTIL_CRASH:
                held = self._recorder.held.wait()
                return await run_on_pipes(program, self._environment, folder, until_aborted=held)
            case _:
                return await run_on_pipes(program, self._environment, folder, given=step.given)

    async def _drive(self, screen: Screen) -> None:
        """Smoke all routes on the screen, and leave it once it has drawn their results."""
        before = self._recorder.posts
        while self._recorder.posts == before:  # the screen accepts the key once its gateway is open
            screen.press(b"S")
            await screen.until_quiet(_KEY_INTERVAL_S)
        await screen.until_quiet(2 * _KEY_INTERVAL_S)
        screen.press(b"q")

    def _type(self, keys: Sequence[tuple[str, bytes]]) -> Callable[[Screen], Awaitable[None]]:
        """Return a function that types each key once its text is shown, then leaves the screen."""

        async def drive(screen: Screen) -> None:
            for words, key in keys:
                await screen.until_shown(words)
                await screen.until_quiet(_KEY_INTERVAL_S)
                screen.press(key)
            await screen.until_quiet(_KEY_INTERVAL_S)
            screen.press(b"q")

        return drive

    def _problem(self, step: Step, ended: Ended, keys: int) -> str:
        if ended.code is None:
            return "did not end in time"
        if step.codes is not None and ended.code not in step.codes:
            return f"ended with {ended.code} instead of {' or '.join(map(str, sorted(step.codes)))}"
        if ended.code < 0 and step.codes is None:
            return f"was ended by signal {-ended.code}"
        if any(b"Traceback (most recent" in data or b"internal error" in data for data in ended.streams.values()):
            return "ended in an internal error"
        return "did not reach the gateway with the token" if step.sends and keys == 0 else ""

    def key_headers(self) -> int:
        """Return how often the canary has come in its own header so far."""
        return sum(split_sent(bytes(data), self._canary).key_headers for data in self._recorder.received)

    def search_sent(self) -> int:
        """Search what reached the gateway outside the canary's own headers; return how many bytes arrived."""
        for data in self._recorder.received:
            self.search.search_bytes("requests to the gateway", split_sent(bytes(data), self._canary).rest)
        return sum(map(len, self._recorder.received))


def _notes() -> tuple[str, ...]:
    """Return what the drill cannot check on this machine."""
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        return ("this session does not allow core files, so the crash step proves less than it could",)
    try:
        pattern = _CORE_PATTERN.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ("the location of core files on this system is unknown; only the working directory was searched",)
    if pattern.startswith(("|", "/")):
        return ("this system sends core files to its own directory or program, which was not searched",)
    return ()
