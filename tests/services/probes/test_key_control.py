"""Rung 3: what the controls prove together, and how often they are made."""

import asyncio
import json

import pytest
from support.gateway.scripted_gateway import NO_MODEL, UNAUTHORIZED, C, M, R, Steps, climb_to, models, route, scripted
from support.gateway.servers import Peer, Request, answer_with, raw_server, whole

from console.domain.errors.category import Blame, Category
from console.domain.finding import Severity
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.standing import Standing
from console.domain.routes.role import Role
from console.services.gateway.client import WRONG_KEY
from console.services.probes.key_control import UNKNOWN_MODEL

pytestmark = pytest.mark.usefixtures("no_trust_store")

ROLES = list(Role)
LOADING = whole(503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}})
NGINX_502 = whole(502, b"<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")
FORM_REFUSED = whole(422, {"error": {"message": "input: field required", "type": "invalid_request_error"}})
NO_SUCH_KEY = whole(403, {"error": {"message": "Invalid API key", "type": "invalid_api_key"}})


def by_path(*families: object) -> list[object]:
    return [route(role, family) for role, family in zip(ROLES, families, strict=False)]


# --- How often -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("families", "controls"),
    [((R,) * 6, 3), ((R, R, R, C, C, C), 5), ((R, R, M, M, C, C), 7)],
    ids=["one path", "two paths", "three paths"],
)
async def test_controls_are_made_once_per_path(families: tuple[object, ...], controls: int) -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.KEY, server.base_url, *by_path(*families))
    assert [climbed.rung(Rung.KEY, role).status for role in ROLES] == [RungStatus.PASSED] * 6
    assert sum(request.method == "POST" for request in server.requests) == controls
    assert climbed.sent == len(server.requests)


async def test_a_model_that_no_list_names_gets_a_control_of_its_own() -> None:
    routes = (route(Role.PLANNER, R, "m"), route(Role.WRITER, R, "n"))
    async with scripted(Steps(lists={"/v1/models": models("m")})) as server:
        climbed = await climb_to(Rung.KEY, server.base_url, *routes)
    own = [json.loads(request.body)["model"] for request in server.requests if request.method == "POST"]
    assert own == ["m", "m", UNKNOWN_MODEL, "n"]
    assert climbed.rung(Rung.KEY, Role.PLANNER).status is RungStatus.PASSED
    unlisted = climbed.rung(Rung.KEY, Role.WRITER)
    assert unlisted.status is RungStatus.UNPROVEN
    assert [(each.id, each.severity) for each in unlisted.findings] == [("MOD-01", Severity.WARN)]


async def test_without_a_list_the_models_of_a_path_are_asked_side_by_side() -> None:
    routes = [route(role, R, model) for role, model in zip(ROLES, ("m", "n", "o", "p", "q", "q"), strict=True)]
    steps, together, asked = Steps(lists={}), asyncio.Barrier(3), list[str]()

    async def script(peer: Peer, request: Request) -> None:
        if request.method == "POST":
            asked.append(json.loads(request.body)["model"])
            if asked[-1] in ("n", "o", "p"):
                await together.wait()  # never over if they are asked one after the other
        await peer.send(steps.answer(request))

    async with raw_server(script) as server:
        climbed = await climb_to(Rung.KEY, server.base_url, *routes)
    assert asked[:3] == ["m", "m", UNKNOWN_MODEL], "the first route makes what the others share"
    assert sorted(asked[3:]) == ["n", "o", "p", "q"]
    assert [climbed.rung(Rung.KEY, role).status for role in ROLES] == [RungStatus.PASSED] * 6
    assert climbed.sent == len(server.requests)


async def test_a_refusal_of_one_model_is_not_told_of_another() -> None:
    routes = (route(Role.PLANNER, C, "m"), route(Role.WRITER, C, "n"))

    def answer(peer_body: bytes) -> bytes:
        return NO_MODEL if json.loads(peer_body)["model"] == "m" else FORM_REFUSED

    steps = Steps(lists={"/v1/models": models("m", "n")})

    async def script(peer, request) -> None:  # type: ignore[no-untyped-def]
        is_form = request.method == "POST" and "messages" not in json.loads(request.body)
        is_own = WRONG_KEY not in repr(request.headers)
        await peer.send(answer(request.body) if is_form and is_own else steps.answer(request))

    async with raw_server(script) as server:
        climbed = await climb_to(Rung.KEY, server.base_url, *routes)
    assert climbed.rung(Rung.KEY, Role.PLANNER).status is RungStatus.BLOCKED
    assert climbed.rung(Rung.KEY, Role.WRITER).status is RungStatus.PASSED


