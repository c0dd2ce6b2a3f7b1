"""Claude Code's gateway contract, as far as calls that generate nothing can show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.endpoint_path import below, beside
from console.domain.routes.route import Route
from console.services.gateway.call import KeyUse, Reply, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.probes.request import ProbeRequest, check_refusal
from console.wire import FAMILY_WIRES
from console.wire.json_value import count_at, decode, encode, list_at, text_at, value_at

MODELS = "GET /v1/models?limit=1000"
COUNT = "POST /v1/messages/count_tokens"
"""The requests that an agent's facts name and that this module makes."""

_MODELS_WAIT_MS = 3_000
_BODY_LIMIT = 1_048_576
_COUNTED = ("model", "system", "messages", "tools")
"""The fields of a call that counting its tokens takes."""
_BETAS = "anthropic-beta"
UNKNOWN_BETA = "gateway-console-no-such-beta"
"""A beta that no upstream has: one that gets it says so, and a gateway that drops or filters betas hides it."""
UNKNOWN_HEADER = "x-claude-code-no-such-header"
"""A header that no gateway knows, as the agent's next version may send one."""


@dataclass(frozen=True, slots=True)
class ContractProof:
    """What the free calls showed."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    requests_sent: int = 0
    shown: Mapping[str, str] = field(default_factory=dict)
    """What would have broken a row of the contract and did not, by the row's id."""
    unshown: Mapping[str, str] = field(default_factory=dict)
    """Why a row could not be judged, by its id."""


async def prove_contract(gateway: Gateway, route: Route, request: ProbeRequest) -> ContractProof:
    """Make the free calls that an agent's facts name, and those without an input on the agent's own path.

    Args:
        gateway: The open client.
        route: The route that the agent will call.
        request: The agent's call.

    """
    if request.agent is None or MODELS not in request.agent.agent.before:
        return ContractProof()
    lists = beside(route.endpoint_path, "/messages", "/models")
    mark = "&" if "?" in lists else "?"
    caller = _Caller(gateway, route, request)
    listed = await caller.ask(f"{lists}{mark}limit=1000", None)
    counted = await caller.ask(below(route.endpoint_path, "/count_tokens"), _count_body(request))
    empty = FAMILY_WIRES[route.endpoint_family].build_without_input(route.model)
    path = request.path_on(route)
    refused = await caller.ask(path, empty, {UNKNOWN_HEADER: "1"})
    betas = ",".join(filter(None, (request.headers.get(_BETAS, ""), UNKNOWN_BETA)))
    beta = await caller.ask(path, empty, {_BETAS: betas})
    keyless = await caller.ask(path, empty, key=KeyUse.WRONG)
    told = (
        ("list of models", listed),
        ("count_tokens", counted),
        ("no input", refused),
        ("unknown beta", beta),
        ("wrong key", keyless),
    )
    proofs = (
        judge_models(listed),
        _judge_count(counted),
        _judge_header(refused),
        _judge_beta(beta),
        _judge_refusals((refused, beta, keyless)),
    )
    return ContractProof(
        findings=tuple(dict.fromkeys(each for proof in proofs for each in proof.findings)),
        notes=tuple(
            f"{words}: {'redirected' if reply is None else (reply.status or 'no reply')}" for words, reply in told
        ),
        requests_sent=len(told),
        shown={name: words for proof in proofs for name, words in proof.shown.items()},
        unshown={name: words for proof in proofs for name, words in proof.unshown.items()},
    )


@dataclass(frozen=True, slots=True)
class _Caller:
    """Makes the free calls of one agent on one route."""

    gateway: Gateway
    route: Route
    request: ProbeRequest

    async def ask(
        self, path: str, body: bytes | None, more: Mapping[str, str] | None = None, key: KeyUse = KeyUse.OWN
    ) -> Reply | None:
        """Return the reply, an empty one if there was none, or None if the call was redirected."""
        headers = {name: value for name, value in self.request.headers.items() if name.startswith("anthropic-")}
        try:
            call = self.gateway.call(
                path, self.route.endpoint_family, body, key=key, headers={**headers, **(more or {})}
            )
            return await read_whole(call, limit=_BODY_LIMIT)
        except CallError as error:
            is_redirect = error.http_status is not None and 300 <= error.http_status < 400
            return None if is_redirect else Reply()


