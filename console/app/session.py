"""The session: the one bridge between services and the screen. It folds events into the state and requests repaints."""

import asyncio
import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.money import Spent
from console.domain.probes.event import (
    BudgetSpent,
    CatalogueRead,
    GatewayClosed,
    GatewayFailed,
    GatewayOpened,
    RoutesChecked,
    RungFinished,
    SmokeFinished,
    SmokeQueued,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.shape import Shape
from console.services.config.own_config import why_not_editable
from console.services.config.settings import EMBEDDED, Profile
from console.services.gateway.reservations import Reservations
from console.services.system.clock import unix_ms
from console.view.config_view import ConfigUsed, ProfileAdopted
from console.view.console_state import ConsoleEvent, ConsoleState

if TYPE_CHECKING:
    from console.domain.run.state import RunState
    from console.services.gateway.client import Gateway
    from console.services.history.recorder import Keeps, Recording
    from console.services.open_gateway import EmbeddedGateway, Target
    from console.services.probes.smoke import SmokePlan

StartEmbedded = Callable[[], AbstractAsyncContextManager["EmbeddedGateway"]]
"""Starts the embedded gateway, if a profile uses it."""

_NETWORK = ("console.services.probes.ladder", "console.services.open_gateway", "console.simulator.embedded")
"""Loaded after the first paint, off the UI thread: importing the HTTP library takes longer than the screen itself."""

_HISTORY = ("console.services.history.recorder", "console.services.history.streaks")


def embedded_in_a_process() -> "AbstractAsyncContextManager[EmbeddedGateway]":
    """Start the embedded gateway in its own process."""
    from console.simulator.embedded import embedded_gateway

    return embedded_gateway()


def today_in_utc() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


class Session:
    """One profile in use. Its coroutines run as the app's named workers."""

    def __init__(
        self,
        profile: Profile,
        on_change: Callable[[], None],
        *,
        is_read_only: bool,
        start_embedded: StartEmbedded = embedded_in_a_process,
        today: Callable[[], date] = today_in_utc,
        environment: Mapping[str, str] = os.environ,
        tell: Callable[[str], None] = lambda words: None,
        when_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Start with the offline facts; nothing is opened or sent.

        Args:
            profile: A checked profile.
            on_change: Called after every folded event.
            is_read_only: Nothing that costs or changes anything is allowed.
            start_embedded: Starts the embedded gateway, if the profile uses it.
            today: Returns the date in UTC, for the models' retirement.
            environment: The environment variables, which say where the history is.
            tell: Tells the operator something that no pane shows.
            when_open: Called whenever a gateway was opened and all that calls need is loaded.

        """
        self.profile = profile
        self._environment = environment
        self.tell = tell
        """Tells the operator something that no pane shows."""
        self._when_open = when_open
        self._recording: Recording | None = None
        """What keeps the history; made after the first paint."""
        self.start_embedded = start_embedded
        self.state = ConsoleState(profile.name, is_read_only=is_read_only)
        self._on_change = on_change
        self.target: Target | None = None
        """The profile's gateway while it is open; runs use the same one."""
        self._gateway: Gateway | None = None
        self.reservations = Reservations(profile.budget())
        """The session's budget; runs share it."""
        self._spending = {(profile.source, profile.name): self.reservations}
        """The budget of each profile that was in use: what was spent stays spent when it is in use again."""
        self._today = today
        self._loading = asyncio.Lock()
        self._places = asyncio.Semaphore(profile.gateway.concurrency)
        self._under_way: set[asyncio.Task[object]] = set()
        self._users: set[asyncio.Task[object]] = set()
        """Whose work ends before the gateway is closed."""
        self.dispatch(config_used(profile))
        self.dispatch(RoutesChecked(profile.check(today(), os.environ)))

    def dispatch(self, event: ConsoleEvent) -> None:
        """Fold an event into the state and request a repaint: the only way to change what is drawn."""
        self.state = self.state.apply(event)
        if self._recording is not None:
            self._recording.see(event)
        self._on_change()

    def adopt(self, profile: Profile, *, is_other: bool) -> bool:
        """Use another profile, or the same one with other settings, while no call is in flight.

        What was spent stays spent. The gateway stays open; the caller opens it again if it is another one.

        Args:
            profile: The profile.
            is_other: Whether it is another one.

        Returns:
            Whether it has the gateway that is open.

        """
        before, self.profile = self.profile, profile
        is_same = not is_other and (before.gateway, before.must_be_bound) == (profile.gateway, profile.must_be_bound)
        known = self._spending.get((profile.source, profile.name))
        self.reservations = Reservations(profile.budget()) if known is None else known.under(profile.budget())
        self._spending[profile.source, profile.name] = self.reservations
        self._places = asyncio.Semaphore(profile.gateway.concurrency)
        checks = profile.check(self._today(), os.environ)
        self.dispatch(ProfileAdopted(profile.name, checks, is_same_gateway=is_same, is_other=is_other))
        if self._recording is not None:
            self._record_with(self._recording.recorder)
        self.dispatch(config_used(profile))
        if self.reservations.budget.spent != Spent():
            self.dispatch(BudgetSpent(self.reservations.budget))
        return is_same

    async def wait_closed(self) -> None:
        """Wait until everything that was started has ended, including the embedded gateway's process."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        if self._recording is not None:
            await asyncio.to_thread(self._recording.recorder.close)

    async def record(self) -> None:
        """Show the history all events from now on; call it after the first paint."""
        await self.load(_HISTORY)
        if self._recording is None:
            from console.services.history.file import HistoryFile
            from console.services.history.recorder import Recorder

            loop = asyncio.get_running_loop()
            tell = partial(_tell_from_thread, loop, self.tell)
            recorder: Keeps = Recorder(HistoryFile(self._environment), tell)
            if await asyncio.to_thread(self._has_store):
                from console.services.fleet.keeper import FleetKeeper, Recorders, this_looker

                recorder = Recorders(recorder, FleetKeeper(self._environment, this_looker(), tell))
            self._record_with(recorder)

    def _has_store(self) -> bool:
        """Return whether the operator's own config names a store; what is wrong with it, whoever opens it says."""
        from console.services.config.own_store import own_store

        try:
            return own_store(self._environment) is not None
        except Problem:
            return False

    def _record_with(self, recorder: "Keeps") -> None:
        """Show the history the events of the profile in use from now on."""
        from console.services.history.recorder import Recording

        is_kept = not self.profile.is_built_in and not self.state.is_read_only
        self._recording = Recording(recorder, self.profile.name, self.profile.policy.history_days if is_kept else 0)
        self._recording.see(RoutesChecked(tuple(route.check for route in self.state.routes)))
        if self.state.origin:
            self._recording.see(GatewayOpened(self.state.origin, self.state.is_embedded))

    def run_ended(self, state: "RunState") -> None:
        """Show the history a run that has ended."""
        if self._recording is not None:
            self._recording.run_ended(state)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Make the screen wait for the block's work when it is left."""
        with _holding(self._under_way):
            yield

    @contextlib.contextmanager
    def using_gateway(self) -> Iterator["Gateway | None"]:
        """Yield the open gateway, which is closed only after the block has ended; None if none is open.

        Closing the gateway cancels the block.
        """
        with _holding(self._users):
            yield self._gateway

    async def keep_open(self) -> None:
        """Open the profile's gateway and keep it open until cancelled."""
        with self.noted():
            await self._keep_open()

    async def load(self, names: Sequence[str]) -> None:
        """Import modules off the UI thread, one after the other: two threads could meet in a half-made module."""
        async with self._loading:
            for name in names:
                await asyncio.to_thread(importlib.import_module, name)

    async def _keep_open(self) -> None:
        await self.load(_NETWORK)
        await self.record()
        from console.services.open_gateway import open_target

        try:
            async with open_target(self.profile, self.start_embedded) as target:
                self._when_open()
                self.target, self._gateway = target, target.gateway
                self.dispatch(target.opened)
                self.dispatch(target.token)
                try:
                    await asyncio.Event().wait()
                finally:
                    self.target, self._gateway = None, None
                    for user in self._users:
                        user.cancel()
                    if self._users:
                        await asyncio.wait(self._users)
                    self.dispatch(GatewayClosed())
        except Problem as error:
            self.dispatch(GatewayFailed(str(error)))

    def token_command(self) -> list[str]:
        """Return the command that stores this profile's token; it contains no token."""
        command = [sys.executable, "-m", "console", "token", "set", "--profile", self.profile.name]
        return command if self.profile.is_built_in else [*command, "--config", self.profile.source]

    def queue(self, checks: Sequence[RouteCheck]) -> None:
        """Note at once that routes will be smoked, so that no key can start one twice before its work begins."""
        for each in checks:
            if each.verdict is not Verdict.DRIFT:
                self.dispatch(SmokeQueued(each.route.key))

    def settle(self) -> None:
        """End all smoke tests that were in progress when their work was cancelled: their outcome is unknown."""
        from console.services.probes.ladder import given_up
        from console.services.probes.smoke import interrupted

        for each in self.state.routes:
            if each.smoke.is_live:
                self.dispatch(SmokeFinished(interrupted(each.check.route, is_sent=each.smoke.is_sent)))
            if each.climbing is not None:
                self.dispatch(RungFinished(given_up(each.climbing)))

    async def smoke(self, checks: Sequence[RouteCheck], shape: Shape) -> None:
        """Smoke queued routes until they end."""
        from console.services.probes.smoke import smoke

        with self.noted():
            if self._gateway is None:
                self.settle()
                return
            begun_ms = unix_ms()
            async with aclosing(smoke(checks, self._plan(self._gateway), places=self._places, shape=shape)) as events:
                async for event in events:
                    self.dispatch(event)
            await self._read_streaks(checks, begun_ms)

    async def climb(self, checks: Sequence[RouteCheck], top: Rung) -> None:
        """Climb the probe ladder for routes until they end."""
        from console.services.probes.ladder import LadderPlan, climb
        from console.services.probes.last_catalogue import CatalogueMemory

        is_kept = not self.profile.is_built_in and not self.state.is_read_only
        memory = CatalogueMemory(self.profile.name, os.environ, is_kept=is_kept)
        with self.noted():
            if self._gateway is None:
                return
            plan, fault, begun_ms = self._plan(self._gateway), "", unix_ms()
            if top >= Rung.SHAPE:
                from console.services.run.own_rubric import role_order

                try:
                    plan = replace(plan, role=role_order(self.profile))
                except Problem as error:
                    top, fault = Rung.SMOKE, str(error)
            how = LadderPlan(
                top=top,
                plan=plan,
                connect_timeout_s=self.profile.gateway.connect_timeout_s,
                last_catalogue=memory.last(),
                is_read_only=self.state.is_read_only,
            )
            async with aclosing(climb(checks, how, places=self._places)) as events:
                async for event in events:
                    self.dispatch(event)
                    if isinstance(event, CatalogueRead):
                        memory.keep(event.catalogue)
            asked = {each.route.key for each in checks} if fault else set()
            for proven in self.state.proven:
                if proven.key in asked and proven.reached is Rung.SMOKE:
                    stopped = RungResult(proven.key, Rung.SHAPE, RungStatus.BLOCKED, notes=(fault,))
                    self.dispatch(RungFinished(stopped))
            await self._read_streaks(checks, begun_ms)

    async def _read_streaks(self, checks: Sequence[RouteCheck], begun_ms: int) -> None:
        """Say since when routes are red that were just tried; what is known of the others stays."""
        if self._recording is None or self.profile.is_built_in:
            return
        from console.domain.history.noting import red_routes
        from console.services.history.streaks import read_streaks
        from console.view.history.history_view import StreaksRead

        tried = {check.route.key for check in checks}
        origin = EMBEDDED if self.profile.is_embedded else self.state.origin
        red = red_routes(self.profile.name, origin, (each for each in self.state.proven if each.key in tried))
        found = await asyncio.to_thread(read_streaks, self._environment, red, begun_ms) if origin else {}
        known = {} if self.state.history is None else self.state.history.streaks
        if found or known:
            self.dispatch(StreaksRead({key: known[key] for key in known if key not in tried} | found))

    def _plan(self, gateway: "Gateway") -> "SmokePlan":
        from console.services.probes.smoke import SmokePlan

        catalogue = None if self.state.catalogue is None else self.state.catalogue.catalogue
        proven = frozenset(route.key for route in self.state.proven if route.is_key_proven)
        return SmokePlan(gateway, self.reservations, self.profile.gateway.smoke_max_output_tokens, catalogue, proven)


def config_used(profile: Profile) -> ConfigUsed:
    """Return what the screen says of the config that a profile comes from."""
    return ConfigUsed(
        profile.source,
        is_built_in=profile.is_built_in,
        is_of_repository=profile.is_of_repository,
        has_own_facts=profile.facts is not None,
        why_not_editable=why_not_editable(None if profile.is_built_in else Path(profile.source)) or "",
    )


def _tell_from_thread(loop: asyncio.AbstractEventLoop, tell: Callable[[str], None], words: str) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the screen is gone
        loop.call_soon_threadsafe(tell, words)


@contextlib.contextmanager
def _holding(tasks: set[asyncio.Task[object]]) -> Iterator[None]:
    """Keep the current task in a set while the block runs."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a session's work runs in a task")
    tasks.add(task)
    try:
        yield
    finally:
        tasks.discard(task)
