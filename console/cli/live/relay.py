"""A relay on the command line: it shows each agent's settings, then each call as it ends."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import PurePath

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.gateway import opened_for_calls, opened_gateway
from console.cli.recording import live_recording
from console.domain.probes.agent_id import AGENT_IDS
from console.domain.probes.catalogue import Catalogue
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_choice import choose
from console.domain.relay.agent_settings import AgentSettings, Place, agent_settings
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallRefused, RelayEvent
from console.domain.routes.contract import RouteCheck
from console.services.config.settings import Profile
from console.services.facts.captured import known_agent
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.history.recorder import Recording
from console.services.probes.catalogue_reader import read_catalogue
from console.services.relay.agent_home import PreparedAgent, agent_home, is_open_to_children, without_tokens
from console.services.relay.client import RelayClient
from console.services.relay.opening import OpenRelay, open_relay, rules_of
from console.services.system.hardening import operators_umask
from console.view.relay.setting_lines import not_spoken_words, setting_lines
from console.view.relay.words import call_words, refusal_words

_SIGNALLED = 128
"""A shell's exit code for a command that a signal ended is this and the signal's number."""
_NOT_STARTED = 126
_NOT_FOUND = 127
"""A shell's exit codes for a command that it cannot run, and for one that is not there."""


@dataclass(frozen=True, slots=True)
class RelayOrder:
    """What to relay, from the command line."""

    checks: tuple[RouteCheck, ...]
    """The routes that the agents may use."""
    agents: tuple[AgentSettings, ...] = ()
    port: int = 0
    call_limit: int | None = None
    as_json: bool = False


class _Log:
    """Writes a line for each call as it ends, and shows it to the history."""

    def __init__(self, recording: Recording, *, is_data: bool) -> None:
        self._recording = recording
        self._write = output.write_line if is_data else output.note

    def tell(self, event: RelayEvent) -> None:
        """Write what there is to say of an event."""
        self._recording.see(event)
        match event:
            case RelayCallEnded():
                for words in call_words(event):
                    self._write(words)
            case RelayCallRefused():
                self._write(refusal_words(event))
            case RelayCallBegun() | _:
                return


async def serve(profile: Profile, order: RelayOrder) -> ExitCode:
    """Relay until a signal arrives."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        origin, gateway = await stack.enter_async_context(opened_gateway(profile))
        log = _Log(live_recording(profile, order.checks, origin), is_data=not order.as_json)
        clients = [_client(profile, agent, order) for agent in order.agents or (agent_settings()["sdk"],)]
        opened = await stack.enter_async_context(await _open(profile, order, gateway, clients, log))
        _show(opened, order, origin)
        await stop.wait()
    return ExitCode.OK


async def execute(profile: Profile, order: RelayOrder, command: Sequence[str]) -> int:
    """Run a command with an agent's settings, in an environment without tokens; return its exit code."""
    agent = _agent_of(order, command)
    chosen = choose(agent, RouteDesk(order.checks))
    if chosen is None:
        raise Problem(not_spoken_words(agent, (check.route for check in order.checks)), ProblemKind.USAGE)
    name = _name(command)
    signals = _Signals()
    try:
        async with AsyncExitStack() as stack:
            target, gateway = await stack.enter_async_context(opened_for_calls(profile))
            cleaned = without_tokens(current().environment, profile.policy.withheld_tokens)  # the token is known by now
            if cleaned.removed:
                output.note(f"not passed on to {name}: {', '.join(cleaned.removed)}")
            if is_open_to_children(target.token.reference, profile.gateway.vault_passphrase_ref):
                output.note(
                    f"{name} runs as you, so it can read the gateway's token in {target.token.reference}, as you can."
                    " Take prompt: or the vault if it must not"
                )
            client = _client(profile, agent, order)
            log = _Log(live_recording(profile, order.checks, target.opened.origin), is_data=False)
            opened = await stack.enter_async_context(await _open(profile, order, gateway, [client], log))
            place = Place(opened.origin, client.key, chosen.model)
            prepared = await stack.enter_async_context(agent_home(chosen.settings, place))
            code = await _run(command, dict(cleaned.kept), prepared, signals)
    except asyncio.CancelledError:
        if signals.ended_by is None:
            raise
        return _SIGNALLED + signals.ended_by
    _tell_of_rest(prepared, name)
    return code