def _count_body(request: ProbeRequest) -> bytes:
    body = decode(request.body)
    return encode({key: body[key] for key in _COUNTED if key in body} if isinstance(body, dict) else {})


def _broken(assertion: str, case: str, evidence: str = "") -> ContractProof:
    return ContractProof((finding_of(assertion, case, evidence),))


def judge_models(reply: Reply | None) -> ContractProof:
    """Judge the list of models; None is a redirect."""
    if reply is None:
        return _broken("AGT-07", "redirected")
    if reply.status in (401, 403):
        return _broken("AGT-07", "refused", f"status {reply.status}")
    if reply.elapsed_ms > _MODELS_WAIT_MS:
        return _broken("AGT-07", "slow", f"{reply.elapsed_ms:,.0f} ms")
    if reply.status == 404:
        return ContractProof(shown={"AGT-07": "GET /v1/models?limit=1000 is a clean 404"})
    rows = value_at(decode(reply.body), "data") if reply.is_success else None
    if isinstance(rows, list) and all(text_at(row, "id") for row in list_at(rows)):
        return ContractProof(shown={"AGT-07": f"GET /v1/models?limit=1000 is a list of {len(rows)}"})
    return _broken("AGT-07", "not_a_list", f"status {reply.status}")


def _judge_count(reply: Reply | None) -> ContractProof:
    if reply is not None and reply.is_success and count_at(decode(reply.body), "input_tokens") is not None:
        return ContractProof(shown={"AGT-01": "it counted the tokens of the agent's call"})
    is_final = reply is not None and reply.status == 501 and reply.headers.get("x-should-retry") == "false"
    if reply is not None and (is_final or reply.status == 404):
        words = f"status {reply.status}: a client estimates the tokens itself"
        return ContractProof((finding_of("AGT-01", "not_counted"),), shown={"AGT-01": words})
    return _broken("AGT-01", "not_refused_cleanly", "" if reply is None else f"status {reply.status}")


def _judge_header(reply: Reply | None) -> ContractProof:
    """Judge a call with a header that no one knows: it may be refused for its missing input, and for nothing else."""
    is_named = reply is not None and UNKNOWN_HEADER.encode() in reply.body.lower()
    return _broken("AGT-03", "unknown_header", UNKNOWN_HEADER) if is_named else ContractProof()


def _judge_beta(reply: Reply | None) -> ContractProof:
    """Judge a call with a beta that does not exist: an upstream that gets it refuses it by its name."""
    if reply is not None and 400 <= reply.status < 500 and UNKNOWN_BETA.encode() in reply.body.lower():
        return ContractProof(shown={"AGT-04": "the upstream refused a beta that does not exist, by its name"})
    why = "a beta that does not exist was not refused by name, so nothing shows whether betas reach the upstream"
    return ContractProof(unshown={"AGT-04": why})


def _judge_refusals(replies: Sequence[Reply | None]) -> ContractProof:
    """Judge the form of refusals: each has to be the upstream's, or to speak like it."""
    came = [each for each in replies if each is not None and each.status >= 400]
    found = [finding for each in came for finding in check_refusal(each.status, each.headers, each.body)]
    statuses = ", ".join(map(str, sorted({each.status for each in came})))
    if not came:
        why = "no refusal came"
        return ContractProof(unshown={"AGT-06": why, "AGT-09": why})
    shown = {"AGT-09": f"seen: {statuses}; others did not come"}
    if any(each.status < 500 and each.status not in (401, 403, 404, 405) for each in came):
        shown["AGT-06"] = "a call without an input was refused in Anthropic's own envelope"
    return ContractProof(tuple(found), shown=shown)
