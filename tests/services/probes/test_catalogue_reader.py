"""Reading a gateway's lists on real sockets: pages, pages that never end, web pages, and far too much."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from support.gateway.scripted_gateway import NOT_FOUND, C, M, R, Steps, models, route, scripted
from support.gateway.servers import Peer, RawServer, Request, Script, answer_with, raw_server, whole
from support.probes.smoking import TOKEN, patient
from support.system.loop_clock import held_loop_clock

from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.probes.catalogue_reader import CatalogueProof, read_catalogue

pytestmark = pytest.mark.usefixtures("no_trust_store")


async def read(server: RawServer, *routes: Route, **settings: object) -> CatalogueProof:
    async with Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url, **settings)) as gateway:
        return await read_catalogue(gateway, routes or (route(),))


def ids(proof: CatalogueProof) -> list[str]:
    return [finding.id for finding in proof.findings]


def only_models(answer: bytes) -> Steps:
    return Steps(lists={"/v1/models": answer})


async def test_every_list_is_asked_for_once_with_the_token_and_no_family() -> None:
    async with scripted() as server:
        proof = await read(server, route(family=M))
    assert [(each.method, each.path) for each in server.requests] == [
        ("GET", "/v1/models"), ("GET", "/api/models"), ("GET", "/api/pricing")
    ]  # fmt: skip
    for each in server.requests:
        assert each.header("authorization") == f"Bearer {TOKEN}"
        assert each.header("anthropic-version") is None
    assert (proof.requests_sent, ids(proof)) == (3, [])
    assert proof.notes == (
        "GET /v1/models: 200, 1 model(s)",
        "GET /api/models: 404, no such list",
        "GET /api/pricing: 404, no such list",
    )


@pytest.mark.parametrize("echo", [TOKEN, " ".join(TOKEN), TOKEN[::-1].upper(), f"x/{TOKEN}"])
async def test_a_name_that_is_the_token_is_not_kept(echo: str) -> None:
    async with scripted(only_models(models("m", echo))) as server:
        proof = await read(server)
    assert list(proof.catalogue.entries) == ["m"]


async def test_lists_lie_beside_the_routes_paths() -> None:
    azure = "/openai/deployments/d/chat/completions?api-version=2024-10-21"
    paths = [(C, "/openai/v1/chat/completions"), (M, "/x"), (C, azure), (R, "/openai/responses?api-version=preview")]
    routes = (route(), *(Route(route().role, "m", family, path) for family, path in paths))
    async with scripted() as server:
        await read(server, *routes)
    assert [each.path for each in server.requests][:-2] == [
        "/v1/models", "/openai/v1/models", "/openai/models?api-version=2024-10-21", "/openai/models?api-version=preview"
    ]  # fmt: skip


async def test_a_path_that_names_no_family_has_the_usual_list() -> None:
    async with scripted() as server:
        await read(server, Route(route().role, "m", R, "/generate"))
    assert server.requests[0].path == "/v1/models"


async def test_lists_of_three_paths_are_one_catalogue() -> None:
    priced = whole(200, {"success": True, "data": [{"model_name": "m", "quota_type": 0, "model_ratio": 1}]})
    declared = whole(200, {"data": [{"id": "m", "endpoints": {"openai": {"path": "/v1/responses"}}}, "n"]})
    async with scripted(
        Steps(lists={"/v1/models": models("m"), "/api/models": declared, "/api/pricing": priced})
    ) as server:
        catalogue = (await read(server)).catalogue
    assert sorted(catalogue.entries) == ["m", "n"]
    assert (catalogue.entries["m"].families, str(catalogue.entries["m"].price)) == ((R,), "2 in 2 out USD/M")
    assert catalogue.sources == ("/v1/models", "/api/models", "/api/pricing")


# --- Pages -----------------------------------------------------------------------------------------------------------


def paged(pages: int, *, per_page: int = 2) -> Script:
    """Return a script whose list has pages as Anthropic's has."""

    async def script(peer: Peer, request: Request) -> None:
        parts = urlsplit(request.path)
        if parts.path != "/v1/models":
            await peer.send(NOT_FOUND)
            return
        after = parse_qs(parts.query).get("after_id", ["m0-x"])[0]
        number = int(after.split("-")[0].removeprefix("m"))
        names = [f"m{number + 1}-{each}" for each in range(per_page)]
        more = {"has_more": number + 1 < pages, "first_id": names[0], "last_id": names[-1]}
        await peer.send(whole(200, {"data": [{"id": name, "type": "model"} for name in names], **more}))

    return script


