"""The bridge for the fleet: the one place that connects its services and the screen."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.session import Session
from console.domain.problem import Problem, ProblemKind
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    from console.domain.fleet.row import KnownProfile
    from console.services.config.precedence import Request
    from console.services.fleet.source import StateSource

_READING = ("console.services.fleet.reading", "console.services.fleet.source", "console.view.fleet.fleet_view")
_AGAIN_S = 5.0
"""How long to wait before a store that could not be opened is tried again."""


class FleetBridge:
    """The fleet, in one session. Its coroutine runs as the app's named worker."""

    def __init__(
        self,
        session: Session,
        request: "Request | None",
        environment: Mapping[str, str] = os.environ,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """Start without having read anything.

        Args:
            session: The session in which it is shown.
            request: What named the config; None means that only the profile's own file is known.
            environment: The environment variables.
            now_ms: Returns the Unix time in ms.

        """
        self._session = session
        self._request = request
        self._environment = environment
        self._now_ms = now_ms

    async def follow(self) -> None:
        """Read the fleet, and again whenever its states change, until cancelled."""
        with self._session.noted():
            await self._session.load(_READING)
            from console.services.fleet.source import open_source
            from console.view.fleet.fleet_view import FleetUnread

            try:
                known = await asyncio.to_thread(self._known)
            except Problem as error:
                self._session.dispatch(FleetUnread(str(error)))
                return
            while True:
                try:
                    async with open_source(self._environment) as source:
                        await self._follow(source, known)
                except Problem as error:
                    self._session.dispatch(FleetUnread(str(error)))
                    if error.kind is not ProblemKind.UNREACHABLE:
                        return
                await asyncio.sleep(_AGAIN_S)

    async def _follow(self, source: "StateSource", known: "tuple[KnownProfile, ...]") -> None:
        from console.domain.fleet.fleet import fleet_of
        from console.view.fleet.fleet_view import FleetRead, FleetUnread

        async with aclosing(source.changes()) as changes:  # type: ignore[type-var]
            async for _ in changes:
                now_ms = self._now_ms()
                try:
                    states = await source.states(now_ms)
                except Problem as error:
                    self._session.dispatch(FleetUnread(str(error)))
                    continue
                fleet = await asyncio.to_thread(fleet_of, known, states, now_ms, others=source.has_others)
                self._session.dispatch(FleetRead(fleet, source.where))

    def _known(self) -> "tuple[KnownProfile, ...]":
        """Return the config's profiles with their offline checks. Raises `ConfigError`."""
        from console.services.config.load import load_profiles
        from console.services.config.own_config import trust_of
        from console.services.config.precedence import load_sweep
        from console.services.fleet.reading import known_profiles

        profile = self._session.profile
        if self._request is not None:
            profiles = load_sweep(self._request, None, facts=profile.facts)
        else:
            path = None if profile.is_built_in else Path(profile.source)
            why = trust_of(path, path).why_no_programs
            profiles = load_profiles(path, None, why_no_programs=why, facts=profile.facts)
        return known_profiles(profiles, self._environment, self._now_ms())
