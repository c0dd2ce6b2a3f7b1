"""The agent at the writer's gate: its turn and each of its calls in the run's ledger, and its changes as the draft.

A call is in the ledger before it is sent, like any call of a run. If this process dies, the agent dies with it, and the
ledger says which calls may have been billed.
"""

import hashlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import msgspec

from console.domain.errors.category import Blame, Category
from console.domain.probes.catalogue import Catalogue
from console.domain.relay.call import RelayCallRefused, RelayEvent
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentEnding, AgentWriter, FileGuard, Isolation
from console.domain.run.call_event import CallFailed, CallIntended, CallLost
from console.domain.run.event import ArtifactRole, ArtifactStored, Entry, RunEvent
from console.domain.run.gate import Gate
from console.domain.run.refusal import RefusalCode
from console.domain.run.state import RunState
from console.services.checks.kept_output import keep_output
from console.services.checks.throwaway import ThrowawayError
from console.services.coding_agent.choice import WritingAgent, find_agent
from console.services.coding_agent.turn import CallAsked, CallDone, Turn, TurnEnded, TurnOrder
from console.services.coding_agent.workplace import workplace
from console.services.config.settings import Profile
from console.services.gateway.client import Gateway
from console.services.relay.opening import rules_of
from console.services.run.briefing.briefing import AgentTask
from console.services.run.call_end import MadeCall, failure_of, recorded_of, with_exchange
from console.services.run.run_context import RunContext, RunInputs
from console.services.run.run_log import RunRefusedError
from console.services.run.step import StepHeldError
from console.services.system.confinement import find_isolation
from console.services.system.directories import Directories
from console.services.tokens.reference import Scheme

Report = Callable[..., Awaitable[Sequence[Entry]]]


