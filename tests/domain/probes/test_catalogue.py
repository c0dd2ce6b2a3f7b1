"""The catalogue as a hint: what it says against a route, and how it changed since the last check."""

from datetime import date

import pytest

from console.domain.finding import Severity
from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry, Change, ChangeKind, changes, check_listed
from console.domain.routes.contract import CheckBasis, RouteCheck, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def catalogue(*entries: CatalogueEntry, is_priced: bool = False) -> Catalogue:
    return Catalogue({each.model: each for each in entries}, ("/v1/models",), is_priced)


def route(model: str = "m", family: EndpointFamily = R, *, today: date | None = None, **also: bool) -> RouteCheck:
    table = RouteTable((Route(Role.WRITER, model, family, family.standard_path, **also),))  # type: ignore[arg-type]
    (checked,) = check(table, basis=CheckBasis(today=today))
    return checked


@pytest.mark.parametrize(
    ("model", "listed", "is_found"),
    [("m", "m", True), ("M", "m", True), ("openai/m", "m", True), ("m", "vendor/m:free", True),
     ("us.anthropic.claude-x-v1:0", "claude-x", True), ("m", "m2", False), ("m", "mm", False)],
)  # fmt: skip
def test_an_id_is_found_whatever_is_put_around_it(model: str, listed: str, is_found: bool) -> None:
    assert (catalogue(CatalogueEntry(listed)).get(model) is not None) is is_found


def test_the_very_id_comes_before_one_like_it() -> None:
    both = catalogue(CatalogueEntry("a/m:free", price=Price(0, 0)), CatalogueEntry("a/m", price=Price(1, 2)))
    assert both.get("a/m") == CatalogueEntry("a/m", price=Price(1, 2))


@pytest.mark.parametrize(
    ("entry", "is_priced", "ids"),
    [
        (CatalogueEntry("m"), False, []),
        (CatalogueEntry("other"), False, ["MOD-01"]),
        (CatalogueEntry("m", is_enabled=False), False, ["MOD-03"]),
        (CatalogueEntry("m", retires_on="2026-12-31"), False, ["MOD-04"]),
        (CatalogueEntry("m"), True, ["MOD-05"]),
        (CatalogueEntry("m", price=Price(1, 2)), True, []),
        (CatalogueEntry("m", families=(R,)), False, []),
        (CatalogueEntry("m", families=(C,)), False, ["MOD-02"]),
        (CatalogueEntry("m", families=()), False, ["MOD-02"]),
        (CatalogueEntry("m", (C,), None, False, "deprecated"), True, ["MOD-03", "MOD-04", "MOD-05", "MOD-02"]),
    ],
)
def test_what_the_catalogue_says_against_a_route(entry: CatalogueEntry, is_priced: bool, ids: list[str]) -> None:
    findings = check_listed(route(), catalogue(entry, is_priced=is_priced))
    assert [finding.id for finding in findings] == ids
    assert Severity.FAIL not in [finding.severity for finding in findings]


def test_a_requirement_that_is_not_declared_is_a_hint_also_where_the_route_is_declared() -> None:
    (finding,) = check_listed(route("claude-x", C), catalogue(CatalogueEntry("claude-x", families=(C,))))
    assert finding.id == "MOD-02"
    assert "the family that the model requires" in finding.message
    assert finding.evidence == "declared: chat_completions"


def test_where_no_list_answered_nothing_is_said() -> None:
    assert check_listed(route(), Catalogue()) == ()
    assert check_listed(route(), catalogue()) == ()


@pytest.mark.parametrize(
    ("model", "listed", "is_lacking"),
    [
        ("gpt-9", "gpt-5", True),
        ("openai/gpt-9", "openai/*", False),
        ("gpt-9", "*", False),
        ("azure/gpt-9", "openai/*", True),
        ("openai/", "openai/*", False),
        ("ab", "abc*abc", True),
        ("gpt-9:nitro", "openai/gpt-9", False),
        ("gpt-9", "openai/gpt-9:free", False),
    ],
)
def test_a_list_speaks_against_a_model_only_where_no_name_and_no_pattern_is_the_model_s(
    model: str, listed: str, *, is_lacking: bool
) -> None:
    assert catalogue(CatalogueEntry(listed), is_priced=True).lacks(model) is is_lacking
    assert bool(check_listed(route(model), catalogue(CatalogueEntry(listed)))) is is_lacking


