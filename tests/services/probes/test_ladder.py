"""The probe ladder on real sockets: what is climbed, what is sent for it, and what each rung says of a gateway."""

import json

import pytest
from support.gateway.budgets import session_budget
from support.gateway.scripted_gateway import (
    NOT_FOUND,
    UNAUTHORIZED,
    C,
    Climbed,
    M,
    R,
    Steps,
    climb_to,
    models,
    route,
    scripted,
    shaped_answer,
)
from support.gateway.servers import (
    Peer,
    RawServer,
    Request,
    answer_with,
    good_stream,
    raw_server,
    stay_silent,
    unused_port,
    whole,
)
from support.probes.smoking import FAMILIES, TOKEN

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.money import FREE, Budget
from console.domain.probes.event import CatalogueRead, RequestWritten, RungFinished, RungStarted
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.routes.contract import Verdict
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.text.secret_scan import looks_like_secret
from console.services.gateway.client import WRONG_KEY
from console.services.probes.key_control import UNKNOWN_MODEL

pytestmark = pytest.mark.usefixtures("no_trust_store")

PAGE = whole(200, b"<!doctype html><html>sign in</html>", content_type="text/html")


def posts(server: RawServer) -> list[dict[str, object]]:
    return [json.loads(request.body) for request in server.requests if request.method == "POST"]


def fails(climbed: Climbed) -> list[str]:
    return [each.id for result in climbed.results for each in result.findings if each.severity is Severity.FAIL]


# --- Climbing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PLANNER, Role.WRITER, Role.REVIEWER])
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_gateway_that_keeps_its_contract_is_climbed_to_the_top(family: EndpointFamily, role: Role) -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, route(role, family))
    assert climbed.statuses(role) == ["passed"] * 6
    assert fails(climbed) == []
    assert climbed.sent == len(server.requests) == 9
    (proven,) = climbed.state.proven
    assert (proven.reached, proven.verdict) == (Rung.SHAPE, Verdict.OK)


async def test_the_rungs_are_climbed_in_order_and_each_begins_before_it_ends() -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert [result.rung for result in climbed.results] == list(Rung)
    for rung in (Rung.CONNECTION, Rung.KEY, Rung.SMOKE, Rung.SHAPE):
        started = next(
            at for at, event in enumerate(climbed.events) if isinstance(event, RungStarted) and event.rung is rung
        )
        ended = next(
            at
            for at, event in enumerate(climbed.events)
            if isinstance(event, RungFinished) and event.result.rung is rung
        )
        assert started < ended


async def test_a_price_is_told_before_every_paid_rung_is_sent() -> None:
    priced = {"data": [{"id": "m", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]}
    async with scripted(Steps(lists={"/v1/models": whole(200, priced)})) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    for rung in (Rung.SMOKE, Rung.SHAPE):
        at = next(
            at for at, event in enumerate(climbed.events) if isinstance(event, RungStarted) and event.rung is rung
        )
        started = climbed.events[at]
        assert isinstance(started, RungStarted)
        assert started.price_before.tokens > 64
        assert started.price_before.microusd is not None
        assert any(isinstance(event, RequestWritten) for event in climbed.events[at:])
        result = climbed.rung(rung)
        assert (result.tokens, result.price_after_microusd) == (5, 7)
        assert (result.price_after_microusd or 0) < started.price_before.microusd


async def test_without_a_price_none_is_made_up() -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.SMOKE, server.base_url)
    result = climbed.rung(Rung.SMOKE)
    assert (result.price_before.microusd, result.tokens, result.price_after_microusd) == (None, 5, None)


@pytest.mark.parametrize("top", list(Rung))
async def test_a_climb_ends_at_its_top(top: Rung) -> None:
    async with scripted() as server:
        climbed = await climb_to(top, server.base_url)
    assert max(result.rung for result in climbed.results) is top
    assert climbed.sent == len(server.requests) == [0, 1, 4, 7, 8, 9][top]


async def test_level_0_makes_no_connection() -> None:
    async with scripted() as server:
        await climb_to(Rung.OFFLINE, server.base_url)
        assert server.connections == 0


