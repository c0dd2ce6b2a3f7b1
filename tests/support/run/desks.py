"""A desk on an embedded gateway of the test's own: a repository, a profile, and runs that walk through gates."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli_w
from support.config import config_table, route
from support.git.repositories import Repository
from support.ledger.ledgers import new_id

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.finding import Finding
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.run.command import ReportEvent, operator_verdict
from console.domain.run.gate import GateVerdict
from console.domain.run.state import Phase, RunState
from console.domain.tokens.secret import Secret
from console.services.config.load import load_profile
from console.services.config.settings import EMBEDDED, Profile
from console.services.ledger.codec import entry_of
from console.services.open_gateway import Target, open_target
from console.services.run.beginning import Order, begin_run
from console.services.run.deciding import command
from console.services.run.opening import open_context
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, begin
from console.services.run.session import step_all, stepping
from console.services.run.step import GateNoted, StepEvent
from console.services.system.clock import boot_ms, unix_ms
from console.simulator.embedded import Embedded

TASK = "Write a short note on the gateway, for people who are new here."
ANN = Actor(ActorKind.OPERATOR, "ann", host="0" * 12)
REASON = "looked at it, as agreed"
FILES = {"AGENTS.md": b"# Rules\n\nKeep every note short.\n", "docs/start.md": b"# Start here\n"}
PATCH = b"""diff --git a/docs/start.md b/docs/start.md
--- a/docs/start.md
+++ b/docs/start.md
@@ -1 +1,4 @@
 # Start here
+
+The gateway answers each role through the endpoint family of its route, and the console shows which one that is.
+Ask the team that runs it for a key before the first call, and keep the key out of every file of this repository.
"""
"""A change of `FILES`."""
_FAMILIES = {"gpt": "responses", "claude": "anthropic_messages", "chat": "chat_completions", "team": "responses"}
ROUTES = {
    "planner": "gpt-route-placeholder",
    "writer": "gpt-route-placeholder",
    "revision": "gpt-route-placeholder",
    "reviewer": "gpt-review-route-placeholder",
    "critic": "claude-critic-route-placeholder",
    "fallback": "chat-compatible-route-placeholder",
}


def config_text(
    *,
    base_url: str = EMBEDDED,
    token_ref: str = EMBEDDED,
    policy: str = "",
    instructions: str = "",
    agent: str = "",
    **models: str,
) -> str:
    """Return a config of one profile.

    Args:
        base_url: Of the gateway.
        token_ref: Where its token is.
        policy: TOML.
        instructions: TOML.
        agent: TOML.
        models: Models of roles, `MODEL@FAMILY` where its name does not say the family, "" for no route.

    """
    routes = {}
    for role, served in (ROUTES | models).items():
        if served:
            model, _, family = served.partition("@")
            routes[role] = route(model, family or _FAMILIES[model.partition("-")[0]])
    gateway = {"base_url": base_url, "token_ref": [token_ref]}
    return tomli_w.dumps(config_table(gateway, routes, policy=policy, instructions=instructions, agent=agent))


@dataclass
class Walked:
    """What a walk through a run's gates showed."""

    log: RunLog
    news: list[StepEvent] = field(default_factory=list)

    @property
    def state(self) -> RunState:
        return self.log.state

    @property
    def findings(self) -> list[Finding]:
        """All findings in words, of all gates."""
        return [each for news in self.news if isinstance(news, GateNoted) for each in news.findings]

    def ids_at(self, gate: str) -> set[str]:
        """Return the ids of a gate's findings, in the newest attempt at it."""
        (*_, opened) = [each for each in self.state.openings if each.gate == gate]
        return {each.id for each in opened.findings}


