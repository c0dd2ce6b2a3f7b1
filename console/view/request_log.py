"""The log of requests: what smoke tests and runs really sent; no content, no token."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from console.domain.probes.event import AnswerStarted, CallEvent, RequestWritten, SmokeFinished, SmokeStarted
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


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The newest calls, and the tokens of all that ended."""

    calls: tuple[Call, ...] = ()
    """Oldest first."""
    tokens_counted: int = 0
    """Input and output tokens of all ended calls, as far as their answers named them."""

    def apply(self, event: CallEvent, *, is_of_run: bool = False) -> "RequestLog":
        """Return the log after an event of a call. Pure.

        Args:
            event: Names a route; it applies to that route's newest call in progress.
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
                counted = self.tokens_counted + (result.input_tokens or 0) + (result.output_tokens or 0)
                ended = self._change(
                    event.key, is_of_run, lambda call: replace(call, is_live=False, total_ms=result.total_ms)
                )
                return replace(ended, tokens_counted=counted)
            case _:
                return self

    def end_run_calls(self) -> "RequestLog":
        """Return the log when a run's step is over: a call of it without an end was cut off."""
        calls = (replace(each, is_live=False) if each.is_of_run else each for each in self.calls)
        return replace(self, calls=tuple(calls))

    def _change(self, key: RouteKey, is_of_run: bool, change: Callable[[Call], Call]) -> "RequestLog":
        calls = list(self.calls)
        for place, call in reversed(list(enumerate(calls))):
            if call.is_live and call.key == key and call.is_of_run is is_of_run:
                calls[place] = change(call)
                break
        return replace(self, calls=tuple(calls))
