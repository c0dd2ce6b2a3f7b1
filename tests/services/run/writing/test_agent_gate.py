"""An agent at the writer's gate: each call is in the ledger before it is sent, and nothing is lost or repeated."""

import asyncio
import base64
import shutil
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.gateway.budgets import session_budget
from support.gateway.servers import Request, good_stream, whole
from support.run.desks import REASON, Office, Walked, go_on, step, walk_to
from support.run.gateway import Generation, RunGateway, run_gateway
from support.run.own_agent import own_agent
from support.system.held import require_any

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.relay.call import RelayCallRefused
from console.domain.routes.family import EndpointFamily
from console.domain.run.agent_event import OWN_COMMAND, AgentEnded, AgentEnding, AgentLost, FileGuard
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded
from console.domain.run.command import AllowRepeat, Stop
from console.domain.run.event import ArtifactRole, RunEvent, StopCause
from console.domain.run.gate import Gate
from console.domain.run.state import Phase, RunState, RunStatus
from console.services.coding_agent.choice import AgentError
from console.services.gateway.reservations import Reservations
from console.services.ledger.codec import entry_of
from console.services.ledger.ledger import ConflictError
from console.services.ledger.sqlite import SqliteLedger
from console.services.record.verify_chain import Against, verify_run
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.session import stepping
from console.services.system.confined_child import landlock_version

pytestmark = [pytest.mark.usefixtures("no_trust_store"), pytest.mark.long]

GOOD = "call(task); edit(); say()"


@dataclass
class Writing:
    """A place where a command of the operator's own writes."""

    office: Office
    gateway: RunGateway
    directory: Path

    async def begin(self, desk: RunContext, does: str) -> RunLog:
        return await self.office.begin(desk, writer=OWN_COMMAND, writer_command=own_agent(self.directory, does))

    async def run(self, does: str) -> Walked:
        """Begin a run whose agent does something, and go on by the machine's verdicts."""
        async with self.office.desk() as desk:
            return await go_on(desk, await self.begin(desk, does))

    async def events(self, run_id: str) -> list[RunEvent]:
        """Return what the ledger has, read as another process does."""
        async with await SqliteLedger.open(self.office.state_directory) as ledger:
            assert (await verify_run(ledger, run_id, Against())).holds
            return [entry_of(line).event for line in await ledger.read(run_id)]


@pytest.fixture
async def writing(tmp_path: Path) -> AsyncIterator[Writing]:
    require_any()
    async with run_gateway() as gateway:
        office = Office(tmp_path, gateway.base_url, gateway.token)
        office.furnish()
        (tmp_path / "agents").mkdir()
        yield Writing(office, gateway, tmp_path / "agents")


def ended(state: RunState) -> AgentEnded:
    end = state.turn_ends[-1]
    assert isinstance(end, AgentEnded)
    return end


async def test_an_own_command_writes_a_whole_run(writing: Writing) -> None:
    walked = await writing.run("assert 'AGENTS.md' in task and 'Keep every note short' in task\n" + GOOD)
    state = walked.state
    assert state.status is RunStatus.CLOSED, walked.findings
    (turn,) = state.turns
    assert (turn.agent, turn.version) == (OWN_COMMAND, "")
    assert turn.isolation.files is not FileGuard.NONE
    (call,) = [each for each in state.calls if each.turn_id]
    assert call.turn_id == turn.turn_id
    assert state.sealed is not None
    async with writing.office.desk() as desk:
        draft = await desk.artifacts.read(state.sealed.artifact_sha256)
    assert draft is not None
    assert b"+A gateway forwards calls." in draft
    assert [each.role for each in writing.gateway.generations].count("writer") == 1


