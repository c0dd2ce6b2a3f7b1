"""What of an agent's call a gateway refused, read from the refusals of gateways of several makers."""

import json

import pytest
from support.errors.corpus import BODIES

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Category
from console.domain.probes.agent import agents
from console.domain.probes.agent_feature import refused_feature
from console.domain.routes.family import EndpointFamily

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
FAMILY = {"codex": R, "claude-code": M}


def told(
    agent: str,
    message: str,
    *,
    model: str = "alias",
    status: int = 400,
    category: Category = Category.INVALID_REQUEST,
    **error: object,
) -> str:
    """Return the assertion and its evidence without the agent's name; empty if nothing was told."""
    subject = agents()[agent]
    shape = subject.shape_for(FAMILY.get(agent, C), model)
    assert shape is not None
    body = read_error_body(json.dumps({"error": {"message": message} | error}), "application/json")
    found = refused_feature(body, status, category, subject, shape)
    return "" if found is None else f"{found.id} {found.evidence.removeprefix(f'{subject.title}: ')}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("client_metadata: unknown field", "AGT-03 client_metadata"),
        ('json: unknown field "client_metadata"', "AGT-03 client_metadata"),
        ("unknown field `client_metadata`, expected one of `model`, `input`, `include`", "AGT-03 client_metadata"),
        ("Unrecognized request argument supplied: prompt_cache_key", "AGT-03 prompt_cache_key"),
        ("Unsupported parameter: 'include'", "AGT-03 include"),
        ("[{'loc': ('body', 'client_metadata'), 'msg': 'Extra inputs are not permitted'}]", "AGT-03 client_metadata"),
        ("不支持的参数: client_metadata", "AGT-03 client_metadata"),
        ("Invalid value: 'namespace'. Supported values are: 'function' and 'web_search'.", "AGT-03 namespace"),
        ("tools[4].type: value is not one of the allowed values ['function']", "AGT-03 namespace"),
        ("body -> tools -> 8 -> type: Input should be 'function'", "AGT-03 web_search"),
        ("tools.8: unsupported tool", "AGT-03 web_search"),
        ("Unsupported tool type: namespace", "AGT-03 namespace"),
        ("'type' of tool must be 'function'", "AGT-03 namespace or web_search"),
        ("Only type:function tools are supported", "AGT-03 namespace or web_search"),
        ("input[0].role: unknown role", "AGT-05 developer"),
        ("Unknown role 'developer'", "AGT-05 developer"),
        ("role must be one of 'system', 'user', 'assistant'", "AGT-05 developer"),
        ("header x-codex-turn-metadata is not allowed", "AGT-03 x-codex-turn-metadata"),
        ("tools.3.parameters.properties.a.maximum: has to be a number of at most 1e+15", "AGT-03 maximum"),
    ],
)
def test_codex_s_refused_feature_is_named(message: str, expected: str) -> None:
    assert told("codex", message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Invalid value: 'additional_tools'. Supported values are: 'message', 'reasoning'.", "AGT-03 additional_tools"),
        ("input.0: unknown item", "AGT-03 additional_tools"),
        ("Invalid type for input[0].type", "AGT-03 additional_tools"),
        ("reasoning.context: Extra inputs are not permitted", "AGT-03 reasoning.context"),
    ],
)
def test_what_codex_sends_to_its_newest_models_is_named(message: str, expected: str) -> None:
    assert told("codex", message, model="gpt-6-sol") == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "context_management: Extra inputs are not permitted",
            "AGT-04 context_management, which context-management-2025-06-27 allows",
        ),
        (
            "***.output_config: Extra inputs are not permitted",
            "AGT-04 output_config, which effort-2025-11-24 allows",
        ),
        (
            "tools.6.defer_loading: Extra inputs are not permitted",
            "AGT-04 defer_loading, which advanced-tool-use-2025-11-20 allows",
        ),
        (
            "Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header. Please consult our documentation",
            "AGT-04 effort-2025-11-24",
        ),
        ("invalid beta flag", "AGT-04 one of its betas"),
        ("messages.1.role: Input should be 'user' or 'assistant'", "AGT-05 system"),
        (
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter',
            "AGT-05 system",
        ),
        ("role 'system' is not supported on this model", "AGT-05 system"),
        (
            "tools.4.input_schema.properties.offset.maximum: has to be a number of at most 1e+15",
            "AGT-03 maximum",
        ),
        ("tools.0.input_schema.$schema: unsupported", "AGT-03 $schema"),
    ],
)
def test_claude_code_s_refused_feature_is_named(message: str, expected: str) -> None:
    assert told("claude-code", message) == expected


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("the request exceeds the available context size, try increasing it", 400),
        ("prompt is too long: 210000 tokens > 200000 maximum", 400),
        ("This model's maximum context length is 8192 tokens", 400),
        ("Request body too large", 413),
        ("", 413),
    ],
)
def test_a_call_that_is_too_large_is_told_as_that(message: str, status: int) -> None:
    assert told("claude-code", message, status=status) == "AGT-14 76,509 bytes"


def test_a_code_word_says_it_too() -> None:
    assert told("codex", "no", code="context_length_exceeded") == "AGT-14 41,087 bytes"


def test_the_param_says_it_too() -> None:
    assert told("codex", "Unknown parameter.", param="client_metadata") == "AGT-03 client_metadata"


@pytest.mark.parametrize(
    "message",
    [
        "invalid request",
        "model: no such model",
        "input: Field required",
        "messages: at least one message is required",
        "Incorrect API key provided.",
        "The tools of this account are disabled.",
        "tools.99.type: no",
        "Supported fields are: client_metadata, include",
        "",
    ],
)
@pytest.mark.parametrize("agent", ["codex", "claude-code", "opencode"])
def test_a_refusal_that_does_not_tell_is_not_guessed(agent: str, message: str) -> None:
    assert told(agent, message) == ""


def test_the_refusals_own_words_are_never_repeated() -> None:
    assert "sk-secret" not in told("codex", "client_metadata sk-secret-value: unknown field")


@pytest.mark.parametrize("category", Category)
def test_a_refusal_for_another_reason_is_about_no_feature(category: Category) -> None:
    about_form = {"invalid_request", "contract_violation", "endpoint_drift", "upstream_unavailable"}
    for message in ("client_metadata: unknown field", "This request would exceed your account's rate limit"):
        assert bool(told("codex", message, category=category)) is (category.value in about_form)


def test_a_key_of_the_envelope_is_no_feature() -> None:
    assert told("claude-code", "Provider returned error", metadata={"raw": "x"}, tools=[]) == ""


KNOWN = {
    "codex": {"developer", "reasoning.effort"},
    "claude-code": {"system", "tools", "one of its betas"},
    "opencode": {"system", "tools"},
}
"""The features of agents in the refusals of real gateways, beside a call's size."""


@pytest.mark.parametrize("agent", KNOWN)
def test_of_the_refusals_of_real_gateways_only_those_of_features_are_read_as_them(agent: str) -> None:
    subject = agents()[agent]
    shape = subject.shape_for(FAMILY.get(agent, C), "gpt-6-sol")
    assert shape is not None
    found = []
    for case in BODIES:
        read = read_error_body(case.body, case.content_type)
        finding = refused_feature(read, case.status or 0, case.classify().category, subject, shape)
        if finding is not None and finding.id != "AGT-14":
            found.append(finding.evidence.removeprefix(f"{subject.title}: ").partition(",")[0])
    assert set(found) >= KNOWN[agent]
    assert not {"text", "metadata", "thinking", "store", "include"} & set(found)
    assert len(found) <= len(BODIES) // 30
