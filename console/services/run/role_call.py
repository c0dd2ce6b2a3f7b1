"""A role's call: the brief and the schema in the family's own form, one streamed request, and the answer as a value."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.answers.json_form import FormError
from console.domain.answers.role_answer import RoleAnswer
from console.domain.errors.category import Category, Classification, judged
from console.domain.money import Estimate, Price, estimate
from console.domain.probes.event import OutputReceived, SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.run.answer_form import form_at
from console.domain.run.gate import Gate
from console.services.gateway.client import Gateway
from console.services.probes.request import RUN_LIMIT, ProbeRequest, role_body
from console.services.probes.smoke import call_route
from console.services.run.briefs import Brief
from console.services.run.call_end import MadeCall

ANSWER_LIMIT = 1_000_000
"""The most characters to store of an answer."""


@dataclass(frozen=True, slots=True)
class RoleCall:
    """A call as it will be sent, for the operator to see before it costs anything."""

    call_id: str
    gate: Gate
    route: Route
    brief: Brief
    request: ProbeRequest
    cost: Estimate
    """The most that it can cost."""
    price: Price | None
    """The price of the model that the gateway named when the call was built."""

    @property
    def body(self) -> bytes:
        """What is sent, byte for byte."""
        return self.request.body

    @property
    def made(self) -> MadeCall:
        """What the record of its end needs of it."""
        return MadeCall(self.call_id, self.route.role, self.price)


@dataclass(frozen=True, slots=True)
class RoleCallEnded:
    """A role's call is over."""

    result: SmokeResult
    text: str
    """The answer's text, stored as an artifact outside the ledger, or not at all."""


def nonce_of(call_id: str) -> str:
    """Return what a judge must repeat: unknown before the call, and derivable from the ledger afterwards."""
    return hashlib.sha256(f"nonce {call_id}".encode()).hexdigest()[:16]


def boundary_of(call_id: str) -> str:
    """Return the word that delimits the blocks of a call's brief."""
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
    """Build a brief's request in its route's family, and estimate the most that the call can cost.

    `read_answer` checks the answer against the schema: if a model ignores it, that is not the gateway's fault.
    """
    form = form_at(gate, criteria)
    body = role_body(route, form, brief.prompt, instructions=brief.instructions, max_output_tokens=max_output_tokens)
    request = ProbeRequest(Shape.ROLE, body, max_output_tokens, limit_setting=RUN_LIMIT)
    return RoleCall(call_id, gate, route, brief, request, estimate(len(body), max_output_tokens, price), price)


async def make_call(call: RoleCall, gateway: Gateway) -> AsyncGenerator[SmokeEvent | RoleCallEnded, None]:
    """Make a role's call, once; yield its events as they arrive, and last its end with the whole text."""
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
    """Parse an answer's text as the gate's role must answer, or return why it cannot be parsed."""
    try:
        return form_at(gate, criteria).read(text)
    except FormError as error:
        why = f"the answer does not have the form that {gate.words} needs: {error}"
        return judged(Category.CONTRACT_VIOLATION, why)
