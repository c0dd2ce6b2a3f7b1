"""Retirement: which ids a row means, when it is told and how hard, and what the config line is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.finding import Severity
from console.domain.routes.contract import CheckBasis, RouteCheck, Verdict, check, fix_lines
from console.domain.routes.family import EndpointFamily
from console.domain.routes.gateway_address import BaseAddress
from console.domain.routes.retirement import NOTICE_DAYS, Retirement, retirements
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
DAY = date(2026, 12, 1)


def _check(
    model: str, family: EndpointFamily = R, today: date | None = DAY, *, host: str = "gw.example", follows: bool = True
) -> RouteCheck:
    route = Route(Role.PLANNER, model, family, family.standard_path, retires_with_provider=follows)
    (checked,) = check(RouteTable((route,)), basis=CheckBasis(today=today, base=BaseAddress(host, "")))
    return checked


def _severity(checked: RouteCheck) -> Severity | None:
    return next((finding.severity for finding in checked.findings if finding.id == "MOD-06"), None)


# --- The rows, against the SDKs --------------------------------------------------------------------------------------

FROM_OPENAI = {
    "2027-04-01": ["gpt-5.4-nano", "gpt-5.4-nano-2026-03-17", "gpt-5.1", "gpt-5.1-2025-11-13"],
    "2027-01-20": ["gpt-audio-mini", "gpt-audio-mini-2025-12-15"],
    "2027-01-14": [
        "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-2025-04-14", "gpt-4.1-mini-2025-04-14", "gpt-4o", "gpt-4o-2024-11-20",
        "gpt-4o-2024-08-06", "gpt-4o-mini", "gpt-4o-mini-2024-07-18",
    ],
    "2026-12-11": [
        "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-2025-08-07", "gpt-5-mini-2025-08-07", "gpt-5-nano-2025-08-07",
        "o3", "o3-2025-04-16",
    ],
    "2026-10-23": [
        "gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "o4-mini", "o4-mini-2025-04-16", "o3-mini", "o3-mini-2025-01-31",
        "o1", "o1-2024-12-17", "gpt-4o-2024-05-13", "gpt-4-turbo", "gpt-4-turbo-2024-04-09", "gpt-4-1106-preview",
        "gpt-4", "gpt-4-0613", "gpt-3.5-turbo", "gpt-3.5-turbo-0125",
    ],
    "2026-09-28": ["gpt-3.5-turbo-1106"],
    "2026-08-10": ["gpt-5.3-chat-latest", "gpt-5.2-chat-latest"],
    "2026-07-23": [
        "gpt-5.1-codex", "gpt-5.1-chat-latest", "gpt-5-chat-latest", "gpt-4o-search-preview",
        "gpt-4o-mini-search-preview", "gpt-4o-search-preview-2025-03-11", "gpt-4o-mini-search-preview-2025-03-11",
    ],
    "2026-03-26": ["gpt-4-0125-preview", "gpt-4-turbo-preview", "gpt-4-0314"],
    "2026-02-17": ["chatgpt-4o-latest"],
    "2026-02-12": ["codex-mini-latest"],
    "2025-10-27": ["o1-mini", "o1-mini-2024-09-12"],
    "2025-07-28": ["o1-preview", "o1-preview-2024-09-12"],
    "2025-06-06": ["gpt-4-32k", "gpt-4-32k-0314", "gpt-4-32k-0613"],
    "2024-12-06": ["gpt-4-vision-preview"],
    "2024-09-13": ["gpt-3.5-turbo-16k", "gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-16k-0613"],
}  # fmt: skip
"""What the SDK's docstring says, copied by hand."""
FROM_ANTHROPIC = {
    "2026-06-30": ["claude-mythos-preview"],
    "2027-01-22": ["claude-opus-4-5", "claude-opus-4-5-20251101"],
    "2026-11-30": ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
}


