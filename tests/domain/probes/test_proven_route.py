"""A route's standing: the worst that is known of it, until an answer on the same or a higher rung disproves it."""

from dataclasses import replace
from functools import reduce
from itertools import product

import pytest

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import CatalogueRead, Event, RungFinished, SmokeFinished, SmokeStarted
from console.domain.probes.ladder import Rung, RungResult, RungStatus, rung_needed
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.served_as import ServedAs, Service
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.probes.standing import Standing, standing_of
from console.domain.routes.contract import Verdict, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
P, F, B, U = RungStatus.PASSED, RungStatus.FAILED, RungStatus.BLOCKED, RungStatus.UNPROVEN
MODELS = {
    Verdict.OK: ("gpt-5-pro", R),
    Verdict.DRIFT: ("gpt-5-pro", C),
    Verdict.CONDITIONAL: ("gpt-5.4", C),
    Verdict.UNKNOWN: ("deepseek-chat", R),
}
OFFLINE = {
    Verdict.OK: Standing.OFFLINE,
    Verdict.DRIFT: Standing.DRIFT,
    Verdict.CONDITIONAL: Standing.CONDITIONAL,
    Verdict.UNKNOWN: Standing.UNPROVEN,
}
ACCOUNT_OR_ROUTE = [
    Category.ACCOUNT_AUTH,
    Category.ACCOUNT_PRICING,
    Category.ACCOUNT_QUOTA,
    Category.ACCOUNT_PERMISSION,
    Category.ROUTE_MISSING,
]
OWN_REFUSALS = [Category.BUDGET_EXCEEDED, Category.SECRET_IN_PROMPT]
ANY_KEY = Finding("COM-S-02", Severity.FAIL, "The gateway accepts any key.")


def after(offline: Verdict, *events: Event, role: Role = Role.WRITER) -> ProvenRoute:
    model, family = MODELS[offline]
    (checked,) = check(RouteTable((Route(role, model, family, family.standard_path),)))
    assert checked.verdict is offline
    return reduce(ProvenRoute.apply, events, ProvenRoute(checked))


def rung(
    number: Rung, status: RungStatus, category: Category | None = None, *findings: Finding, role: Role = Role.WRITER
) -> RungFinished:
    reading = None if category is None else judged(category, "seen in a test")
    return RungFinished(RungResult(RouteKey(role), number, status, findings, classification=reading))


def climbed(*statuses: RungStatus) -> list[RungFinished]:
    return [rung(Rung(number), status) for number, status in enumerate(statuses)]


def smoked(
    category: Category | None, status: SmokeStatus = SmokeStatus.BLOCKED, shape: Shape = Shape.TEXT
) -> SmokeFinished:
    reading = None if category is None else judged(category, "seen in a test")
    return SmokeFinished(
        SmokeResult(
            RouteKey(Role.WRITER),
            "m",
            R,
            "/v1/responses",
            status=status,
            classification=reading,
            requests_sent=1,
            shape=shape,
        )
    )


PASSED_TEXT = smoked(None, SmokeStatus.PASSED)
PASSED_SHAPE = smoked(None, SmokeStatus.PASSED, Shape.ROLE)


# --- What was not tried is not proven --------------------------------------------------------------------------------


@pytest.mark.parametrize("offline", MODELS)
def test_without_a_call_only_the_config_is_known(offline: Verdict) -> None:
    assert after(offline).standing is OFFLINE[offline]
    assert after(offline, *climbed(P)).standing is OFFLINE[offline]


@pytest.mark.parametrize("statuses", [(P, P), (P, P, P), (P, P, P, P), (P, P, P, U), (P, P, P, P, P)])
def test_a_climb_that_ends_below_the_role_s_rung_proves_nothing(statuses: tuple[RungStatus, ...]) -> None:
    assert after(Verdict.OK, *climbed(*statuses)).standing is Standing.UNPROVEN


def test_the_rung_that_the_role_needs_proves_the_route() -> None:
    assert after(Verdict.OK, *climbed(P, P, P, P, P, P)).standing is Standing.PROVEN
    fallback = [rung(Rung(number), P, role=Role.FALLBACK) for number in range(5)]
    assert after(Verdict.OK, *fallback, role=Role.FALLBACK).standing is Standing.PROVEN


def test_a_smoke_test_proves_what_the_same_call_on_the_ladder_proves() -> None:
    assert after(Verdict.OK, PASSED_TEXT).standing is Standing.UNPROVEN
    assert after(Verdict.OK, PASSED_SHAPE).standing is Standing.PROVEN
    assert after(Verdict.UNKNOWN, PASSED_SHAPE).standing is Standing.PROVEN


def test_a_call_above_the_rung_that_the_role_needs_proves_it_too() -> None:
    answered = SmokeFinished(replace(PASSED_SHAPE.result, key=RouteKey(Role.FALLBACK)))
    assert after(Verdict.OK, answered, role=Role.FALLBACK).standing is Standing.PROVEN


