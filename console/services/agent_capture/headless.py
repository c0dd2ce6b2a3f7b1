"""A coding agent of this machine, run headless on one small task: with nothing of the operator's but their PATH."""

import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.run.agent_event import Isolation
from console.domain.text.safe import safe
from console.services.coding_agent.installation import installed_in, version_in
from console.services.git.command import NoGitError, run_own_git
from console.services.relay.agent_home import PreparedAgent, no_way_out, without_tokens
from console.services.system.confined_child import NOT_HELD
from console.services.system.confinement import Confinement, confined
from console.services.system.handover import handover
from console.services.system.process import ChildEnding, ChildReport, run_bounded

TIMEOUT_S = 120.0
"""The longest that an agent may take, in seconds; it takes one or two."""
_OUTPUT_BYTES = 4 * 1024 * 1024
_TAIL_BYTES = 4096
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""What an agent gets of the operator's environment: what a program needs to start and to be read."""
_SAID_LIMIT = 200


class AgentStartError(Exception):
    """An agent's program cannot be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How an agent's run ended."""

    ending: ChildEnding
    exit_code: int | None
    """None if it was ended for its time or output."""
    said: str
    """The last line that it printed, for a person; it is kept nowhere."""

    @property
    def words(self) -> str:
        """How it ended, as text."""
        match self.ending:
            case ChildEnding.EXITED:
                return f"exit code {self.exit_code}"
            case ChildEnding.TIMED_OUT:
                return f"ended after {TIMEOUT_S:.0f} s"
            case ChildEnding.FLOODED:
                return f"ended after {_OUTPUT_BYTES // 1024 // 1024} MB of output"


def own_words(environment: Mapping[str, str]) -> frozenset[str]:
    """Return words that say whose machine this is: its name, its user's and that of their home."""
    named = (environment.get(name, "") for name in ("USER", "LOGNAME", "HOSTNAME"))
    home = Path(environment.get("HOME", "")).name
    return frozenset(filter(None, (*named, home, *socket.gethostname().split("."))))


@dataclass(frozen=True, slots=True)
class HeadlessAgent:
    """An agent that is set up to be run."""

    program: Path
    prepared: PreparedAgent
    """Its settings, and its home, which is all that it may write to."""
    environment: Mapping[str, str]
    """The operator's, of which it gets the PATH and the language."""
    isolation: Isolation
    """What holds it."""
    readable: tuple[Path, ...]
    """What it may read in the operator's home beside its own installation."""
    port: int
    """The relay's, where it may connect."""
    listen_on: Callable[[socket.socket], Awaitable[None]]
    """The relay's, for where the agent has a network of its own."""


async def version_of(agent: HeadlessAgent) -> str:
    """Return the version that an agent names; empty if it names none. Raises `AgentStartError`."""
    report = await _run(agent, ("--version",))
    return version_in(report.tail)


async def run_headless(agent: HeadlessAgent) -> Ran:
    """Run an agent on its task, in an empty repository of its own, and wait for its end.

    Raises:
        AgentStartError: It cannot be started, or what has to hold it does not.

    """
    report = await _run(agent, agent.prepared.command)
    lines = [line.strip() for line in report.tail.decode("utf-8", "replace").splitlines() if line.strip()]
    return Ran(report.ending, report.exit_code, safe(lines[-1], limit=_SAID_LIMIT) if lines else "")


async def _run(agent: HeadlessAgent, arguments: tuple[str, ...]) -> ChildReport:
    home = agent.prepared.home
    work, temporary = home / "work", home / "tmp"
    if not work.exists():
        work.mkdir(mode=0o700)
        temporary.mkdir(mode=0o700)
        await _begin_repository(work, agent.environment)
    may = Confinement(
        writable=(home,),
        readable=(*installed_in(agent.program, agent.environment), *agent.readable),
        hidden=tuple(filter(Path.is_absolute, (Path(agent.environment.get("HOME", "")),))),
        port=agent.port,
        isolation=agent.isolation,
    )
    try:
        async with handover(agent.listen_on) as channel:
            report = await run_bounded(
                confined((str(agent.program), *arguments), may, agent.environment, channel),
                environment=_environment(agent.prepared, temporary, agent.environment),
                timeout_s=TIMEOUT_S,
                limit_bytes=_OUTPUT_BYTES,
                tail_bytes=_TAIL_BYTES,
                directory=work,
                is_stderr_kept=True,
                is_marked=True,
                is_supervisor=True,
                passed=(channel,),
            )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a program"
        raise AgentStartError(f"{safe(str(agent.program))} cannot be started: {reason}") from None
    if report.exit_code == NOT_HELD:
        raise AgentStartError(f"{safe(str(agent.program))} is not started: what has to hold it does not")
    return report


def _environment(prepared: PreparedAgent, temporary: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of an agent: no variable of the operator's can lead it anywhere else."""
    kept = without_tokens({name: value for name in _PASSED_ON if (value := environment.get(name))}).kept
    home = str(prepared.home)
    own = {"HOME": home, "TMPDIR": str(temporary), "TERM": "dumb"}
    folders = {f"XDG_{kind}_HOME": f"{home}/.{kind.lower()}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {**no_way_out(), **kept, **own, **folders, **prepared.variables}


async def _begin_repository(work: Path, environment: Mapping[str, str]) -> None:
    """Make an empty repository; without git, it stays a directory."""
    try:
        await run_own_git({"HOME": str(work)}, environment, work, "init", "--quiet")
    except NoGitError:
        return
