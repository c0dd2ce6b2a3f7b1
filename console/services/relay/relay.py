"""The relay of one gateway: it admits a client's call, sends it with the gateway's token, and judges what passes.

One call is one request to the gateway. It is on the route that the client named and on no other, it is never repeated
here, and what comes back goes to the client before it is judged.
"""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.finding import Finding, Severity
from console.domain.money import Estimate, Limits, Price, Spent, estimate
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.breaker import Breaker
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallRefused, RelayEvent
from console.domain.relay.fields import Uncounted, detour_in
from console.domain.relay.headers import is_plain, query_to_gateway, to_client, to_gateway
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.endpoint_path import bare
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route
from console.services.gateway.call import Chunk, Started
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.options import CallTimes
from console.services.gateway.reservations import Reservations
from console.services.probes.request import sent_by
from console.services.probes.smoke import taken_by
from console.services.relay.client import BookedCall, RelayClient
from console.services.relay.client_call import AnswerHead, AnswerPart, ClientCall
from console.services.relay.passing import Passing
from console.services.relay.redact import RedactedBytes
from console.services.relay.secret_search import SecretSearch
from console.services.system.leak_guard import LEAK_GUARD
from console.wire.asked import Asked, AskedError, read_asked, with_model
from console.wire.refusal import RefusalAnswer, failure_answer, refusal_answer

COUNT_SUFFIX = "/count_tokens"
_SMALL = 128 * 1024
"""The bytes of a request that are read at once: a larger one is read in a thread, while other calls go on."""
ANSWER_LIMIT = 256 * 1024 * 1024
"""The most bytes of an answer. It is passed on as it comes, and only so much is a sign of a gateway out of order."""


def _path(path: str, call: ClientCall) -> str:
    query = query_to_gateway(call.query, call.client.key)
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def _is_after_the_end(finding: Finding) -> bool:
    """Return whether a finding says that what follows an answer's own end is missing, such as `[DONE]`."""
    return finding.severity is Severity.WARN and finding.id in ("CHT-STREAM-05", "CHT-STREAM-06")