def test_a_list_that_was_not_read_to_its_end_speaks_against_no_model() -> None:
    assert not Catalogue({"a": CatalogueEntry("a")}, ("/v1/models",), is_complete=False).lacks("m")


@pytest.mark.parametrize(
    ("model", "listed", "is_alike"),
    [
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", True),
        ("gpt-4o-2024-08-06", "openai/gpt-4o", True),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", True),
        ("gpt-4", "gpt-5", False),
        ("gpt-4-mini", "gpt-4", False),
    ],
)
def test_a_snapshot_and_its_alias_are_told_apart_from_another_model(model: str, listed: str, *, is_alike: bool) -> None:
    found = catalogue(CatalogueEntry(listed))
    assert found.other_date(model) == (listed if is_alike else None)
    (finding,) = check_listed(route(model), found)
    assert ("another date" in finding.message) is is_alike


BEFORE = catalogue(
    CatalogueEntry("gone"),
    CatalogueEntry("same", (C,), Price(1, 2)),
    CatalogueEntry("dearer", None, Price(1, 2)),
    CatalogueEntry("unpriced", None, Price(1, 2)),
    CatalogueEntry("moved", (C,)),
    CatalogueEntry("reordered", (C, R)),
    CatalogueEntry("undeclared", (C,)),
)
AFTER = catalogue(
    CatalogueEntry("new"),
    CatalogueEntry("same", (C,), Price(1, 2)),
    CatalogueEntry("dearer", None, Price(3, 2)),
    CatalogueEntry("unpriced"),
    CatalogueEntry("moved", (R,)),
    CatalogueEntry("reordered", (R, C)),
    CatalogueEntry("undeclared"),
)


def test_what_changed_is_told_model_by_model() -> None:
    assert list(changes(BEFORE, AFTER)) == [
        Change(ChangeKind.REPRICED, "dearer", "1 in 2 out USD/M", "3 in 2 out USD/M"),
        Change(ChangeKind.GONE, "gone"),
        Change(ChangeKind.FAMILY_CHANGED, "moved", "chat_completions", "responses"),
        Change(ChangeKind.NEW, "new"),
        Change(ChangeKind.REPRICED, "unpriced", "1 in 2 out USD/M", "no price"),
    ]


def test_a_model_can_be_repriced_and_moved_at_once() -> None:
    before, after = catalogue(CatalogueEntry("m", (C,))), catalogue(CatalogueEntry("m", (R,), Price(1, 1)))
    assert [each.kind for each in changes(before, after)] == [ChangeKind.REPRICED, ChangeKind.FAMILY_CHANGED]


def test_the_same_catalogue_has_no_changes() -> None:
    assert list(changes(BEFORE, BEFORE)) == []


def test_a_model_that_is_listed_but_retired_at_its_provider_is_told() -> None:
    listed = catalogue(CatalogueEntry("openai/gpt-4"))
    (found,) = check_listed(route("gpt-4", C, today=date(2026, 12, 1)), listed)
    assert (found.id, found.severity, found.evidence) == ("MOD-07", Severity.WARN, "retired on 2026-10-23")
    assert "The gateway lists this model, but its provider has retired it" in found.message


@pytest.mark.parametrize(
    "checked",
    [
        route("gpt-4", C),
        route("gpt-4", C, today=date(2026, 10, 22)),
        route("gpt-4", C, today=date(2026, 12, 1), retires_with_provider=False),
        route("azure/gpt-4", C, today=date(2026, 12, 1)),
    ],
)
def test_a_model_that_has_not_retired_here_is_listed_rightly(checked: RouteCheck) -> None:
    assert check_listed(checked, catalogue(CatalogueEntry("gpt-4"), CatalogueEntry("azure/gpt-4"))) == ()


def test_a_retired_model_that_is_not_listed_is_only_not_listed() -> None:
    found = check_listed(route("gpt-4", C, today=date(2026, 12, 1)), catalogue(CatalogueEntry("m")))
    assert [each.id for each in found] == ["MOD-01"]
