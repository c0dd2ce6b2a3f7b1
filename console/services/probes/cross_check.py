"""Cross checks: opt-in probes that compare two calls, or send one that the gateway must refuse.

They cost more calls than a smoke test, so only `check --cross` makes them. PAR-02 deliberately calls a model on a
family that does not serve it, to see that the gateway refuses. The console does so nowhere else, and uses the answer
for nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding
from console.domain.money import Spent, cost_of, estimate
from console.domain.probes.assertion import finding_of
from console.domain.probes.served_as import check_served, prove
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route
from console.domain.text.closed_name import MODEL_NAME
from console.services.gateway.call import Reply, read_whole
from console.services.gateway.failure import CallError
from console.services.probes.mask import Mask
from console.services.probes.reading import classify_reply
from console.services.probes.request import PROMPT
from console.services.probes.smoke import SmokePlan
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, error_in
from console.wire.json_value import decode, encode
from console.wire.request import Request

RESPONSES_ONLY_MODEL = "o3-pro"
"""A model from OpenAI's list of those that only Responses serves (openai-openapi, ResponsesOnlyModel)."""
_BODY_LIMIT = 262_144
_VERSIONS = ("2023-06-01", "2026-10-21")
"""The two versions of the Messages API (platform.claude.com, versioning)."""


@dataclass(frozen=True, slots=True)
class CrossProof:
    """The result of a route's cross checks."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    requests_sent: int = 0
    classification: Classification | None = None
    """Why the whole answer was refused, after a stream that died before its first event."""


@dataclass(slots=True)
class _Notebook:
    findings: list[Finding]
    notes: list[str]
    requests: int = 0


async def cross_check(route: Route, plan: SmokePlan, streamed: SmokeResult) -> CrossProof:
    """Run a route's cross checks, after its streamed smoke test passed.

    Args:
        route: The route.
        plan: The client, the session's budget and the limits.
        streamed: The smoke test's result, to compare an unstreamed answer with.

    """
    book = _Notebook([], [])
    await _compare_whole(route, plan, streamed, book)
    match route.endpoint_family:
        case EndpointFamily.RESPONSES:
            await _refuse_small_limit(route, plan, book)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            await _try_headers(route, plan, book)
        case EndpointFamily.CHAT_COMPLETIONS:
            await _refuse_foreign_model(route, plan, book)
    return CrossProof(tuple(book.findings), tuple(book.notes), book.requests)


async def ask_whole(route: Route, plan: SmokePlan) -> CrossProof:
    """Ask once for the whole answer, after a stream that died before its first event: it may say why.

    Args:
        route: The route.
        plan: The client, the session's budget and the limits.

    """
    book = _Notebook([], [])
    wire = FAMILY_WIRES[route.endpoint_family]
    limit = plan.max_output_tokens
    reply = await _ask(
        route, plan, book, wire.build(route.model, Request(PROMPT, limit, is_streamed=False)), limit=limit
    )
    if reply is None:
        return CrossProof(notes=tuple(book.notes), requests_sent=book.requests)
    value = decode(reply.body)
    if not reply.is_success or error_in(value) is not None:
        why = classify_reply(route.endpoint_path, route.endpoint_family, reply)
        note = f"not streamed: {reply.status}, {why.category}"
        return CrossProof(notes=(*book.notes, note), requests_sent=book.requests, classification=why)
    if wire.read(value).is_complete:
        book.findings.append(finding_of("PAR-01", "whole_only"))
    book.notes.append(f"not streamed: {reply.status}")
    return CrossProof(tuple(book.findings), tuple(book.notes), book.requests)


async def _ask(
    route: Route, plan: SmokePlan, book: _Notebook, body: bytes, *, limit: int, version: str = ""
) -> Reply | None:
    """Make one call within the budget; None if it was not made, or got no complete answer."""
    price = plan.price_of(route)
    cost = estimate(len(body), limit, price)
    if (over := plan.reservations.reserve(cost)) is not None:
        book.notes.append(f"not sent: {over.message}")
        return None
    taken = cost.taken()
    try:
        headers = {"anthropic-version": version} if version else None
        call = plan.gateway.call(route.endpoint_path, route.endpoint_family, body, headers=headers)
        book.requests += 1
        reply = await read_whole(call, limit=_BODY_LIMIT)
        usage = FAMILY_WIRES[route.endpoint_family].read(decode(reply.body)).usage
        money = cost_of(price, usage.input_tokens, usage.output_tokens)
        taken = cost.taken(usage.total, money) if reply.is_success else Spent()
    except CallError as error:
        book.notes.append(f"no complete answer: {error.classification.evidence}")
        return None
    finally:
        plan.reservations.settle(cost, taken)
    return reply


async def _compare_whole(route: Route, plan: SmokePlan, streamed: SmokeResult, book: _Notebook) -> None:
    """PAR-01: an unstreamed answer ends like the streamed one, names the same model, and also reports usage."""
    wire = FAMILY_WIRES[route.endpoint_family]
    limit = plan.max_output_tokens
    body = wire.build(route.model, Request(PROMPT, limit, is_streamed=False))
    reply = await _ask(route, plan, book, body, limit=limit)
    if reply is None:
        return
    answer = wire.read(decode(reply.body))
    differs = [
        word
        for word, one, other in (
            ("finish", answer.finish, streamed.finish),
            ("model", answer.model, streamed.model_reported),
            ("usage", answer.usage.total is not None, streamed.output_tokens is not None),
        )
        if one != other
    ]
    book.notes.append(f"not streamed: {reply.status}, {'differs in ' + ', '.join(differs) if differs else 'agrees'}")
    if differs:
        book.findings.append(finding_of("PAR-01", "differs", ", ".join(differs)))
    if reply.is_success and answer.is_complete:
        book.findings += _whole_from_elsewhere(route, plan, answer, reply.headers, streamed)


def _whole_from_elsewhere(
    route: Route, plan: SmokePlan, answer: Answer, headers: Mapping[str, str], streamed: SmokeResult
) -> list[Finding]:
    """Return what a whole answer shows of who answered, unless the streamed one showed it already."""
    mask = Mask(plan.gateway.secret)
    service = prove(
        route.endpoint_family,
        route.model,
        answer.model,
        answer_id=answer.answer_id,
        headers=headers,
        allowed=route.served_as,
    ).closed(lambda name: mask.closed(name, MODEL_NAME))
    told = {each.id for each in streamed.findings}
    return [each for each in check_served(service) if each.id not in told]


async def _refuse_small_limit(route: Route, plan: SmokePlan, book: _Notebook) -> None:
    """RSP-S-01: the gateway enforces the family's minimum of 16 output tokens."""
    body = encode({"model": route.model, "input": PROMPT, "max_output_tokens": 15, "store": False})
    reply = await _ask(route, plan, book, body, limit=15)
    if reply is None:
        return
    book.notes.append(f"max_output_tokens 15: {reply.status}")
    if reply.is_success:
        book.findings.append(finding_of("RSP-S-01", "taken"))


