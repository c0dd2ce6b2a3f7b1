"""Rung 3: the negative controls. A wrong key and an unknown model are refused, and the family exists for the right key.

A list that anyone may read proves nothing about a key, so these are calls on the routes' own paths. With the right
key, none has both an input and the name of an existing model: nothing is generated, unless the gateway serves a model
that does not exist, which is a finding.

What a control proves holds for every route on the same path: the controls are made once per path. Only a model that
the gateway does not list gets a control of its own.
"""

import asyncio
from dataclasses import dataclass, field

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding
from console.domain.money import Spent, estimate
from console.domain.probes.assertion import finding_of
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.ladder import RungStatus
from console.domain.routes.route import Route
from console.services.gateway.call import KeyUse, Reply, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.reservations import Reservations
from console.services.probes.reading import classify_reply
from console.wire import FAMILY_WIRES, FamilyWire
from console.wire.json_value import decode
from console.wire.request import Request

UNKNOWN_MODEL = "gateway-console-no-such-model"
SERVES_ANY = finding_of("COM-S-03", "served")
"""The gateway served a model that does not exist, so its lists do not say which models it serves."""
_BODY_LIMIT = 262_144
_CONTROL_TOKENS = 16
_CONTROL_PROMPT = "Reply with OK."
_REFUSES_UNKNOWN = frozenset({Category.ROUTE_MISSING, Category.ACCOUNT_PERMISSION})
_OWN_KEY_REFUSED = frozenset({Category.ACCOUNT_AUTH, Category.ACCOUNT_QUOTA})
"""A price or a permission that is missing may concern the unknown model; these concern the key."""


@dataclass(frozen=True, slots=True)
class KeyProof:
    """What the controls prove for one route."""

    status: RungStatus
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    classification: Classification | None
    requests_sent: int
    """Requests made for this route; a control that it shares counts for the first route."""
    tokens: int | None


@dataclass(frozen=True, slots=True)
class _Control:
    """The result of one control: a reply, or why there was none."""

    reply: Reply | None
    reading: Classification | None
    """None if the call succeeded."""
    is_unanswered: bool = False
    """Whether the call was sent but got no complete answer: it may have been billed."""

    def tokens(self, wire: FamilyWire) -> int | None:
        """Return how many tokens the call used; None if unknown."""
        if self.succeeded and self.reply is not None:
            return wire.read(decode(self.reply.body)).usage.total
        return None if self.is_unanswered else 0

    @property
    def succeeded(self) -> bool:
        return self.reading is None

    @property
    def category(self) -> Category | None:
        return None if self.reading is None else self.reading.category

    @property
    def accepts_key(self) -> bool:
        """Whether only the form of the request was refused, if anything was."""
        return self.category in (None, Category.INVALID_REQUEST)

    @property
    def is_outage(self) -> bool:
        """Whether it ended as in an outage. A working gateway may end a form without an input in the same way."""
        return self.category is Category.CONTRACT_VIOLATION or (self.category is not None and self.category.is_outage)

    def told(self) -> str:
        status = "no reply" if self.reply is None else str(self.reply.status)
        return status if self.reading is None else f"{status} {self.reading.category}"


@dataclass(slots=True)
class _Tally:
    """What the controls of one route took, and what they showed."""

    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    requests_sent: int = 0
    tokens: int | None = 0