async def test_a_call_is_in_the_ledger_before_it_is_sent_and_its_end_after_it(writing: Writing) -> None:
    seen: list[list[RunEvent]] = []

    async def look(asked: Generation, stage: str) -> None:
        if asked.role == "writer" and stage in ("received", "almost"):
            seen.append([each for each in await writing.events(run_id()) if getattr(each, "turn_id", "")])

    def run_id() -> str:
        return logs[0].state.run_id

    logs: list[RunLog] = []
    writing.gateway.hold = look
    async with writing.office.desk() as desk:
        logs.append(await writing.begin(desk, "call(task); call(task); edit(); say()"))
        walked = await go_on(desk, logs[0])
    assert walked.state.status is RunStatus.CLOSED
    kinds = [[type(each).__name__ for each in events] for events in seen]
    assert kinds[:2] == [["AgentBegun", "CallIntended"]] * 2
    assert kinds[2:] == [["AgentBegun", "CallIntended", "CallIntended"]] * 2
    assert sum(isinstance(each, CallRecorded) for each in walked.state.ends) == 2 + 3


async def test_calls_at_once_are_each_recorded(writing: Writing) -> None:
    """Two calls are under way at the same moment: neither ends before the other has begun."""
    both = asyncio.Event()
    came = 0

    async def meet(asked: Generation, stage: str) -> None:
        nonlocal came
        if asked.role == "writer" and stage == "received":
            came += 1
            if came == 2:
                both.set()
            await both.wait()

    writing.gateway.hold = meet
    threads = "threads = [threading.Thread(target=call, args=(task,)) for _ in range(2)]\n"
    threads += "[each.start() for each in threads]\n[each.join() for each in threads]\nedit(); say()"
    walked = await writing.run(threads)
    assert walked.state.status is RunStatus.CLOSED
    agents = {each.call_id for each in walked.state.calls if each.turn_id}
    assert {each.call_id for each in walked.state.ends if isinstance(each, CallRecorded)} > agents
    assert len(agents) == 2


@pytest.mark.parametrize(
    ("does", "category", "words"),
    [
        ("call(task); edit(); say(); sys.exit(3)", Category.CONTRACT_VIOLATION, "exit code 3"),
        ("edit(); say(); os.kill(os.getpid(), signal.SIGKILL)", Category.CONTRACT_VIOLATION, "exit code 137"),
        ("edit(); open('latin.txt', 'wb').write(b'caf\\xe9\\n'); say()", Category.CONTRACT_VIOLATION, "not UTF-8"),
        ("os.mkfifo('x'); os.replace('x', 'AGENTS.md')", Category.CONTRACT_VIOLATION, "cannot read the files"),
        ("sys.stdout.write('x' * 40_000_000)", Category.CONTRACT_VIOLATION, "bytes to its output"),
    ],
    ids=["exit code", "signal", "not text", "unreadable", "flood"],
)
async def test_what_makes_no_draft_waits_for_a_person_and_is_no_failed_draft(
    writing: Writing, does: str, category: Category, words: str
) -> None:
    walked = await writing.run(does)
    state = walked.state
    assert (state.gate, state.phase, state.status) == (Gate.WRITER, Phase.WAITING, RunStatus.ACTIVE)
    assert ended(state).failure is category
    assert any(words in each.message for each in walked.findings if each.id == "CALL-01"), walked.findings
    assert state.artifact(ArtifactRole.DRAFT) is None


async def test_an_agent_that_changes_nothing_or_names_no_source_is_sent_back(writing: Writing) -> None:
    nothing = await writing.run("say()")
    assert nothing.state.status is not RunStatus.CLOSED
    assert {each.computed for each in _openings(nothing.state)} == {"revise"}
    silent = await writing.run("edit()")
    assert "INSTR-01" in silent.ids_at("writer")
    another = await writing.run("edit(); say('CLAUDE.md'); say('docs/start.md.')")
    assert "INSTR-01" in another.ids_at("writer")


@dataclass(frozen=True)
class _Opening:
    computed: str


def _openings(state: RunState) -> list[_Opening]:
    return [_Opening(each.verdict.value) for each in state.openings if each.gate is Gate.WRITER]


def answering(marked: str, answer: bytes) -> Callable[[Request], bytes | None]:
    """Return what answers the requests that have certain words, and no others."""
    return lambda request: answer if marked.encode() in request.body else None


