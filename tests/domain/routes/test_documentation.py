"""Reasoning models on Chat: a warning anywhere, and drift where the gateway's documentation says so."""

import pytest

from console.domain.finding import Severity
from console.domain.routes.contract import CheckBasis, RouteCheck, Verdict, check, fix_lines
from console.domain.routes.documentation import documentation_for, documentations
from console.domain.routes.family import EndpointFamily
from console.domain.routes.gateway_address import BaseAddress
from console.domain.routes.model_family import FamilyFact, family_facts
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
COMET = CheckBasis(base=BaseAddress("api.cometapi.com", ""))
NAMED = CheckBasis(base=BaseAddress("proxy.example", ""), documentation="cometapi")
ANY = CheckBasis(base=BaseAddress("gw.example", ""))


def _check(model: str, family: EndpointFamily, basis: CheckBasis) -> RouteCheck:
    route = Route(Role.PLANNER, model, family, family.standard_path)
    return check(RouteTable((route,)), basis=basis)[0]


def _found(checked: RouteCheck) -> list[tuple[str, Severity]]:
    return [(finding.id, finding.severity) for finding in checked.findings]


REASONING = ["o1", "o3", "o3-2025-04-16", "o4-mini", "openai/o3-mini:high", "gpt-5", "gpt-5-mini", "gpt-5.1", "gpt-5.2"]
DOCUMENTED = ["o1", "o3", "o4-mini", "openai/o3-mini", "gpt-6-pro", "gpt-5.6-sol-pro", "gpt-6-codex", "codex-next"]


@pytest.mark.parametrize("model", REASONING)
def test_a_reasoning_model_on_chat_is_a_warning_with_its_source_at_any_gateway(model: str) -> None:
    checked = _check(model, C, ANY)
    assert (checked.verdict, _found(checked)) == (Verdict.OK, [("MOD-08", Severity.WARN)])
    assert checked.findings[0].source_url.startswith("https://developers.openai.com/")
    assert checked.findings[0].checked_on == "2026-12-01"
    assert _found(_check(model, R, ANY)) == []


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4.1", "gpt-5-chat-latest", "gpt-oss-120b", "chatgpt-4o-latest", "o3d"]
)
def test_a_model_that_does_not_reason_is_left_alone_on_chat(model: str) -> None:
    for basis in (ANY, COMET):
        assert (_check(model, C, basis).verdict, _found(_check(model, C, basis))) == (Verdict.OK, [])


@pytest.mark.parametrize(
    "basis",
    [
        COMET,
        NAMED,
        CheckBasis(base=BaseAddress("COMETAPI.com", "")),
        CheckBasis(base=BaseAddress("eu.cometapi.com.", "")),
    ],
)
@pytest.mark.parametrize("model", DOCUMENTED)
def test_what_the_documentation_puts_on_responses_drifts_on_chat(model: str, basis: CheckBasis) -> None:
    checked = _check(model, C, basis)
    assert (checked.verdict, _found(checked)) == (Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)])
    assert "The documentation of CometAPI puts the model of planner on responses" in checked.findings[0].message
    assert checked.findings[0].source_url == "https://apidoc.cometapi.com/api/text/chat"
    assert checked.required_family is R
    assert fix_lines(checked) == ('endpoint_family = "responses"', 'endpoint_path = "/v1/responses"')
    assert _check(model, R, basis).findings == ()


@pytest.mark.parametrize("host", ["", "notcometapi.com", "cometapi.com.example", "cometapi.example"])
def test_another_host_is_another_gateway(host: str) -> None:
    assert _check("o3", C, CheckBasis(base=BaseAddress(host, ""))).verdict is Verdict.OK


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5.1", "gpt-5.6-sol", "gpt-6-sol"])
def test_what_the_documentation_only_recommends_is_a_warning(model: str) -> None:
    checked = _check(model, C, COMET)
    assert checked.verdict is not Verdict.DRIFT
    assert {finding.severity for finding in checked.findings} == {Severity.WARN}


@pytest.mark.parametrize("basis", [ANY, COMET, NAMED])
@pytest.mark.parametrize("model", ["o3-pro", "gpt-5-pro", "gpt-5.5-pro", "gpt-5-codex", "o4-mini-deep-research"])
def test_what_exists_on_responses_only_drifts_on_chat_everywhere(model: str, basis: CheckBasis) -> None:
    assert _check(model, C, basis).verdict is Verdict.DRIFT


@pytest.mark.parametrize("model", ["o1-mini", "o1-preview"])
def test_documentation_moves_no_model_to_a_family_where_it_does_not_exist(model: str) -> None:
    assert _check(model, C, COMET).verdict is Verdict.OK
    assert _check(model, R, COMET).verdict is Verdict.DRIFT


def test_an_own_row_precedes_the_documentation() -> None:
    own = next(fact for fact in family_facts() if fact.pattern.pattern == ".*")
    (checked,) = check(RouteTable((Route(Role.PLANNER, "o3", C, C.standard_path),)), (own,), COMET)
    assert (checked.verdict, checked.findings) == (Verdict.OK, ())


def test_a_named_documentation_decides_whatever_the_host() -> None:
    assert documentation_for("cometapi", "") is documentation_for("", "api.cometapi.com")
    assert documentation_for("", "api.openai.com") is None


def test_every_row_of_a_documentation_says_whose_it_is_and_where() -> None:
    rows: list[FamilyFact] = [row for each in documentations() for row in each.families]
    assert rows
    assert all(row.documented_by and row.source_url.startswith("https://apidoc.cometapi.com/") for row in rows)
