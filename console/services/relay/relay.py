"""The relay of one gateway: it admits a client's call, sends it with the gateway's token, and judges what passes.

One call is one request to the gateway. It is on the route that the client named and on no other, it is never repeated
here, and what comes back goes to the client before it is judged.
"""

import hashlib
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from console.domain.money import Estimate, Price, Spent, estimate, estimated_tokens
from console.domain.probes.event import OutputReceived, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.relay.admission import Admission
from console.domain.relay.breaker import Breaker
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallMoved, RelayCallRefused, RelayEvent
from console.domain.relay.headers import is_plain, query_to_gateway, to_client, to_gateway
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.endpoint_path import bare
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.services.gateway.call import CallPart, Chunk, Started
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.reservations import Reservations
from console.services.probes.exchange import Exchange
from console.services.probes.request import ProbeRequest, SentAgent, sent_by
from console.services.probes.smoke import taken_by
from console.services.relay.client import BookedCall, RelayClient
from console.services.relay.redact import RedactedBytes
from console.services.relay.secret_search import SecretSearch
from console.services.system.leak_guard import LEAK_GUARD
from console.wire.asked import Asked, AskedError, read_asked, with_model
from console.wire.refusal import RefusalAnswer, failure_answer, refusal_answer

LIMIT_SETTING = "relay.max_output_tokens"
COUNT_SUFFIX = "/count_tokens"
ANSWER_LIMIT = 256 * 1024 * 1024
"""The most bytes of an answer. It is passed on as it comes, and only so much is a sign of a gateway out of order."""


def _path(path: str, call: "ClientCall") -> str:
    query = query_to_gateway(call.query, call.client.key)
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


@dataclass(frozen=True, slots=True)
class ClientCall:
    """A call as a client sent it."""

    client: RelayClient
    family: EndpointFamily
    query: str
    """Without its `?`, as it was written."""
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The status and the headers for the client."""

    status: int
    headers: Mapping[str, str]


AnswerPart = AnswerHead | bytes
"""The parts of an answer to a client: the head, then the body's bytes as they come."""


@dataclass(frozen=True, slots=True)
class RelayRules:
    """What a relay holds every client to."""

    refuses_suspected_secrets: bool = True
    """Whether a call with what seems to be a secret is refused; if not, it is only counted. A known token always is."""
    max_output_tokens: int = 32_000
    """What an answer is taken to need if the client sets no limit; a longer one is cut off."""
    cool_down_s: float = 60.0
    """How long a route takes no call after the gateway refused it for a lasting reason, in seconds."""


