"""The content check: a count that stops early is found, however properly the gateway ends it; a bad counter is not."""

import pytest
from support.gateway.budgets import reservations_of, session_budget
from support.gateway.scripted_gateway import C, M, R, Steps, climb_to, route, scripted, whole
from support.gateway.servers import (
    Request,
    answer_with,
    chat_chunk,
    closing,
    content,
    good_stream,
    opening,
    raw_server,
    streamed,
)
from support.probes.smoking import TOKEN, patient

from console.domain.finding import Severity
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.routes.family import EndpointFamily
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.content_check import LAST, ContentProof, content_check, counted_to
from console.services.probes.smoke import SmokePlan
from console.simulator.server import serve

pytestmark = pytest.mark.usefixtures("no_trust_store")


def counting(last: int, separator: str = " ") -> str:
    return separator.join(map(str, range(1, last + 1)))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (counting(LAST), (LAST, True)),
        (counting(LAST, "\n"), (LAST, True)),
        (counting(17), (17, True)),
        (counting(17) + " ", (17, True)),
        (counting(17, ", ") + ", 1", (17, True)),
        (f"From 1 to {LAST}: {counting(12, ', ')}", (12, True)),
        (counting(5) + " ...", (5, False)),
        (counting(5) + " … 30", (5, False)),
        (counting(5) + ".", (5, False)),
        (counting(5) + " and so on", (5, False)),
        ("1 2 4 5", (2, False)),
        ("OK.", (0, False)),
        ("", (0, False)),
    ],
)
def test_how_far_a_text_counts_and_whether_it_breaks_off(text: str, seen: tuple[int, bool]) -> None:
    assert counted_to(text) == seen


def test_a_count_that_begins_again_and_again_is_not_a_cut() -> None:
    assert counted_to(" ".join([counting(3)] * 9)) == (3, False)


async def checked(body: bytes, family: EndpointFamily, reservations: Reservations | None = None) -> ContentProof:
    async with (
        raw_server(answer_with(body)) as server,
        Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway,
    ):
        plan = SmokePlan(gateway, reservations or reservations_of(), max_output_tokens=256)
        proof = await content_check(route(family=family), plan)
    assert len(server.requests) == proof.requests_sent
    return proof


def found(proof: ContentProof) -> list[tuple[str, Severity]]:
    return [(finding.id, finding.severity) for finding in proof.findings]


@pytest.mark.parametrize("family", [R, M, C])
async def test_a_whole_count_is_proven_in_one_call_that_is_booked(family: EndpointFamily) -> None:
    reservations = reservations_of()
    proof = await checked(good_stream(family, counting(LAST)), family, reservations)
    assert (found(proof), proof.requests_sent, proof.tokens) == ([], 1, 5)
    assert reservations.budget.spent.tokens == 5


@pytest.mark.parametrize("family", [R, M, C])
async def test_the_embedded_gateway_counts_to_the_end(family: EndpointFamily) -> None:
    async with serve(pace=0) as listening:
        options = patient(base_url=listening.base_url)
        async with Gateway(listening.base_url, Secret(listening.token), options) as gateway:
            plan = SmokePlan(gateway, reservations_of(), max_output_tokens=256)
            asked = route(family=family, model="gpt-route-placeholder")
            proof = await content_check(asked, plan)
    assert [finding.id for finding in proof.findings if finding.id == "CNT-01"] == []
    assert proof.notes == (f"content: the count reached its end, {LAST}",)


@pytest.mark.parametrize("family", [R, M, C])
async def test_a_cut_count_with_an_invented_end_is_found(family: EndpointFamily) -> None:
    proof = await checked(good_stream(family, counting(17)), family)
    assert found(proof) == [("CNT-01", Severity.FAIL)]
    assert "17 of 30" in proof.findings[0].evidence


@pytest.mark.parametrize("text", ["OK.", "One, two, three.", "1 2 3 5 8 13"])
async def test_a_model_that_cannot_count_is_unproven_and_not_failed(text: str) -> None:
    assert found(await checked(good_stream(R, text), R)) == [("CNT-01", Severity.WARN)]


async def test_a_count_that_ends_at_its_limit_is_the_limits_fault() -> None:
    ending = chat_chunk({}, finish="length")
    body = streamed(*opening(C), content(C, counting(17)), ending, *closing(C)[1:])
    proof = await checked(body, C)
    assert found(proof) == [("CNT-01", Severity.WARN)]
    assert "token limit of 256" in proof.findings[0].evidence


async def test_a_call_that_fails_proves_nothing_about_content() -> None:
    assert found(await checked(streamed(*closing(R)[:1]), R)) == [("CNT-01", Severity.WARN)]
    assert found(await checked(whole(503, b""), R)) == [("CNT-01", Severity.WARN)]


async def test_without_budget_no_call_is_made() -> None:
    proof = await checked(good_stream(R), R, reservations_of(tokens=10))
    assert (found(proof), proof.requests_sent) == ([("CNT-01", Severity.WARN)], 0)


async def test_the_ladder_makes_the_check_only_on_request_and_shows_its_price_before() -> None:
    def text(request: Request, family: EndpointFamily) -> bytes:
        return good_stream(family, counting(9) if b"Count from 1" in request.body else "OK")

    steps = Steps(text=text, shape=text)
    async with scripted(steps) as server:
        plain = await climb_to(Rung.SMOKE, server.base_url)
        asked = await climb_to(Rung.SMOKE, server.base_url, budget=session_budget(), counts=True)
    without, with_it = plain.rung(Rung.SMOKE), asked.rung(Rung.SMOKE)
    assert (without.status, without.requests_sent) == (RungStatus.PASSED, 1)
    assert (with_it.status, with_it.requests_sent) == (RungStatus.FAILED, 2)
    assert "CNT-01" in [finding.id for finding in with_it.findings]
    assert with_it.price_before.tokens > 2 * 64
    assert with_it.tokens == 2 * (without.tokens or 0)
