"""A hostile gateway, embedded: whatever it answers ends in time and in words of ours, and no token comes out."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

import pytest
from support.probes.smoking import result_in, smoke_all, smoking, table
from support.system.loop_clock import Clock, held_loop_clock

from console.cli.reports.documents.smoke import SmokeResultDocument
from console.domain.errors.category import Category
from console.domain.probes.event import AnswerStarted, OutputReceived, RefusalRead, SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.text.safe import safe
from console.domain.tokens.secret import Secret
from console.simulator.hostile import ACTS, OTHER_HOST, forms_of, hostile_rows, hostility_for
from console.simulator.server import Listening, serve

pytestmark = pytest.mark.usefixtures("no_trust_store")

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSd+F/8hJk=", "LzXc~Vb9nMq"])
"""With characters that URLs, base64 and JSON each write in another way."""
DEADLINE_S = 9.0
BODY_LIMIT = 1280 * 1024
"""Less than what an answer may have otherwise, and more than the longest line."""
FAMILIES = R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
VENDORS = {R: "gpt", M: "claude", C: "chat"}
SPEECHES, PLACES = hostile_rows()


@dataclass(frozen=True)
class Ended:
    """One call of a hostile gateway, ended."""

    events: list[SmokeEvent]
    calls: int

    @property
    def result(self) -> SmokeResult:
        return result_in(self.events)

    @property
    def category(self) -> Category | None:
        return None if self.result.classification is None else self.result.classification.category

    @property
    def evidence(self) -> str:
        return "" if self.result.classification is None else self.result.classification.evidence

    @property
    def output(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, OutputReceived))

    @property
    def said(self) -> str:
        return "".join(event.excerpt for event in self.events if isinstance(event, RefusalRead))

    @property
    def kept(self) -> str:
        """What stays of the call: its result and its JSON document."""
        return repr(self.result) + json.dumps(asdict(SmokeResultDocument.of_result(self.result)), ensure_ascii=False)


@pytest.fixture
async def hostile() -> AsyncIterator[Listening]:
    async with serve(pace=0, token=TOKEN) as listening:
        yield listening


@pytest.fixture
async def clock(hostile: Listening) -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


async def ended(
    hostile: Listening, name: str, family: EndpointFamily = R, *, token: str = TOKEN, **settings: object
) -> Ended:
    model = f"{VENDORS[family]}-hostile-{name}-placeholder"
    assert hostility_for(model) is not None
    before = len(hostile.journal.calls)
    routes = table(family, model=model)
    events = await smoke_all(hostile.base_url, family, routes=routes, token=token, **settings)
    return Ended(events, len(hostile.journal.calls) - before)


def assert_no_token(text: str) -> None:
    assert not Secret(TOKEN).is_in(text)
    for name, form in forms_of(TOKEN).items():
        assert name == "starred" or form not in text, name


# --- Speeches --------------------------------------------------------------------------------------------------------


def speeches() -> list[tuple[str, EndpointFamily]]:
    """Return every speech in every place, each on one of the families in turn."""
    return [
        (f"{speech}-in-{place}", FAMILIES[(row + column) % 3])
        for row, speech in enumerate(SPEECHES)
        for column, place in enumerate(PLACES)
    ]


def expected(speech: str, place: str, family: EndpointFamily) -> Category | None:
    """Return how a speech in a place ends; None where the answer is in order and its text is only shown safely."""
    is_error = place in ("error", "event") or (place == "finish" and family is R)  # an unknown status
    if is_error and speech == "key-starred":
        return Category.ACCOUNT_AUTH
    if place == "error":
        return Category.INVALID_REQUEST
    is_key = speech.startswith(("key", "bare")) and speech != "key-starred"
    is_broken = is_error or (speech, place) == ("controls", "header")
    return Category.CONTRACT_VIOLATION if is_key or is_broken else None


@pytest.mark.parametrize(("name", "family"), speeches())
async def test_a_speech_ends_and_gives_no_token_and_no_control_character_away(
    hostile: Listening, name: str, family: EndpointFamily
) -> None:
    call = await ended(hostile, name, family)
    speech, _, place = name.partition("-in-")
    assert (call.calls, call.result.requests_sent) == (1, 1)
    assert call.category is expected(speech, place, family)
    for text in (call.output, call.said, call.kept, repr(call.events)):
        assert_no_token(text)
    for text in (call.said, call.kept, safe(call.output)):
        assert text.isprintable()
    assert TOKEN[:6] not in call.said + call.kept
    assert TOKEN[-6:] not in call.said + call.kept


@pytest.mark.parametrize("place", ["text", "letters", "threes", "error", "event"])
@pytest.mark.parametrize("speech", ["key", "key-base64", "key-quoted", "key-hex"])
async def test_an_echo_is_a_finding_and_the_words_around_it_stay(hostile: Listening, speech: str, place: str) -> None:
    call = await ended(hostile, f"{speech}-in-{place}", M)
    assert "COM-E-02" in [finding.id for finding in call.result.findings]
    before, _, _ = SPEECHES[speech].partition("{")
    assert f"{before}•••" in (call.said or call.output)


@pytest.mark.parametrize("speech", ["clipboard", "title", "controls", "c1", "markup", "bidi"])
async def test_what_would_command_a_terminal_is_shown_as_text(hostile: Listening, speech: str) -> None:
    call = await ended(hostile, f"{speech}-in-letters", C)
    assert call.output == SPEECHES[speech]
    assert len(safe(call.output)) == len(call.output)
    assert call.result.status is SmokeStatus.PASSED


# --- Acts ------------------------------------------------------------------------------------------------------------

ACTED: dict[str, tuple[Category, str]] = {
    "redirect": (Category.ORIGIN_REFUSED, "307"),
    "bomb": (Category.CONTRACT_VIOLATION, "compressed"),
    "endless-line": (Category.CONTRACT_VIOLATION, "COM-O-01"),
    "flood": (Category.CONTRACT_VIOLATION, "larger than 0.25 MB"),
    "drip": (Category.TIMEOUT, "no complete answer within 9 s"),
    "login-page": (Category.CONTRACT_VIOLATION, "a web page"),
    "many-headers": (Category.CONTRACT_VIOLATION, "128 lines"),
    "promises-more": (Category.UPSTREAM_UNAVAILABLE, "ended in the middle"),
    "promises-less": (Category.CONTRACT_VIOLATION, "not valid HTTP"),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("act", [act for act in ACTS if act != "drip"])
async def test_an_act_ends_in_its_category_within_the_caps(
    hostile: Listening, act: str, family: EndpointFamily
) -> None:
    limit = BODY_LIMIT if act == "endless-line" else BODY_LIMIT // 5
    assert_ended_as(act, await ended(hostile, act, family, body_limit=limit))


@pytest.mark.parametrize("family", FAMILIES)
async def test_drops_end_at_the_deadline(hostile: Listening, clock: Clock, family: EndpointFamily) -> None:
    seen = asyncio.Event()
    call = asyncio.create_task(
        ended(hostile, "drip", family, clock=clock, deadline_s=DEADLINE_S, seen={AnswerStarted: seen})
    )
    await seen.wait()
    await clock.run_until_done(call, step_s=0.05)
    assert_ended_as("drip", call.result())


def assert_ended_as(act: str, call: Ended) -> None:
    category, evidence = ACTED[act]
    assert (call.category, call.result.requests_sent, call.calls) == (category, 1, 1)
    assert evidence in call.evidence
    assert len(call.output) <= BODY_LIMIT
    assert_no_token(call.kept + call.said + call.output)
    assert call.kept.isprintable()


async def test_a_redirect_takes_nothing_to_the_other_origin(hostile: Listening) -> None:
    port = int(hostile.base_url.rpartition(":")[2])
    connections: list[asyncio.StreamWriter] = []

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        writer.close()

    async with await asyncio.start_server(accept, OTHER_HOST, port):
        call = await ended(hostile, "redirect")
        assert call.category is Category.ORIGIN_REFUSED
        assert connections == []
        reader, writer = await asyncio.open_connection(OTHER_HOST, port)
        assert await reader.read() == b""  # it does listen there
        writer.close()
    assert len(connections) == 1


async def test_six_hostile_routes_end_side_by_side(hostile: Listening, clock: Clock) -> None:
    """The slow one ends at its deadline, which passes once the five others have ended."""
    acts = ["bomb", "flood", "drip", "endless-line", "key-in-letters", "title-in-error"]
    models = [f"gpt-hostile-{act}-placeholder" for act in acts]
    routes = RouteTable(tuple(Route(role, model, R, R.standard_path) for role, model in zip(Role, models, strict=True)))
    events: list[SmokeEvent] = []
    results: list[SmokeResult] = []
    async with smoking(
        hostile.base_url, routes, token=TOKEN, clock=clock, deadline_s=DEADLINE_S, body_limit=BODY_LIMIT
    ) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, SmokeFinished):
                results.append(event.result)
            if len(results) == len(models) - 1:
                clock.now = DEADLINE_S
    assert results[-1].model == models[acts.index("drip")]
    assert len(results) == len(hostile.journal.calls) == len(models)
    assert all(result.classification is not None for result in results)
    assert_no_token(repr(events))
