"""What gateways put around a model's id, and which family the bare id requires."""

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.finding import Severity
from console.domain.routes.contract import Verdict, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import FamilyFact, bare_id, check_pattern, fact_for
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


_BARE = {
    "gpt-5-pro": "gpt-5-pro",
    "openai/gpt-5-pro": "gpt-5-pro",
    "openrouter/openai/gpt-5-pro:free": "gpt-5-pro",
    "GPT-5-Pro": "gpt-5-pro",
    " gpt-5-pro ": "gpt-5-pro",
    "models/gemini-3-pro": "gemini-3-pro",
    "ft:gpt-4o-mini-2024-07-18:acme::9xYz": "gpt-4o-mini-2024-07-18",
    "openai/ft:gpt-4o:acme:name:9xYz": "gpt-4o",
    "anthropic.claude-3-5-sonnet-20241022-v2:0": "claude-3-5-sonnet-20241022",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": "claude-sonnet-4-5-20250929",
    "eu.anthropic.claude-opus-5-v1": "claude-opus-5",
    "apac.anthropic.claude-opus-5-v1:0": "claude-opus-5",
    "global.anthropic.claude-opus-5-v1:0": "claude-opus-5",
    "us-gov.anthropic.claude-3-haiku-20240307-v1:0": "claude-3-haiku-20240307",
    "bedrock/us.anthropic.claude-opus-5-v1:0": "claude-opus-5",
    "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5-v1:0": "claude-opus-5",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5-v1:0": "claude-opus-5",
    "us.meta.llama4-scout-17b-instruct-v1:0": "llama4-scout-17b-instruct",
    "team-model-v1": "team-model-v1",
    "us.team-model-v1": "us.team-model-v1",
    "claude-sonnet-4-5@20250929": "claude-sonnet-4-5@20250929",
    "": "",
}


def test_what_gateways_put_around_an_id_is_taken_off() -> None:
    assert {model: bare_id(model) for model in _BARE} == _BARE


@given(model=st.text(max_size=60))
@examples(150)
def test_any_text_has_a_bare_id_without_a_slash_or_a_colon(model: str) -> None:
    assert not {"/", ":"} & set(bare_id(model))


RESPONSES_ONLY = (
    "o1-pro", "o1-pro-2025-03-19", "o3-pro", "o3-pro-2025-06-10", "o3-deep-research", "o3-deep-research-2025-06-26",
    "o4-mini-deep-research", "o4-mini-deep-research-2025-06-26", "computer-use-preview",
    "computer-use-preview-2025-03-11", "gpt-5-codex", "gpt-5-pro", "gpt-5-pro-2025-10-06", "gpt-5.5-pro",
    "gpt-5.5-pro-2026-04-23", "gpt-5.1-codex-max", "gpt-daybreak-blue-latest", "gpt-daybreak-red-latest",
    "gpt-5.6-cyber",
)  # fmt: skip
"""OpenAI's own list of Responses-only ids (openai-openapi, ModelIdsResponses, ResponsesOnlyModel): 19."""
MEASURED_RESPONSES = (
    "gpt-5.2-pro", "gpt-5.4-pro", "gpt-5.4-pro-2026-03-05", "gpt-5.1-codex", "gpt-5.1-codex-mini", "gpt-5.2-codex",
    "gpt-5.3-codex", "codex-mini-latest", "gpt-6-cyber", "gpt-rosalind-research", "gpt-6-rosalind",
    "gpt-6.2-astra-law",
)  # fmt: skip
"""Ids that answered 404 on chat, or that LiteLLM or the vendor's SDK lists for Responses alone."""


def test_the_list_of_responses_only_ids_is_whole() -> None:
    assert len(set(RESPONSES_ONLY)) == 19


@pytest.mark.parametrize("form", ["{}", "openai/{}", "{}:beta"])
def test_a_responses_only_model_is_judged_responses(form: str) -> None:
    models = [form.format(model) for model in RESPONSES_ONLY + MEASURED_RESPONSES]
    assert {model: fact_for(model).required for model in models} == dict.fromkeys(models, R)


@pytest.mark.referee
def test_every_id_that_the_official_sdk_names_for_responses_alone_is_judged_responses() -> None:
    from openai.types.shared import chat_model, responses_model

    literal = next(each for each in typing.get_args(responses_model.ResponsesModel) if typing.get_args(each))
    named = [
        name
        for each in typing.get_args(responses_model.ResponsesModel)
        for name in typing.get_args(each)
        if name not in typing.get_args(chat_model.ChatModel)
    ]
    assert literal is not None
    assert len(named) >= 23
    assert {name: fact_for(name).required for name in named} == dict.fromkeys(named, R)


