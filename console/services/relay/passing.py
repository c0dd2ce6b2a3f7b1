"""A relayed call in flight: what is judged of its answer as it passes, and how far it got."""

import re
from dataclasses import replace
from functools import cache

from console.domain.finding import Severity
from console.domain.money import estimated_tokens
from console.domain.probes.event import OutputReceived, SmokeFinished
from console.domain.probes.smoke import SmokeResult
from console.domain.relay.call import RelayCallMoved
from console.domain.relay.fields import Uncounted, server_tool_signs
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.services.gateway.call import CallPart, Chunk
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.probes.exchange import Exchange
from console.services.probes.request import ProbeRequest, SentAgent
from console.services.relay.redact import RedactedBytes
from console.wire.asked import Asked

LIMIT_SETTING = "relay.max_output_tokens"
_LONGEST_SIGN = 64


@cache
def _tool_signs() -> re.Pattern[bytes]:
    """Return what finds a sign as a value of JSON: as a key, and within a text, it is none."""
    signs = b"|".join(re.escape(each.encode()) for each in server_tool_signs())
    return re.compile(rb'"(?:%b)"(?=\s*[,}\]])' % signs)


class Passing:
    """A call in flight: what is judged of it, and how far it got."""

    def __init__(
        self,
        number: int,
        route: Route,
        body: bytes,
        own_limit: int | None,
        gateway: Gateway,
        *,
        asked: Asked,
        agent: SentAgent | None = None,
    ) -> None:
        """Take a call that is about to be sent.

        Args:
            number: Its number, for its events.
            route: The route that serves it.
            body: The body that is sent.
            own_limit: The most tokens of an answer, if the client set no limit.
            gateway: The client that sends it.
            asked: What the client asked for.
            agent: The agent that sent it, by whose vendor's contract the answer is judged too; None if not known.

        """
        self.number = number
        self.route = route
        self.body = body
        self.redacted = RedactedBytes(gateway.secret)
        self.failure: CallError | None = None
        """Why it got no whole answer."""
        self.has_head = self.is_whole = False
        """Whether the client has the head of its answer, and whether it has all of it."""
        self._asked = asked
        self._has_used_tools = False
        self._tail = b""
        self._own_limit = own_limit
        request = ProbeRequest(
            Shape.TEXT, body, 0, agent=agent, limit_setting=LIMIT_SETTING, wants_stream=asked.is_stream
        )
        self._exchange = Exchange(route, gateway.secret, request, is_shown=False)

    @property
    def is_over_limit(self) -> bool:
        """Whether the answer is longer than what was set aside for a call whose client set no limit."""
        return self._own_limit is not None and estimated_tokens(self._exchange.content_bytes) > self._own_limit

    @property
    def is_settled(self) -> bool:
        """Whether the answer has said how it ends."""
        return self._exchange.is_settled

    @property
    def is_answered(self) -> bool:
        """Whether the client has all that counts: many leave at an answer's last event, before its stream has ended."""
        return self.is_whole or self.is_settled

    @property
    def uncounted(self) -> tuple[Uncounted, ...]:
        """What the call cost, or may have cost, beyond what is booked for it."""
        may_have_used = self._asked.offers_server_tools and (self._has_used_tools or not self.is_answered)
        more = (Uncounted.SERVER_TOOLS,) if may_have_used else ()
        return tuple(dict.fromkeys((*self._asked.uncounted, *more)))

    def take(self, part: CallPart) -> RelayCallMoved | None:
        """Judge a part; return what there is to show of it."""
        if self._asked.offers_server_tools and isinstance(part, Chunk):
            self._look_for_tools(part.data)
        pieces = 0
        ttft_ms: float | None = None
        for event in self._exchange.take(part):
            if isinstance(event, OutputReceived):
                pieces += event.pieces
                ttft_ms = event.ttft_ms
        return RelayCallMoved(self.number, pieces, ttft_ms) if pieces else None

    def _look_for_tools(self, data: bytes) -> None:
        came = self._tail + data
        self._has_used_tools = self._has_used_tools or _tool_signs().search(came) is not None
        self._tail = came[-_LONGEST_SIGN:]

    def finish(self) -> SmokeResult:
        """Return what the judge found. Of a call without a fault, the exchange is not kept: there may be many."""
        ended = self._exchange.finish(self.failure)
        result = next(event.result for event in ended if isinstance(event, SmokeFinished))
        is_clean = result.classification is None and all(each.severity is Severity.INFO for each in result.findings)
        return replace(result, exchange=None) if is_clean else result
