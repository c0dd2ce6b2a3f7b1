"""A turn of an agent, in each way to hold it: its end, its calls that wait for an answer, and what is left: nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.gateway.budgets import reservations_of
from support.gateway.servers import RawServer, answer_with, good_stream, raw_server
from support.git.repositories import ENVIRONMENT, Repository
from support.probes.smoking import TOKEN, patient
from support.run.own_agent import own_agent
from support.system.held import WAYS, require
from support.waiting import HANG_S

from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.run.agent_event import OWN_COMMAND, AgentEnding, FileGuard, NetworkGuard
from console.domain.tokens.secret import Secret
from console.services.coding_agent.choice import WritingAgent, find_agent
from console.services.coding_agent.turn import CallAsked, CallDone, Turn, TurnEnded, TurnEvent, TurnOrder
from console.services.coding_agent.workplace import workplace
from console.services.gateway.client import Gateway
from console.services.relay.relay import RelayRules

R = EndpointFamily.RESPONSES
ROUTE = Route(Role.WRITER, "gpt-5.1", R, R.standard_path)
Sleep = Callable[[float], Awaitable[None]]


async def never(_: float) -> None:
    """Let the time never be up."""
    await asyncio.Event().wait()


@dataclass
class Place:
    """A repository and an operator's home, and how an agent is held there."""

    directory: Path
    repository: Repository
    files: FileGuard
    changes: dict[str, object] = field(default_factory=dict)

    def agent(self, does: str) -> WritingAgent:
        return find_agent(OWN_COMMAND, own_agent(self.directory / "agents", does), ROUTE, ENVIRONMENT)

    @asynccontextmanager
    async def working(
        self, does: str | WritingAgent, upstream: RawServer, sleep: Sleep = never
    ) -> AsyncIterator[tuple[Turn, AsyncIterator[TurnEvent]]]:
        """Let an agent work; yield its turn and what happens."""
        agent = self.agent(does) if isinstance(does, str) else does
        (checked,) = check(RouteTable((ROUTE,)))
        order = TurnOrder(
            agent, checked, b"Change a file.\n", require(self.files), 100, HANG_S, (), (self.directory / "home",),
            RelayRules(), 64,
        )  # fmt: skip
        environment = ENVIRONMENT | {"HOME": str(self.directory / "home"), "GATEWAY_TOKEN": TOKEN}
        async with (
            workplace(self.repository.root, self.repository.head, "", environment=environment) as tree,
            Gateway(upstream.base_url, Secret(TOKEN), patient()) as gateway,
        ):
            turn = Turn(order, tree)
            events = turn.work(gateway, reservations_of(), None, environment, sleep=sleep)
            async with aclosing(events):
                yield turn, events

    async def run(self, does: str | WritingAgent, upstream: RawServer, sleep: Sleep = never) -> list[TurnEvent]:
        """Let an agent work to its end, and let each of its calls go."""
        seen = []
        async with self.working(does, upstream, sleep) as (_, events):
            async for event in events:
                seen.append(event)
                if isinstance(event, CallAsked) and not event.answer.done():
                    event.answer.set_result(None)
        return seen


@pytest.fixture(params=WAYS, ids=str)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    for name in ("home", "agents"):
        (tmp_path / name).mkdir()
    return Place(tmp_path, Repository(tmp_path / "repository", {"a.txt": b"one\n"}), request.param)


@pytest.fixture
async def upstream() -> AsyncIterator[RawServer]:
    async with raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as server:
        yield server


def end_of(events: list[TurnEvent]) -> TurnEnded:
    end = events[-1]
    assert isinstance(end, TurnEnded)
    return end


async def test_an_agent_works_to_its_end_and_its_patch_is_what_it_changed(place: Place, upstream: RawServer) -> None:
    does = (
        "assert task == 'Change a file.\\n'\n"
        "assert os.getcwd() == os.path.realpath(os.getcwd()) and os.listdir('.')\n"
        "assert not [each for each in os.environ if 'TOKEN' in each]\n"
        "status, said = call()\nassert status == 200, said\n"
        "subprocess.run(['git', 'commit', '-qam', 'mine', '--allow-empty'], check=True)\n"
        "edit('two\\n', 'a.txt'); say('AGENTS.md.')"
    )
    end = end_of(await place.run(does, upstream))
    assert (end.ending, end.exit_code, end.why) == (AgentEnding.EXITED, 0, ""), end.tail
    assert end.patch is not None
    assert b"-one\n+two\n" in end.patch
    assert end.instruction_source == "AGENTS.md"
    (sent,) = upstream.requests
    assert sent.header("authorization") == f"Bearer {TOKEN}"


async def test_an_agent_that_has_no_network_finds_that_out_at_once_and_still_reaches_the_relay(
    place: Place, upstream: RawServer
) -> None:
    end = end_of(await place.run("print(os.environ.get('HTTPS_PROXY', 'none'), call()[0])", upstream))
    is_cut_off = require(place.files).network is not NetworkGuard.NONE
    assert end.tail.strip() == f"{'http://127.0.0.1:9' if is_cut_off else 'none'} 200"