def _only(model: str, family: EndpointFamily, *own: FamilyFact) -> typing.Any:
    (checked,) = check(RouteTable((Route(Role.WRITER, model, family, family.standard_path),)), own)
    return checked


@pytest.mark.parametrize("model", ["claude-opus-5", "anthropic/claude-opus-5", "us.anthropic.claude-opus-5-v1:0"])
def test_claude_on_chat_is_reported_and_does_not_fail(model: str) -> None:
    checked = _only(model, C)
    assert checked.verdict is Verdict.OK
    told = {finding.id: finding.severity for finding in checked.findings if finding.id.startswith("ROUTE")}
    assert told == {"ROUTE-04": Severity.WARN}


@pytest.mark.parametrize("family", [C, M])
def test_a_responses_only_model_elsewhere_is_drift(family: EndpointFamily) -> None:
    models = [each for each in RESPONSES_ONLY if each != "gpt-5.6-cyber"]
    assert {model: _only(model, family).verdict for model in models} == dict.fromkeys(models, Verdict.DRIFT)


def test_a_conflict_of_sources_is_no_drift() -> None:
    assert _only("gpt-5.6-cyber", C).verdict is Verdict.OK


def _own(pattern: str, required: EndpointFamily | None, *allowed: EndpointFamily) -> FamilyFact:
    import re

    return FamilyFact(re.compile(pattern), required, allowed, None, "high", "", "", "", is_own=True)


def test_own_rows_come_first_and_the_first_of_them_decides() -> None:
    own = (_own("^gpt-5-pro", C, C), _own("^gpt-5", R, R))
    assert fact_for("openai/gpt-5-pro:free", own) is own[0]
    assert fact_for("gpt-5-mini", own) is own[1]
    assert fact_for("claude-opus-5", own).required is M
    assert _only("gpt-5-pro", C, *own).verdict is Verdict.OK
    assert _only("gpt-5-pro", R, *own).verdict is Verdict.DRIFT


def test_an_own_row_sees_the_bare_id_in_lower_case() -> None:
    own = _own("^team-llm$", R, R)
    assert fact_for("acme/Team-LLM:prod", (own,)) is own


def test_a_plain_pattern_is_taken() -> None:
    patterns = ["^gpt-", "", "^(team|crew)-gpt", r"^gpt-5\.[4-9]", "a+b*c?", "^(?:a|b)", ".*"]
    assert {pattern: check_pattern(pattern) for pattern in patterns} == dict.fromkeys(patterns)


def test_a_pattern_that_could_be_slow_is_refused() -> None:
    patterns = [
        "(a+)+$",
        "(a|a)*",
        "(a){2,}",
        "a++",
        "a*+",
        "a{2}{3}",
        "(?=a)b",
        "(?!a)",
        "(?<=a)b",
        "(?i)a",
        "(?P<x>a)",
    ]
    words = {pattern: str(check_pattern(pattern)) for pattern in patterns}
    assert {pattern: said for pattern, said in words.items() if "repeats a group" not in said} == {}


def test_what_is_no_regular_expression_is_refused() -> None:
    assert [pattern for pattern in ("(", "[", "*", "a)", "\\") if check_pattern(pattern) is None] == []


def test_many_repeats_in_a_row_are_refused_too() -> None:
    """On an id of 100 letters each of them keeps the console busy for seconds to hours."""
    patterns = (
        ".*.*.*.*.*.*x", "a*a*a*a*a*a*b", "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*!", ".{0,200}" * 6 + "z", ".{,99}" * 3,
        "a{1,}b{2,}c{3,}", "[*]*a*b*c", r"\\*\\*\\*",
    )  # fmt: skip
    assert [pattern for pattern in patterns if check_pattern(pattern) is None] == []


def test_many_choices_in_a_row_are_refused_too() -> None:
    """Each doubles the ways through an id, as repeats do."""
    patterns = ("a?" * 30 + "z", "(aa|aa|aaa)" * 20 + "z", "a??" * 20, "(a|(b|(c|d)?)?)?" * 3, "[0-9]{1,3}" * 9)
    assert [pattern for pattern in patterns if check_pattern(pattern) is None] == []


def test_choices_beside_each_other_are_taken() -> None:
    words = "|".join(f"team-{number}" for number in range(100))
    patterns = (f"^(?:{words})$", words, r"^a\?b\|c", "[a?|]" * 20, r"^v\d{1,3}\.\d{1,2}(?:-beta)?$", "[]?|]" * 9)
    assert {pattern: check_pattern(pattern) for pattern in patterns} == dict.fromkeys(patterns)