@dataclass(frozen=True, slots=True)
class RelayRules:
    """What a relay holds every client to."""

    refuses_suspected_secrets: bool = True
    """Whether a call with what seems to be a secret is refused; if not, it is only counted. A known token always is."""
    max_output_tokens: int = 32_000
    """What an answer is taken to need if the client sets no limit; a longer one is cut off."""
    cool_down_s: float = 60.0
    """How long a route takes no call after the gateway refused it for a lasting reason, in seconds."""
    deadline_s: float = 3600.0
    """The longest that a call may take in total, in seconds."""
    idle_timeout_s: float = 600.0
    """The longest that a call may wait for the next bytes, in seconds."""


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
        self._search = SecretSearch(suspects=rules.refuses_suspected_secrets)
        self._times = CallTimes(rules.deadline_s, rules.idle_timeout_s, "relay")
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
        route, asked, body = found.route, found.asked, found.body
        limit = (asked.max_output_tokens or self._rules.max_output_tokens) * asked.choices
        price = self._price_of(route)
        cost = estimate(len(body), limit, price)
        own = call.client.within(self._reservations)
        body_sha256 = hashlib.sha256(body).hexdigest()
        over = self._over_budget(call.client, own, cost, asked, body_sha256=body_sha256)
        if over is not None:
            for part in self._refused(call, over):
                yield part
            return
        self.breaker.begin(route.key, self._clock())
        number = next(self._numbers)
        call.client.sent += 1
        call.client.in_flight += 1
        book = call.client.book
        booked = BookedCall(number, route, body_sha256, len(body), cost, price)
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
        passing = Passing(
            number,
            route,
            body,
            self._rules.max_output_tokens if asked.max_output_tokens is None else None,
            self._gateway,
            asked=asked,
            agent=sent_by(call.client.agent, route, len(body)),
        )
        try:
            self._tell(RelayCallBegun(number, call.client.name, route, len(body), self._now()))
            async with aclosing(self._pass(call, passing)) as parts:
                async for part in parts:
                    yield part
        finally:
            call.client.in_flight -= 1
            if passing.is_over_limit:
                call.client.overlong.add(body_sha256)
            self._end(call, passing, booked, own)

    async def count(self, call: ClientCall) -> AsyncGenerator[AnswerPart, None]:
        """Pass on a call that only counts a request's tokens. It costs nothing, but it is one of the client's calls."""
        found = await self._admit(call)
        if isinstance(found, RelayRefusal):
            for refused in self._refused(call, found):
                yield refused
            return
        route, body = found.route, found.body
        path = _path(bare(route.endpoint_path) + COUNT_SUFFIX, call)
        redacted = RedactedBytes(self._gateway.secret)
        has_head = False
        call.client.sent += 1
        call.client.in_flight += 1
        try:
            sending = self._gateway.call(path, None, body, headers=self._headers(call), times=self._times)
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
        finally:
            call.client.in_flight -= 1

    def _refused(self, call: ClientCall, refusal: RelayRefusal) -> tuple[AnswerHead, bytes]:
        refused = self.refuse(call.family, refusal, call.client.name)
        return AnswerHead(refused.status, refused.headers), refused.body

    # --- Admission ---------------------------------------------------------------------------------------------------

    async def _admit(self, call: ClientCall) -> "_Admitted | RelayRefusal":
        is_small = len(call.body) <= _SMALL
        found = self._read(call) if is_small else await asyncio.to_thread(self._read, call)
        if isinstance(found, RelayRefusal):
            return found
        secret = await self._secret_in(call)  # before the limits: from those on nothing may wait until it is counted
        return secret or self._refusal(call, found.route) or found

    def _read(self, call: ClientCall) -> "_Admitted | RelayRefusal":
        try:
            asked = read_asked(call.body, call.family)
            admission = call.client.desk.admit(call.family, asked.model)
            if isinstance(admission, RelayRefusal):
                return admission
            model = admission.route.model
            body = with_model(call.body, model) if admission.is_named_by_role else call.body
        except AskedError as error:
            return RelayRefusal(RefusedFor.BODY, f"{error}. Nothing was sent")
        return self._astray(call, asked) or _Admitted(admission.route, asked, body)

    def _astray(self, call: ClientCall, asked: Asked) -> RelayRefusal | None:
        """Return a refusal of a call that asks for what the relay cannot answer for; None if it does not."""
        if asked.is_background:
            words = "an answer in the background cannot be fetched through the relay. Nothing was sent"
            return RelayRefusal(RefusedFor.BODY, f"{words}. Ask for it without `background`")
        found = detour_in(call.headers, call.query, asked.keys, self._gateway.own_headers)
        if found is None:
            return None
        return RelayRefusal(RefusedFor.DETOUR, found.words)

    def _over_budget(
        self, client: RelayClient, own: Reservations, cost: Estimate, asked: Asked, *, body_sha256: str
    ) -> RelayRefusal | None:
        """Set a call's ceiling aside; return why it must not cost that, or None if it may."""
        if body_sha256 in client.overlong:
            return RelayRefusal(
                RefusedFor.BUDGET,
                "the answer to the same call was longer than relay.max_output_tokens and was cut off. Nothing was sent"
                " again. Let the agent set a limit of its own, or raise the setting",
            )
        scopes = (own.budget, *client.budgets)
        is_limited = client.book is not None or any(each.limits != Limits() for each in scopes)
        if is_limited and Uncounted.STORED_INPUT in asked.uncounted:
            return RelayRefusal(
                RefusedFor.BODY,
                "the call goes on from what the gateway has stored, so what it reads is not known here and no limit"
                " can be held. Nothing was sent. Send the whole conversation instead",
            )
        over = own.reserve(cost)
        return None if over is None else RelayRefusal(RefusedFor.BUDGET, over.message)

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
        """Return a refusal if a call holds a known token, or, by the rules, what seems to be a secret.

        It is looked for in the body, in the query and in the headers that would go on. The client's own key is not one:
        an agent that has listed its variables has it in its conversation from then on, and it opens this relay alone.
        """
        head = "\n".join((call.query, *(f"{name}: {value}" for name, value in self._headers(call).items())))
        texts = (call.body.decode("utf-8", "replace"), head)
        return await self._search.refusal(*(each.replace(call.client.key, "KEY") for each in texts))

    # --- The call ----------------------------------------------------------------------------------------------------

    async def _pass(self, call: ClientCall, passing: Passing) -> AsyncGenerator[AnswerPart, None]:
        """Send the call; yield its answer's parts as they arrive, and judge each after it was passed on."""
        route = passing.route
        path = _path(route.endpoint_path, call)
        sending = self._gateway.call(
            path,
            None,
            passing.body,
            stream=True,
            headers=self._headers(call),
            body_limit=ANSWER_LIMIT,
            times=self._times,
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

    def _end(self, call: ClientCall, passing: Passing, booked: BookedCall, reservations: Reservations) -> None:
        """Book a call, tell of its end, and let the breaker know."""
        result = passing.finish()
        has_left = not passing.is_whole and passing.failure is None
        is_told = result.classification is not None or None not in (result.input_tokens, result.output_tokens)
        is_cut = has_left and not (passing.is_settled and is_told)
        if is_cut:  # what the gateway would still have sent is not known, so nothing is wrong with its answer
            result = replace(result, status=SmokeStatus.UNKNOWN, classification=None, findings=())
        elif has_left:  # agents leave once an answer has said how it ends; what they did not wait for is not missing
            result = replace(result, findings=tuple(each for each in result.findings if not _is_after_the_end(each)))
        taken = booked.cost.taken() if is_cut else taken_by(result, booked.cost, booked.price)
        if passing.uncounted:
            taken = replace(taken, is_exact=False)
        reservations.settle(booked.cost, taken)
        self.breaker.note(passing.route.key, result.classification, self._clock(), is_whole=passing.is_answered)
        self._tell(
            RelayCallEnded(
                passing.number,
                call.client.name,
                result,
                taken.tokens,
                taken.microusd,
                is_cut,
                passing.uncounted,
                is_priced=booked.price is not None,
            )
        )
        if call.client.book is not None:
            call.client.book.end(booked, result, is_cut=is_cut)


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that may be sent, and how."""

    route: Route
    asked: Asked
    body: bytes
    """With the model's own name in it."""
