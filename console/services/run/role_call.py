"""A role's call: the brief and the schema in the family's own form, one streamed request, and the answer as a value."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.errors.category import Category, Classification, judged
from console.domain.money import Estimate, Price, estimate
from console.domain.probes.event import OutputReceived, SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.run.answer_form import form_at
from console.domain.run.gate import Gate
from console.domain.run.json_form import FormError
from console.domain.run.role_answer import RoleAnswer
from console.services.gateway.client import Gateway
from console.services.probes.request import ProbeRequest, role_body
from console.services.probes.smoke import call_route
from console.services.run.briefs import Brief

ANSWER_LIMIT = 1_000_000
"""The most characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class RoleCall:
    """A call as it will be sent: what the operator sees before it is paid for."""

    call_id: str
    gate: Gate
    route: Route
    brief: Brief
    request: ProbeRequest
    cost: Estimate
    """The most that it can take."""
    price: Price | None
    """What the gateway said that the model costs, when the call was built."""


@dataclass(frozen=True, slots=True)
class RoleCallEnded:
    """A role's call is over."""

    result: SmokeResult
    text: str
    """The answer's text. It is kept as an artifact, apart from the ledger, or not at all."""


def nonce_of(call_id: str) -> str:
    """Return what a judge has to repeat: known to nobody before the call is made, and from the ledger afterwards."""
    return hashlib.sha256(f"nonce {call_id}".encode()).hexdigest()[:16]


def boundary_of(call_id: str) -> str:
    """Return the word that bounds the blocks of a call's brief."""
    return hashlib.sha256(f"boundary {call_id}".encode()).hexdigest()[:16]


def prepare_call(
    call_id: str,
    gate: Gate,
    route: Route,
    brief: Brief,
    *,
    criteria: tuple[str, ...],
    max_output_tokens: int,
    price: Price | None,
) -> RoleCall:
    """Put a brief into the form of its route's family, and say what the call can take at most.

    Whether the answer fits the schema is judged by `read_answer`: a model that keeps none is no fault of the gateway.
    """
    form = form_at(gate, criteria)
    body = role_body(route, form, brief.prompt, instructions=brief.instructions, max_output_tokens=max_output_tokens)
    request = ProbeRequest(Shape.ROLE, body, max_output_tokens)
    return RoleCall(call_id, gate, route, brief, request, estimate(len(body), max_output_tokens, price), price)


async def make_call(call: RoleCall, gateway: Gateway) -> AsyncGenerator[SmokeEvent | RoleCallEnded, None]:
    """Make a role's call, once; yield its events as they come, and at last its end with the whole text."""
    pieces: list[str] = []
    size = 0
    async with aclosing(call_route(call.route, gateway, call.request)) as events:
        async for event in events:
            if isinstance(event, OutputReceived) and not event.is_reasoning and size <= ANSWER_LIMIT:
                pieces.append(event.text)
                size += len(event.text)
            if not isinstance(event, SmokeFinished):
                yield event
                continue
            result = event.result
            if size > ANSWER_LIMIT and result.classification is None:
                long = judged(Category.CONTRACT_VIOLATION, f"the answer has over {ANSWER_LIMIT:,} characters")
                result = replace(result, classification=long, status=SmokeStatus.FAILED)
            yield RoleCallEnded(result, "".join(pieces))


def read_answer(gate: Gate, text: str, criteria: tuple[str, ...]) -> RoleAnswer | Classification:
    """Read an answer's text as what the gate's role has to answer, or say why it is none."""
    try:
        return form_at(gate, criteria).read(text)
    except FormError as error:
        why = f"the answer does not have the form that {gate.words} needs: {error}"
        return judged(Category.CONTRACT_VIOLATION, why)
