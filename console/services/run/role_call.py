"""A role's call: the brief and the schema in the family's own form, one streamed request, and the answer as a value."""

import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from console.domain.errors.category import Category, Classification, judged
from console.domain.money import Estimate, Price, estimate
from console.domain.probes.event import OutputReceived, SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.run.gate import Gate
from console.domain.run.role_answer import Critique, Draft, Plan, Review, schema_at
from console.services.gateway.client import Gateway
from console.services.probes.request import ProbeRequest
from console.services.probes.smoke import call_route
from console.services.run.briefs import Brief
from console.wire import FAMILY_WIRES
from console.wire.request import Ask, Schema, fits

ANSWER_LIMIT = 1_000_000
"""The most characters of an answer that are kept."""

RoleAnswer = Plan | Draft | Review | Critique
_ANSWERS: Final = {Gate.PLANNER: Plan, Gate.WRITER: Draft, Gate.REVIEWER: Review, Gate.CRITIC: Critique}


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
    name, schema = schema_at(gate, criteria)
    ask = Ask(brief.prompt, max_output_tokens, instructions=brief.instructions, schema=Schema(name, schema))
    body = FAMILY_WIRES[route.endpoint_family].build_ask(route.model, ask)
    request = ProbeRequest(Shape.ROLE, body, max_output_tokens)
    return RoleCall(call_id, gate, route, brief, request, estimate(len(body), max_output_tokens, price))


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
    """Read an answer's text as what the gate's role has to answer, or say why it is none.

    A key that stands twice in one object is refused: of two readers each could take another one of them.
    """
    _, schema = schema_at(gate, criteria)
    try:
        value = msgspec.json.decode(text)
        if fits(value, schema):
            json.loads(text, object_pairs_hook=_require_single_keys)
            return msgspec.convert(value, type=_ANSWERS[gate])
    except _DuplicateKeyError:
        return judged(Category.CONTRACT_VIOLATION, "a key stands twice in one object of the answer's JSON")
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        pass
    return judged(Category.CONTRACT_VIOLATION, f"the answer is not JSON of the schema that {gate.words} needs")


class _DuplicateKeyError(ValueError):
    """A key stands twice in one JSON object."""


def _require_single_keys(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _DuplicateKeyError
