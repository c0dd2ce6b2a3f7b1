"""The calls that agents make through a relay, as they are drawn: the one fold for the screen's relay and for a run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from console.domain.probes.smoke import SmokeResult
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallMoved, RelayCallRefused, RelayEvent
from console.view.live_call import CallPhase, LiveCall

CALL_LIMIT = 100
"""How many of the newest calls are kept."""


@dataclass(frozen=True, slots=True)
class RelayedCall:
    """A call of an agent, as far as it has got."""

    number: int
    client: str
    """The name of the agent; empty if its key is unknown."""
    key: str = ""
    """The route's key; empty if the call was refused before a route was found."""
    model: str = ""
    live: LiveCall = LiveCall()
    refused: RelayCallRefused | None = None
    """The refusal, if nothing was sent."""
    ended: RelayCallEnded | None = None

    @property
    def result(self) -> SmokeResult | None:
        """The result; None until the call ended, and if it was refused."""
        return None if self.ended is None else self.ended.result


@dataclass(frozen=True, slots=True)
class ClientSums:
    """All calls of one agent."""

    client: str
    """Its name; empty for all callers whose key is unknown."""
    sent: int = 0
    in_flight: int = 0
    refused: int = 0
    tokens: int = 0
    """What was booked; so is the next."""
    microusd: int = 0
    is_priced: bool = True
    """Whether the price of each call that took something is known."""


@dataclass(frozen=True, slots=True)
class RelayedCalls:
    """The newest calls, and the sums of all."""

    calls: tuple[RelayedCall, ...] = ()
    """Oldest first."""
    sums: tuple[ClientSums, ...] = ()
    """One for each agent that has called, in the order of their first calls."""

    @property
    def in_flight(self) -> int:
        """How many calls are in flight."""
        return sum(each.in_flight for each in self.sums)

    @property
    def apart_from_streams(self) -> "RelayedCalls":
        """The same without how many pieces of each answer came, which grows with every delta."""
        calls = (replace(each, live=replace(each.live, pieces=0)) if each.live.is_live else each for each in self.calls)
        return RelayedCalls(tuple(calls), self.sums)

    def of(self, client: str) -> tuple[RelayedCall, ...]:
        """Return the newest calls of one agent, oldest first."""
        return tuple(each for each in self.calls if each.client == client)

    def apply(self, event: RelayEvent) -> "RelayedCalls":
        """Return the calls after an event. Pure and total: what is not kept is only summed."""
        match event:
            case RelayCallMoved():  # the most frequent by far
                return self._change(event.number, lambda call: replace(call, live=_moved(call.live, event)))
            case RelayCallBegun(number, client, route):
                call = RelayedCall(number, client, route.key, route.model, LiveCall(CallPhase.WAITING))
                return self._with(call, lambda sums: replace(sums, sent=sums.sent + 1, in_flight=sums.in_flight + 1))
            case RelayCallRefused(number, client):
                call = RelayedCall(number, client, refused=event)
                return self._with(call, lambda sums: replace(sums, refused=sums.refused + 1))
            case RelayCallEnded():
                ended = self._change(
                    event.number, lambda call: replace(call, live=_ended(call.live, event), ended=event)
                )
                return replace(ended, sums=ended._summed(event.client, lambda sums: _booked(sums, event)))
            case _:
                assert_never(event)

    def _with(self, call: RelayedCall, count: Callable[[ClientSums], ClientSums]) -> "RelayedCalls":
        return RelayedCalls((*self.calls, call)[-CALL_LIMIT:], self._summed(call.client, count))

    def _change(self, number: int, change: Callable[[RelayedCall], RelayedCall]) -> "RelayedCalls":
        for place in range(len(self.calls) - 1, -1, -1):
            call = self.calls[place]
            if call.number == number and call.live.is_live:  # a relay that is opened again counts from one again
                return RelayedCalls((*self.calls[:place], change(call), *self.calls[place + 1 :]), self.sums)
        return self

    def _summed(self, client: str, count: Callable[[ClientSums], ClientSums]) -> tuple[ClientSums, ...]:
        if all(each.client != client for each in self.sums):
            return (*self.sums, count(ClientSums(client)))
        return tuple(count(each) if each.client == client else each for each in self.sums)


def _moved(live: LiveCall, moved: RelayCallMoved) -> LiveCall:
    return LiveCall(CallPhase.STREAMING, moved.ttft_ms, live.pieces + moved.pieces)


def _ended(live: LiveCall, ended: RelayCallEnded) -> LiveCall:
    return LiveCall(CallPhase.DONE, ended.result.ttft_ms, live.pieces, result=ended.result)


def _booked(sums: ClientSums, ended: RelayCallEnded) -> ClientSums:
    return replace(
        sums,
        in_flight=max(0, sums.in_flight - 1),
        tokens=sums.tokens + ended.tokens,
        microusd=sums.microusd + ended.microusd,
        is_priced=sums.is_priced and (ended.is_priced or not ended.tokens),
    )
