"""Folding: a profile's events into the state that is reported and into the history, for all verbs that make calls."""

import asyncio
from typing import TYPE_CHECKING

from console.cli.context import current
from console.cli.recording import live_recording, unix_ms
from console.domain.history.noting import red_routes
from console.domain.probes.event import Event, RoutesChecked
from console.services.config.settings import EMBEDDED
from console.services.history.streaks import read_streaks
from console.view.console_state import ConsoleState
from console.view.history.history_view import StreaksRead

if TYPE_CHECKING:
    from console.domain.routes.contract import RouteCheck
    from console.services.config.settings import Profile


class Folding:
    """What is known of a profile's routes, event after event."""

    def __init__(
        self, profile: "Profile", checks: "tuple[RouteCheck, ...]", origin: str, *, is_read_only: bool = False
    ) -> None:
        """Start with the offline facts of an open gateway's routes.

        Args:
            profile: The profile.
            checks: The routes that are called.
            origin: The gateway's origin.
            is_read_only: Whether nothing may be written.

        """
        self._profile = profile
        self._origin = EMBEDDED if profile.is_embedded else origin
        self._recording = live_recording(profile, checks, origin, is_read_only=is_read_only)
        self._begun_ms = unix_ms(current())
        self.state = ConsoleState(profile.name).apply(RoutesChecked(checks))
        """The state after all events."""

    def take(self, event: Event) -> None:
        """Fold the next event."""
        self.state = self.state.apply(event)
        self._recording.see(event)

    async def end(self) -> ConsoleState:
        """Return the state, with since when its red routes are red."""
        red = red_routes(self._profile.name, self._origin, self.state.proven)
        if red and not self._profile.is_built_in:
            streaks = await asyncio.to_thread(read_streaks, current().environment, red, self._begun_ms)
            self.state = self.state.apply(StreaksRead(streaks))
        return self.state
