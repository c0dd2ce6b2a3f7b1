"""What the screen knows of its relay: where it listens, which agents it lets in, and what they call."""

from dataclasses import dataclass, replace
from typing import assert_never

from console.domain.relay.call import RelayEvent
from console.view.relay.calls import ClientSums, RelayedCalls

# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RelayQueued:
    """The relay is being opened."""


@dataclass(frozen=True, slots=True)
class RelayOpened:
    """The relay listens."""

    origin: str
    """Where, as `http://127.0.0.1:PORT`."""


@dataclass(frozen=True, slots=True)
class RelayClosed:
    """The relay has ended."""

    failure: str = ""
    """Why, if the operator did not end it."""


@dataclass(frozen=True, slots=True)
class AgentLetIn:
    """An agent has a key, or has it again."""

    client: str


@dataclass(frozen=True, slots=True)
class AgentCutOff:
    """The operator has cut an agent off."""

    client: str


@dataclass(frozen=True, slots=True)
class AgentPicked:
    """The cursor of the agents was moved."""

    place: int


RelayViewEvent = RelayQueued | RelayOpened | RelayClosed | AgentLetIn | AgentCutOff | AgentPicked | RelayEvent


# --- The view --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RelayView:
    """Everything that the screen draws of its relay. It holds no key."""

    is_opening: bool = False
    origin: str = ""
    """Where it listens; empty if it does not."""
    failure: str = ""
    """Why it does not, if the operator did not end it."""
    let_in: tuple[str, ...] = ()
    """The agents that have a key, in the order in which they got it."""
    cut_off: frozenset[str] = frozenset()
    """Those of them whose calls are refused."""
    cursor: int = 0
    """The position among the agents that have called."""
    calls: RelayedCalls = RelayedCalls()

    @property
    def is_open(self) -> bool:
        """Whether agents can call."""
        return bool(self.origin)

    @property
    def is_used(self) -> bool:
        """Whether there is anything to show."""
        return self.is_opening or self.is_open or bool(self.failure or self.let_in)

    @property
    def apart_from_streams(self) -> "RelayView":
        """The same without what grows with every delta of an answer."""
        return replace(self, calls=self.calls.apart_from_streams)

    @property
    def agents(self) -> tuple[ClientSums, ...]:
        """The agents that have called, in the order of their first calls."""
        return tuple(each for each in self.calls.sums if each.client)

    @property
    def picked(self) -> str:
        """The agent under the cursor; empty if none has called."""
        agents = self.agents
        return agents[min(self.cursor, len(agents) - 1)].client if agents else ""

    def apply(self, event: RelayViewEvent) -> "RelayView":
        """Return the view after an event. Pure."""
        if isinstance(event, RelayEvent):
            return replace(self, calls=self.calls.apply(event))
        match event:
            case RelayQueued():
                return replace(self, is_opening=True, failure="")
            case RelayOpened(origin):
                return replace(self, is_opening=False, origin=origin)
            case RelayClosed(failure):
                return replace(self, is_opening=False, origin="", failure=failure)
            case AgentLetIn(client):
                has_key = client in self.let_in
                let_in = self.let_in if has_key else (*self.let_in, client)
                return replace(self, let_in=let_in, cut_off=self.cut_off - {client})
            case AgentCutOff(client):
                return replace(self, cut_off=self.cut_off | {client})
            case AgentPicked(place):
                return replace(self, cursor=max(0, min(place, len(self.agents) - 1)))
            case _:
                assert_never(event)