class PathControls:
    """The controls of one path of a gateway, made as needed. Its routes wait for what the first one makes for all."""

    def __init__(
        self,
        gateway: Gateway,
        reservations: Reservations,
        catalogue: Catalogue | None = None,
        list_refusal: Classification | None = None,
        *,
        tries_unknown: bool = True,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            gateway: The open client.
            reservations: The session's budget: a gateway that serves any model generates a few tokens for the third
                control.
            catalogue: The gateway's lists; None if they were not read.
            list_refusal: Why a list refused our own key; None if none did.
            tries_unknown: Whether to try an unknown model even if the key is proven without it. Once per gateway is
                enough.

        """
        self._gateway = gateway
        self._reservations = reservations
        self._catalogue = catalogue
        self._list_refusal = list_refusal
        self._tries_unknown = tries_unknown
        self._first = asyncio.Lock()
        """Held while a route makes the controls that it shares; one whose model was refused has none to share."""
        self._is_first_made = False
        self._once = asyncio.Lock()
        """Held while a control is made that is made once."""
        self._asking: dict[str, asyncio.Lock] = {}
        """Held while a model's form is sent, so that no other route sends the same one meanwhile."""
        self._own: dict[str, _Control] = {}
        """The form of each model whose key was accepted: the same request would get the same answer."""
        self._right: _Control | None = None
        """The newest form with the right key and without an input that was not refused for its model."""
        self._wrong: _Control | None = None
        self._unknown: _Control | None = None
        self._unknown_not_sent = ""

    async def prove(self, route: Route) -> KeyProof:
        """Return what the controls prove for a route of this path; make those that are still missing."""
        if not self._is_first_made:
            async with self._first:
                if not self._is_first_made:
                    proof = await self._prove(route)
                    self._is_first_made = self._right is not None
                    return proof
        return await self._prove(route)

    async def _prove(self, route: Route) -> KeyProof:
        tally = _Tally()
        right = await self._right_for(route, tally)
        if self._stops(right):
            return KeyProof(
                RungStatus.BLOCKED, tuple(tally.notes), (), right.reading, tally.requests_sent, tally.tokens
            )
        await self._try_wrong(route, tally)
        if self._tries_unknown or self._is_unlisted(route) or not self._is_told_apart(right):
            await self._try_unknown(route, tally)
        status, classification = self._judge(right, tally)
        if classification is None:
            tally.findings += self._found(right)
        if self._is_unlisted(route) and self._unknown is not None and self._unknown.category in _REFUSES_UNKNOWN:
            tally.findings.append(finding_of("MOD-01", "refused_elsewhere"))
            status = RungStatus.UNPROVEN if status is RungStatus.PASSED else status
        return KeyProof(
            status, tuple(tally.notes), tuple(tally.findings), classification, tally.requests_sent, tally.tokens
        )

    async def _right_for(self, route: Route, tally: _Tally) -> _Control:
        if self._right is not None and self._is_listed(route):
            tally.notes.append(f"right key, no input: {self._right.told()} (shared by the path)")
            return self._right
        async with self._asking.setdefault(route.model, asyncio.Lock()):
            return await self._own_form(route, tally)

    async def _own_form(self, route: Route, tally: _Tally) -> _Control:
        if (own := self._own.get(route.model)) is not None:
            tally.notes.append(f"right key, no input: {own.told()} (shared by the model)")
            return own
        right = await self._try(route, FAMILY_WIRES[route.endpoint_family].build_without_input(route.model), tally)
        tally.notes.append(f"right key, no input: {right.told()}")
        if right.accepts_key:
            self._own[route.model] = right
        if right.accepts_key or not self._stops(right):
            self._right = right
        return right

    async def _try_wrong(self, route: Route, tally: _Tally) -> None:
        if self._gateway.secret is None:
            return
        async with self._once:
            if self._wrong is None:
                empty = FAMILY_WIRES[route.endpoint_family].build_without_input(route.model)
                self._wrong = await self._try(route, empty, tally, KeyUse.WRONG)
        tally.notes.append(f"wrong key: {self._wrong.told()}")

    async def _try_unknown(self, route: Route, tally: _Tally) -> None:
        async with self._once:
            await self._make_unknown(route, tally)
        told = f"not sent; {self._unknown_not_sent}" if self._unknown is None else self._unknown.told()
        tally.notes.append(f"unknown model: {told}")

    async def _make_unknown(self, route: Route, tally: _Tally) -> None:
        if self._unknown is None and not self._unknown_not_sent:
            wire = FAMILY_WIRES[route.endpoint_family]
            body = wire.build(UNKNOWN_MODEL, Request(_CONTROL_PROMPT, _CONTROL_TOKENS, is_streamed=False))
            cost = estimate(len(body), _CONTROL_TOKENS, None)
            if (over := self._reservations.reserve(cost)) is not None:
                self._unknown_not_sent = over.message
            else:
                tally.tokens = None
                try:
                    self._unknown = await self._try(route, body, tally)
                    tally.tokens = self._unknown.tokens(wire)
                finally:
                    self._reservations.settle(cost, Spent() if tally.tokens == 0 else cost.taken(tally.tokens))

    async def _try(self, route: Route, body: bytes, tally: _Tally, key: KeyUse = KeyUse.OWN) -> _Control:
        tally.requests_sent += 1
        path, family = route.endpoint_path, route.endpoint_family
        try:
            reply = await read_whole(self._gateway.call(path, family, body, key=key), limit=_BODY_LIMIT)
        except CallError as error:
            return _Control(None, error.classification, is_unanswered=error.was_sent)
        is_answer = reply.is_success and FAMILY_WIRES[family].read(decode(reply.body)).error is None
        if is_answer and "html" not in reply.content_type:
            return _Control(reply, None)
        has_key = key is KeyUse.OWN and self._gateway.secret is not None
        return _Control(reply, classify_reply(path, family, reply, has_key=has_key))

    @staticmethod
    def _stops(right: _Control) -> bool:
        reading = right.reading
        return reading is not None and (
            reading.category.stops_before_generation or reading.category is Category.ORIGIN_REFUSED
        )

    def _is_listed(self, route: Route) -> bool:
        return self._catalogue is not None and self._catalogue.get(route.model) is not None

    def _is_unlisted(self, route: Route) -> bool:
        """Return whether the gateway's lists were read to their end and have no such model."""
        return self._catalogue is not None and self._catalogue.lacks(route.model)

    def _is_told_apart(self, right: _Control) -> bool:
        """Return whether the gateway told our key from a wrong one; an outage or a rate limit tells nothing."""
        wrong = self._wrong
        if wrong is None or wrong.category is None or wrong.category.passes_by_waiting:
            return False
        return right.accepts_key and not _is_same_refusal(wrong, right)

    def _judge(self, right: _Control, tally: _Tally) -> tuple[RungStatus, Classification | None]:
        """Judge all controls together: one alone may mislead, but a refusal of our own key is never ignored."""
        made = [control for control in (right, self._wrong, self._unknown) if control is not None]
        if len(made) > 1 and right.is_outage and len({control.category for control in made}) == 1:
            return RungStatus.FAILED, right.reading
        unknown = None if self._unknown is None else self._unknown.reading
        is_told_apart = self._is_told_apart(right)
        if unknown is not None and not is_told_apart and unknown.category in _OWN_KEY_REFUSED:
            tally.findings.append(finding_of("COM-S-04", "control", "unknown model"))
            return RungStatus.BLOCKED, unknown
        if right.is_outage and right.reply is not None:
            return RungStatus.UNPROVEN, None  # some working gateways answer a form without an input with a 500
        if not right.accepts_key:
            return RungStatus.FAILED, right.reading
        if self._gateway.secret is None or is_told_apart:
            return RungStatus.PASSED, None
        if self._list_refusal is not None and not (self._wrong is not None and self._wrong.succeeded):
            return RungStatus.BLOCKED, self._list_refusal
        is_accepted = self._wrong is not None and self._wrong.succeeded  # then a finding fails
        return (RungStatus.PASSED if is_accepted else RungStatus.UNPROVEN), None

    def _found(self, right: _Control) -> list[Finding]:
        findings = [] if self._wrong is None else _judge_wrong(self._wrong, right)
        return findings if self._unknown is None else findings + _judge_unknown(self._unknown)


async def prove_key(gateway: Gateway, route: Route, reservations: Reservations) -> KeyProof:
    """Try the right key without an input, a wrong key, and the right key with an unknown model, for one route."""
    return await PathControls(gateway, reservations).prove(route)


def _judge_wrong(wrong: _Control, right: _Control) -> list[Finding]:
    if wrong.succeeded:
        return [finding_of("COM-S-02", "accepted")]
    reading = wrong.reading
    status = 0 if wrong.reply is None else wrong.reply.status
    if reading is not None and reading.category in (Category.ACCOUNT_AUTH, Category.ACCOUNT_PERMISSION):
        return [] if status == 401 else [finding_of("COM-S-02", "other_status", f"status {status}")]
    if _is_same_refusal(wrong, right):
        return [finding_of("COM-S-02", "not_told_apart", f"status {status}")]
    return [finding_of("COM-S-02", "other_reason", f"status {status}")]


def _is_same_refusal(wrong: _Control, right: _Control) -> bool:
    """Return whether both keys got the same refusal: a gateway may check the request's form before the key."""
    return right.reading is not None and wrong.category is right.category


def _judge_unknown(unknown: _Control) -> list[Finding]:
    if unknown.succeeded:
        return [SERVES_ANY]
    if unknown.category in _REFUSES_UNKNOWN:
        return []
    if unknown.category is not None and unknown.category.stops_before_generation:
        return []
    return [finding_of("COM-S-03", "other_reason", "" if unknown.reply is None else f"status {unknown.reply.status}")]
