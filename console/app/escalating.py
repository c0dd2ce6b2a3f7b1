"""Escalation on the screen: bundles of what this session knows of a route, or of the run in view. Nothing is sent."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.runs.bridge import RunBridge
from console.app.session import Session
from console.domain.problem import Problem
from console.domain.tokens.state import TokenState

if TYPE_CHECKING:
    from console.domain.escalation.bundle import Bundle
    from console.domain.probes.smoke import SmokeResult
    from console.services.escalation.gather import Surroundings
    from console.view.console_state import RouteView


@dataclass(frozen=True, slots=True)
class ShownBundle:
    """A bundle as the operator reads it before it is written."""

    lines: tuple[str, ...]
    name: str
    """The file that it goes to if the operator names no other."""


class Escalating:
    """Makes bundles and writes them. Services are loaded when the first one is made."""

    def __init__(self, session: Session, bridge: RunBridge, environment: Mapping[str, str] = os.environ) -> None:
        """Start without having made any.

        Args:
            session: What is known of the routes.
            bridge: The run in view.
            environment: The environment variables, for what the doctor says.

        """
        self._session = session
        self._bridge = bridge
        self._environment = environment

    async def of_route(self, cursor: int, size: tuple[int, int]) -> ShownBundle | str:
        """Return the bundle of a route's newest call of this session, or why there is none. No call is made.

        Args:
            cursor: The route's row.
            size: The terminal's columns and lines.

        """
        state = self._session.state
        route = state.routes[cursor]
        begun = [each.at for each in state.requests.calls if each.key == route.proven.key and each.number is None]
        result = None if route.smoke.is_live else route.smoke.result
        return await self._of_call(route, result, begun[-1] if begun else None, size)

    async def of_agent(self, client: str, size: tuple[int, int]) -> ShownBundle | str:
        """Return the bundle of an agent's newest call that failed, or else ended, or why there is none.

        Args:
            client: The agent, as the relay names it.
            size: The terminal's columns and lines.

        """
        state = self._session.state
        ended = [each for each in state.relay.calls.of(client) if each.result is not None]
        failed = [each for each in ended if each.result is not None and each.result.classification is not None]
        call = next(reversed(failed or ended), None)
        route = next((each for each in state.routes if call is not None and each.proven.key == call.key), None)
        if call is None or route is None:
            return f"no call of {client} has ended yet"
        begun = next((each.at for each in state.requests.calls if each.number == call.number), None)
        return await self._of_call(route, call.result, begun, size)

    async def _of_call(
        self, route: "RouteView", result: "SmokeResult | None", begun_at: float | None, size: tuple[int, int]
    ) -> ShownBundle | str:
        await self._session.load(("console.services.escalation.gather",))
        from console.services.escalation.gather import bundle_of_route

        return self._shown(
            bundle_of_route(
                self._session.profile,
                route.check,
                self._around(size),
                origin=self._session.state.origin or None,
                result=result,
                begun_at_ms=None if begun_at is None or result is None else int(begun_at * 1000),
                rungs=route.proven.rungs,
            )
        )

    async def of_run(self, size: tuple[int, int]) -> ShownBundle | str:
        """Return the bundle of the run in view, from its record, or why there is none.

        Args:
            size: The terminal's columns and lines.

        """
        log, here = self._bridge.runs.log, self._bridge.runs.here
        if log is None or here is None:
            return "no run is in view"
        await self._session.load(("console.services.escalation.gather", "console.services.run.call_end"))
        from console.services.escalation.gather import bundle_of_run, failed_call
        from console.services.run.call_end import read_exchange

        created = log.state.created
        is_its_profile = created is not None and here.profile.name == created.profile
        try:
            kept = await read_exchange(here.artifacts, failed_call(log.state))
        except Problem as error:
            return str(error)
        profile = here.profile if is_its_profile else None
        return self._shown(bundle_of_run(log, profile, self._around(size), kept))

    async def write(self, shown: ShownBundle, path: str) -> str:
        """Write a bundle to a new file. Return why not; nothing if it was written."""
        from console.services.escalation.guard import save_new
        from console.services.system.directories import absolute

        if not path.strip():
            return "name the file to write"
        try:
            await asyncio.to_thread(save_new, absolute(Path(path.strip())), "\n".join(shown.lines) + "\n")
        except Problem as error:
            return str(error)
        return ""

    def _shown(self, bundle: "Bundle") -> ShownBundle | str:
        from console.services.escalation.gather import default_path
        from console.services.escalation.guard import require_clean_bundle
        from console.view.bundle_words import bundle_lines

        try:
            require_clean_bundle(bundle)
        except Problem as error:
            return str(error)
        return ShownBundle(tuple(bundle_lines(bundle)), str(default_path(bundle, "md")))

    def _around(self, size: tuple[int, int]) -> "Surroundings":
        from console.services.doctor import Health, Symptom, TerminalFacts, check_machine
        from console.services.escalation.gather import Surroundings

        state = self._session.state.token_state
        health = Health.OK if state is TokenState.FOUND else Health.FAIL
        symptoms = (
            *check_machine(TerminalFacts(*size), self._environment),
            Symptom("token.state", health, state.value),
        )
        return Surroundings(int(datetime.now(UTC).timestamp() * 1000), symptoms, self._environment)