# --- An outage is one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outage", [NGINX_502, LOADING, *(whole(status, b"", content_type="text/plain") for status in (500, 529))]
)
async def test_an_outage_on_every_control_is_down_and_not_a_form_that_a_500_refuses(outage: bytes) -> None:
    async with raw_server(answer_with(outage)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, *by_path(R, C))
    for proven in climbed.state.proven:
        assert proven.standing is Standing.DOWN
        assert proven.rungs[-1].rung is Rung.KEY
        assert proven.rungs[-1].status is RungStatus.FAILED
    assert "CAT-02" in climbed.ids(Rung.CATALOGUE, Role.PLANNER)


async def test_a_500_for_a_form_without_an_input_alone_is_not_an_outage() -> None:
    async with scripted(Steps(no_input=whole(500, {"error": {"message": "internal error"}}))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.rung(Rung.KEY).status is RungStatus.UNPROVEN


BUSY = whole(429, {"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}, "retry-after: 2")


@pytest.mark.parametrize("passing", [LOADING, NGINX_502, BUSY, b""], ids=["loading", "bad gateway", "busy", "closed"])
async def test_an_outage_or_a_busy_gateway_beside_a_refused_form_tells_no_key_from_another(passing: bytes) -> None:
    async with scripted(Steps(wrong_key=passing)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.rung(Rung.KEY).status is RungStatus.UNPROVEN
    assert "COM-S-02" in climbed.ids(Rung.KEY)
    assert not climbed.state.proven[0].is_key_proven


# --- A refusal of our own key is never lost ---------------------------------------------------------------------------


async def test_a_key_that_only_the_whole_form_shows_to_be_refused_blocks() -> None:
    """As lm-proxy does: it checks the form first, so that a right and a wrong key look alike."""
    async with scripted(Steps(checks_form_first=True, unknown_model=NO_SUCH_KEY)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    result = climbed.rung(Rung.KEY)
    assert result.status is RungStatus.BLOCKED
    assert result.classification is not None
    assert result.classification.category is Category.ACCOUNT_AUTH
    assert ("COM-S-04", Severity.FAIL) in [(each.id, each.severity) for each in result.findings]
    assert climbed.state.proven[0].standing is Standing.BLOCKED


async def test_a_key_that_the_list_refuses_blocks_where_no_control_proved_it() -> None:
    lists = {"/v1/models": UNAUTHORIZED}
    async with scripted(Steps(checks_form_first=True, lists=lists)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.rung(Rung.KEY).status is RungStatus.BLOCKED
    assert "COM-S-04" in climbed.ids(Rung.CATALOGUE)


async def test_a_key_that_a_control_proved_may_be_refused_for_the_list() -> None:
    async with scripted(Steps(lists={"/v1/models": UNAUTHORIZED})) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.rung(Rung.KEY).status is RungStatus.PASSED
    found = [(each.id, each.severity) for each in climbed.rung(Rung.CATALOGUE).findings]
    assert ("COM-S-04", Severity.WARN) in found


async def test_a_gateway_that_refuses_an_unknown_model_as_a_key_did_not_refuse_a_key_that_it_told_apart() -> None:
    async with scripted(Steps(unknown_model=NO_SUCH_KEY)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.rung(Rung.KEY).status is RungStatus.PASSED


async def test_a_call_refused_for_its_key_after_the_key_was_proven_is_the_provider_s_refusal() -> None:
    """As behind a gateway whose own account with the provider is refused: the operator's token is good."""
    async with scripted(Steps(text=lambda request, family: UNAUTHORIZED)) as server:
        climbed = await climb_to(Rung.SMOKE, server.base_url)
    reading = climbed.rung(Rung.SMOKE).classification
    assert reading is not None
    assert (reading.category, reading.blame) == (Category.ACCOUNT_AUTH, Blame.GATEWAY)
    assert "token_ref" not in reading.action


async def test_a_call_refused_for_its_key_that_was_never_proven_is_the_operator_s_key() -> None:
    steps = Steps(checks_form_first=True, text=lambda request, family: UNAUTHORIZED)
    async with scripted(steps) as server:
        climbed = await climb_to(Rung.SMOKE, server.base_url)
    reading = climbed.rung(Rung.SMOKE).classification
    assert reading is not None
    assert (reading.category, reading.blame) == (Category.ACCOUNT_AUTH, Blame.ACCOUNT)