async def test_an_account_error_stops_the_run_and_ends_the_agent(writing: Writing) -> None:
    refusal = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    writing.gateway.instead = answering("too dear", whole(429, refusal))
    walked = await writing.run("call(task); call('too dear'); signal.pause()")
    state = walked.state
    assert state.stopped is not None
    assert (state.stopped.cause, state.stopped.category) == (StopCause.CALL, Category.ACCOUNT_QUOTA)
    assert (ended(state).ending, ended(state).exit_code) == (AgentEnding.CUT_OFF, None)
    kinds = [type(each) for each in await writing.events(state.run_id)]
    assert kinds[-3:] == [CallFailed, AgentEnded, type(state.stopped)]


async def test_a_swapped_model_makes_no_draft(writing: Writing) -> None:
    writing.gateway.instead = answering("swap me", good_stream(EndpointFamily.RESPONSES, model="gpt-other"))
    walked = await writing.run("call('swap me'); call(task); edit(); say()")
    assert ended(walked.state).failure is Category.CONTRACT_VIOLATION
    assert any("another model answered" in each.message for each in walked.findings)
    assert walked.state.artifact(ArtifactRole.DRAFT) is None


async def test_only_its_own_route_on_its_own_family_is_served(writing: Writing) -> None:
    """Other roles, other models, other families, lists and other keys: refused in one answer, and nothing is sent."""
    does = (
        "said = [call(task, model=each)[0] for each in ('reviewer', 'critic', 'gpt-review-route-placeholder', 'x')]\n"
        "said += [call(task, path=each)[0] for each in ('/chat/completions', '/messages', '/files')]\n"
        "said.append(call(task, key='gwc-guessed')[0])\nedit(json.dumps(said) + '\\n'); say()"
    )
    walked = await writing.run(does)
    assert walked.state.status is RunStatus.CLOSED
    refused = [each for each in walked.news if isinstance(each, RelayCallRefused)]
    assert len(refused) == ended(walked.state).calls_refused == 8
    assert not [each for each in walked.state.calls if each.turn_id]
    assert "writer" not in writing.gateway.roles


async def test_its_calls_are_limited(writing: Writing) -> None:
    writing.office.configure(agent="calls = 2")
    walked = await writing.run("[call(task) for _ in range(4)]; edit(); say()")
    assert (ended(walked.state).failure, ended(walked.state).calls_refused) == (Category.BUDGET_EXCEEDED, 2)
    assert walked.state.phase is Phase.WAITING
    assert writing.gateway.roles.count("writer") == 2


@pytest.mark.parametrize("limit", ["run_tokens = 40000", "attempt_tokens = 10000"])
async def test_what_is_over_the_runs_budget_is_not_sent_and_stops_the_run(writing: Writing, limit: str) -> None:
    writing.office.configure(policy=limit)
    walked = await writing.run("call(task); call(task, tokens=60_000); edit(); say()")
    state = walked.state
    assert state.stopped is not None
    assert (state.stopped.cause, state.stopped.category) == (StopCause.BUDGET, Category.BUDGET_EXCEEDED)
    assert writing.gateway.roles.count("writer") == 1
    assert len([each for each in state.calls if each.turn_id]) == 1


async def test_calls_at_once_never_exceed_the_runs_budget_together(writing: Writing) -> None:
    """Each of them fits alone. They are asked for at once, and those that fit together are sent."""
    writing.office.configure(policy="attempt_tokens = 20000")
    does = "threads = [threading.Thread(target=call, args=('x',), kwargs={'tokens': 6000}) for _ in range(8)]\n"
    does += "[each.start() for each in threads]\n[each.join() for each in threads]\nedit(); say()"
    release = asyncio.Event()

    async def hold(asked: Generation, stage: str) -> None:
        if not asked.role and stage == "received":  # until the others were refused
            await release.wait()

    writing.gateway.hold = hold
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, does)
        await walk_to(desk, log, "writer")
        refused = 0
        async with stepping(desk, log) as stepper:
            async for each in stepper.step():
                refused += isinstance(each, RelayCallRefused)
                if refused == 5:
                    release.set()
    assert log.state.stopped is not None
    assert len([each for each in log.state.calls if each.turn_id]) == 3
    assert log.state.spent.tokens <= 20_000 + 10_000  # the planner's call was in another attempt


