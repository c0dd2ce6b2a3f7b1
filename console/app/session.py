"""The session: the one bridge between services and the screen. It folds events into the state and asks for repaints."""

import asyncio
import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from console.domain.contract import RouteCheck, check
from console.domain.event import Event, GatewayClosed, GatewayFailed, RoutesChecked, SmokeFinished
from console.domain.run import RunState, SmokePhase, apply
from console.services.settings import Profile

if TYPE_CHECKING:
    from console.services.probe.gateway import Gateway

_NETWORK = ("console.services.probe.smoke", "console.services.target", "console.simulator.embedded")
"""What is loaded after the first paint, off the UI thread: the HTTP library takes longer than the screen itself."""


class Session:
    """One profile being worked with. Its coroutines run as the app's named workers."""

    def __init__(self, profile: Profile, on_change: Callable[[], None], *, is_read_only: bool) -> None:
        """Begin with the offline facts; nothing is opened or sent.

        Args:
            profile: A checked profile.
            on_change: Called after every event that was folded.
            is_read_only: Nothing that costs or changes anything may be done.

        """
        self.profile = profile
        self.state = RunState(profile.name, is_read_only=is_read_only)
        self._on_change = on_change
        self._gateway: Gateway | None = None
        self._under_way: set[asyncio.Task[object]] = set()
        self._fold(RoutesChecked(check(profile.table)))

    async def wait_closed(self) -> None:
        """Wait until all that was begun has ended, the embedded gateway's process among it."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a session's work runs in a task")
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    async def keep_open(self) -> None:
        """Open the profile's gateway and keep it open until cancelled."""
        with self._noted():
            await self._keep_open()

    async def _keep_open(self) -> None:
        for name in _NETWORK:
            await asyncio.to_thread(importlib.import_module, name)
        from console.services.target import TargetError, open_target
        from console.simulator.embedded import SimulatorError, embedded_gateway

        try:
            async with open_target(self.profile, embedded_gateway) as target:
                self._gateway = target.gateway
                self._fold(target.opened)
                self._fold(target.token)
                try:
                    await asyncio.Event().wait()
                finally:
                    self._gateway = None
                    self._fold(GatewayClosed())
        except (TargetError, SimulatorError) as error:
            self._fold(GatewayFailed(str(error)))

    async def smoke(self, checks: Sequence[RouteCheck]) -> None:
        """Smoke routes until they end; where this is cancelled, those under way end with an unknown outcome."""
        with self._noted():
            await self._smoke(checks)

    async def _smoke(self, checks: Sequence[RouteCheck]) -> None:
        if self._gateway is None:
            return
        from console.services.probe.smoke import interrupted, smoke

        settings = self.profile.gateway
        events = smoke(
            checks,
            self._gateway,
            concurrency=settings.concurrency,
            max_output_tokens=settings.smoke_max_output_tokens,
        )
        try:
            async with aclosing(events):
                async for event in events:
                    self._fold(event)
        finally:
            for each in checks:
                smoked = self.state.smoke(each.route.role)
                if smoked.is_live:
                    is_sent = smoked.phase is not SmokePhase.CONNECTING
                    self._fold(SmokeFinished(interrupted(each.route, is_sent=is_sent)))

    def _fold(self, event: Event) -> None:
        self.state = apply(self.state, event)
        self._on_change()