async def test_pages_are_followed_to_the_last_one() -> None:
    async with raw_server(paged(5)) as server:
        proof = await read(server)
    assert len(proof.catalogue.entries) == 10
    assert server.requests[1].path == "/v1/models?limit=1000&after_id=m1-1"
    assert (proof.requests_sent, len(server.requests), ids(proof)) == (7, 7, [])
    assert proof.notes[0] == "GET /v1/models: 200, 10 model(s)"


async def test_a_thousand_pages_are_not_read_to_their_end_and_that_is_said() -> None:
    async with raw_server(paged(1000)) as server:
        proof = await read(server)
    assert len(server.requests) == proof.requests_sent <= 30
    assert ids(proof) == ["CAT-01"]
    assert "the rest was not read" in proof.findings[0].message


async def test_a_page_that_repeats_itself_for_ever_ends() -> None:
    answer = models("a", has_more=True, last_id="a")
    async with scripted(only_models(answer)) as server:
        proof = await read(server)
    assert len([each for each in server.requests if each.path.startswith("/v1/models")]) == 2
    assert list(proof.catalogue.entries) == ["a"]


@pytest.mark.parametrize(
    "last_id",
    ["a&after_id=b#c", "x y/../z?", "ü\u202e", "\x1b[2J\r\nhost: evil", "a" * 100_000, "\ud800"],
    ids=["query", "path", "bidi", "escapes", "long", "surrogate"],
)
async def test_a_last_id_that_lies_goes_nowhere_else(last_id: str) -> None:
    body = json.dumps({"data": [{"id": "a"}], "has_more": True, "last_id": last_id}).encode()
    async with scripted(only_models(whole(200, body))) as server:
        proof = await read(server)
    assert {urlsplit(each.path).path for each in server.requests} == {"/v1/models", "/api/models", "/api/pricing"}
    assert {name for each in server.requests for name in parse_qs(urlsplit(each.path).query)} <= {"limit", "after_id"}
    assert proof.requests_sent <= 5


# --- What is not a list -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole(200, b"<!doctype html><html></html>", content_type="text/html"), "200, a web page"),
        (whole(200, {"error": {"message": "no"}}), "200, not a list of models"),
        (whole(200, {"success": False, "message": "no", "data": [{"id": "m"}]}), "200, not a list of models"),
        (whole(200, b"{"), "200, not a list of models"),
        (whole(200, b""), "200, not a list of models"),
        (whole(404, b""), "404, no such list"),
        (whole(501, b""), "501, no such list"),
    ],
)
async def test_a_list_that_the_gateway_does_not_have_is_not_a_failure(answer: bytes, said: str) -> None:
    async with scripted(only_models(answer)) as server:
        proof = await read(server)
    assert proof.notes[0] == f"GET /v1/models: {said}"
    assert (ids(proof), dict(proof.catalogue.entries)) == (["CAT-01"], {})
    assert proof.catalogue.is_complete


@pytest.mark.parametrize(
    ("answer", "said", "found"),
    [
        (whole(401, {"error": {"message": "no"}}), "401, not read", "COM-S-04"),
        (whole(500, b""), "500, not read", "CAT-02"),
        (whole(503, {"error": {"message": "Loading model"}}), "503, not read", "CAT-02"),
        (whole(302, b"", "location: http://127.0.0.2/"), "HTTP status 302: a redirect, not followed", "CAT-02"),
        (whole(429, b""), "429, not read", ""),
    ],
)
async def test_a_list_that_could_not_be_read_is_not_an_empty_one(answer: bytes, said: str, found: str) -> None:
    async with scripted(only_models(answer)) as server:
        proof = await read(server)
    assert proof.notes[0] == f"GET /v1/models: {said}"
    assert ids(proof) == [*([found] if found else []), "CAT-01"]
    assert not proof.catalogue.is_complete
    assert proof.requests_sent == len(server.requests) == 3


