"""The session's relay: agents call it instead of the gateway, in the session's budget, and the screen shows each call.

Its clients live as long as the session: a relay that is closed and opened again knows their keys, and listens where it
did before if it can, so that an agent's settings stay right.
"""

import asyncio
from typing import TYPE_CHECKING

from console.app.session import Session
from console.domain.probes.event import BudgetSpent
from console.domain.problem import Problem
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_settings import AgentSettings, Place
from console.domain.relay.call import RelayCallEnded, RelayEvent
from console.view.relay.relay_view import AgentCutOff, AgentLetIn, RelayClosed, RelayOpened, RelayQueued

if TYPE_CHECKING:
    from console.domain.probes.catalogue import Catalogue
    from console.domain.relay.agent_choice import AgentChoice
    from console.services.gateway.client import Gateway
    from console.services.relay.client import RelayClient

_RELAY = ("console.services.relay.opening", "console.services.probes.catalogue_reader")
"""Loaded when the first agent is let in, off the UI thread."""
_HOME = "~"
"""What an agent's own home is called in settings that the operator copies."""


class Relaying:
    """The relay of one session. Its coroutine runs as one of the app's named workers."""

    def __init__(self, session: Session) -> None:
        """Start with no relay and no client.

        Args:
            session: The session whose gateway, budget and state the relay shares.

        """
        self._session = session
        self._clients: list[RelayClient] = []
        self.newest = ""
        """The id of the agent whose settings were asked for last; empty before that."""
        self._port = 0
        """Where the relay listened last; 0 before that."""

    @property
    def desk(self) -> RouteDesk:
        """The routes that agents may use: all of the profile."""
        return RouteDesk([route.check for route in self._session.state.routes])

    def forget(self) -> None:
        """Forget all clients, whose settings name routes of a profile that is not in use any more."""
        self._clients.clear()
        self.newest = ""

    def claim(self) -> None:
        """Note at once that the relay is being opened, so that no key can open it twice."""
        self._session.dispatch(RelayQueued())

    def disclaim(self) -> None:
        """Note that a relay which was only being opened will not be: its work may not even have begun."""
        if self._session.state.relay.is_opening:
            self._session.dispatch(RelayClosed())

    async def keep_open(self) -> None:
        """Relay until cancelled, or until the gateway is closed."""
        failure = ""
        try:
            await self._session.load(_RELAY)
            with self._session.noted(), self._session.using_gateway() as gateway:
                if gateway is None:
                    failure = "the gateway is closed; R opens it again"
                else:
                    await self._relay(gateway)
        except Problem as error:
            failure = str(error)
        finally:
            self._session.dispatch(RelayClosed(failure))

    async def _relay(self, gateway: "Gateway") -> None:
        from console.services.relay.opening import open_relay, rules_of
        from console.services.relay.server import RelayPortError

        catalogue = await self._catalogue(gateway)
        for port in (self._port, 0):
            opening = open_relay(
                gateway,
                self._clients,
                self._session.reservations,
                self._tell,
                rules=rules_of(self._session.profile.relay),
                catalogue=catalogue,
                port=port,
            )
            try:
                async with opening as opened:
                    self._port = int(opened.origin.rpartition(":")[2])
                    self._session.dispatch(RelayOpened(opened.origin))
                    try:
                        await asyncio.Event().wait()
                    finally:
                        for client in self._clients:
                            client.end_calls()
            except RelayPortError:
                if port == 0:
                    raise

    async def _catalogue(self, gateway: "Gateway") -> "Catalogue":
        """Return the gateway's lists, for the prices of calls; read them unless a check has."""
        read = self._session.state.catalogue
        if read is not None:
            return read.catalogue
        from console.services.probes.catalogue_reader import read_catalogue

        return (await read_catalogue(gateway, self.desk.routes)).catalogue

    def _tell(self, event: RelayEvent) -> None:
        self._session.dispatch(event)
        if isinstance(event, RelayCallEnded):
            self._session.dispatch(BudgetSpent(self._session.reservations.budget))

    # --- Clients -------------------------------------------------------------------------------------------------

    def setting_lines(self, chosen: "AgentChoice") -> tuple[str, ...]:
        """Let an agent in, and return its settings. They hold its key, so they are for one pane and the clipboard."""
        from console.view.relay.setting_lines import setting_lines

        self.newest = chosen.agent.id
        place = Place(self._session.state.relay.origin, self._client(chosen.agent).key, chosen.model, home=_HOME)
        return tuple(setting_lines(chosen, place))

    def cut_off(self, name: str) -> None:
        """End an agent's calls in flight, and refuse the next ones."""
        for client in self._clients:
            if client.name == name:
                client.cut_off()
                self._session.dispatch(AgentCutOff(name))

    def let_in(self, name: str) -> None:
        """Take calls again from an agent that was cut off; its key is the same."""
        for client in self._clients:
            if client.name == name:
                client.is_cut_off = False
                self._session.dispatch(AgentLetIn(name))

    def _client(self, agent: AgentSettings) -> "RelayClient":
        """Return an agent's client, and make it at first."""
        from console.services.relay.client import RelayClient

        found = next((each for each in self._clients if each.name == agent.id), None)
        if found is None:
            at_once = self._session.profile.relay.calls_at_once
            found = RelayClient(agent.id, self.desk, in_flight_limit=at_once)
            self._clients.append(found)
            self._session.dispatch(AgentLetIn(agent.id))
        return found