@pytest.mark.parametrize("top", list(Rung))
async def test_read_only_sends_no_post(top: Rung) -> None:
    async with scripted() as server:
        climbed = await climb_to(top, server.base_url, is_read_only=True)
    assert posts(server) == []
    assert max(result.rung for result in climbed.results) is min(top, Rung.CATALOGUE)


async def test_the_gateway_s_own_health_is_never_asked() -> None:
    async with scripted() as server:
        await climb_to(Rung.SHAPE, server.base_url)
    assert not [request.path for request in server.requests if "health" in request.path]


async def test_routes_climb_side_by_side_and_share_what_is_the_same() -> None:
    routes = (route(Role.PLANNER, R), route(Role.WRITER, C), route(Role.REVIEWER, M))
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, *routes)
    assert {role: climbed.statuses(role) for role in (Role.PLANNER, Role.WRITER, Role.REVIEWER)} == {
        role: ["passed"] * 6 for role in (Role.PLANNER, Role.WRITER, Role.REVIEWER)
    }
    assert climbed.sent == len(server.requests) == 4 + 3 * 5
    assert sum(isinstance(event, CatalogueRead) for event in climbed.events) == 1


async def test_a_gateway_that_drops_a_second_request_on_a_connection_is_climbed_to_the_top() -> None:
    """As servers do that limit how often a connection is used: a probe must not die of an earlier one's connection."""
    steps, used = Steps(), set[int]()

    async def script(peer: Peer, request: Request) -> None:
        if id(peer) in used:
            peer.writer.close()
            return
        used.add(id(peer))
        await peer.send(steps.answer(request))

    async with raw_server(script) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses() == ["passed"] * 6


# --- Drift -----------------------------------------------------------------------------------------------------------


async def test_for_a_drifting_route_nothing_is_sent() -> None:
    drifting = route(Role.PLANNER, C, "gpt-5-pro")
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, drifting, route(Role.REVIEWER, R))
    assert [request for request in server.requests if request.path == drifting.endpoint_path] == []
    assert b"gpt-5-pro" not in b"".join(request.body for request in server.requests)
    assert climbed.statuses(Role.PLANNER) == ["blocked"]
    assert climbed.statuses(Role.REVIEWER) == ["passed"] * 6


async def test_drift_that_an_answer_tells_stops_the_climb() -> None:
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    told = {"error": {"message": message, "type": "invalid_request_error"}}
    async with scripted(Steps(no_input=whole(404, told))) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, route(family=C))
    assert climbed.statuses()[3:] == ["blocked"]
    assert climbed.state.proven[0].verdict is Verdict.DRIFT
    assert not [request for request in server.requests if request.path in ("/v1/responses", "/v1/messages")]


# --- A rung that fails stops the ones above --------------------------------------------------------------------------


async def test_a_gateway_that_is_not_there_fails_rung_1_and_nothing_was_sent() -> None:
    with unused_port() as holder:
        climbed = await climb_to(Rung.SHAPE, f"http://127.0.0.1:{holder.getsockname()[1]}")
    assert climbed.statuses() == ["passed", "failed"]
    reading = climbed.rung(Rung.CONNECTION).classification
    assert reading is not None
    assert reading.category is Category.UPSTREAM_UNAVAILABLE
    assert climbed.sent == 0


async def test_a_redirect_is_refused_and_nothing_above_is_sent() -> None:
    async with scripted(Steps(bare=whole(302, b"", "location: http://127.0.0.2/login"))) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses() == ["passed", "blocked"]
    reading = climbed.rung(Rung.CONNECTION).classification
    assert reading is not None
    assert reading.category is Category.ORIGIN_REFUSED
    assert climbed.sent == len(server.requests) == 1


