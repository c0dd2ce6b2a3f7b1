"""A hostile gateway, embedded: whatever it answers ends in time and in words of ours, and no token comes out."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from services.smoking import result_in, smoke_all, table

from console.cli.smoke import result_document
from console.domain.category import Category
from console.domain.event import OutputReceived, RefusalRead, SmokeEvent, SmokeResult
from console.domain.family import EndpointFamily
from console.domain.guard import safe
from console.domain.secret import Secret
from console.simulator.hostile import ACTS, OTHER_HOST, forms_of, hostile_rows, hostility_for
from console.simulator.server import HOST, Listening, serve

pytestmark = pytest.mark.usefixtures("no_trust_store")

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSd+F/8hJk=", "LzXc~Vb9nMq"])
"""With characters that URLs, base64 and JSON each write in another way."""
DEADLINE_S = 0.5
R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
VENDORS = {R: "gpt", M: "claude", C: "chat"}
SPEECHES, PLACES = hostile_rows()
SAID = [f"{speech}-in-{place}" for speech in SPEECHES for place in PLACES]


@dataclass(frozen=True)
class Ended:
    """One call of a hostile gateway, ended."""

    events: list[SmokeEvent]
    took_s: float
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
        return repr(self.result) + json.dumps(result_document(self.result), ensure_ascii=False)


@pytest.fixture
async def hostile() -> AsyncIterator[Listening]:
    async with serve(pace=0, token=TOKEN) as listening:
        yield listening


async def ended(
    hostile: Listening, name: str, family: EndpointFamily = R, *, deadline_s: float = 20.0, token: str = TOKEN
) -> Ended:
    model = f"{VENDORS[family]}-hostile-{name}-placeholder"
    assert hostility_for(model) is not None
    before = len(hostile.journal.calls)
    start = time.perf_counter()
    routes = table(family, model=model)
    events = await smoke_all(hostile.base_url, family, routes=routes, token=token, deadline_s=deadline_s)
    return Ended(events, time.perf_counter() - start, len(hostile.journal.calls) - before)


def assert_no_token(text: str) -> None:
    assert not Secret(TOKEN).is_in(text)
    for name, form in forms_of(TOKEN).items():
        assert name == "starred" or form not in text, name


# --- Speeches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [R, M, C])
@pytest.mark.parametrize("name", SAID)
async def test_a_speech_gives_no_token_away_and_no_control_character(
    hostile: Listening, name: str, family: EndpointFamily
) -> None:
    call = await ended(hostile, name, family)
    assert (call.calls, call.result.requests_sent) == (1, 1)
    assert_no_token(call.output)
    assert_no_token(call.said)
    assert_no_token(repr(call.events))
    assert_no_token(call.kept)
    assert safe(call.said) == call.said
    assert safe(call.kept) == call.kept
    if name.startswith("key-starred"):
        assert TOKEN[:8] not in call.said + call.kept
        assert "tk-Qw3rT" not in call.said + call.kept


ENDS = {
    "text": None,
    "letters": None,
    "threes": None,
    "error": Category.INVALID_REQUEST,
}


@pytest.mark.parametrize("name", SAID)
async def test_a_speech_ends_in_a_category_where_it_is_no_answer(hostile: Listening, name: str) -> None:
    call = await ended(hostile, name, C)
    place = name.rpartition("-in-")[2]
    print("CAT", name, call.category, call.evidence, repr(call.said), call.result.model_reported, call.result.finish, [f.id for f in call.result.findings])
    if place in ENDS:
        assert call.category is ENDS[place]


# --- Acts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [R, M, C])
@pytest.mark.parametrize("act", ACTS)
async def test_an_act_ends(hostile: Listening, act: str, family: EndpointFamily) -> None:
    call = await ended(hostile, act, family, deadline_s=DEADLINE_S if act == "drip" else 20.0)
    print("ACT", act, family, call.category, call.evidence, call.took_s, [f.id for f in call.result.findings])