def _tell_of_rest(prepared: PreparedAgent, name: str) -> None:
    if os.path.lexists(prepared.home):
        output.note(f"{prepared.home} could not be removed: {name} put something in its way. Remove it")


def _name(command: Sequence[str]) -> str:
    return PurePath(command[0]).name or command[0]


class _Signals:
    """What ends the console: it ends the preparation, and once the command runs it is for the command."""

    def __init__(self) -> None:
        """Take the signals from now on. Call it in the task that prepares."""
        self.ended_by: int | None = None
        """The signal that ended the preparation."""
        self._child: asyncio.subprocess.Process | None = None
        task = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._take, number, task)

    def belong_to(self, child: asyncio.subprocess.Process) -> None:
        """Pass what comes from now on to a command."""
        self._child = child

    def _take(self, number: int, task: "asyncio.Task[object] | None") -> None:
        if self._child is None and task is not None:
            self.ended_by = number
            task.cancel()
        elif self._child is not None and self._child.returncode is None:
            self._child.send_signal(number)


async def _run(command: Sequence[str], environment: dict[str, str], prepared: PreparedAgent, signals: _Signals) -> int:
    """Run a command on this terminal. What interrupts it is for the command alone."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    try:
        child = await asyncio.create_subprocess_exec(
            *command, env=environment | dict(prepared.variables), umask=operators_umask()
        )
    except OSError as error:
        output.complain(f"cannot run {_name(command)}: {os.strerror(error.errno or 0)}")
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_STARTED
    signals.belong_to(child)
    code = await child.wait()
    return _SIGNALLED - code if code < 0 else code


async def _open(
    profile: Profile, order: RelayOrder, gateway: Gateway, clients: Sequence[RelayClient], log: _Log
) -> AbstractAsyncContextManager[OpenRelay]:
    catalogue = await _catalogue(gateway, order.checks)
    return open_relay(
        gateway,
        clients,
        Reservations(profile.budget()),
        log.tell,
        rules=rules_of(profile.relay),
        catalogue=catalogue,
        port=order.port,
    )


async def _catalogue(gateway: Gateway, checks: Sequence[RouteCheck]) -> Catalogue:
    return (await read_catalogue(gateway, [check.route for check in checks])).catalogue


def _client(profile: Profile, agent: AgentSettings, order: RelayOrder) -> RelayClient:
    name = agent.id.replace("_", "-")
    return RelayClient(
        agent.id,
        RouteDesk(order.checks),
        call_limit=order.call_limit,
        in_flight_limit=profile.relay.calls_at_once,
        agent=known_agent(name, current().environment).agent if name in AGENT_IDS else None,
    )


def _agent_of(order: RelayOrder, command: Sequence[str]) -> AgentSettings:
    """Return the agent that a command is: the one that was named, or the one whose program it is."""
    if order.agents:
        return order.agents[0]
    name = PurePath(command[0]).name
    known = agent_settings()
    return next((each for each in known.values() if each.program == name), known["sdk"])


def _show(opened: OpenRelay, order: RelayOrder, gateway_origin: str) -> None:
    """Write where the relay listens, and each agent's settings."""
    if order.as_json:
        from console.cli.reports.documents.relay import RelayClientDocument, RelayDocument

        desk = RouteDesk(order.checks)
        agents = order.agents or (None,)
        clients = tuple(
            RelayClientDocument.of(
                client.name, client.key, opened.origin, None if agent is None else choose(agent, desk)
            )
            for client, agent in zip(opened.clients, agents, strict=True)
        )
        output.write_document(RelayDocument(base_url=opened.origin, gateway_origin=gateway_origin, clients=clients))
        return
    output.note(f"relaying {opened.origin} to {gateway_origin}; ctrl+c ends it. The keys below open this relay alone")
    for agent, client in zip(order.agents, opened.clients, strict=False):
        chosen = choose(agent, RouteDesk(order.checks))
        if chosen is None:
            output.note(not_spoken_words(agent, (check.route for check in order.checks)))
            continue
        for words in setting_lines(chosen, Place(opened.origin, client.key, chosen.model, home="~")):
            output.write_line(words)
    if not order.agents:
        output.write_line(f"base URL  {opened.origin}/v1")
        output.write_line(f"key       {opened.clients[0].key}")
        output.note("settings of an agent: --for codex, claude, copilot, opencode, aider, continue or sdk")