@pytest.mark.parametrize(("provider", "said"), [("OpenAI", FROM_OPENAI), ("Anthropic", FROM_ANTHROPIC)])
def test_the_rows_say_what_the_sdks_say(provider: str, said: dict[str, list[str]]) -> None:
    found = {model: retirements().of(model) for models in said.values() for model in models}
    told = {model: (row.provider, str(row.retires_on)) for model, row in found.items() if row is not None}
    assert told == {model: (provider, day) for day, models in said.items() for model in models}
    assert [model for model, row in found.items() if row is not None and row.is_second_hand] == []


def test_a_replacement_lasts() -> None:
    rows = retirements().retirements
    assert [row.replacement for row in rows if row.replacement and retirements().of(row.replacement)] == []


# --- Which ids a row means -------------------------------------------------------------------------------------------


def _days(*models: str) -> set[str]:
    return {str(row.retires_on) if (row := retirements().of(model)) else "" for model in models}


def test_gateways_write_an_id_in_their_own_way() -> None:
    assert _days(
        "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5@default",
        "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5:beta", "Claude-Sonnet-4-5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "vertex_ai/claude-sonnet-4-5@20250929",
        "claude-sonnet-4-5[1m]", "claude-sonnet-4-5-thinking", "claude-sonnet-4-5-20250929-thinking",
    ) == {"2026-11-30"}  # fmt: skip
    assert _days("gpt-5", "openai/gpt-5", "azure/gpt-5", "gpt-5-high", "gpt-5(medium)", "openai/gpt-5:free") == {
        "2026-12-11"
    }
    assert _days("ft:gpt-4o-2024-08-06:acme::AbC123") == {"2027-01-14"}
    assert _days("o3-mini-high") == {"2026-10-23"}
    assert _days("gpt-4.1", "gpt-4-1") == {"2027-01-14"}


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o-latest", "gpt-5-latest", "claude-sonnet-4-5-latest", "claude-sonnet-4-5@latest", "gpt-audio",
        "gpt-4o-2027-02-01", "gpt-5-2027-01-01", "claude-sonnet-4-6", "claude-sonnet-5", "claude-opus-4-6",
        "gpt-5.5", "gpt-5.2", "gpt-5.4", "gpt-5.4-mini", "gpt-6-sol", "gpt-oss-120b", "gpt-5-proxy", "my-gpt-5",
        "gpt-5-turbo-high", "o3x", "qwen3-coder", "smollm2", "llama-3.3-70b-instruct", "gpt-50", "team-writer", "",
        "deepseek-v3.1", "mistral-large-2411", "gpt-4-2", "claude-3-5", "claude-latest",
    ],
)  # fmt: skip
def test_an_alias_a_newer_snapshot_and_another_model_are_not_retired(model: str) -> None:
    assert retirements().of(model) is None


@examples(60)
@given(model=st.text(max_size=60))
def test_any_text_has_a_retirement_or_none(model: str) -> None:
    row = retirements().of(model)
    assert row is None or isinstance(row, Retirement)


# --- When and how hard -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_left", "severity"),
    [
        (NOTICE_DAYS + 1, None),
        (NOTICE_DAYS, Severity.WARN),
        (1, Severity.WARN),
        (0, Severity.FAIL),
        (-1, Severity.FAIL),
        (-900, Severity.FAIL),
    ],
)
def test_a_retirement_is_a_warning_for_thirty_days_and_then_a_failure(
    days_left: int, severity: Severity | None
) -> None:
    checked = _check("gpt-5", today=date(2026, 12, 11) - timedelta(days_left))
    assert _severity(checked) is severity
    assert checked.verdict is Verdict.OK
    assert checked.retirement is not None
    assert fix_lines(checked) == (() if severity is None else ('model = "gpt-6.1-sol"',))