def test_a_route_that_no_source_knows_is_unproven_until_a_call_of_the_role_s_shape_passed() -> None:
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P)).standing is Standing.UNPROVEN
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P, P)).standing is Standing.UNPROVEN
    assert after(Verdict.UNKNOWN, *climbed(P, P, P, P, P, P)).standing is Standing.PROVEN


def test_conditional_by_the_facts_stays_until_the_shape_itself_passed() -> None:
    assert after(Verdict.CONDITIONAL, *climbed(P, P, P, P, P)).standing is Standing.CONDITIONAL
    assert after(Verdict.CONDITIONAL, *climbed(P, P, P, P, P, P)).standing is Standing.PROVEN


def test_an_agent_s_shape_proves_nothing_about_the_role() -> None:
    assert after(Verdict.OK, smoked(None, SmokeStatus.PASSED, Shape.AGENT)).standing is Standing.OFFLINE


def test_an_answer_of_another_model_proves_nothing() -> None:
    swapped = replace(PASSED_SHAPE.result, service=Service(ServedAs.SWAPPED))
    assert after(Verdict.OK, SmokeFinished(swapped)).standing is Standing.UNPROVEN
    assert after(Verdict.OK, PASSED_SHAPE, SmokeFinished(swapped)).standing is Standing.UNPROVEN


def test_a_stopped_call_says_nothing() -> None:
    assert after(Verdict.OK, smoked(None, SmokeStatus.UNKNOWN)).standing is Standing.OFFLINE
    assert after(Verdict.OK, *climbed(P, P, P, P), rung(Rung.SMOKE, F)).standing is Standing.UNPROVEN


# --- What a refusal says ---------------------------------------------------------------------------------------------


def test_offline_drift_is_not_fixed_by_an_answer() -> None:
    events = [*climbed(P, P, P, P, P, P), PASSED_TEXT, PASSED_SHAPE, smoked(Category.UPSTREAM_UNAVAILABLE)]
    assert after(Verdict.DRIFT, *events).standing is Standing.DRIFT


@pytest.mark.parametrize("offline", [Verdict.OK, Verdict.UNKNOWN, Verdict.CONDITIONAL])
@pytest.mark.parametrize("category", sorted(set(Category) - set(OWN_REFUSALS)))
def test_every_refusal_decides_the_standing(offline: Verdict, category: Category) -> None:
    expected = standing_of(judged(category, "seen in a test"))
    assert expected.is_trouble
    shown = after(offline, smoked(category)).standing
    assert shown is max(expected, OFFLINE[offline], key=lambda standing: standing.gravity)
    assert after(offline, *climbed(P, P, P), rung(Rung.KEY, B, category)).standing is shown


@pytest.mark.parametrize("category", ACCOUNT_OR_ROUTE)
def test_an_account_or_route_error_blocks(category: Category) -> None:
    assert after(Verdict.OK, smoked(category)).standing is Standing.BLOCKED


@pytest.mark.parametrize("category", [Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT])
def test_an_outage_is_down(category: Category) -> None:
    assert after(Verdict.OK, *climbed(P), rung(Rung.CONNECTION, F, category)).standing is Standing.DOWN


@pytest.mark.parametrize("category", OWN_REFUSALS)
def test_our_own_refusal_says_nothing_about_the_route(category: Category) -> None:
    assert after(Verdict.OK, *climbed(P, P, P, P), smoked(category)).standing is Standing.UNPROVEN
    assert after(Verdict.OK, *climbed(P, P, P, P, P), rung(Rung.SHAPE, B, category)).standing is Standing.UNPROVEN


def test_text_that_works_and_a_shape_that_is_refused_is_conditional() -> None:
    for offline, category in product(
        (Verdict.OK, Verdict.UNKNOWN, Verdict.CONDITIONAL),
        (Category.CONTRACT_VIOLATION, Category.INVALID_REQUEST, Category.ENDPOINT_DRIFT),
    ):
        route = after(offline, *climbed(P, P, P, P, P), rung(Rung.SHAPE, F, category))
        assert route.standing is Standing.CONDITIONAL, (offline, category)


@pytest.mark.parametrize("category", ACCOUNT_OR_ROUTE)
def test_a_shape_that_the_account_stops_is_blocked(category: Category) -> None:
    assert after(Verdict.OK, *climbed(P, P, P, P, P), rung(Rung.SHAPE, B, category)).standing is Standing.BLOCKED


# --- The worst that is known, until it is disproved -------------------------------------------------------------------


@pytest.mark.parametrize("category", sorted(set(Category) - set(OWN_REFUSALS)))
def test_a_free_check_never_turns_a_refused_call_green(category: Category) -> None:
    refused = after(Verdict.OK, smoked(category))
    assert reduce(ProvenRoute.apply, climbed(P, P, P, P), refused).standing is refused.standing