class Relay:
    """The relay of one open gateway."""

    def __init__(
        self,
        gateway: Gateway,
        reservations: Reservations,
        tell: Callable[[RelayEvent], None],
        *,
        rules: RelayRules,
        clock: Callable[[], float],
        now: Callable[[], float],
        price_of: Callable[[Route], Price | None] = lambda _: None,
    ) -> None:
        """Prepare to relay; nothing is sent.

        Args:
            gateway: The open client, which alone holds the token.
            reservations: The session's budget.
            tell: Takes each event; it must not block.
            rules: What every client is held to.
            clock: A monotonic clock in seconds.
            now: Unix time in seconds.
            price_of: The gateway's price for a route's model.

        """
        self._gateway = gateway
        self._reservations = reservations
        self._tell = tell
        self._rules = rules
        self._clock = clock
        self._now = now
        self._price_of = price_of
        self._numbers = itertools.count(1)
        self._search = SecretSearch()
        self.breaker = Breaker(rules.cool_down_s)

    def refuse(self, family: EndpointFamily | None, refusal: RelayRefusal, client: str = "") -> RefusalAnswer:
        """Tell of a refused call and return the answer for its client."""
        number = next(self._numbers)
        self._tell(RelayCallRefused(number, client, family, refusal.reason, refusal.message, self._now()))
        return refusal_answer(family or EndpointFamily.CHAT_COMPLETIONS, refusal, f"relay-{number:06}")

    async def answer(self, call: ClientCall) -> AsyncGenerator[AnswerPart, None]:
        """Answer a client's call; close it early if the client is gone. The last parts may be a failure's.

        Raises:
            CallError: The answer broke off at the gateway.
            ConnectionAbortedError: It is longer than what was set aside for it.

        """
        found = await self._admit(call)
        if isinstance(found, RelayRefusal):
            for part in self._refused(call, found):
                yield part
            return
        admission, asked = found
        route = admission.route
        body = with_model(call.body, route.model) if admission.is_named_by_role else call.body
        limit = (asked.max_output_tokens or self._rules.max_output_tokens) * asked.choices
        price = self._price_of(route)
        cost = estimate(len(body), limit, price)
        own = self._reservations.narrowed(call.client.budgets) if call.client.budgets else self._reservations
        if (over := own.reserve(cost)) is not None:
            for part in self._refused(call, RelayRefusal(RefusedFor.BUDGET, over.message)):
                yield part
            return
        number = next(self._numbers)
        call.client.sent += 1
        call.client.in_flight += 1
        book = call.client.book
        booked = BookedCall(number, route, hashlib.sha256(body).hexdigest(), len(body), cost, price)
        try:
            unbooked = None if book is None else await book.begin(booked)
        except BaseException:
            self._take_back(call, cost, own)
            raise
        if unbooked is not None:
            self._take_back(call, cost, own)
            for part in self._refused(call, unbooked):
                yield part
            return
        passing = _Passing(
            number,
            route,
            body,
            limit if asked.max_output_tokens is None else None,
            self._gateway,
            wants_stream=asked.is_stream,
            agent=sent_by(call.client.agent, route, len(body)),
        )
        try:
            self._tell(RelayCallBegun(number, call.client.name, route, len(body), self._now()))
            async with aclosing(self._pass(call, passing)) as parts:
                async for part in parts:
                    yield part
        finally:
            call.client.in_flight -= 1
            self._end(call, passing, booked, own)

    async def count(self, call: ClientCall) -> AsyncGenerator[AnswerPart, None]:
        """Pass on a call that only counts a request's tokens. It costs nothing, and no model answers it."""
        found = await self._admit(call)
        if isinstance(found, RelayRefusal):
            for refused in self._refused(call, found):
                yield refused
            return
        admission, _ = found
        route = admission.route
        body = with_model(call.body, route.model) if admission.is_named_by_role else call.body
        path = _path(bare(route.endpoint_path) + COUNT_SUFFIX, call)
        redacted = RedactedBytes(self._gateway.secret)
        has_head = False
        try:
            sending = self._gateway.call(path, None, body, headers=self._headers(call))
            async with aclosing(sending) as parts:
                async for part in parts:
                    if isinstance(part, Started) and is_plain(part.headers):
                        has_head = True
                        yield AnswerHead(part.status, self._clean(to_client(part.headers)))
                    elif isinstance(part, Chunk) and (data := redacted.feed(part.data)):
                        yield data
            if rest := redacted.close():
                yield rest
        except CallError as error:
            if has_head:
                raise
            failed = failure_answer(call.family, error.classification, "relay-count")
            yield AnswerHead(failed.status, failed.headers)
            yield failed.body

    def _refused(self, call: ClientCall, refusal: RelayRefusal) -> tuple[AnswerHead, bytes]:
        refused = self.refuse(call.family, refusal, call.client.name)
        return AnswerHead(refused.status, refused.headers), refused.body

    # --- Admission ---------------------------------------------------------------------------------------------------

    async def _admit(self, call: ClientCall) -> tuple[Admission, Asked] | RelayRefusal:
        try:
            asked = read_asked(call.body)
        except AskedError as error:
            return RelayRefusal(RefusedFor.BODY, f"{error}. Nothing was sent")
        admission = call.client.desk.admit(call.family, asked.model)
        if isinstance(admission, RelayRefusal):
            return admission
        secret = await self._secret_in(call)  # before the limits: from those on nothing may wait until it is counted
        return secret or self._refusal(call, admission.route) or (admission, asked)

    def _refusal(self, call: ClientCall, route: Route) -> RelayRefusal | None:
        """Return why a call of a route is refused; None if it may be sent."""
        client = call.client
        if client.call_limit is not None and client.sent >= client.call_limit:
            words = f"the {client.call_limit} calls that {client.name} may make are used up"
            return RelayRefusal(RefusedFor.CALLS, words)
        if client.in_flight >= client.in_flight_limit:
            words = f"{client.in_flight} calls of {client.name} are in flight, the most at once"
            return RelayRefusal(RefusedFor.CALLS, words)
        if (open_ := self.breaker.cause(route.key, self._clock())) is not None:
            return RelayRefusal(
                RefusedFor.BREAKER,
                f"the gateway refused {route.key} before: {open_.category}. Another call would not change it, so"
                f" nothing was sent. `gateway-console explain {open_.category}` says what to do",
            )
        return None

    async def _secret_in(self, call: ClientCall) -> RelayRefusal | None:
        """Return a refusal if a body holds a known token, or, by the rules, what seems to be a secret.

        The client's own key is not one: an agent that has listed its variables has it in its conversation from then
        on, and it opens this relay alone.
        """
        text = call.body.decode("utf-8", "replace").replace(call.client.key, "KEY")
        if LEAK_GUARD.is_hit(text):
            return RelayRefusal(
                RefusedFor.SECRET, "the call holds a token of this machine. Nothing was sent. Remove it"
            )
        if self._rules.refuses_suspected_secrets and (found := await self._search.first(text)) is not None:
            words = f"the call seems to hold {found}. Nothing was sent. Remove it"
            return RelayRefusal(RefusedFor.SECRET, f"{words}, or set relay.suspected_secrets to pass")
        return None

    # --- The call ----------------------------------------------------------------------------------------------------

    async def _pass(self, call: ClientCall, passing: "_Passing") -> AsyncGenerator[AnswerPart, None]:
        """Send the call; yield its answer's parts as they arrive, and judge each after it was passed on."""
        route = passing.route
        path = _path(route.endpoint_path, call)
        sending = self._gateway.call(
            path, None, passing.body, stream=True, headers=self._headers(call), body_limit=ANSWER_LIMIT
        )
        try:
            async with aclosing(sending) as parts:
                async for part in parts:
                    if isinstance(part, Started):
                        if is_plain(part.headers):  # if not, its body fails, and the client is told in its dialect
                            yield AnswerHead(part.status, self._clean(to_client(part.headers)))
                            passing.has_head = True
                    elif isinstance(part, Chunk) and (data := passing.redacted.feed(part.data)):
                        yield data
                    if (moved := passing.take(part)) is not None:
                        self._tell(moved)
                    if passing.is_over_limit:
                        raise ConnectionAbortedError  # the client must not take the beginning for the whole
            if rest := passing.redacted.close():
                yield rest
            passing.is_whole = True
        except CallError as error:
            passing.failure = error
            if passing.has_head:
                raise  # the client has the beginning of an answer: its connection has to break off
            failed = failure_answer(call.family, error.classification, f"relay-{passing.number:06}")
            yield AnswerHead(failed.status, failed.headers)
            yield failed.body

    def _headers(self, call: ClientCall) -> Mapping[str, str]:
        return to_gateway(call.headers, key=call.client.key, own=self._gateway.own_headers)

    def _clean(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {name: value for name, value in headers.items() if not LEAK_GUARD.is_hit(value)}

    def _take_back(self, call: ClientCall, cost: Estimate, reservations: Reservations) -> None:
        """Forget a call that is not sent."""
        call.client.sent -= 1
        call.client.in_flight -= 1
        reservations.settle(cost, Spent())

    def _end(self, call: ClientCall, passing: "_Passing", booked: BookedCall, reservations: Reservations) -> None:
        """Book a call, tell of its end, and let the breaker know."""
        result = passing.finish()
        is_cut = not passing.is_whole and passing.failure is None
        if is_cut:  # what the gateway would still have sent is not known, so nothing is wrong with its answer
            result = replace(result, status=SmokeStatus.UNKNOWN, classification=None, findings=())
        taken = booked.cost.taken() if is_cut else taken_by(result, booked.cost, booked.price)
        reservations.settle(booked.cost, taken)
        self.breaker.note(passing.route.key, result.classification, self._clock(), is_whole=passing.is_whole)
        self._tell(RelayCallEnded(passing.number, call.client.name, result, taken.tokens, taken.microusd, is_cut))
        if call.client.book is not None:
            call.client.book.end(booked, result, is_cut=is_cut)


class _Passing:
    """A call in flight: what is judged of it, and how far it got."""

    def __init__(
        self,
        number: int,
        route: Route,
        body: bytes,
        own_limit: int | None,
        gateway: Gateway,
        *,
        wants_stream: bool,
        agent: SentAgent | None = None,
    ) -> None:
        self.number = number
        self.route = route
        self.body = body
        self.redacted = RedactedBytes(gateway.secret)
        self.failure: CallError | None = None
        self.has_head = self.is_whole = False
        self._own_limit = own_limit
        request = ProbeRequest(Shape.TEXT, body, 0, agent=agent, limit_setting=LIMIT_SETTING, wants_stream=wants_stream)
        self._exchange = Exchange(route, gateway.secret, request, is_shown=False)

    @property
    def is_over_limit(self) -> bool:
        """Whether the answer is longer than what was set aside for a call whose client set no limit."""
        return self._own_limit is not None and estimated_tokens(self._exchange.content_bytes) > self._own_limit

    def take(self, part: CallPart) -> RelayCallMoved | None:
        """Judge a part; return what there is to show of it."""
        pieces = 0
        ttft_ms: float | None = None
        for event in self._exchange.take(part):
            if isinstance(event, OutputReceived):
                pieces += event.pieces
                ttft_ms = event.ttft_ms
        return RelayCallMoved(self.number, pieces, ttft_ms) if pieces else None

    def finish(self) -> SmokeResult:
        """Return what the judge found."""
        return next(event.result for event in self._exchange.finish(self.failure) if isinstance(event, SmokeFinished))