def test_a_finding_has_the_date_the_replacement_the_source_and_its_day() -> None:
    (soon,) = _check("gpt-5").findings
    assert "OpenAI retires this model in 10 days, on 2026-12-11. Replace it with gpt-6.1-sol" in soon.message
    (last,) = _check("gpt-5", today=date(2026, 12, 10)).findings
    assert "in 1 day, on" in last.message
    (past,) = _check("claude-sonnet-4-5", M).findings
    assert past.message.startswith("Anthropic retired this model on 2026-11-30.")
    assert (past.source_url, past.checked_on) == (
        "https://platform.claude.com/docs/en/about-claude/model-deprecations",
        "2026-12-01",
    )
    (heard,) = _check("gpt-5-pro").findings
    assert "on 2026-12-11 (second-hand)." in heard.message


def test_without_a_date_nothing_is_said() -> None:
    checked = _check("o1-mini", C, None)
    assert (checked.retirement, checked.findings) == (None, ())


@pytest.mark.parametrize(
    ("model", "host", "who"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "", "Amazon Bedrock"),
        ("bedrock/claude-sonnet-4-5", "", "Amazon Bedrock"),
        ("claude-sonnet-4-5", "bedrock-runtime.us-east-1.amazonaws.com", "Amazon Bedrock"),
        ("claude-sonnet-4-5@20250929", "", "Google Cloud"),
        ("vertex_ai/claude-sonnet-4-5", "", "Google Cloud"),
        ("azure/gpt-4", "", "Azure"),
        ("gpt-4", "acme.openai.azure.com", "Azure"),
        ("github_copilot/gpt-4", "", "GitHub Copilot"),
    ],
)
def test_who_serves_by_dates_of_their_own_is_a_warning_that_says_where_to_look(model: str, host: str, who: str) -> None:
    checked = _check(model, M if "claude" in model else C, host=host)
    assert _severity(checked) is Severity.WARN
    assert any(f"{who} serves it by dates of its own" in finding.message for finding in checked.findings)
    assert fix_lines(checked) == ()


@pytest.mark.parametrize(
    ("model", "host"),
    [("azure/claude-sonnet-4-5", ""), ("claude-sonnet-4-5", "acme.services.ai.azure.com"), ("x-azure/gpt-4", "")],
)
def test_whose_dates_are_the_providers_is_no_excuse(model: str, host: str) -> None:
    assert _severity(_check(model, M if "claude" in model else C, host=host)) is Severity.FAIL


def test_a_gateway_that_serves_the_model_from_elsewhere_is_only_noted() -> None:
    checked = _check("gpt-4", C, follows=False)
    assert _severity(checked) is Severity.INFO
    assert "the gateway serves it from elsewhere" in checked.findings[0].message
    assert fix_lines(checked) == ()


# --- The config lines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "family", "lines"),
    [
        ("claude-sonnet-4-5", M, ['model = "claude-sonnet-5-5"']),
        ("anthropic/claude-sonnet-4.5", M, ['model = "anthropic/claude-sonnet-5-5"']),
        ("o1", R, ['model = "gpt-5.6-sol"']),
        ("o1", C, ['model = "gpt-5.6-sol"', 'endpoint_family = "responses"', 'endpoint_path = "/v1/responses"']),
        ("o1-pro", C, ['model = "gpt-5.6-sol"', 'endpoint_family = "responses"', 'endpoint_path = "/v1/responses"']),
        ("gpt-5-pro", C, ['endpoint_family = "responses"', 'endpoint_path = "/v1/responses"']),
        ("gpt-4o-search-preview", C, []),
        ('we"ird/gpt-4', R, ['model = "gpt-5.6-sol"']),
    ],
)
def test_the_lines_replace_the_model_and_leave_a_route_that_works(
    model: str, family: EndpointFamily, lines: list[str]
) -> None:
    assert list(fix_lines(_check(model, family))) == lines


@examples(40)
@given(mark=st.text("qxzj", min_size=8, max_size=12), model=st.sampled_from(["gpt-5", "gpt-4", "claude-sonnet-4-5"]))
def test_no_text_of_the_config_is_in_a_finding(mark: str, model: str) -> None:
    for written in (f"{mark}/{model}", f"{model}:{mark}", f"{model}({mark})"):
        checked = _check(written)
        assert checked.retirement is not None
        assert all(mark not in repr(finding) for finding in checked.findings)