def test_a_call_that_passes_disproves_the_refusals_below_it() -> None:
    refused = rung(Rung.KEY, B, Category.ACCOUNT_AUTH)
    assert after(Verdict.OK, *climbed(P, P, P), refused, PASSED_SHAPE).standing is Standing.PROVEN
    assert after(Verdict.OK, smoked(Category.ACCOUNT_QUOTA), PASSED_TEXT).standing is Standing.UNPROVEN


def test_an_inconclusive_rung_disproves_nothing() -> None:
    refused = rung(Rung.KEY, B, Category.ACCOUNT_AUTH)
    assert after(Verdict.OK, *climbed(P, P, P), refused, rung(Rung.KEY, U)).standing is Standing.BLOCKED


def test_a_finding_is_disproved_only_on_its_own_rung() -> None:
    takes_any = rung(Rung.KEY, P, None, ANY_KEY)
    assert after(Verdict.OK, *climbed(P, P, P), takes_any, PASSED_SHAPE).standing is Standing.FAILED
    assert after(Verdict.OK, *climbed(P, P, P), takes_any, PASSED_SHAPE, rung(Rung.KEY, P)).standing is Standing.PROVEN


def test_a_refusal_takes_back_the_proof_above_it() -> None:
    route = after(Verdict.OK, *climbed(P, P, P, P, P, P), rung(Rung.KEY, B, Category.ACCOUNT_AUTH))
    assert route.standing is Standing.BLOCKED
    assert route.apply(rung(Rung.KEY, P)).standing is Standing.UNPROVEN


def test_of_several_troubles_the_worst_decides_and_names_its_reason() -> None:
    route = after(Verdict.OK, rung(Rung.CONNECTION, F, Category.TIMEOUT), smoked(Category.ACCOUNT_QUOTA))
    assert route.standing is Standing.BLOCKED
    assert route.classification is not None
    assert route.classification.category is Category.ACCOUNT_QUOTA


def test_a_smoke_test_in_progress_changes_nothing() -> None:
    refused = after(Verdict.OK, smoked(Category.ACCOUNT_AUTH))
    assert refused.apply(SmokeStarted(refused.check.route, 1.0)) == refused


@pytest.mark.parametrize("entry", [None, CatalogueEntry("gpt-5-pro", (M,), None, False, "deprecated")])
def test_what_the_gateway_declares_changes_no_standing(entry: CatalogueEntry | None) -> None:
    entries = {} if entry is None else {entry.model: entry}
    read = CatalogueRead(Catalogue(entries, ("/v1/models",)), (), is_first=True)
    assert after(Verdict.OK, read, *climbed(P, P, P)).standing is Standing.UNPROVEN


# --- Rungs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "reached"),
    [((), 0), ((P,), 0), ((P, P), 1), ((P, P, U), 2), ((P, P, U, U), 3), ((P, P, P, P, P, P), 5), ((P, F), 0),
     ((P, P, P, B), 2), ((P, P, P, P, F), 3), ((F,), 0)],
)  # fmt: skip
def test_the_rung_reached_is_the_highest_with_all_below(statuses: tuple[RungStatus, ...], reached: int) -> None:
    assert after(Verdict.OK, *climbed(*statuses)).reached == reached


def test_a_smoke_test_counts_for_the_rung_reached() -> None:
    assert after(Verdict.OK, PASSED_TEXT).reached is Rung.OFFLINE
    assert after(Verdict.OK, PASSED_TEXT, *climbed(P, P, P, P)).reached is Rung.SMOKE
    refused = after(Verdict.OK, *climbed(P, P, P, P, P, P), smoked(Category.ACCOUNT_QUOTA))
    assert refused.reached is Rung.KEY


def test_a_rung_that_does_not_hold_drops_what_rested_on_it() -> None:
    route = after(Verdict.OK, *climbed(P, P, P, P, P, P), rung(Rung.CONNECTION, F, Category.TIMEOUT))
    assert [result.rung for result in route.rungs] == [Rung.OFFLINE, Rung.CONNECTION]
    assert (route.reached, route.standing) == (Rung.OFFLINE, Standing.DOWN)


def test_climbing_again_to_a_lower_rung_keeps_what_was_proven_above() -> None:
    route = after(Verdict.OK, *climbed(P, P, P, P, P, P), *climbed(P, P, P, P))
    assert (route.reached, route.standing) == (Rung.SHAPE, Standing.PROVEN)


def test_a_rung_of_a_role_without_a_route_changes_nothing() -> None:
    assert after(Verdict.OK, rung(Rung.KEY, P, role=Role.CRITIC)).rungs == ()


@pytest.mark.parametrize("role", Role)
def test_every_role_but_the_fallback_needs_its_shape(role: Role) -> None:
    assert rung_needed(role) is (Rung.SMOKE if role is Role.FALLBACK else Rung.SHAPE)


def test_what_costs_is_above_what_does_not() -> None:
    assert [rung for rung in Rung if rung.is_paid] == [Rung.SMOKE, Rung.SHAPE]
    assert [status for status in RungStatus if RungResult(RouteKey(Role.WRITER), Rung.KEY, status).holds] == [P, U]
