"""The content check: an opt-in call that asks for a known count, to see whether its end arrives.

A gateway may close an answer that its provider cut with an invented `stop`. No rule about the stream can show that; a
text whose end is known can. A model that counts badly proves nothing, and is not said to have failed.
"""

import re
from contextlib import aclosing
from dataclasses import dataclass

from console.domain.finding import Finding
from console.domain.money import Estimate, Spent, estimate
from console.domain.probes.assertion import finding_of
from console.domain.probes.event import OutputReceived, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.services.probes.request import ProbeRequest
from console.services.probes.smoke import SmokePlan, call_route, taken_by
from console.wire import FAMILY_WIRES
from console.wire.request import Request

LAST = 30
PROMPT = f"Count from 1 to {LAST} in digits, separated by spaces, without leaving any number out. Write nothing else."
_TEXT_LIMIT = 10_000
_NUMBER = re.compile(r"[0-9]+")
_SEPARATORS = re.compile(r"[\s,;]*")
_STARTS = 3
"""A count may follow a sentence that names both ends; a 1 that comes later begins a repetition."""


@dataclass(frozen=True, slots=True)
class ContentProof:
    """The result of a route's content check."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    requests_sent: int = 0
    tokens: int | None = 0
    """The tokens that the answer reported; None if it reported none."""
    microusd: int = 0


def content_request(route: Route, plan: SmokePlan) -> ProbeRequest:
    """Return the request of a route's content check."""
    limit = plan.max_output_tokens
    return ProbeRequest(
        Shape.TEXT, FAMILY_WIRES[route.endpoint_family].build(route.model, Request(PROMPT, limit)), limit
    )


def content_cost(route: Route, plan: SmokePlan) -> Estimate:
    """Return the most that a route's content check can cost."""
    request = content_request(route, plan)
    return estimate(len(request.body), request.max_output_tokens, plan.price_of(route))


async def content_check(route: Route, plan: SmokePlan) -> ContentProof:
    """Ask a route for a count within the budget, once, and judge whether its end arrived."""
    request, cost, price = content_request(route, plan), content_cost(route, plan), plan.price_of(route)
    if (over := plan.reservations.reserve(cost)) is not None:
        unsent = f"not sent: {over.message}"
        return ContentProof((finding_of("CNT-01", "unproven", "no call was made"),), (f"content: {unsent}",))
    taken, text, result = cost.taken(), "", None
    try:
        async with aclosing(call_route(route, plan.gateway, request)) as events:
            async for event in events:
                if isinstance(event, OutputReceived) and not event.is_reasoning:
                    text = (text + event.text)[:_TEXT_LIMIT]
                if isinstance(event, SmokeFinished):
                    result = event.result
                    taken = taken_by(result, cost, price)
    finally:
        plan.reservations.settle(cost, taken)
    return ContentProof() if result is None else _judged(result, text, taken)


def _judged(result: SmokeResult, text: str, taken: Spent) -> ContentProof:
    findings = [finding for finding in result.findings if finding.id == "COM-O-07"]
    case, seen = _judge(result, text)
    if case:
        findings.append(finding_of("CNT-01", case, seen))
    is_named = result.input_tokens is not None and result.output_tokens is not None
    return ContentProof(
        tuple(findings),
        (f"content: {seen}",),
        result.requests_sent,
        taken.tokens if is_named or not result.requests_sent else None,
        taken.microusd,
    )


def _judge(result: SmokeResult, text: str) -> tuple[str, str]:
    """Return the violated case, empty if none, and what was seen."""
    if result.status is not SmokeStatus.PASSED:
        category = "stopped" if result.classification is None else result.classification.category
        return "unproven", f"the call did not pass: {category}"
    counted, breaks_off = counted_to(text)
    if counted >= LAST:
        return "", f"the count reached its end, {LAST}"
    if result.is_at_limit:
        return "unproven", f"{result.limit.words(result.finish)[0]}, at {counted} of {LAST}"
    if breaks_off and counted:
        return "cut", f"the count ends at {counted} of {LAST}, and the answer says {result.finish or 'nothing'}"
    return "unproven", f"the answer is not a count from 1 to {LAST}: the model may not be able to count"


def counted_to(text: str) -> tuple[int, bool]:
    """Return how far a text counts from 1, and whether it breaks off there; a cut last number is left out.

    It breaks off if nothing but a separator follows. Words, a full stop, an ellipsis, a gap or a repetition come from
    the model: it counts badly, or ended by itself.
    """
    found = list(_NUMBER.finditer(text))
    starts = [position for position, number in enumerate(found) if number[0] == "1"][:_STARTS]
    return max((_run(text, found, start) for start in starts), default=(0, False))


def _run(text: str, found: list[re.Match[str]], start: int) -> tuple[int, bool]:
    """Return the same for the count that begins at one of a text's numbers."""
    counted = 0
    for number in found[start:]:
        if number[0] != str(counted + 1):
            break
        counted += 1
    rest = found[start + counted :]
    is_cut = len(rest) == 1 and str(counted + 1).startswith(rest[0][0])
    tail = text[found[-1].end() :]
    return counted, (not rest or is_cut) and start < _STARTS and _SEPARATORS.fullmatch(tail) is not None
