"""The hostile side of the embedded gateway: it really sends what it says it sends, and lives on after it."""

import asyncio
import gzip
import json
import zlib

import httpx
import pytest
from support.gateway.calling import FAMILIES, C, R, ask, post, read

from console.domain.routes.family import EndpointFamily
from console.simulator.hostile import ACTS, OTHER_HOST, Hostility, forms_of, hostile_rows, hostility_for
from console.simulator.server import HOST, Listening, serve

SPEECHES, PLACES = hostile_rows()


async def sent(listening: Listening, name: str, *, most: int = 200_000, family: EndpointFamily = C) -> bytes:
    """Call a hostile model and return the first bytes of its answer, as they are on the wire."""
    body = json.dumps(ask(family, f"gpt-hostile-{name}-placeholder", stream=True)).encode()
    head = f"POST {family.standard_path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {len(body)}\r\n"
    reader, writer = await asyncio.open_connection(HOST, int(listening.base_url.rpartition(":")[2]))
    try:
        writer.write(f"{head}authorization: Bearer {listening.token}\r\n\r\n".encode() + body)
        data = b""
        while len(data) < most and (piece := await reader.read(65_536)):
            data += piece
        return data
    finally:
        writer.close()


def test_a_models_name_says_what_is_done() -> None:
    said = "Your key is {key}."
    hostilities = {
        "gpt-hostile-drip-placeholder": Hostility(act="drip"),
        "x-hostile-key-in-letters-placeholder": Hostility(speech=said, place="letters", piece_size=1),
        "x-hostile-key-in-model-placeholder": Hostility(speech=said, place="model"),
        "x-hostile-key-in-nowhere-placeholder": None,
        "x-hostile-words-in-text-placeholder": None,
        "x-hostile-drip": None,
        "gpt-route-placeholder": None,
    }
    assert {model: hostility_for(model) for model in hostilities} == hostilities


@pytest.mark.parametrize("place", ["text", "model", "id", "finish", "header", "error", "event"])
async def test_a_speech_is_said_in_its_place(listening: Listening, place: str) -> None:
    assert len(SPEECHES) > 10
    answers = {speech: await sent(listening, f"{speech}-in-{place}") for speech in SPEECHES}
    head = b"HTTP/1.1 400" if place == "error" else b"HTTP/1.1 200"
    assert {speech: data for speech, data in answers.items() if not data.startswith(head)} == {}
    said = {speech: words.format(**forms_of(listening.token)) for speech, words in SPEECHES.items()}
    expected = {
        speech: words.replace("\r", " ") if place == "header" else json.dumps(words)[1:-1]
        for speech, words in said.items()
    }
    assert {speech: data for speech, data in answers.items() if expected[speech].encode() not in data} == {}


async def test_letters_come_one_in_each_event(listening: Listening) -> None:
    data = await sent(listening, "bare-key-in-letters")
    assert listening.token.encode() not in data
    pieces = [json.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: {")]
    deltas = [choice["delta"].get("content", "") for piece in pieces for choice in piece["choices"]]
    assert "".join(deltas) == listening.token
    assert max(map(len, deltas)) == 1


async def test_the_acts_send_what_they_are_named_for(listening: Listening) -> None:
    port = listening.base_url.rpartition(":")[2]
    head, _, body = (await sent(listening, "redirect")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 307")
    assert f"http://{OTHER_HOST}:{port}/elsewhere?key={listening.token}".encode() in head
    assert body == b""
    head, _, body = (await sent(listening, "bomb", most=10_000_000)).partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head
    member = zlib.decompressobj(wbits=31)
    assert len(member.decompress(body)) == 1024 * 1024
    assert len(body) // (len(body) - len(member.unused_data)) == 1024  # a gigabyte in about one megabyte
    assert gzip.compress(b"")[:2] == body[:2]
    assert b"\n" not in (await sent(listening, "endless-line", most=5_000_000)).partition(b"\r\n\r\n")[2]
    assert (await sent(listening, "flood", most=5_000_000)).count(b"\ndata: ") > 10_000
    assert (await sent(listening, "many-headers", most=10_000_000)).count(b"\r\nx-more-") == 10_000
    assert b"<!doctype html>" in await sent(listening, "login-page")


@pytest.mark.parametrize(("name", "is_short"), [("promises-more", True), ("promises-less", False)])
async def test_a_wrong_length_is_promised(listening: Listening, name: str, is_short: bool) -> None:
    head, _, body = (await sent(listening, name)).partition(b"\r\n\r\n")
    promised = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert (len(body) < promised) is is_short
    assert len(body) != promised


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_honest_call_is_answered_after_hostile_ones(
    listening: Listening, client: httpx.AsyncClient, family: EndpointFamily
) -> None:
    for act in ACTS:
        await sent(listening, act, most=50, family=R)
    answer, _ = read(family, await post(client, family, ask(family)))
    assert (answer.is_complete, answer.findings) == (True, ())


async def test_a_token_that_a_test_knows_opens_it() -> None:
    async with serve(pace=0, token="planted-token-0000") as listening:
        assert listening.token == "planted-token-0000"
        assert b"planted-token-0000" in await sent(listening, "bare-key-in-text")
