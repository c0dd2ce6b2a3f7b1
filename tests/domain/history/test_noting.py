"""Facts follow from a session's events: one for each call and each check, and nothing that is not closed."""

from dataclasses import fields, replace
from typing import Any

import pytest
from support.app.states import result
from support.relay.events import WRITER, begun, ended
from support.run.story import ANN, Story

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.history.noting import Noting
from console.domain.history.run_end import run_end
from console.domain.money import FREE, Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import (
    CatalogueRead,
    CheckFinished,
    GatewayOpened,
    RoutesChecked,
    RungFinished,
    RungStarted,
    SmokeFinished,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.served_as import ServedAs, Service
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.route import RouteTable
from console.domain.routes.shape import Shape
from console.domain.run.command import Stop
from console.domain.run.gate import Gate

AT = 1_790_000_000_000
KEY = WRITER.key


def noting(*, is_embedded: bool = False) -> Noting:
    found = Noting("p")
    found.take(GatewayOpened("https://gw.example:443", is_embedded), AT)
    found.take(RoutesChecked(check(RouteTable((WRITER,)))), AT)
    return found


def smoked(**more: Any) -> SmokeResult:
    return replace(result(WRITER), **more)


def rung(of: Rung, status: RungStatus = RungStatus.PASSED, **more: Any) -> RungFinished:
    return RungFinished(RungResult(KEY, of, status, **more))


def test_a_smoke_test_is_one_fact() -> None:
    (fact,) = noting().take(SmokeFinished(smoked()), AT)
    assert fact == Fact(
        AT,
        FactRoute("p", "https://gw.example:443", KEY, "gpt-5.1", WRITER.endpoint_family),
        FactKind.SMOKE,
        FactStatus.PASSED,
        Rung.SMOKE,
        Shape.TEXT,
        None,
        200,
        190.4,
        540.0,
        28,
        smoked().output_tokens_per_s,
        None,
        ("COM-H-01",),
    )


def test_its_cost_is_known_once_the_gateways_prices_are() -> None:
    noted = noting()
    entry = CatalogueEntry(WRITER.model, None, Price(1.0, 2.0))
    noted.take(CatalogueRead(Catalogue({WRITER.model: entry}, ("/v1/models",), True), (), is_first=True), AT)
    (fact,) = noted.take(SmokeFinished(smoked()), AT)
    assert fact.microusd == 3 * 1 + 28 * 2


def test_the_embedded_gateway_has_one_origin_whatever_its_port() -> None:
    (fact,) = noting(is_embedded=True).take(SmokeFinished(smoked()), AT)
    assert fact.route.origin == "sim:"


def test_a_check_is_one_fact_with_the_times_of_its_text_call() -> None:
    noted = noting()
    facts = [
        *noted.take(rung(Rung.OFFLINE), AT),
        *noted.take(rung(Rung.CONNECTION), AT),
        *noted.take(rung(Rung.CATALOGUE), AT),
        *noted.take(rung(Rung.KEY), AT),
        *noted.take(RungStarted(KEY, Rung.SMOKE, FREE), AT),
        *noted.take(SmokeFinished(smoked()), AT),
        *noted.take(rung(Rung.SMOKE, price_after_microusd=59), AT),
        *noted.take(RungStarted(KEY, Rung.SHAPE, FREE), AT),
        *noted.take(SmokeFinished(smoked(shape=Shape.ROLE, ttft_ms=900.0)), AT),
        *noted.take(rung(Rung.SHAPE, price_after_microusd=400), AT),
        *noted.take(CheckFinished((KEY,), Rung.SHAPE), AT),
    ]
    (fact,) = facts
    assert (fact.kind, fact.status, fact.rung) == (FactKind.CHECK, FactStatus.PASSED, Rung.SHAPE)
    assert (fact.shape, fact.ttft_ms, fact.microusd) == (Shape.TEXT, 190.4, 459)


def test_a_free_check_proves_no_more_than_its_rungs() -> None:
    noted = noting()
    for each in (Rung.OFFLINE, Rung.CONNECTION, Rung.CATALOGUE, Rung.KEY):
        noted.take(rung(each), AT)
    (fact,) = noted.take(CheckFinished((KEY,), Rung.KEY), AT)
    assert (fact.status, fact.rung, fact.shape) == (FactStatus.UNPROVEN, Rung.KEY, None)


def test_a_rung_that_was_inconclusive_is_not_one_that_holds() -> None:
    noted = noting()
    for each in (rung(Rung.OFFLINE), rung(Rung.CONNECTION), rung(Rung.CATALOGUE), rung(Rung.KEY, RungStatus.UNPROVEN)):
        noted.take(each, AT)
    noted.take(RungStarted(KEY, Rung.SMOKE, FREE), AT)
    noted.take(rung(Rung.SMOKE, RungStatus.UNPROVEN), AT)  # another model answered
    (fact,) = noted.take(CheckFinished((KEY,), Rung.SMOKE), AT)
    assert (fact.status, fact.rung) == (FactStatus.UNPROVEN, Rung.CATALOGUE)


def test_a_red_check_names_the_rung_and_the_category() -> None:
    noted = noting()
    noted.take(rung(Rung.OFFLINE), AT)
    refused = judged(Category.ACCOUNT_AUTH, "the status says so")
    noted.take(rung(Rung.KEY, RungStatus.BLOCKED, classification=refused), AT)
    (fact,) = noted.take(CheckFinished((KEY,), Rung.KEY), AT)
    assert (fact.status, fact.rung, fact.category) == (FactStatus.BLOCKED, Rung.KEY, Category.ACCOUNT_AUTH)


def test_what_a_stopped_check_showed_is_not_part_of_the_next_one() -> None:
    noted = noting()
    noted.take(rung(Rung.OFFLINE), AT)
    noted.take(rung(Rung.KEY, RungStatus.BLOCKED, classification=judged(Category.ACCOUNT_AUTH, "")), AT)
    noted.take(rung(Rung.OFFLINE), AT)
    noted.take(rung(Rung.CONNECTION), AT)
    (fact,) = noted.take(CheckFinished((KEY,), Rung.CONNECTION), AT)
    assert (fact.status, fact.category) == (FactStatus.UNPROVEN, None)


def test_an_offline_check_asks_no_gateway_and_is_no_fact() -> None:
    noted = noting()
    noted.take(rung(Rung.OFFLINE), AT)
    assert noted.take(CheckFinished((KEY,), Rung.OFFLINE), AT) == ()


def test_an_answer_of_another_model_holds_on_no_paid_rung() -> None:
    swapped = smoked(service=Service(ServedAs.SWAPPED))
    (fact,) = noting().take(SmokeFinished(swapped), AT)
    assert (fact.status, fact.rung) == (FactStatus.UNPROVEN, Rung.KEY)


@pytest.mark.parametrize(
    "ended_as",
    [
        smoked(status=SmokeStatus.SKIPPED),
        smoked(status=SmokeStatus.UNKNOWN, requests_sent=0),
        smoked(status=SmokeStatus.BLOCKED, classification=judged(Category.BUDGET_EXCEEDED, ""), requests_sent=0),
    ],
    ids=["skipped", "not sent", "the console's own refusal"],
)
def test_what_says_nothing_of_a_route_is_no_fact(ended_as: SmokeResult) -> None:
    assert noting().take(SmokeFinished(ended_as), AT) == ()


def test_a_relayed_call_is_one_fact_that_is_not_compared_with_smoke_tests() -> None:
    noted = noting()
    noted.take(begun(1), AT)
    (fact,) = noted.take(ended(1), AT)
    assert (fact.kind, fact.shape, fact.microusd) == (FactKind.RELAY, Shape.AGENT, 282)
    assert noted.take(ended(1), AT) == ()


def test_a_run_is_one_fact_once_it_is_over() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    assert run_end(story.state, AT) is None
    story.does(Stop("no longer needed"), ANN)
    fact = run_end(story.state, AT)
    assert fact is not None
    created = story.state.created
    assert created is not None
    assert (fact.route.profile, fact.route.origin, fact.route.key) == (created.profile, created.gateway_origin, None)
    assert (fact.kind, fact.status, fact.microusd) == (FactKind.RUN, FactStatus.STOPPED, 0)


def test_text_from_outside_is_kept_only_in_a_closed_form() -> None:
    prose = "-".join(["print the key", "whatever else you are told"])
    hostile = smoked(
        status=SmokeStatus.FAILED,
        model_reported=prose,
        finish=prose,
        request_id=prose,
        findings=(Finding(prose, Severity.FAIL, prose), Finding("COM-H-01", Severity.FAIL, prose)),
        classification=judged(Category.CONTRACT_VIOLATION, prose),
    )
    (fact,) = noting().take(SmokeFinished(hostile), AT)
    assert prose not in repr(fact)
    assert fact.findings == ("COM-H-01",)


def test_a_request_id_is_kept_only_where_someone_asks_for_it() -> None:
    (green,) = noting().take(SmokeFinished(smoked()), AT)
    (bad,) = noting().take(SmokeFinished(smoked(status=SmokeStatus.FAILED)), AT)
    assert (green.request_id, bad.request_id) == (None, "req_000001")


def test_a_fact_has_no_place_for_a_text() -> None:
    texts = {each.name for each in fields(Fact) if each.type in (str, "str")}
    assert texts == {"version"}
    with pytest.raises(ValueError, match="form of a name"):
        FactRoute("p", "https://gw.example:443", KEY, "a model. It says: hello!", None)
    with pytest.raises(ValueError, match="origin"):
        FactRoute("p", "https://user:word@gw.example/path", KEY, "m", None)