async def test_50_mb_are_not_read_to_their_end() -> None:
    sent = 0

    async def flood(peer: Peer, request: Request) -> None:
        nonlocal sent
        if request.path != "/v1/models":
            await peer.send(NOT_FOUND)
            return
        size = 50 * 1024 * 1024
        await peer.send(
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n".encode()
            + b'{"data": ["'
        )
        piece = b"m" * 262_144
        while sent < size - 11 and not peer.writer.is_closing():
            await peer.send(piece)
            sent += len(piece)
            await asyncio.sleep(0)

    async with raw_server(flood) as server:
        proof = await read(server)
    assert proof.notes[0] == "GET /v1/models: 200, longer than 4096 kB"
    assert ids(proof) == ["CAT-01"]
    assert sent < 20 * 1024 * 1024


async def test_lies_in_a_list_cost_only_their_rows() -> None:
    rows = [
        {"id": "\x1b[2Jevil"},
        {"id": "m", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "n", "supported_endpoint_types": {"a": 1}, "endpoints": 7},
        5,
        None,
    ]
    async with scripted(only_models(whole(200, {"data": rows}))) as server:
        proof = await read(server)
    assert sorted(proof.catalogue.entries) == ["m", "n"]
    assert not proof.catalogue.is_priced
    assert "\x1b" not in repr(proof.notes)


async def test_a_list_that_is_too_long_is_cut_and_said_so() -> None:
    async with scripted(only_models(models(*(f"m{number}" for number in range(100_000))))) as server:
        proof = await read(server)
    assert len(proof.catalogue.entries) == 5000
    assert ids(proof) == ["CAT-01"]


async def test_a_gateway_that_goes_away_is_said_and_raises_nothing() -> None:
    async def leave(peer: Peer, _: Request) -> None:
        peer.writer.close()

    async with raw_server(leave) as server:
        proof = await read(server)
    assert ids(proof) == ["CAT-02", "CAT-01"]
    assert all("closed the connection" in note for note in proof.notes)


async def test_lists_that_never_come_end_in_their_time() -> None:
    with held_loop_clock() as clock:

        async def wait(peer: Peer, _: Request) -> None:
            await clock.run_until_done(peer.wait_until_left())

        async with raw_server(wait) as server:
            proof = await read(server, deadline_s=30.0)
    assert len(server.requests) == 1
    assert len(proof.notes) == 3
    assert all("not read to the end within the 30 s for all lists" in note for note in proof.notes)
    assert "longer than one call may take" in proof.findings[0].message


async def test_pages_without_an_end_take_the_time_of_one_call_in_all() -> None:
    """Each page comes within its own time; together they would hold a check up for minutes."""
    with held_loop_clock() as clock:

        async def drip(peer: Peer, request: Request) -> None:
            clock.now += 8.0
            number = len(server.requests)
            await peer.send(models(f"m{number}", has_more=True, last_id=f"m{number}"))

        async with raw_server(drip) as server:
            proof = await read(server, deadline_s=30.0)
    assert len(server.requests) <= 5
    assert "m1" in proof.catalogue.entries
    assert "longer than one call may take" in proof.findings[0].message


async def test_all_lists_together_have_one_limit_of_bytes() -> None:
    rows = [{"id": f"model-{number}", "pad": "x" * 1000} for number in range(3000)]  # about 3 MB a page

    async def answer(peer: Peer, request: Request) -> None:
        number = len(server.requests)
        await peer.send(whole(200, {"data": rows, "has_more": True, "last_id": f"m{number}"}))

    async with raw_server(answer) as server:
        proof = await read(server)
    assert len(server.requests) == 3
    assert "the rest was not read" in proof.findings[0].message
    assert "not requested" in proof.notes[-1]


async def test_the_token_in_a_list_is_kept_nowhere_in_the_notes() -> None:
    async with raw_server(answer_with(whole(200, {"data": [{"id": "m"}], "error": TOKEN}))) as server:
        proof = await read(server)
    assert TOKEN not in repr(proof)
