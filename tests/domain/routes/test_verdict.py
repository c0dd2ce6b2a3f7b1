"""Drift by four facts: required, configured, declared, answered, folded into one verdict and one rung reached."""

from dataclasses import replace
from functools import reduce

import pytest

from console.domain.errors.category import Category, judged
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import (
    CatalogueRead,
    Event,
    RungFinished,
    SmokeFinished,
    SmokeStarted,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus, rung_needed
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import Verdict, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
P, F, B, U = RungStatus.PASSED, RungStatus.FAILED, RungStatus.BLOCKED, RungStatus.UNPROVEN
MODELS = {
    Verdict.OK: ("gpt-5-pro", R),
    Verdict.DRIFT: ("gpt-5-pro", C),
    Verdict.CONDITIONAL: ("gpt-5.4", C),
    Verdict.UNKNOWN: ("deepseek-chat", R),
}


def after(offline: Verdict, *events: Event, role: Role = Role.WRITER) -> ProvenRoute:
    model, family = MODELS[offline]
    (checked,) = check(RouteTable((Route(role, model, family, family.standard_path),)))
    assert checked.verdict is offline
    return reduce(ProvenRoute.apply, events, ProvenRoute(checked))


def rung(rung: Rung, status: RungStatus, category: Category | None = None, role: Role = Role.WRITER) -> RungFinished:
    reading = None if category is None else judged(category, "seen in a test")
    return RungFinished(RungResult(role, rung, status, classification=reading))


def climbed(*statuses: RungStatus) -> list[RungFinished]:
    return [rung(Rung(number), status) for number, status in enumerate(statuses)]


def smoked(category: Category | None, status: SmokeStatus = SmokeStatus.BLOCKED) -> SmokeFinished:
    reading = None if category is None else judged(category, "seen in a test")
    result = SmokeResult(Role.WRITER, "m", R, "/v1/responses", status=status, classification=reading, requests_sent=1)
    return SmokeFinished(result)


@pytest.mark.parametrize("offline", MODELS)
def test_without_a_call_the_offline_verdict_stands(offline: Verdict) -> None:
    assert after(offline).verdict is offline
    assert after(offline, *climbed(P, P, P, P)).verdict is offline


@pytest.mark.parametrize("offline", MODELS)
def test_an_answer_that_says_drift_is_drift(offline: Verdict) -> None:
    assert after(offline, smoked(Category.ENDPOINT_DRIFT)).verdict is Verdict.DRIFT
    assert after(offline, *climbed(P, P, P), rung(Rung.KEY, B, Category.ENDPOINT_DRIFT)).verdict is Verdict.DRIFT


def test_offline_drift_is_not_mended_by_an_answer() -> None:
    events = [*climbed(P, P, P, P, P, P), smoked(None, SmokeStatus.PASSED)]
    assert after(Verdict.DRIFT, *events).verdict is Verdict.DRIFT


@pytest.mark.parametrize(
    "category",
    [
        Category.ACCOUNT_AUTH,
        Category.ACCOUNT_PRICING,
        Category.ACCOUNT_QUOTA,
        Category.ACCOUNT_PERMISSION,
        Category.ROUTE_MISSING,
    ],
)
def test_an_account_or_route_matter_blocks(category: Category) -> None:
    assert after(Verdict.OK, smoked(category)).verdict is Verdict.BLOCKED
    assert after(Verdict.UNKNOWN, *climbed(P, P, P), rung(Rung.KEY, B, category)).verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    "category",
    [
        Category.RATE_LIMIT,
        Category.UPSTREAM_UNAVAILABLE,
        Category.TIMEOUT,
        Category.CONTRACT_VIOLATION,
        Category.BUDGET_EXCEEDED,
    ],
)
def test_what_says_nothing_of_the_family_changes_no_verdict(category: Category) -> None:
    assert after(Verdict.OK, smoked(category, SmokeStatus.FAILED)).verdict is Verdict.OK
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P), rung(Rung.SMOKE, F, category)).verdict is Verdict.UNKNOWN


def test_text_that_works_and_a_shape_that_fails_is_conditional() -> None:
    events = [*climbed(P, P, P, P, P), rung(Rung.SHAPE, F, Category.CONTRACT_VIOLATION)]
    assert after(Verdict.OK, *events).verdict is Verdict.CONDITIONAL
    assert after(Verdict.UNKNOWN, *events).verdict is Verdict.CONDITIONAL


def test_text_that_works_and_a_shape_that_is_refused_as_another_family_s_is_conditional() -> None:
    """As gpt-5.6 does on chat: text passes, function tools are sent to Responses."""
    events = [*climbed(P, P, P, P, P), rung(Rung.SHAPE, B, Category.ENDPOINT_DRIFT)]
    assert after(Verdict.CONDITIONAL, *events).verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize("category", [Category.ACCOUNT_QUOTA, Category.ACCOUNT_PERMISSION])