class AgentGate:
    """Lets the run's agent write one draft."""

    def __init__(self, context: RunContext, inputs: RunInputs, state: Callable[[], RunState], report: Report) -> None:
        """Prepare.

        Args:
            context: What stepping needs of this process.
            inputs: Where the run works on this machine.
            state: The run, as it is now.
            report: Appends events to the run's ledger.

        """
        self._context = context
        self._inputs = inputs
        self._state = state
        self._report = report
        self._turn: Turn | None = None
        self.why_failed = ""
        """Our evidence of why the latest turn made no draft."""
        self.tail = ""
        """The end of what the agent wrote, safe to show."""

    def cut_off(self) -> None:
        """End the agent now, if one is at work."""
        if self._turn is not None:
            self._turn.cut_off()

    def find(self, route: Route) -> WritingAgent:
        """Return the run's agent as it is installed here. Raises `AgentError`."""
        writer = self._writer()
        return find_agent(writer.agent, self._inputs.writer_command, route, self._context.environment)

    async def work(
        self, task: AgentTask, route: Route, draft: str, gateway: Gateway, catalogue: Catalogue | None
    ) -> AsyncGenerator[Entry | RelayEvent, None]:
        """Let the agent write, and record what it does; yield each entry and each move of its calls.

        Args:
            task: What it is asked to do.
            route: The writer's route.
            draft: The draft to revise; empty for the first.
            gateway: The open client.
            catalogue: Where to look up prices.

        Raises:
            AgentError: The agent is not installed here.
            StepHeldError: It cannot be held as the policy requires, or has no place to work.
            RunRefusedError: The run's rules do not allow the turn.

        """
        agent = self.find(route)
        isolation = await self._isolation()
        created = self._state().created
        commit = "" if created is None else created.repository.commit
        root = Path(self._inputs.repository)
        try:
            async with workplace(root, commit, draft, environment=self._context.environment) as tree:
                order = self._order(agent, route, task, isolation)
                self._turn = Turn(order, tree)
                version = await self._turn.version(self._context.environment)
                for entry in await self._report(self._begun(task, order, version)):
                    yield entry
                calls = _Calls(task.turn_id, self._state, self._report, self._context)
                working = self._turn.work(gateway, self._context.reservations, catalogue, self._context.environment)
                async with aclosing(working) as events:
                    async for event in events:
                        if isinstance(event, CallAsked):
                            for entry in await calls.ask(event):
                                yield entry
                        elif isinstance(event, CallDone):
                            for entry in await calls.done(event):
                                yield entry
                            if calls.stopped_by is not None:
                                self._turn.cut_off()
                        elif isinstance(event, TurnEnded):
                            for entry in await self._end(task, event, calls):
                                yield entry
                        else:
                            if isinstance(event, RelayCallRefused):
                                calls.note_refusal(event)
                            yield event
        except ThrowawayError as error:
            raise StepHeldError(f"the agent has no place to work: {error.finding.message}") from None
        finally:
            self._turn = None

    def _writer(self) -> AgentWriter:
        writer = self._state().writer
        if writer is None:
            raise StepHeldError("no coding agent writes this run")
        return writer

    async def _isolation(self) -> Isolation:
        isolation = await find_isolation(self._context.environment)
        if isolation.files is FileGuard.NONE and self._context.profile.agent.isolation == "required":
            raise StepHeldError(
                "the policy requires that the agent is held (agent.isolation), and neither bubblewrap nor Landlock"
                " works here. Install bubblewrap, or set agent.isolation to ask"
            )
        return isolation

    def _order(self, agent: WritingAgent, route: Route, task: AgentTask, isolation: Isolation) -> TurnOrder:
        profile, writer = self._context.profile, self._writer()
        return TurnOrder(
            agent=agent,
            check=_check_of(profile, route),
            task=task.body,
            isolation=isolation,
            call_limit=writer.call_limit,
            time_limit_s=writer.time_limit_s,
            readable=tuple(Path(os.path.expanduser(each)) for each in profile.agent.readable),  # noqa: PTH111
            hidden=(Path(self._inputs.repository), *_private(self._context)),
            rules=rules_of(profile.relay),
            calls_at_once=profile.relay.calls_at_once,
        )

    def _begun(self, task: AgentTask, order: TurnOrder, version: str) -> AgentBegun:
        state, data = self._state(), task.body
        pinned = state.route(Role.WRITER)
        return AgentBegun(
            task.turn_id,
            Role.WRITER,
            Gate.WRITER,
            state.attempt,
            "" if pinned is None else pinned.fingerprint,
            order.agent.id,
            version,
            order.isolation,
            hashlib.sha256(data).hexdigest(),
            len(data),
            task.brief.content_sha256,
        )

    async def _end(self, task: AgentTask, ended: TurnEnded, calls: "_Calls") -> Sequence[Entry]:
        """Record how the agent ended, and store its changes as the draft if nothing speaks against it."""
        failure, stops, self.why_failed = _failure(ended, calls)
        self.tail = ended.tail
        event = AgentEnded(
            task.turn_id,
            Role.WRITER,
            ended.ending,
            ended.exit_code,
            ended.duration_ms,
            ended.output_bytes,
            calls.refused,
            failure,
            stops,
            None if failure is None else await keep_output(ended.tail, self._context.artifacts.put),
        )
        left = await calls.lose_open()
        if failure is not None or ended.patch is None:
            return await self._report(*left, event)
        text = ended.patch.decode()
        answer = msgspec.json.encode(
            {"instruction_source": ended.instruction_source, "artifact": text, "claims": []}
        ).decode()
        stored = [await self._keep(ArtifactRole.ANSWER, answer), await self._keep(ArtifactRole.DRAFT, text)]
        return await self._report(*left, event, *stored)

    async def _keep(self, role: ArtifactRole, text: str) -> ArtifactStored:
        data = text.encode()
        return ArtifactStored(role, self._state().attempt, await self._context.artifacts.put(data), len(data))


def _check_of(profile: Profile, route: Route) -> RouteCheck:
    """Return what is known offline of a route, under the role that it serves in the run: it may be the fallback's."""
    wanted = (route.model, route.endpoint_family, route.endpoint_path)
    for each in profile.check():
        if (each.route.model, each.route.endpoint_family, each.route.endpoint_path) == wanted:
            return replace(each, route=route)
    raise StepHeldError(f"the config's route for {route.role} has changed since the run began; begin another run")


def _private(context: RunContext) -> Iterator[Path]:
    """Yield what an agent must not see: the operator's home, the console's own files, and the files of its tokens."""
    own = Directories.of(context.environment)
    yield from (context.home, own.data, own.state)
    gateway = context.profile.gateway
    references = (*gateway.token_ref, gateway.vault_passphrase_ref)
    yield from (Path(each.name) for each in references if each is not None and each.scheme is Scheme.FILE)