async def test_what_is_over_the_sessions_budget_can_be_repeated_in_another_session(writing: Writing) -> None:
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, "call(task, tokens=30_000); edit(); say()")
        await walk_to(desk, log, "writer")
        narrow = replace(desk, reservations=Reservations(session_budget(tokens=20_000)))
        await step(narrow, log)
        assert (log.state.phase, ended(log.state).failure) == (Phase.WAITING, Category.BUDGET_EXCEEDED)
        assert "writer" not in writing.gateway.roles
        await command(desk, log, AllowRepeat(REASON))
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED


async def test_a_secret_in_its_prompt_is_not_sent_and_stops_the_run(writing: Writing) -> None:
    walked = await writing.run("call('my key: ' + '-'.join(['sk', 'Wm3nB8vQ2xTy6rK1pLz9Fd4hJ7sGc5'])); edit(); say()")
    assert walked.state.stopped is not None
    assert walked.state.stopped.cause is StopCause.SECRET_IN_PROMPT
    assert "writer" not in writing.gateway.roles
    assert not [each for each in walked.state.calls if each.turn_id]


async def test_the_agent_holds_no_token_and_sees_no_file_of_the_operators(writing: Writing) -> None:
    """Its environment, its files, the process list and what it can read have neither the token nor the state."""
    (writing.office.home / ".netrc").write_text("machine git.example password hunter2hunter2")
    does = (
        "def read(path):\n"
        "    try:\n"
        "        with open(path, 'rb') as file: return file.read()\n"
        "    except OSError: return b''\n"
        "paths = [os.path.join(at, name) for top in ('.', os.environ['HOME'], os.environ['TMPDIR'])"
        " for at, _, names in os.walk(top) for name in names]\n"
        "paths += [f'/proc/{pid}/{name}' for pid in os.listdir('/proc') if pid.isdigit()"
        " for name in ('environ', 'cmdline')]\n"
        f"paths += [{str(writing.office.home / '.netrc')!r}, {str(writing.office.config)!r}]\n"
        "blob = b'|'.join([json.dumps(dict(os.environ)).encode(), *map(read, paths)])\n"
        "import zlib, base64\n"
        "edit(base64.b64encode(zlib.compress(blob)).decode() + '\\n', 'docs/gateway-note.md'); say()"
    )
    walked = await writing.run(does)
    stored = walked.state.artifact(ArtifactRole.DRAFT)
    assert stored is not None
    async with writing.office.desk() as desk:
        draft = await desk.artifacts.read(stored.sha256)
    assert draft is not None
    (line,) = [each[1:] for each in draft.splitlines() if each.startswith(b"+") and not each.startswith(b"+++")]
    seen = zlib.decompress(base64.b64decode(line))
    assert b"OPENAI_API_KEY" in seen
    for secret in (writing.gateway.token.encode(), b"hunter2", str(writing.office.state_directory).encode()):
        assert secret not in seen


async def test_a_kill_of_the_stepping_process_leaves_a_turn_that_only_a_person_repeats(writing: Writing) -> None:
    """What is under way is closed from outside, as the end of a process does; the next one finds it lost."""
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, "call(task); edit(); say()")
        await walk_to(desk, log, "writer")

        async def leave(asked: Generation, stage: str) -> None:
            if asked.role == "writer" and stage == "begun":
                running.cancel()
                await asyncio.wait({running})

        writing.gateway.hold = leave
        running = asyncio.create_task(step(desk, log))
        await asyncio.wait({running})
        assert running.cancelled()
    async with writing.office.desk() as desk:
        again = await RunLog.open(desk.ledger, log.state.run_id)
        assert again.state.phase is Phase.WRITING
        assert len(again.state.open_calls) == 1
        await step(desk, again)
        assert again.state.phase is Phase.LOST
        assert [type(each) for each in again.state.ends[-1:]] == [CallLost]
        assert isinstance(again.state.turn_ends[-1], AgentLost)
        await step(desk, again)
        assert writing.gateway.roles.count("writer") == 1
        await command(desk, again, AllowRepeat(REASON))
        walked = await go_on(desk, again)
    assert walked.state.status is RunStatus.CLOSED
    assert writing.gateway.roles.count("writer") == 2


