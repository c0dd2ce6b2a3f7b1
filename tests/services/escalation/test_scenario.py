"""A scenario shows again what a call showed: through the real client, the embedded gateway and a file between them."""

import pytest
from support.gateway.servers import (
    END,
    Peer,
    Request,
    Script,
    answer_with,
    chunk,
    closing,
    content,
    head,
    opening,
    raw_server,
    streamed,
    typed,
    whole,
)
from support.probes.smoking import smoke_once
from support.wire.golden import to_bytes
from support.wire.mutants_chat import CHAT_MUTANTS
from support.wire.mutants_messages import MESSAGES_MUTANTS
from support.wire.mutants_responses import RESPONSES_MUTANTS

from console.domain.escalation.kept_exchange import kept_of
from console.domain.exchange.kept import KeptExchange
from console.domain.facts.row import FactsError
from console.domain.probes.event import SmokeFinished
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.services.escalation.guard import EscalationError
from console.services.escalation.scenario import outcome_of, scenario_of
from console.services.gateway.call import Chunk, Started, Written
from console.services.probes.exchange import Exchange
from console.simulator.scenario import read_scenarios
from console.simulator.server import serve

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
SECRETS = "Ask the canary of the birch for its plum"
"""Words of which none may be in a scenario: they stand wherever a gateway can write any text."""
ID = "x-request-id: req-canary-of-the-birch"


def refusal(status: int, message: str, code: str = "", *headers: str) -> bytes:
    error = {"message": f"{message} {SECRETS}", "type": "invalid_request_error", "code": code or None, "param": SECRETS}
    return whole(status, {"error": error}, ID, *headers)


def closes_after(data: bytes) -> Script:
    async def script(peer: Peer, request: Request) -> None:
        await peer.send(data)
        peer.writer.close()

    return script


_TEXT = f"{SECRETS}, once more"
FAILURES: dict[str, tuple[EndpointFamily, Script]] = {
    "401": (R, answer_with(refusal(401, "Incorrect API key provided.", "invalid_api_key"))),
    "402, the quota": (M, answer_with(refusal(402, "insufficient balance"))),
    "404, drift": (C, answer_with(refusal(404, "This model is only supported in v1/responses"))),
    "429": (C, answer_with(refusal(429, "Rate limit reached for requests", "rate_limit_exceeded", "retry-after: 7"))),
    "503": (R, answer_with(refusal(503, "no available channel for model", "model_not_found"))),
    "500 with a text": (M, answer_with(whole(500, f"it broke {SECRETS}".encode(), ID, content_type="text/plain"))),
    "a web page": (C, answer_with(whole(200, f"<!doctype html><p>{SECRETS}".encode(), ID, content_type="text/html"))),
    "a stream that ends early": (
        R,
        answer_with(streamed(*opening(R), content(R, _TEXT), content(R, _TEXT), headers=(ID,))),
    ),
    "a cut event": (
        C,
        answer_with(head(200, ID) + b"".join(map(chunk, opening(C))) + chunk(b'data: {"choices": [') + END),
    ),
    "a broken connection": (M, closes_after(head(200, ID) + b"".join(map(chunk, opening(M))))),
    "no answer": (R, closes_after(b"")),
    "a content filter": (
        C,
        answer_with(
            streamed(
                *opening(C),
                content(C, _TEXT),
                *(each.replace(b'"stop"', b'"content_filter"') for each in closing(C, _TEXT)),
                headers=(ID,),
            )
        ),
    ),
    "an event within the stream that refuses": (
        M,
        answer_with(
            streamed(*opening(M), typed("error", error={"type": "overloaded_error", "message": SECRETS}), headers=(ID,))
        ),
    ),
    "another model": (
        C,
        answer_with(streamed(*opening(C, "m2"), content(C, _TEXT, model="m2"), *closing(C, model="m2"))),
    ),
    "a text that does not add up": (
        R,
        answer_with(streamed(*opening(R), content(R, "one of the plums"), *closing(R, _TEXT), headers=(ID,))),
    ),
}


@pytest.mark.usefixtures("no_trust_store")
@pytest.mark.parametrize("name", FAILURES)
async def test_a_scenario_shows_again_what_a_call_showed_and_none_of_its_content(name: str) -> None:
    family, script = FAILURES[name]
    async with raw_server(script) as gateway:
        first = await smoke_once(gateway.base_url, family)
    kept = kept_of(first)
    assert kept is not None
    text = scenario_of(Route(Role.PLANNER, "m", family, family.standard_path), kept)
    assert not [word for word in SECRETS.split() if len(word) > 3 and word in text]
    async with serve(pace=0, scenarios=read_scenarios(text)) as listening:
        again = await smoke_once(listening.base_url, family, token=listening.token)
    shown = kept_of(again)
    assert shown is not None
    assert outcome_of(shown) == outcome_of(kept)
    assert kept.category is not None or name == "another model"


def exchange_of(family: EndpointFamily, model: str, *pieces: bytes) -> KeptExchange:
    exchange = Exchange(Route(Role.PLANNER, model, family, family.standard_path), None)
    exchange.take(Written(1.0))
    exchange.take(Started(200, {"content-type": "text/event-stream", "x-request-id": "req-1"}, 2.0))
    for number, piece in enumerate(pieces):
        if not exchange.is_over:
            exchange.take(Chunk(piece, 3.0 + number))
    (kept,) = (kept_of(each.result) for each in exchange.finish(None) if isinstance(each, SmokeFinished))
    assert kept is not None
    return kept


def test_nearly_every_broken_rule_of_a_stream_can_be_shown_again() -> None:
    """What cannot is refused by name: a text of the same length with other letters leaves no trace without content."""
    told: dict[str, str] = {}
    for mutant in (*CHAT_MUTANTS, *MESSAGES_MUTANTS, *RESPONSES_MUTANTS):
        kept = exchange_of(mutant.family, "m", *(to_bytes([frame]) for frame in mutant.frames))
        route = Route(Role.PLANNER, "m", mutant.family, mutant.family.standard_path)
        try:
            assert read_scenarios(scenario_of(route, kept))
        except EscalationError as error:
            told[mutant.noticed_by[0]] = str(error)
    assert set(told) <= {"RSP-STREAM-04", "RSP-STREAM-05", "RSP-STREAM-06"}, told
    assert all("cannot be made a scenario: a replay" in each for each in told.values())


_REPLAY = '[[scenario]]\npattern = "x"\nkind = "replay"\nstatus = 200\nend = "whole"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_REPLAY.replace("whole", "late"), "end: must be one of whole"),
        (f'{_REPLAY}[[scenario.event]]\ndata = "a\\nb"', "data: must be one line"),
        ("[[scenario]", "is not valid TOML"),
        ("", "scenario: is missing"),
        ('[[scenario]]\npattern = "["\nkind = "html"', "line 1, scenario 1: pattern: must be a regular expression"),
        ('[[scenario]]\npattern = "x"\nkind = "shout"', "kind: must be one of error, cut"),
        ('[[scenario]]\npattern = "x"\nkind = "html"\nstatsu = 1', "1 unknown key(s)"),
        ('[[scenario]]\npattern = "x"\nkind = "error"\nstatus = 99', "status: must be an HTTP status from 200 to 599"),
    ],
)
def test_a_scenario_file_with_a_fault_is_refused_by_its_place(text: str, told: str) -> None:
    with pytest.raises(FactsError) as caught:
        read_scenarios(text)
    assert told in str(caught.value)