@dataclass
class Office:
    """A place to run in: a repository, a state directory, a config file and the address of a gateway."""

    directory: Path
    base_url: str
    token: str
    state: str = "state"
    """The name of the directory in which runs are kept."""
    now_ms: Callable[[], int] = unix_ms
    boot_ms: Callable[[], int] = boot_ms

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def repository(self) -> Path:
        return self.directory / "repository"

    @property
    def config(self) -> Path:
        return self.directory / "config.toml"

    @property
    def state_directory(self) -> Path:
        return self.directory / self.state / "gateway-console"

    @property
    def environment(self) -> dict[str, str]:
        state_home = str(self.directory / self.state)
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_STATE_HOME": state_home}

    def furnish(self, **config: str) -> Repository:
        """Make the repository, the home and the config."""
        self.home.mkdir()
        self.configure(**config)
        return Repository(self.repository, FILES)

    def configure(self, **config: str) -> None:
        """Write the config; see `config_text`."""
        self.config.write_text(config_text(**config))

    def profile(self) -> Profile:
        return load_profile(self.config, why_no_programs=None)  # the operator's own

    @contextlib.asynccontextmanager
    async def embedded(self) -> AsyncIterator[Embedded]:
        """Stand in for the embedded gateway that the faces start."""
        yield Embedded(self.base_url, Secret(self.token))

    def open_target(self) -> AbstractAsyncContextManager[Target]:
        return open_target(self.profile(), self.embedded, environment=self.environment)

    @contextlib.asynccontextmanager
    async def desk(self, operator: Actor = ANN) -> AsyncIterator[RunContext]:
        """Sit down at the desk, as a process does that starts now."""
        async with open_context(
            self.profile(),
            self.open_target,
            environment=self.environment,
            home=self.home,
            now_ms=self.now_ms,
            boot_clock=self.boot_ms,
        ) as desk:
            yield replace(desk, operator=operator)

    async def begin(
        self, desk: RunContext, task: str = TASK, kind: ArtifactKind = ArtifactKind.PATCH, run_id: str = "", **more: Any
    ) -> RunLog:
        order = Order(task.encode(), kind, self.repository, **more)
        log, _ = await begin_run(desk, order, run_id or new_id(), EMBEDDED)
        return log

    async def run(self, task: str = TASK, kind: ArtifactKind = ArtifactKind.PATCH, **more: Any) -> Walked:
        """Begin a run and go on by the machine's verdicts, until it is over or needs a person."""
        async with self.desk() as desk:
            return await go_on(desk, await self.begin(desk, task, kind, **more))


async def begin_alike(desk: RunContext, log: RunLog) -> RunLog:
    """Begin a further run to which the same has happened; no git and no gateway is asked again."""
    created, stored, *later = [entry_of(line).event for line in await desk.ledger.read(log.state.run_id)]
    alike = await begin(desk.ledger, new_id(), desk.operator, [created, stored], unix_ms())
    await alike.command(desk.machine, *map(ReportEvent, later))
    return alike


async def go_on(desk: RunContext, log: RunLog) -> Walked:
    """Take the machine's verdicts, until the run is over or needs a person."""
    walked = Walked(log)
    async with stepping(desk, log) as stepper, contextlib.aclosing(step_all(desk, log, stepper)) as news:
        async for each in news:
            walked.news.append(each)
    return walked


async def step(desk: RunContext, log: RunLog) -> Walked:
    """Make one step."""
    walked = Walked(log)
    async with stepping(desk, log) as stepper, contextlib.aclosing(stepper.step()) as news:
        async for each in news:
            walked.news.append(each)
    return walked


async def say(desk: RunContext, log: RunLog, verdict: GateVerdict | None = None, reason: str = REASON) -> None:
    """Decide what waits; by default, what our code computed."""
    assert log.state.opened is not None
    await command(desk, log, operator_verdict(log.state, log.state.gate, verdict or log.state.opened.verdict, reason))


async def walk_to(desk: RunContext, log: RunLog, gate: str, phase: Phase = Phase.DUE, attempt: int = 1) -> None:
    """Step and decide as computed, until the run stands at a gate."""
    while (log.state.gate, log.state.phase, log.state.attempt) != (gate, phase, attempt):
        assert not log.state.is_over, f"the run was {log.state.status} before it stood at {gate}, {phase}"
        if log.state.phase is Phase.WAITING:
            await say(desk, log)
        else:
            await step(desk, log)