async def test_a_web_site_in_the_gateway_s_place_fails_rung_1() -> None:
    async with raw_server(answer_with(PAGE)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses() == ["passed", "failed"]
    assert climbed.ids(Rung.CONNECTION) == ["COM-T-03"]
    assert len(server.requests) == 1


async def test_a_web_site_that_says_not_found_passes_no_rung_above_the_catalogue() -> None:
    page = whole(404, b"<!doctype html><html>no such page</html>", content_type="text/html")
    async with raw_server(answer_with(page)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses()[:3] == ["passed", "passed", "unproven"]
    assert climbed.statuses()[3] in ("blocked", "failed")
    assert len(climbed.statuses()) == 4


async def test_a_gateway_that_never_answers_fails_rung_1_in_its_time() -> None:
    async with raw_server(stay_silent) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, deadline_s=0.2)
    assert climbed.statuses() == ["passed", "failed"]
    reading = climbed.rung(Rung.CONNECTION).classification
    assert reading is not None
    assert reading.category is Category.TIMEOUT


async def test_text_that_fails_keeps_the_shape_from_being_paid() -> None:
    async with scripted(Steps(text=lambda request, family: whole(503, b""))) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses() == ["passed", "passed", "passed", "passed", "failed"]
    assert climbed.sent == len(server.requests) == 8


async def test_a_shape_that_fails_is_conditional() -> None:
    async with scripted(Steps(shape=lambda request, family: good_stream(family, "I would say: fine"))) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses()[4:] == ["passed", "failed"]
    assert climbed.state.proven[0].verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_tool_that_is_not_called_fails_the_writer_s_shape(family: EndpointFamily) -> None:
    async with scripted(Steps(shape=lambda request, family: good_stream(family))) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, route(Role.WRITER, family))
    assert climbed.statuses(Role.WRITER)[4:] == ["passed", "failed"]


# --- Every 200 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "answer"),
    [
        (R, whole(200, {})),
        (M, whole(200, b"")),
        (C, whole(200, b"OK", content_type="text/plain")),
        (R, whole(200, {"status": "ok", "data": []})),
        (M, whole(200, b"null")),
        (C, whole(200, b"[[[[")),
        (R, models("m")),
        *((family, good_stream(family)) for family in FAMILIES),
        (R, good_stream(C)),
    ],
    ids=lambda value: repr(value[-40:]),
)
async def test_a_gateway_that_answers_200_to_everything_yields_findings(family: EndpointFamily, answer: bytes) -> None:
    async with raw_server(answer_with(answer)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, route(family=family))
    told = climbed.ids(Rung.KEY)
    assert "COM-S-02" in told
    assert "COM-S-03" in told
    assert climbed.sent == len(server.requests)


# --- The key ---------------------------------------------------------------------------------------------------------


async def test_the_controls_of_rung_3_send_what_they_say() -> None:
    async with scripted() as server:
        await climb_to(Rung.KEY, server.base_url)
    sent = [request for request in server.requests if request.method == "POST"]
    keys = [request.header("authorization") for request in sent]
    bodies = posts(server)
    assert keys == [f"Bearer {TOKEN}", f"Bearer {WRONG_KEY}", f"Bearer {TOKEN}"]
    assert [body["model"] for body in bodies] == ["m", "m", UNKNOWN_MODEL]
    assert ["input" in body for body in bodies] == [False, False, True]
    assert bodies[2]["max_output_tokens"] == 16


@pytest.mark.parametrize("auth", ["bearer", "x-api-key", "api-key"])
async def test_the_token_is_in_neither_the_connection_proof_nor_the_wrong_key_control(auth: str) -> None:
    async with scripted(Steps(token=None)) as server:
        await climb_to(Rung.KEY, server.base_url, auth=auth)
    first, *rest = server.requests
    assert TOKEN not in repr(first)
    assert [first.header(each) for each in ("authorization", "x-api-key", "api-key")] == [None] * 3
    wrong = [request for request in rest if WRONG_KEY in repr(request.headers)]
    assert len(wrong) == 1
    assert TOKEN not in repr(wrong)


def test_the_wrong_key_never_looks_like_a_token() -> None:
    assert looks_like_secret(WRONG_KEY) is None
    assert looks_like_secret(f"Bearer {WRONG_KEY}") is None
    assert looks_like_secret(UNKNOWN_MODEL) is None


