"""The bridge between the screen and runs: what it reads of the ledger, and what it asks of an operator with a key."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.ledger.ledgers import behind
from support.run.desks import Office, say, step
from support.run.gateway import run_gateway
from support.run.signing_keys import four_eyes, list_signers, make_key
from support.trust_store import empty_trust_store

from console.app.runs.bridge import RunBridge
from console.app.runs.disabled_reason import why_no_ready
from console.app.session import Session
from console.domain.ledger.line import Line
from console.domain.run.command import operator_verdict
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunState
from console.services.config.settings import Profile
from console.services.ledger.ledger import Ledger
from console.services.run.opening import open_context, operator_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog


class CountingLedger:
    """A ledger that counts who reads the lines of a run, and tells when the poll has looked again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.asked: Counter[str] = Counter()
        self.polled = asyncio.Event()
        self.before_news: Callable[[], None] = lambda: None
        """Called when the poll has found something, before it says so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def read(self, run_id: str) -> tuple[Line, ...]:
        self.asked["read"] += 1
        return await self._ledger.read(run_id)

    async def changes(self, *, interval_s: float) -> AsyncIterator[frozenset[str]]:
        async with contextlib.aclosing(self._ledger.changes(interval_s=0)) as changes:  # type: ignore[type-var]
            async for changed in changes:
                self.before_news()
                yield changed
                self.polled.set()


class Sitting:
    """A session and its bridge, without a screen."""

    def __init__(self, office: Office) -> None:
        self.changed = asyncio.Event()
        self.ledger: CountingLedger | None = None
        self._office = office
        self.session = Session(office.profile(), self.changed.set, is_read_only=False)
        self.bridge = RunBridge(self.session, office.environment, open_runs=self._open)

    @property
    def run(self) -> RunState | None:
        return self.bridge.seen_state

    @property
    def failure(self) -> str:
        """Why runs are not followed any more."""
        view = self.session.state.run
        return "" if view is None else view.failure

    @property
    def reads(self) -> int:
        assert self.ledger is not None
        return self.ledger.asked["read"]

    async def until_seen(self) -> None:
        await self.until(lambda: self.run is not None)

    async def until(self, is_reached: Callable[[], bool]) -> None:
        while not is_reached():
            self.changed.clear()
            await self.changed.wait()

    @contextlib.asynccontextmanager
    async def _open(self, profile: Profile, opens: Any, **how: Any) -> AsyncIterator[RunContext]:
        async with open_context(profile, opens, home=self._office.home, **how) as context:
            self.ledger = CountingLedger(context.ledger)
            yield replace(context, ledger=self.ledger)  # type: ignore[arg-type]  # all but two go on to the real one


@contextlib.asynccontextmanager
async def sitting(office: Office) -> AsyncIterator[Sitting]:
    """Follow the runs of an office."""
    here = Sitting(office)
    following = asyncio.create_task(here.bridge.runs.keep_open())
    try:
        seen = asyncio.create_task(here.until_seen())
        await asyncio.wait((seen, following), return_when=asyncio.FIRST_COMPLETED)
        assert seen.done(), following.result()
        yield here
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    with empty_trust_store(tmp_path):
        async with run_gateway() as gateway:
            office = Office(tmp_path, gateway.base_url, gateway.token)
            office.furnish()
            yield office


def operating(office: Office) -> AbstractAsyncContextManager[RunContext]:
    return office.desk(operator_of(office.profile()))


async def test_a_decision_of_ones_own_is_not_read_again(office: Office) -> None:
    async with operating(office) as desk:
        log = await office.begin(desk)
        await step(desk, log)
    async with sitting(office) as here:
        run = here.run
        assert run is not None
        assert run.phase is Phase.WAITING
        before = here.reads
        assert before == 1
        verdict = operator_verdict(run, run.gate, GateVerdict.READY, "as computed")
        assert here.ledger is not None
        here.ledger.polled.clear()
        assert await here.bridge.command(verdict) == ""
        assert here.run is not None
        assert here.run.gate is Gate.PREFLIGHT
        assert here.session.state.run is not None
        assert "instruction source: ready by" in here.session.state.run.words[-1]
        await here.ledger.polled.wait()
        assert here.reads == before


async def test_a_decision_of_another_operator_is_read_and_ones_own_is_refused(office: Office) -> None:
    async with operating(office) as desk:
        log = await office.begin(desk)
        await step(desk, log)
    async with sitting(office) as here:
        run = here.run
        assert run is not None
        async with operating(office) as desk:
            other = await RunLog.open(desk.ledger, run.run_id)
            await say(desk, other)
        assert "does not wait" in await here.bridge.command(operator_verdict(run, run.gate, GateVerdict.BLOCK, "x" * 9))
        assert here.run is not None
        assert here.run.head == other.state.head


async def test_a_run_whose_lines_go_while_it_is_followed_does_not_end_the_following_of_others(office: Office) -> None:
    async with operating(office) as desk:
        log = await office.begin(desk)
        await step(desk, log)
        async with sitting(office) as here:
            assert here.ledger is not None
            assert here.run is not None
            assert here.run.run_id == log.state.run_id

            def delete() -> None:
                with behind(office.state_directory) as connection:
                    for table in ("line", "run"):
                        connection.execute(
                            f"DELETE FROM {table} WHERE run_id = ?", (log.state.run_id,)
                        )  # our own names

            here.ledger.before_news = delete
            await say(desk, log)
            await here.until(lambda: here.run is None or here.failure != "")
            assert here.failure == ""
            other = await office.begin(desk)
            await here.until(lambda: here.run is not None)
            assert here.run.run_id == other.state.run_id


async def test_an_operator_with_a_key_may_decide_on_the_screen_where_two_are_wanted(
    office: Office, tmp_path: Path
) -> None:
    place = tmp_path / "keys"
    place.mkdir()
    ann = make_key(place, "ann")
    office.configure(policy=four_eyes(ann, list_signers(place, ann)))
    async with operating(office) as desk:
        await step(desk, await office.begin(desk))
    async with sitting(office) as here:
        run = here.run
        assert run is not None
        assert why_no_ready(here.session.state, 0) is None
        assert await here.bridge.command(operator_verdict(run, run.gate, GateVerdict.READY, "")) == ""
        assert here.run is not None
        (decision,) = here.run.decisions
        assert decision.signed is not None