def _failure(ended: TurnEnded, calls: "_Calls") -> tuple[Category | None, bool, str]:
    """Return why what an agent changed cannot be a draft, whether that stops the run, and our words for it."""
    if calls.stopped_by is not None:
        return calls.stopped_by, True, "the gateway refused one of the agent's calls"
    if calls.is_over_budget:
        return Category.BUDGET_EXCEEDED, True, calls.refusal_words
    if RefusedFor.SECRET in calls.refused_for:
        return Category.SECRET_IN_PROMPT, True, calls.refusal_words
    if calls.refused_for & {RefusedFor.BUDGET, RefusedFor.CALLS}:
        return Category.BUDGET_EXCEEDED, False, calls.refusal_words
    if ended.ending is AgentEnding.TIMED_OUT:
        return Category.TIMEOUT, False, ended.why
    if ended.patch is None:
        return Category.CONTRACT_VIOLATION, False, ended.why
    if ended.exit_code != 0:
        return Category.CONTRACT_VIOLATION, False, f"the agent ended with exit code {ended.exit_code}"
    if calls.is_swapped:
        return Category.CONTRACT_VIOLATION, False, "another model answered one of the agent's calls"
    try:
        ended.patch.decode()
    except UnicodeDecodeError:
        return Category.CONTRACT_VIOLATION, False, "the agent changed a file whose text is not UTF-8"
    return None, False, ""


class _Calls:
    """The calls of one turn, as the ledger has them."""

    def __init__(self, turn_id: str, state: Callable[[], RunState], report: Report, context: RunContext) -> None:
        self._turn_id = turn_id
        self._state = state
        self._report = report
        self._context = context
        self._ids: dict[int, str] = {}
        self.stopped_by: Category | None = None
        self.is_over_budget = False
        self.is_swapped = False
        self.refused = 0
        self.refused_for: set[RefusedFor] = set()
        self.refusal_words = ""

    async def ask(self, asked: CallAsked) -> Sequence[Entry]:
        """Record that a call is about to be made, and let it go; or refuse it."""
        call = asked.call
        if asked.answer.done():  # the agent has left
            return ()
        call_id = self._context.new_call_id()
        pinned = self._state().route(Role.WRITER)
        intended = CallIntended(
            call_id,
            Role.WRITER,
            Gate.WRITER,
            self._state().attempt,
            "" if pinned is None else pinned.fingerprint,
            call.body_sha256,
            call.body_size,
            0,
            call.cost.tokens,
            call.cost.microusd,
            turn_id=self._turn_id,
        )
        try:
            entries = await self._report(intended)
        except RunRefusedError as error:
            self.is_over_budget = error.refusal.code is RefusalCode.BUDGET
            if not asked.answer.done():
                reason = RefusedFor.BUDGET if self.is_over_budget else RefusedFor.CALLS
                asked.answer.set_result(RelayRefusal(reason, error.refusal.message))
            return ()
        if asked.answer.done():  # the agent left meanwhile, so nothing is sent
            return (*entries, *await self._report(_unsent(call_id)))
        self._ids[call.number] = call_id
        asked.answer.set_result(None)
        return entries

    async def done(self, done: CallDone) -> Sequence[Entry]:
        """Record how a call ended."""
        call_id = self._ids.pop(done.call.number, None)
        if call_id is None:
            return ()
        if done.is_cut:
            return await self._report(CallLost(call_id, Role.WRITER))
        made = MadeCall(call_id, Role.WRITER, done.call.price)
        failed = failure_of(made, done.result)
        if failed is None:
            return await self._report(recorded_of(made, done.result))
        self.is_swapped = self.is_swapped or done.result.is_swapped
        if failed.stops and self.stopped_by is None:
            self.stopped_by = failed.category
        return await self._report(await with_exchange(failed, done.result, self._context.artifacts))

    def note_refusal(self, refused: RelayCallRefused) -> None:
        """Note a call that the relay refused."""
        self.refused += 1
        self.refused_for.add(refused.reason)
        self.refusal_words = self.refusal_words or refused.message

    async def lose_open(self) -> Sequence[RunEvent]:
        """Return the ends of the calls that have none, so that the turn can end."""
        return [CallLost(call.call_id, call.role) for call in self._state().open_calls]


def _unsent(call_id: str) -> CallFailed:
    return CallFailed(
        call_id,
        Role.WRITER,
        Category.TIMEOUT,
        Blame.CLIENT,
        stops=False,
        requests_sent=0,
        http_status=None,
        request_id=None,
    )