async def test_a_wrong_key_that_is_accepted_is_found() -> None:
    async with scripted(Steps(wrong_key=good_stream(R))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    (finding,) = climbed.rung(Rung.KEY).findings
    assert (finding.id, finding.severity) == ("COM-S-02", Severity.FAIL)
    assert "accepted a wrong key" in finding.message


async def test_a_gateway_that_looks_at_the_form_first_has_not_proven_the_key() -> None:
    async with scripted(Steps(checks_form_first=True)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    result = climbed.rung(Rung.KEY)
    (finding,) = result.findings
    assert (finding.id, finding.severity) == ("COM-S-02", Severity.WARN)
    assert "not proven" in finding.message
    assert result.status is RungStatus.UNPROVEN


async def test_litellm_s_refusal_of_a_wrong_key_is_a_dialect() -> None:
    """A LiteLLM without a database answers a key that it does not know with 400 no_db_connection."""
    error = {"error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}}
    async with scripted(Steps(wrong_key=whole(400, error))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    result = climbed.rung(Rung.KEY)
    assert result.status is RungStatus.PASSED
    assert [(each.id, each.severity) for each in result.findings] == [("COM-S-02", Severity.WARN)]
    assert "accepted" not in result.findings[0].message


@pytest.mark.parametrize(
    "message",
    [
        "'messages' is required",  # llama.cpp, on /v1/messages
        "[json.exception.out_of_range.403] key 'messages' not found",  # its JSON library, in other versions
        "'NoneType' object is not iterable",
        "Internal server error",
    ],
)
async def test_a_500_for_a_missing_input_stops_no_climb(message: str) -> None:
    async with scripted(Steps(no_input=whole(500, {"error": {"message": message, "type": "server_error"}}))) as server:
        climbed = await climb_to(Rung.SMOKE, server.base_url, route(family=M))
    assert climbed.statuses()[3:] in (["unproven", "passed"], ["passed", "passed"])
    assert [each for each in climbed.rung(Rung.KEY).findings if each.id == "COM-S-02"] == []


async def test_a_403_for_a_wrong_key_is_a_dialect() -> None:
    error = {"error": {"message": "Forbidden", "type": "permission_error", "code": "forbidden"}}
    async with scripted(Steps(wrong_key=whole(403, error))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert [(each.id, each.severity) for each in climbed.rung(Rung.KEY).findings] == [("COM-S-02", Severity.WARN)]


async def test_a_key_that_is_refused_blocks_and_no_unknown_model_is_asked_for() -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, token="another-key")
    assert climbed.statuses()[3:] == ["blocked"]
    assert climbed.state.proven[0].verdict is Verdict.BLOCKED
    assert UNKNOWN_MODEL not in json.dumps(posts(server))
    assert climbed.sent == len(server.requests)


async def test_a_path_that_is_not_there_blocks() -> None:
    async with scripted(Steps(no_input=NOT_FOUND)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert climbed.statuses()[3:] == ["blocked"]


async def test_a_gateway_without_a_token_has_no_key_to_control() -> None:
    async with scripted(Steps(token=None)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url, token=None)
    assert WRONG_KEY not in repr(server.requests)
    assert climbed.ids(Rung.KEY) == []
    assert climbed.sent == len(server.requests) == 6


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_unknown_model_that_is_served_is_found_and_its_tokens_are_told(family: EndpointFamily) -> None:
    bodies: dict[EndpointFamily, dict[str, object]] = {
        R: {"id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [],
            "usage": {"input_tokens": 3, "output_tokens": 2}},
        M: {"id": "a", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 2}},
        C: {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    }  # fmt: skip
    async with scripted(Steps(unknown_model=whole(200, bodies[family]))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url, route(family=family))
    result = climbed.rung(Rung.KEY)
    assert [(each.id, each.severity) for each in result.findings] == [("COM-S-03", Severity.WARN)]
    assert result.tokens == 5


async def test_tokens_that_an_unknown_model_took_are_booked() -> None:
    body = {"id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": []}
    usage = {"usage": {"input_tokens": 3, "output_tokens": 2}}
    async with scripted(Steps(unknown_model=whole(200, body | usage))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.state.budget is not None
    assert climbed.state.budget.spent.tokens == 5


async def test_a_control_that_was_sent_and_not_answered_is_booked_in_full() -> None:
    async with scripted(Steps(unknown_model=b"")) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.state.budget is not None
    assert climbed.state.budget.spent.tokens > 16
    assert climbed.rung(Rung.KEY).tokens is None


@pytest.mark.parametrize("status", [400, 500, 503])
async def test_an_unknown_model_that_is_refused_in_other_words_is_noted(status: int) -> None:
    error = {"error": {"message": "something went wrong", "type": "server_error"}}
    async with scripted(Steps(unknown_model=whole(status, error))) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    told = [(each.id, each.severity) for each in climbed.rung(Rung.KEY).findings]
    assert told in ([], [("COM-S-03", Severity.INFO)])
    assert climbed.statuses()[3:] == ["passed"]


async def test_no_answer_s_text_and_no_token_is_in_what_a_climb_leaves() -> None:
    echo = whole(401, {"error": {"message": f"bad key {TOKEN} zqxjzqxj", "code": TOKEN}}, f"x-request-id: {TOKEN}")
    async with raw_server(answer_with(echo)) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url)
    assert TOKEN not in repr(climbed.results)
    assert "zqxjzqxj" not in repr(climbed.results)


# --- Money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [session_budget(0), session_budget(None, 0), session_budget(None, 5_000_000)])
async def test_a_budget_that_holds_nothing_sends_nothing_that_generates(budget: Budget) -> None:
    """No price is known here, so a budget in dollars cannot be kept to."""
    async with scripted() as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, budget=budget)
    result = climbed.rung(Rung.SMOKE)
    assert result.status is RungStatus.BLOCKED
    assert result.classification is not None
    assert result.classification.category is Category.BUDGET_EXCEEDED
    assert (result.requests_sent, result.tokens, result.price_after_microusd) == (0, 0, 0)
    assert not [body for body in posts(server) if body.get("stream")]


async def test_a_budget_of_nothing_does_not_ask_for_an_unknown_model_either() -> None:
    """A gateway that serves any model would generate for it."""
    async with scripted() as server:
        await climb_to(Rung.KEY, server.base_url, budget=session_budget(tokens=0))
    assert UNKNOWN_MODEL not in [body["model"] for body in posts(server)]


async def test_calls_side_by_side_cannot_overdraw_together() -> None:
    roles = [Role.PLANNER, Role.WRITER, Role.REVISION, Role.REVIEWER]
    async with scripted() as server:
        climbed = await climb_to(
            Rung.SMOKE, server.base_url, *(route(role) for role in roles), budget=session_budget(tokens=130)
        )
    ended = [climbed.rung(Rung.SMOKE, role).status for role in roles]
    streams = [body for body in posts(server) if body.get("stream")]
    assert ended.count(RungStatus.PASSED) == len(streams)
    assert climbed.state.budget is not None
    assert climbed.state.budget.spent.tokens <= 130


async def test_what_is_booked_is_what_the_rungs_say() -> None:
    priced = {"data": [{"id": "m", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]}
    async with scripted(Steps(lists={"/v1/models": whole(200, priced)})) as server:
        climbed = await climb_to(Rung.SHAPE, server.base_url, route(Role.WRITER), route(Role.REVIEWER))
    assert climbed.state.budget is not None
    assert climbed.state.budget.spent.tokens == sum(result.tokens or 0 for result in climbed.results) == 20
    assert climbed.state.budget.spent.microusd == sum(result.price_after_microusd or 0 for result in climbed.results)
    assert climbed.state.budget.spent.is_exact


async def test_a_call_that_was_refused_is_not_booked() -> None:
    async with scripted(Steps(text=lambda request, family: whole(429, {"error": {"message": "slow down"}}))) as server:
        climbed = await climb_to(Rung.SMOKE, server.base_url, budget=session_budget(tokens=1000))
    assert climbed.state.budget is not None
    assert climbed.state.budget.spent.tokens == 0


# --- Free rungs ------------------------------------------------------------------------------------------------------


async def test_what_is_free_says_so() -> None:
    async with scripted() as server:
        climbed = await climb_to(Rung.CATALOGUE, server.base_url)
    assert {result.price_before for result in climbed.results} == {FREE}
    assert {(result.tokens, result.price_after_microusd) for result in climbed.results} == {(0, 0)}


async def test_a_key_that_open_lists_accept_is_proven_on_the_route_itself() -> None:
    """An open /v1/models answers any key; the refusal has to come from the route."""
    async with scripted(Steps(no_input=UNAUTHORIZED)) as server:
        climbed = await climb_to(Rung.KEY, server.base_url)
    assert climbed.statuses() == ["passed", "passed", "passed", "blocked"]


def test_a_shaped_answer_is_what_the_scripts_think() -> None:
    request = Request("POST", "/v1/responses", (), json.dumps({"tools": [1]}).encode())
    assert b"write_file" in shaped_answer(request, R)
