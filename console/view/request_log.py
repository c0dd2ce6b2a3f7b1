"""The log of requests: what smoke tests and runs really sent; no content, no token."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from console.domain.probes.event import AnswerStarted, CallEvent, RequestWritten, SmokeFinished, SmokeStarted
from console.domain.probes.smoke import SmokeResult
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayEvent
from console.domain.routes.route_key import RouteKey

CALL_LIMIT = 200
"""How many of the newest calls are kept."""


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the log."""

    key: RouteKey
    at: float
    """Unix time in seconds."""
    path: str
    model: str
    http_status: int | None = None
    total_ms: float | None = None
    is_live: bool = True
    is_sent: bool = False
    is_of_run: bool = False
    """Whether a run made it, rather than a smoke test."""
    agent: str = ""
    """The agent that made it through a relay; empty if this console made it."""
    number: int | None = None
    """The relay's number of it."""


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The newest calls, and the tokens of all that ended."""

    calls: tuple[Call, ...] = ()
    """Oldest first."""
    tokens_counted: int = 0
    """Input and output tokens of all ended calls, as far as their answers named them."""

    def apply(self, event: CallEvent | RelayEvent, *, is_of_run: bool = False) -> "RequestLog":
        """Return the log after an event of a call. Pure. A call that a relay refused was not sent, so it is not in it.

        Args:
            event: Names a route, or an agent's call by its number; it applies to the newest such call in progress.
            is_of_run: The call belongs to a run. A smoke test of the same route may be in progress beside it.

        """
        match event:
            case SmokeStarted(route, at):
                call = Call(route.key, at, route.endpoint_path, route.model, is_of_run=is_of_run)
                return replace(self, calls=(*self.calls, call)[-CALL_LIMIT:])
            case RequestWritten():
                return self._change(event.key, is_of_run, lambda call: replace(call, is_sent=True))
            case AnswerStarted(_, http_status):
                return self._change(event.key, is_of_run, lambda call: replace(call, http_status=http_status))
            case SmokeFinished(result):
                ended = self._change(
                    event.key, is_of_run, lambda call: replace(call, is_live=False, total_ms=result.total_ms)
                )
                return ended._counting(result)
            case RelayCallBegun(number, agent, route, _, at):
                call = Call(route.key, at, route.endpoint_path, route.model, is_of_run=is_of_run)
                call = replace(call, is_sent=True, agent=agent, number=number)
                return replace(self, calls=(*self.calls, call)[-CALL_LIMIT:])
            case RelayCallEnded(number, _, result, is_cut=is_cut):
                status, total_ms = (None, None) if is_cut else (result.http_status, result.total_ms)
                ended = self._change_live(
                    lambda call: call.number == number and call.is_of_run is is_of_run,
                    lambda call: replace(call, is_live=False, http_status=status, total_ms=total_ms),
                )
                return ended._counting(result)
            case _:
                return self

    def end_run_calls(self) -> "RequestLog":
        """Return the log when a run's step is over: a call of it without an end was cut off."""
        calls = (replace(each, is_live=False) if each.is_of_run else each for each in self.calls)
        return replace(self, calls=tuple(calls))

    def _change(self, key: RouteKey, is_of_run: bool, change: Callable[[Call], Call]) -> "RequestLog":
        return self._change_live(
            lambda call: call.number is None and call.key == key and call.is_of_run is is_of_run, change
        )

    def _counting(self, result: SmokeResult) -> "RequestLog":
        counted = self.tokens_counted + (result.input_tokens or 0) + (result.output_tokens or 0)
        return replace(self, tokens_counted=counted)

    def _change_live(self, is_meant: Callable[[Call], bool], change: Callable[[Call], Call]) -> "RequestLog":
        """Change the newest call in progress that is meant."""
        calls = list(self.calls)
        for place, call in reversed(list(enumerate(calls))):
            if call.is_live and is_meant(call):
                calls[place] = change(call)
                break
        return replace(self, calls=tuple(calls))
