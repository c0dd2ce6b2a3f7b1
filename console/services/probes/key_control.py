"""Rung 3: the negative controls. A wrong key and an unknown model are refused, and the family exists for the right key.

A list that anyone may read proves nothing about a key, so these are calls on the route's own path. With the right key,
none has both an input and the name of an existing model: nothing is generated, unless the gateway serves a model that
does not exist, which is a finding.
"""

from dataclasses import dataclass

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding
from console.domain.money import Spent, estimate
from console.domain.probes.assertion import finding_of
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
_BODY_LIMIT = 262_144
_CONTROL_TOKENS = 16
_CONTROL_PROMPT = "Reply with OK."


@dataclass(frozen=True, slots=True)
class KeyProof:
    """The result of the controls."""

    status: RungStatus
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    classification: Classification | None
    requests_sent: int
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

    def told(self) -> str:
        status = "no reply" if self.reply is None else str(self.reply.status)
        return status if self.reading is None else f"{status} {self.reading.category}"


async def prove_key(gateway: Gateway, route: Route, reservations: Reservations) -> KeyProof:
    """Try the right key without an input, a wrong key, and the right key with an unknown model.

    Args:
        gateway: The open client.
        route: The route; only its own path and family are used.
        reservations: The session's budget: a gateway that serves any model generates a few tokens for the third
            control.

    """
    wire = FAMILY_WIRES[route.endpoint_family]
    empty = wire.build_without_input(route.model)
    notes: list[str] = []
    findings: list[Finding] = []
    requests = 1
    right = await _try(gateway, route, empty, KeyUse.OWN)
    notes.append(f"right key, no input: {right.told()}")
    status, classification = _judge_right(right)
    if gateway.secret is not None:
        wrong = await _try(gateway, route, empty, KeyUse.WRONG)
        requests += 1
        notes.append(f"wrong key: {wrong.told()}")
        findings += _judge_wrong(wrong, right)
        if status is RungStatus.PASSED and _is_same_refusal(wrong, right):
            status = RungStatus.UNPROVEN
    tokens: int | None = 0
    body = wire.build(UNKNOWN_MODEL, Request(_CONTROL_PROMPT, _CONTROL_TOKENS, is_streamed=False))
    cost = estimate(len(body), _CONTROL_TOKENS, None)
    if status is not RungStatus.BLOCKED and (over := reservations.reserve(cost)) is not None:
        notes.append(f"unknown model: not sent; {over.message}")
    elif status is not RungStatus.BLOCKED:
        tokens = None
        try:
            unknown = await _try(gateway, route, body, KeyUse.OWN)
            tokens = unknown.tokens(wire)
        finally:
            reservations.settle(cost, Spent() if tokens == 0 else cost.taken(tokens))
        requests += 1
        notes.append(f"unknown model: {unknown.told()}")
        findings += _judge_unknown(unknown)
    return KeyProof(status, tuple(notes), tuple(findings), classification, requests, tokens)


async def _try(gateway: Gateway, route: Route, body: bytes, key: KeyUse) -> _Control:
    try:
        call = gateway.call(route.endpoint_path, route.endpoint_family, body, key=key)
        reply = await read_whole(call, limit=_BODY_LIMIT)
    except CallError as error:
        return _Control(None, error.classification, is_unanswered=error.was_sent)
    is_answer = reply.is_success and FAMILY_WIRES[route.endpoint_family].read(decode(reply.body)).error is None
    if is_answer and "html" not in reply.content_type:
        return _Control(reply, None)
    has_key = key is KeyUse.OWN and gateway.secret is not None
    return _Control(reply, classify_reply(route, reply, has_key=has_key))


def _judge_right(right: _Control) -> tuple[RungStatus, Classification | None]:
    """Judge the right key without an input: the gateway must refuse only the form of the request."""
    reading = right.reading
    if reading is None or reading.category is Category.INVALID_REQUEST:
        return RungStatus.PASSED, None
    if reading.category.stops_before_generation or reading.category is Category.ORIGIN_REFUSED:
        return RungStatus.BLOCKED, reading
    if reading.category in (Category.UPSTREAM_UNAVAILABLE, Category.CONTRACT_VIOLATION) and right.reply is not None:
        return RungStatus.UNPROVEN, None  # some working gateways answer a request without an input with a 500
    return RungStatus.FAILED, reading


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
    if right.reading is None or wrong.reading is None:
        return False
    return wrong.reading.category is right.reading.category


def _judge_unknown(unknown: _Control) -> list[Finding]:
    if unknown.succeeded:
        return [finding_of("COM-S-03", "served")]
    reading = unknown.reading
    if reading is not None and reading.category in (Category.ROUTE_MISSING, Category.ACCOUNT_PERMISSION):
        return []
    if reading is not None and reading.category.stops_before_generation:
        return []
    return [finding_of("COM-S-03", "other_reason", "" if unknown.reply is None else f"status {unknown.reply.status}")]
