import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.finding import Severity
from console.domain.routes.contract import RouteCheck, Verdict, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import MUST_STAY_APART, Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def _route(role: Role, model: str, family: EndpointFamily = R, path: str | None = None) -> Route:
    return Route(role, model, family, family.standard_path if path is None else path)


def _check(*routes: Route) -> dict[Role, RouteCheck]:
    return {found.route.role: found for found in check(RouteTable(routes))}


def _planner(model: str, family: EndpointFamily, path: str | None = None) -> RouteCheck:
    return _check(_route(Role.PLANNER, model, family, path))[Role.PLANNER]


def _found(checked: RouteCheck) -> list[tuple[str, Severity]]:
    return [(finding.id, finding.severity) for finding in checked.findings]


@pytest.mark.parametrize(
    ("model", "family", "verdict", "findings"),
    [
        ("gpt-5-pro", R, Verdict.OK, []),
        ("gpt-5-pro", C, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("gpt-5-pro", M, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("openai/gpt-5.1-codex-max:free", C, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("gpt-5.2-pro", C, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("gpt-4o-search-preview", R, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("gpt-4o-search-preview", C, Verdict.OK, []),
        ("claude-opus-5", M, Verdict.OK, []),
        ("claude-opus-5", C, Verdict.OK, [("ROUTE-04", Severity.WARN)]),
        ("claude-opus-5", R, Verdict.DRIFT, [("ROUTE-03", Severity.FAIL)]),
        ("gpt-5.4", R, Verdict.OK, []),
        ("gpt-5.4", C, Verdict.CONDITIONAL, [("ROUTE-05", Severity.WARN)]),
        ("gpt-5.4", M, Verdict.UNKNOWN, [("ROUTE-06", Severity.INFO)]),
        ("gpt-4.1", R, Verdict.OK, []),
        ("gpt-4.1", C, Verdict.OK, []),
        ("gpt-4.1", M, Verdict.UNKNOWN, [("ROUTE-06", Severity.INFO)]),
        ("deepseek-chat", C, Verdict.OK, []),
        ("deepseek-chat", R, Verdict.UNKNOWN, [("ROUTE-06", Severity.INFO)]),
        ("deepseek-chat", M, Verdict.UNKNOWN, [("ROUTE-06", Severity.INFO)]),
    ],
)
def test_the_verdict_on_a_route(
    model: str, family: EndpointFamily, verdict: Verdict, findings: list[tuple[str, Severity]]
) -> None:
    checked = _planner(model, family)
    assert checked.verdict is verdict
    assert _found(checked) == findings


@pytest.mark.parametrize(("model", "family"), [("gpt-audio", M), ("gpt-5.6-cyber", M), ("gpt-4o-audio-preview", M)])
def test_where_sources_conflict_the_route_is_unknown_and_not_drift(model: str, family: EndpointFamily) -> None:
    checked = _planner(model, family)
    assert checked.verdict is Verdict.UNKNOWN
    assert _found(checked) == [("ROUTE-04", Severity.WARN)]


@pytest.mark.parametrize(("model", "family"), [("gpt-5.6-cyber", C), ("gpt-audio", R)])
def test_a_family_that_some_sources_allow_is_a_warning_at_most(model: str, family: EndpointFamily) -> None:
    checked = _planner(model, family)
    assert checked.verdict is not Verdict.DRIFT
    assert {finding.severity for finding in checked.findings} == {Severity.WARN}


@pytest.mark.parametrize("family", EndpointFamily)
@pytest.mark.parametrize("path_family", EndpointFamily)
def test_a_path_of_another_family_is_drift_whatever_the_model(
    family: EndpointFamily, path_family: EndpointFamily
) -> None:
    model = {R: "gpt-5-pro", M: "claude-opus-5", C: "deepseek-chat"}[family]
    checked = _planner(model, family, path_family.standard_path)
    if path_family is family:
        assert (checked.verdict, checked.findings) == (Verdict.OK, ())
    else:
        assert checked.verdict is Verdict.DRIFT
        assert _found(checked) == [("ROUTE-01", Severity.FAIL)]


def test_path_drift_and_family_drift_are_both_found() -> None:
    checked = _planner("gpt-5-pro", C, "/v1/messages")
    assert [finding_id for finding_id, _ in _found(checked)] == ["ROUTE-01", "ROUTE-03"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/generate", "Ollama"),
        ("/v1/completions", "text completions"),
        ("/v1beta/models/gemini-3-pro:generateContent", "Google"),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", "Google"),
        ("/model/anthropic.claude/converse", "Bedrock"),
        ("/v1/messages/count_tokens", "counting of tokens"),
    ],
)
def test_a_path_of_an_endpoint_that_no_family_speaks_is_a_warning_with_the_right_ending(path: str, name: str) -> None:
    checked = _planner("gpt-5-pro", R, path)
    assert _found(checked) == [("ROUTE-10", Severity.WARN)]
    assert name in checked.findings[0].message
    assert 'it ends in "/responses"' in checked.findings[0].message


@pytest.mark.parametrize("path", ["/", "/generate", "/v1/ask"])
def test_a_path_that_names_no_family_is_only_noted(path: str) -> None:
    checked = _planner("gpt-5-pro", R, path)
    assert checked.verdict is Verdict.OK
    assert _found(checked) == [("ROUTE-02", Severity.INFO)]


@pytest.mark.parametrize(("model", "required"), [("gpt-5-pro", R), ("claude-x", M), ("gpt-4.1", None), ("qwen", None)])
def test_a_check_names_the_required_family_where_there_is_one(model: str, required: EndpointFamily | None) -> None:
    assert _planner(model, C).required_family is required


@pytest.mark.parametrize("model", ["gpt-5-pro", "claude-x", "gpt-5.4", "qwen"])
@pytest.mark.parametrize("family", EndpointFamily)
def test_what_is_said_of_a_model_has_its_source_and_day(model: str, family: EndpointFamily) -> None:
    for finding in _planner(model, family).findings:
        assert finding.source_url.startswith("https://")
        assert finding.checked_on.startswith("20")


def _separation(*routes: Route) -> list[tuple[Role, str]]:
    return [
        (role, finding.id)
        for role, checked in _check(*routes).items()
        for finding in checked.findings
        if finding.id.startswith("ROLE")
    ]


def test_roles_that_are_kept_apart_are_not_remarked() -> None:
    assert (
        _separation(
            _route(Role.PLANNER, "a"),
            _route(Role.WRITER, "a"),
            _route(Role.REVISION, "a"),
            _route(Role.REVIEWER, "b"),
            _route(Role.CRITIC, "c"),
            _route(Role.FALLBACK, "a"),
        )
        == []
    )


@pytest.mark.parametrize("pair", MUST_STAY_APART, ids="-".join)
def test_a_judge_on_its_makers_route_is_a_role_collapse(pair: tuple[Role, Role]) -> None:
    maker, judge = pair
    routes = [_route(role, "same" if role in pair else f"other-{role}") for role in Role]
    assert _separation(*routes) == [(judge, "ROLE-01")]
    assert maker in next(f for f in _check(*routes)[judge].findings if f.id == "ROLE-01").message


def test_one_route_for_all_collapses_every_judge() -> None:
    assert _separation(*[_route(role, "same") for role in Role]) == [
        (Role.REVIEWER, "ROLE-01"),
        (Role.REVIEWER, "ROLE-01"),
        (Role.CRITIC, "ROLE-01"),
        (Role.CRITIC, "ROLE-01"),
    ]


@pytest.mark.parametrize(
    "reviewer",
    [
        _route(Role.REVIEWER, "same", C),
        _route(Role.REVIEWER, "same", R, "/eu/v1/responses"),
        _route(Role.REVIEWER, "same-2026-01-01"),
    ],
)
def test_another_family_path_or_model_is_another_call(reviewer: Route) -> None:
    assert _separation(_route(Role.WRITER, "same"), reviewer, _route(Role.CRITIC, "c")) == []


@pytest.mark.parametrize(
    ("judges", "missing"),
    [((), 2), ((Role.REVIEWER,), 1), ((Role.CRITIC,), 1), ((Role.REVIEWER, Role.CRITIC), 0)],
)
def test_a_writer_without_a_judge_is_a_warning_on_the_writer(judges: tuple[Role, ...], missing: int) -> None:
    found = _separation(_route(Role.WRITER, "w"), *[_route(role, f"model-{role}") for role in judges])
    assert found == [(Role.WRITER, "ROLE-02")] * missing


def test_without_a_writer_no_judge_is_missed() -> None:
    assert _separation(_route(Role.PLANNER, "p"), _route(Role.FALLBACK, "f")) == []


def test_a_role_collapse_does_not_change_the_verdict() -> None:
    checks = _check(*[_route(role, "gpt-5-pro") for role in Role])
    assert {checked.verdict for checked in checks.values()} == {Verdict.OK}


_MODEL = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["gpt-5-pro", "gpt-5.4", "claude-x", "qwen", "gpt-audio", "zqxjzqxj"]),
)
_PATH = st.one_of(st.text(max_size=30), st.sampled_from([family.standard_path for family in EndpointFamily]))


@examples(100)
@given(sent=st.dictionaries(st.sampled_from(Role), st.tuples(_MODEL, st.sampled_from(EndpointFamily), _PATH)))
def test_any_table_is_checked_in_its_order(sent: dict[Role, tuple[str, EndpointFamily, str]]) -> None:
    routes = tuple(Route(role, *sent[role]) for role in Role if role in sent)
    checks = check(RouteTable(routes))
    assert tuple(checked.route for checked in checks) == routes
    for checked in checks:
        has_failed = Severity.FAIL in [finding.severity for finding in checked.findings]
        assert has_failed is (checked.verdict is Verdict.DRIFT)


@examples(60)
@given(
    mark=st.text("qxzj", min_size=8, max_size=12),
    stem=st.sampled_from(["{}", "gpt-5-pro-1{}", "claude-{}", "gpt-5.4-{}"]),
    family=st.sampled_from(EndpointFamily),
)
def test_no_text_from_outside_is_in_a_finding(mark: str, stem: str, family: EndpointFamily) -> None:
    model = stem.format(mark)
    for path in (f"/{mark}", f"/{mark}/v1/messages"):
        routes = [Route(role, model, family, path) for role in Role]
        for checked in check(RouteTable(tuple(routes))):
            assert all(mark not in repr(finding) for finding in checked.findings)