async def _try_headers(route: Route, plan: SmokePlan, book: _Notebook) -> None:
    """MSG-HDR-01: which API versions the gateway accepts; the smoke test already proved how the token is sent."""
    wire = FAMILY_WIRES[route.endpoint_family]
    for version in _VERSIONS:
        body = wire.build_without_input(route.model)
        reply = await _ask(route, plan, book, body, limit=0, version=version)
        if reply is None:
            continue
        is_refused = (
            not reply.is_success
            and classify_reply(route.endpoint_path, route.endpoint_family, reply).category
            is not Category.INVALID_REQUEST
        )
        book.notes.append(f"anthropic-version {version}: {reply.status}{', refused' if is_refused else ''}")
        if is_refused:
            book.findings.append(
                finding_of("MSG-HDR-01", "version_refused", f"version {version}, status {reply.status}")
            )


async def _refuse_foreign_model(route: Route, plan: SmokePlan, book: _Notebook) -> None:
    """PAR-02: a model that only Responses serves is refused on chat, not silently bridged."""
    foreign = replace(route, model=RESPONSES_ONLY_MODEL)
    wire = FAMILY_WIRES[route.endpoint_family]
    body = wire.build(foreign.model, Request(PROMPT, 16, is_streamed=False))
    reply = await _ask(foreign, plan, book, body, limit=16)
    if reply is None:
        return
    if reply.is_success:
        book.notes.append(f"{RESPONSES_ONLY_MODEL} on chat: {reply.status}, served")
        book.findings.append(finding_of("PAR-02", "bridged"))
    else:
        category = classify_reply(foreign.endpoint_path, foreign.endpoint_family, reply).category
        book.notes.append(f"{RESPONSES_ONLY_MODEL} on chat: {reply.status} {category}")