async def test_a_run_that_is_stopped_elsewhere_makes_no_further_call(writing: Writing) -> None:
    async def stop(asked: Generation, stage: str) -> None:
        if asked.role == "writer" and stage == "received":
            async with writing.office.desk(Actor(ActorKind.OPERATOR, "ben")) as other:
                there = await RunLog.open(other.ledger, log.state.run_id)
                await command(other, there, Stop("not needed any more"))

    writing.gateway.hold = stop
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, "call(task); call(task); edit(); say()")
        await walk_to(desk, log, "writer")
        with pytest.raises(ConflictError):
            await step(desk, log)
        await log.refresh()
    assert log.state.status is RunStatus.STOPPED
    assert writing.gateway.roles.count("writer") == 1
    assert [type(each) for each in await writing.events(log.state.run_id)][-2:] == [
        CallIntended,
        type(log.state.stopped),
    ]


async def test_the_record_says_what_held_the_agent_and_an_unheld_draft_waits(writing: Writing) -> None:
    """On a PATH without bubblewrap, the kernel alone holds it; where that cannot either, a person looks first."""
    bare = writing.directory / "bin"
    bare.mkdir()
    git = shutil.which("git")
    assert git is not None
    (bare / "git").symlink_to(git)
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, GOOD)
        await walk_to(desk, log, "writer")
        without = replace(desk, environment=dict(desk.environment) | {"PATH": str(bare)})
        walked = await step(without, log)
    files = walked.state.turns[0].isolation.files
    assert files is (FileGuard.LANDLOCK if landlock_version() else FileGuard.NONE)
    assert ("AUTHOR-01" in walked.ids_at("writer")) == (files is FileGuard.NONE)


async def test_it_can_be_cut_off(writing: Writing) -> None:
    async with writing.office.desk() as desk:
        log = await writing.begin(desk, "call(task); signal.pause()")
        await walk_to(desk, log, "writer")
        async with stepping(desk, log) as stepper:
            async for each in stepper.step():
                if isinstance(getattr(each, "event", None), CallRecorded):
                    stepper.cut_off()
    assert (ended(log.state).ending, log.state.phase) == (AgentEnding.CUT_OFF, Phase.WAITING)
    assert log.state.artifact(ArtifactRole.DRAFT) is None


async def test_an_agent_that_is_gone_since_the_run_began_is_said(writing: Writing) -> None:
    async with writing.office.desk() as desk:
        agent = writing.directory / "agent"
        agent.write_text("#!/bin/sh\n")
        agent.chmod(0o755)
        log = await writing.office.begin(desk, writer=OWN_COMMAND, writer_command=str(agent))
        await walk_to(desk, log, "writer")
        agent.unlink()
        with pytest.raises(AgentError, match="not on PATH"):
            await step(desk, log)
        assert log.state.phase is Phase.DUE


async def test_a_revision_starts_from_the_draft_and_gets_the_findings(writing: Writing) -> None:
    writing.office.configure(reviewer="gpt-review-revise-placeholder")
    does = (
        "path = 'docs/gateway-note.md'\n"
        "before = open(path).read() if os.path.exists(path) else ''\n"
        "assert bool(before) == ('FINDINGS' in task) and task.count('<<<DRAFT') == 0\n"
        "call(task); edit(before + 'A gateway forwards each call to the model that the route names.\\n'); say()"
    )
    walked = await writing.run(does)
    assert walked.state.status is RunStatus.CLOSED, walked.findings
    assert (walked.state.attempt, len(walked.state.turns)) == (2, 2)
    assert {each.role for each in walked.state.turns} == {each.role for each in walked.state.calls if each.turn_id}
    async with writing.office.desk() as desk:
        assert walked.state.sealed is not None
        draft = await desk.artifacts.read(walked.state.sealed.artifact_sha256)
    assert draft is not None
    assert draft.count(b"+A gateway forwards") == 2