def test_a_shape_that_the_account_stops_is_blocked_and_not_conditional(category: Category) -> None:
    assert after(Verdict.OK, *climbed(P, P, P, P, P), rung(Rung.SHAPE, B, category)).verdict is Verdict.BLOCKED


def test_a_shape_that_the_budget_stops_is_not_conditional() -> None:
    events = [*climbed(P, P, P, P, P), rung(Rung.SHAPE, B, Category.BUDGET_EXCEEDED)]
    assert after(Verdict.OK, *events).verdict is Verdict.OK


@pytest.mark.parametrize(
    "category", [Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT, Category.RATE_LIMIT, Category.CONTENT_POLICY]
)
def test_a_shape_that_never_got_its_answer_is_not_conditional(category: Category) -> None:
    """The connection, the provider or the hour stopped it: that says nothing of the shape."""
    assert after(Verdict.OK, *climbed(P, P, P, P, P), rung(Rung.SHAPE, F, category)).verdict is Verdict.OK


def test_unknown_becomes_ok_by_proof_alone() -> None:
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P)).verdict is Verdict.UNKNOWN
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, U)).verdict is Verdict.UNKNOWN
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P, P)).verdict is Verdict.OK
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P, P, P)).verdict is Verdict.OK


def test_a_smoke_test_that_passes_proves_the_family_as_the_ladder_does() -> None:
    assert after(Verdict.UNKNOWN, smoked(None, SmokeStatus.PASSED)).verdict is Verdict.OK


def test_conditional_by_the_facts_stays_until_the_shape_itself_passed() -> None:
    assert after(Verdict.CONDITIONAL, *climbed(P, P, P, P, P)).verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize("entry", [None, CatalogueEntry("gpt-5-pro", (M,), None, False, "deprecated")])
def test_what_the_gateway_declares_never_changes_a_verdict(entry: CatalogueEntry | None) -> None:
    entries = {} if entry is None else {entry.model: entry}
    read = CatalogueRead(Catalogue(entries, ("/v1/models",)), (), is_first=True)
    assert after(Verdict.OK, read, *climbed(P, P, P)).verdict is Verdict.OK


# --- Rungs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "reached"),
    [((), 0), ((P,), 0), ((P, P), 1), ((P, P, U), 2), ((P, P, U, U), 3), ((P, P, P, P, P, P), 5), ((P, F), 0),
     ((P, P, P, B), 2), ((P, P, P, P, F), 3), ((F,), 0)],
)  # fmt: skip
def test_the_rung_reached_is_the_highest_with_all_below(statuses: tuple[RungStatus, ...], reached: int) -> None:
    assert after(Verdict.OK, *climbed(*statuses)).reached == reached


def test_climbing_again_drops_what_rested_on_the_older_climb() -> None:
    route = after(Verdict.OK, *climbed(P, P, P, P, P, P), rung(Rung.OFFLINE, P), rung(Rung.CONNECTION, F))
    assert [result.rung for result in route.rungs] == [Rung.OFFLINE, Rung.CONNECTION]
    assert route.reached is Rung.OFFLINE


def test_an_old_refusal_does_not_outlive_the_smoke_test_that_passed_after_it() -> None:
    refused = rung(Rung.KEY, B, Category.ACCOUNT_AUTH)
    route = after(Verdict.OK, *climbed(P, P, P), refused, smoked(None, SmokeStatus.PASSED))
    assert route.verdict is Verdict.OK


def test_an_old_smoke_test_does_not_outlive_the_climb_that_passed_after_it() -> None:
    route = after(Verdict.OK, smoked(Category.ACCOUNT_AUTH), *climbed(P, P, P, P))
    assert route.verdict is Verdict.OK


def test_a_rung_of_a_role_without_a_route_changes_nothing() -> None:
    assert after(Verdict.OK, rung(Rung.KEY, P, role=Role.CRITIC)).rungs == ()


def test_while_a_smoke_test_is_under_way_its_older_end_decides_nothing() -> None:
    route = after(Verdict.OK)
    live = [smoked(Category.ACCOUNT_AUTH), SmokeStarted(route.check.route, 1.0)]
    assert after(Verdict.OK, *live).verdict is Verdict.OK


@pytest.mark.parametrize("role", Role)
def test_every_role_but_the_fallback_needs_its_shape(role: Role) -> None:
    assert rung_needed(role) is (Rung.SMOKE if role is Role.FALLBACK else Rung.SHAPE)


def test_what_costs_is_above_what_does_not() -> None:
    assert [rung for rung in Rung if not rung.is_paid] == [Rung.OFFLINE, Rung.CONNECTION, Rung.CATALOGUE, Rung.KEY]
    assert [result for result in RungStatus if replace(RungResult(Role.WRITER, Rung.KEY, result)).holds] == [P, U]
