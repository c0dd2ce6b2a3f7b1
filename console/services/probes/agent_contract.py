"""Claude Code's gateway contract, as far as calls that generate nothing can show it."""

from dataclasses import dataclass

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.endpoint_path import below, beside
from console.domain.routes.route import Route
from console.services.gateway.call import Reply, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.probes.request import ProbeRequest
from console.wire import FAMILY_WIRES
from console.wire.json_value import count_at, decode, encode, list_at, text_at, value_at

MODELS = "GET /v1/models?limit=1000"
COUNT = "POST /v1/messages/count_tokens"
"""The requests that an agent's facts name and that this module makes."""

_MODELS_WAIT_MS = 3_000
_BODY_LIMIT = 1_048_576
_COUNTED = ("model", "system", "messages", "tools")
"""The fields of a call that counting its tokens takes."""


@dataclass(frozen=True, slots=True)
class ContractProof:
    """What the free calls showed."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    requests_sent: int


async def prove_contract(gateway: Gateway, route: Route, request: ProbeRequest) -> ContractProof:
    """Make the free calls that an agent's facts name, and one without an input on the agent's own path.

    Args:
        gateway: The open client.
        route: The route that the agent will call.
        request: The agent's call.

    """
    if request.agent is None or MODELS not in request.agent.agent.before:
        return ContractProof((), (), 0)
    lists = beside(route.endpoint_path, "/messages", "/models")
    mark = "&" if "?" in lists else "?"
    listed = await _try(gateway, route, f"{lists}{mark}limit=1000", None, request)
    counted = await _try(gateway, route, below(route.endpoint_path, "/count_tokens"), _count_body(request), request)
    empty = FAMILY_WIRES[route.endpoint_family].build_without_input(route.model)
    refused = await _try(gateway, route, request.path_on(route), empty, request)
    told = (("list of models", listed), ("count_tokens", counted), ("no input", refused))
    return ContractProof(
        (*_judge_models(listed), *_judge_count(counted), *_judge_refusal(refused)),
        tuple(f"{words}: {'redirected' if reply is None else (reply.status or 'no reply')}" for words, reply in told),
        requests_sent=len(told),
    )


async def _try(gateway: Gateway, route: Route, path: str, body: bytes | None, request: ProbeRequest) -> Reply | None:
    """Return the reply, an empty one if there was none, or None if the call was redirected."""
    headers = {name: value for name, value in request.headers.items() if name.startswith("anthropic-")}
    try:
        call = gateway.call(path, route.endpoint_family, body, headers=headers)
        return await read_whole(call, limit=_BODY_LIMIT)
    except CallError as error:
        is_redirect = error.http_status is not None and 300 <= error.http_status < 400
        return None if is_redirect else Reply()


def _count_body(request: ProbeRequest) -> bytes:
    body = decode(request.body)
    return encode({key: body[key] for key in _COUNTED if key in body} if isinstance(body, dict) else {})


def _judge_models(reply: Reply | None) -> list[Finding]:
    if reply is None:
        return [finding_of("AGT-07", "redirected")]
    if reply.status in (401, 403):
        return [finding_of("AGT-07", "refused", f"status {reply.status}")]
    if reply.elapsed_ms > _MODELS_WAIT_MS:
        return [finding_of("AGT-07", "slow", f"{reply.elapsed_ms:,.0f} ms")]
    if reply.status == 404:
        return []
    rows = value_at(decode(reply.body), "data") if reply.is_success else None
    is_list = isinstance(rows, list) and all(text_at(row, "id") for row in list_at(rows))
    return [] if is_list else [finding_of("AGT-07", "not_a_list", f"status {reply.status}")]


def _judge_count(reply: Reply | None) -> list[Finding]:
    if reply is not None and reply.is_success and count_at(decode(reply.body), "input_tokens") is not None:
        return []
    is_final = reply is not None and reply.status == 501 and reply.headers.get("x-should-retry") == "false"
    if is_final or (reply is not None and reply.status == 404):
        return [finding_of("AGT-01", "not_counted")]
    return [finding_of("AGT-01", "not_refused_cleanly", "" if reply is None else f"status {reply.status}")]


def _judge_refusal(reply: Reply | None) -> list[Finding]:
    """Judge a call that must be refused for its form: the refusal is the upstream's, or speaks like it."""
    if reply is None or not 400 <= reply.status < 500 or reply.status in (401, 403, 404, 405):
        return []
    body = decode(reply.body)
    is_own = text_at(body, "type") == "error" and text_at(body, "error", "message") is not None
    return [] if is_own else [finding_of("AGT-06", "rewrapped", f"status {reply.status}")]
