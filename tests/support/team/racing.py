"""Operators who decide the same gate at once, each over two sessions of a database: one appends, one is told."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql
from support.run.story import POLICY, TYPED, Story, signature_by
from support.team.stores import Store

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.line import NewLine
from console.domain.ledger.signature import signer_of
from console.domain.ledger.ulid import new_run_id
from console.domain.run.command import operator_verdict
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunState
from console.domain.tokens.secret import Secret
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.ledger import ConflictError
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import CHANNEL, PostgresLedger
from console.services.run.run_log import RunLog, summary_of
from console.services.system.clock import unix_ms


@dataclass
class Deciding:
    """An operator at a console of their own."""

    actor: Actor
    ledger: PostgresLedger
    database: Database
    clock: Callable[[], float]
    told: dict[str, float] = field(default_factory=dict)
    """When the database told of each run's newest line, by the run's id."""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, ready: asyncio.Event) -> None:
        """Take what the second session is told."""
        async for run_id in self.database.listen(CHANNEL):
            if run_id:
                self.told[run_id] = self.clock()
            self.came.set()
            ready.set()


@dataclass(frozen=True)
class Race:
    """How one race ended."""

    winners: tuple[str, ...]
    refusals: tuple[ConflictError, ...]
    refused_ms: tuple[float, ...]
    """From the commit that was acknowledged to each other operator's refusal; negative where that was faster."""
    told_ms: tuple[float, ...]
    """The same to what each operator's second session was told."""
    in_all_ms: tuple[float, ...]
    """From the common start to the later of the two, for each other operator: the most that it can have been."""


@asynccontextmanager
async def operators_at(
    store: Store, names: Sequence[str], beside: Path, clock: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[list[Deciding]]:
    """Open a console for each operator: registered, with a database user and two sessions of their own.

    The clock, in seconds, is a script's: a test has none.
    """
    with store.session() as administrator:
        for name in names:
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE gateway_console_operator")
            user = sql.Identifier(store.user(name))
            administrator.execute(made.format(user, sql.Literal(f"password-{name}")))
    store.register(*names)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        opened, tasks = [], []
        for name in names:
            url = Secret(store.postgres.server.url(store.postgres.name, store.user(name), f"password-{name}"))
            database = await stack.enter_async_context(await Database.open(url))
            ledger = await PostgresLedger.open(database, beside=beside)
            actor = Actor(ActorKind.OPERATOR, name, signer_of(signature_by(name)), "0" * 12)
            each, ready = Deciding(actor, ledger, database, clock), asyncio.Event()
            tasks.append(group.create_task(each.listen(ready)))
            await ready.wait()
            opened.append(each)
        try:
            yield opened
        finally:
            for task in tasks:
                task.cancel()


async def race(operators: Sequence[Deciding]) -> Race:
    """Let all decide the same gate of a new run at once; times are by the clock that they were given, in seconds."""
    clock = operators[0].clock
    run_id = await _begin(operators[0])
    logs = [await RunLog.open(each.ledger, run_id) for each in operators]
    for each in operators:
        each.told.pop(run_id, None)
    start = asyncio.Event()
    begun = 0.0

    async def decide(each: Deciding, log: RunLog) -> tuple[ConflictError | None, float]:
        await start.wait()
        try:
            await log.command(each.actor, operator_verdict(log.state, Gate.REVIEWER, GateVerdict.READY, TYPED))
        except ConflictError as error:
            return error, clock()
        return None, clock()

    tasks = [asyncio.create_task(decide(each, log)) for each, log in zip(operators, logs, strict=True)]
    await asyncio.sleep(0)
    begun = clock()
    start.set()
    ends = await asyncio.gather(*tasks)
    for each in operators:
        while run_id not in each.told:
            each.came.clear()
            await each.came.wait()
    won = [at for error, at in ends if error is None]
    committed = min(won, default=begun)
    lost = [(each, error, at) for each, (error, at) in zip(operators, ends, strict=True) if error is not None]
    return Race(
        tuple(each.actor.id for each, (error, _) in zip(operators, ends, strict=True) if error is None),
        tuple(error for _, error, _ in lost),
        tuple((at - committed) * 1000 for _, _, at in lost),
        tuple((each.told[run_id] - committed) * 1000 for each, _, _ in lost),
        tuple((max(at, each.told[run_id]) - begun) * 1000 for each, _, at in lost),
    )


async def _begin(by: Deciding) -> str:
    """Store a run that waits at the reviewer's gate; return its id."""
    run_id = new_run_id(unix_ms, os.urandom)
    story = Story(POLICY, by.actor, state=RunState(run_id)).reaches(Gate.REVIEWER)
    story.opens()
    head = ""
    for entry in story.entries:
        event = entry.event
        gate = getattr(event, "gate", Gate.INSTRUCTION)
        new = NewLine(
            kind_of(event),
            gate.value,
            getattr(event, "attempt", 1),
            encode_event(event),
            getattr(event, "call_id", None),
        )
        actor = by.actor if entry.actor.kind is ActorKind.OPERATOR else entry.actor
        summary = summary_of(story.state)
        if not head:
            lines = await by.ledger.create(run_id, [new], actor=actor, summary=summary)
        else:
            lines = await by.ledger.append(run_id, [new], expected_head=head, actor=actor, summary=summary)
        head = lines[-1].sha256
    return run_id