async def test_a_call_waits_until_it_was_answered_and_a_refused_one_is_not_sent(
    place: Place, upstream: RawServer
) -> None:
    sent, waited = 0, True
    async with place.working("print([call()[0] for _ in range(2)], flush=True)", upstream) as (_, events):
        async for event in events:
            if isinstance(event, CallAsked):
                waited = waited and len(upstream.requests) == sent
                refusal = RelayRefusal(RefusedFor.CALLS, "not now") if sent else None
                event.answer.set_result(refusal)
                sent += 1
            if isinstance(event, TurnEnded):
                assert "[200, 400]" in event.tail
    assert waited
    assert len(upstream.requests) == 1


async def test_when_its_time_is_up_it_is_ended_with_all_that_it_started(place: Place, upstream: RawServer) -> None:
    time_is_up = asyncio.Event()

    async def until(_: float) -> None:
        await time_is_up.wait()

    child = "import signal; signal.pause()"
    does = (
        f"subprocess.Popen([sys.executable, '-I', '-S', '-c', {child!r}], start_new_session=True, env={{}})\n"
        "call(); edit('two\\n', 'a.txt'); signal.pause()"
    )
    seen = []
    async with place.working(does, upstream, until) as (_, events):
        async for event in events:
            seen.append(event)
            if isinstance(event, CallAsked):
                event.answer.set_result(None)
            if isinstance(event, CallDone):
                time_is_up.set()
    end = end_of(seen)
    assert (end.ending, end.exit_code, end.patch) == (AgentEnding.TIMED_OUT, None, None)
    assert "agent.time_limit_s" in end.why
    assert not _processes_below(place.directory)


async def test_a_turn_that_is_left_early_ends_the_agent_and_sends_nothing_that_waits(
    place: Place, upstream: RawServer
) -> None:
    async with place.working("call(); signal.pause()", upstream) as (_, events):
        async for event in events:
            if isinstance(event, CallAsked):
                break
    assert upstream.requests == []
    assert not _processes_below(place.directory)


async def test_an_agent_that_is_cut_off_ends_and_its_call_under_way_is_cut(place: Place, tmp_path: Path) -> None:
    async def answer(*_: object) -> None:
        turn.cut_off()
        await asyncio.Event().wait()

    seen = []
    async with (
        raw_server(answer) as upstream,
        place.working("call(); edit('two\\n', 'a.txt')", upstream) as (turn, events),
    ):
        async for event in events:
            seen.append(event)
            if isinstance(event, CallAsked):
                event.answer.set_result(None)
    assert [each.is_cut for each in seen if isinstance(each, CallDone)] == [True]
    assert (end_of(seen).ending, end_of(seen).patch) == (AgentEnding.CUT_OFF, None)


async def test_an_agent_that_cannot_be_started_is_said(place: Place, upstream: RawServer) -> None:
    agent = place.agent("")
    absent = replace(agent, program=place.directory / "agents/absent")
    end = end_of(await place.run(absent, upstream))
    assert (end.ending, end.patch) == (AgentEnding.NOT_STARTED, None)
    assert "not started" in end.why


async def test_settings_that_cannot_be_written_are_a_turn_that_did_not_start(place: Place, upstream: RawServer) -> None:
    agent = place.agent("")
    settings = replace(agent.settings, files={"config": "model = 'x'\n", "config/more.toml": ""})
    end = end_of(await place.run(replace(agent, settings=settings), upstream))
    assert end.ending is AgentEnding.NOT_STARTED


async def test_its_limits_hold_for_what_it_starts(place: Place, upstream: RawServer) -> None:
    """A file of any size, a core file and endless memory are not written."""
    does = (
        "import resource\n"
        "child = [sys.executable, '-I', '-c', 'import resource; print([resource.getrlimit(each)[0] for each in"
        " (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_DATA)])']\n"
        "print(subprocess.run(child, capture_output=True, text=True).stdout)"
    )
    end = end_of(await place.run(does, upstream))
    assert f"[0, 2000000000, {8 * 1024**3}]" in end.tail


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("Done.\nInstruction source: AGENTS.md", "AGENTS.md"),
        ("**Instruction source:** `docs/AGENTS.md`", "docs/AGENTS.md"),
        ("- instruction_source = AGENTS.md,", "AGENTS.md"),
        ("Instruction source: CLAUDE.md\nlater\nInstruction source: AGENTS.md", "AGENTS.md"),
        ("The instruction source: AGENTS.md is good", ""),
        ("Instruction source:", ""),
        ("nothing", ""),
    ],
)
async def test_the_last_line_that_names_a_source_counts(
    tmp_path: Path, upstream: RawServer, said: str, source: str
) -> None:
    for name in ("home", "agents"):
        (tmp_path / name).mkdir()
    place = Place(tmp_path, Repository(tmp_path / "repository", {"a.txt": b"one\n"}), FileGuard.NONE)
    assert end_of(await place.run(f"print({said!r})", upstream)).instruction_source == source


def _processes_below(directory: Path) -> list[str]:
    """Return the command lines of processes that run an agent of the test's."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in line and int(entry.name) != os.getpid():
            found.append(line)
    return found
