"""Who answered: snapshots and aliases are the model itself, another name is a swap, an id tells of a bridge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.finding import Severity
from console.domain.probes.served_as import ServedAs, check_served, is_same_model, prove
from console.domain.routes.family import EndpointFamily

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


@pytest.mark.parametrize(
    ("requested", "reported"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("gpt-5-pro", "GPT-5-Pro-2025-10-06"),
        ("openai/gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4o", "openai/gpt-4o"),
        ("gpt-4o:free", "gpt-4o"),
        ("claude-opus-4-1", "claude-opus-4-1-20250805"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5@20250929"),
        ("claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("gemini-1.5-pro", "gemini-1.5-pro-002"),
        ("gemini-2.5-pro-preview", "gemini-2.5-pro-preview-05-06"),
        ("mistral-large", "mistral-large-2411"),
    ],
)
def test_snapshots_prefixes_and_spellings_are_the_same_model(requested: str, reported: str) -> None:
    assert is_same_model(requested, reported)


@pytest.mark.parametrize(
    ("requested", "reported"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4", "gpt-4o"),
        ("gpt-4", "gpt-4-32k"),
        ("gpt-5-pro", "gpt-5"),
        ("claude-opus-4", "claude-opus-4-1"),
        ("claude-opus-5", "claude-sonnet-5"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13"),
        ("m", ""),
        ("no-such-model", "smollm2"),
    ],
)
def test_another_model_is_another_model(requested: str, reported: str) -> None:
    assert not is_same_model(requested, reported)


@pytest.mark.parametrize("reported", ["team-alias", "TEAM-ALIAS", "vendor/team-alias", "team-alias:v2"])
def test_an_alias_of_the_config_is_allowed(reported: str) -> None:
    assert not is_same_model("gpt-5", reported)
    assert is_same_model("gpt-5", reported, ("team-alias",))


@given(model=st.text(max_size=30), reported=st.text(max_size=30))
def test_no_text_raises_and_every_model_is_itself(model: str, reported: str) -> None:
    assert is_same_model(model, model)
    assert is_same_model(model, reported, (reported,))


def test_an_answer_without_a_model_proves_nothing() -> None:
    assert prove(R, "m", None, answer_id="resp_1", headers={}).served_as is ServedAs.UNNAMED


def test_a_swap_is_a_warning_and_no_failure() -> None:
    service = prove(R, "gpt-5-pro", "gpt-5-mini", answer_id="resp_1", headers={})
    assert service.served_as is ServedAs.SWAPPED
    assert [(finding.id, finding.severity) for finding in check_served(service)] == [("COM-B-01", Severity.WARN)]


def test_a_snapshot_needs_no_finding() -> None:
    service = prove(C, "gpt-4o", "gpt-4o-2024-08-06", answer_id="chatcmpl-1", headers={})
    assert (service.served_as, service.bridge) == (ServedAs.ITSELF, None)
    assert check_served(service) == ()


def test_litellm_s_own_count_of_fallbacks_is_believed_over_the_model() -> None:
    service = prove(C, "m", "m", answer_id="chatcmpl-1", headers={"x-litellm-attempted-fallbacks": "2"})
    assert (service.served_as, service.fallbacks) == (ServedAs.SWAPPED, 2)
    (finding,) = check_served(service)
    assert (finding.id, finding.severity, finding.evidence) == ("SRV-01", Severity.WARN, "2 fallback(s)")


@pytest.mark.parametrize("count", ["0", "", "-1", "many", "1.5", "²", "9" * 30])
def test_a_count_of_fallbacks_that_is_none_is_none(count: str) -> None:
    service = prove(C, "m", "m", answer_id=None, headers={"x-litellm-attempted-fallbacks": count})
    assert (service.served_as, service.fallbacks) == (ServedAs.ITSELF, 0)


@pytest.mark.parametrize(
    ("family", "answer_id", "bridged_by"),
    [
        (R, "resp_abc", None),
        (R, "chatcmpl-abc", C),
        (R, "msg_01", M),
        (C, "chatcmpl-abc", None),
        (C, "resp_abc", R),
        (C, "msg_bdrk_01", M),
        (M, "msg_01", None),
        (M, "msg_bdrk_01", None),
        (M, "chatcmpl-abc", C),
        (M, "resp-abc", R),
        (R, "0f9c", None),
        (R, "", None),
        (R, None, None),
    ],
)
def test_an_id_tells_through_which_family_the_call_went(
    family: EndpointFamily, answer_id: str | None, bridged_by: EndpointFamily | None
) -> None:
    service = prove(family, "m", "m", answer_id=answer_id, headers={})
    assert (service.bridge and service.bridge.family) is bridged_by
    told = [(finding.id, finding.severity) for finding in check_served(service)]
    assert told == ([] if bridged_by is None else [("SRV-02", Severity.INFO)])


@pytest.mark.parametrize(
    ("reported", "actual", "served_as", "told_by"),
    [
        ("gpt-6-sol", "gpt-6-sol", ServedAs.ITSELF, ""),
        ("gpt-6-sol", "openai/gpt-6-sol-2026-09-22", ServedAs.ITSELF, ""),
        ("gpt-6-sol", "glm-5", ServedAs.SWAPPED, "x-model-actual"),
        (None, "glm-5", ServedAs.SWAPPED, "x-model-actual"),
        (None, "gpt-6-sol", ServedAs.ITSELF, ""),
        (None, "", ServedAs.UNNAMED, ""),
        ("glm-5", "gpt-6-sol", ServedAs.SWAPPED, ""),
        ("gpt-6-sol", "team-alias", ServedAs.ITSELF, ""),
    ],
)
def test_a_header_that_names_the_model_counts_whatever_the_answer_says(
    reported: str | None, actual: str, served_as: ServedAs, told_by: str
) -> None:
    headers = {"x-model-requested": "gpt-6-sol", "x-model-actual": actual}
    service = prove(R, "gpt-6-sol", reported, answer_id=None, headers=headers, allowed=("team-alias",))
    assert (service.served_as, service.told_by) == (served_as, told_by)
    found = check_served(service)
    assert [each.id for each in found] == (["COM-B-01"] if served_as is ServedAs.SWAPPED else [])
    assert all("glm" not in each.message for each in found)
