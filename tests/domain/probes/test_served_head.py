"""Heads and ids as evidence: aliases, swaps and translated calls, by what real gateways sent."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.probes.served_as import ServedAs, Service, check_served, prove
from console.domain.probes.served_head import HeadSays, families_of_providers, read_heads, read_id, served_heads
from console.domain.routes.family import EndpointFamily

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
IDS = {R: "resp_1", M: "msg_1", C: "chatcmpl-1"}


def litellm(name: str, group: str = "team", *, is_native: bool = True, **more: str) -> dict[str, str]:
    """Return the head of LiteLLM 1.106; a call that it translated on Responses or Messages lacks the last two."""
    head = {"x-litellm-model-name": name, "x-litellm-model-group": group, "x-litellm-attempted-fallbacks": "0"}
    native = {"x-litellm-model-api-base": "https://up.example/v1", "llm_provider-date": "today"} if is_native else {}
    return head | native | {name.replace("_", "-"): value for name, value in more.items()}


def served(
    family: EndpointFamily, reported: str | None, head: dict[str, str], *allowed: str, asked: str = "team"
) -> Service:
    return prove(family, asked, reported, answer_id=IDS[family], headers=head, allowed=allowed)


# --- Aliases and swaps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "reported"),
    [(R, "gpt-5-mini-2025-08-07"), (R, "gpt-5-mini"), (C, "team"), (M, "team"), (C, None)],
)
def test_the_deployment_behind_the_alias_that_was_asked_for_is_not_a_swap(
    family: EndpointFamily, reported: str | None
) -> None:
    """LiteLLM names the upstream's model on Responses, and the alias elsewhere."""
    service = served(family, reported, litellm("azure/gpt-5-mini" if family is M else "openai/gpt-5-mini"))
    assert (service.served_as, service.told_by) == (ServedAs.ALIAS, "")
    assert service.behind == service.model
    assert "SRV-03" in [each.id for each in check_served(service)]


@pytest.mark.parametrize(
    ("head", "reported"),
    [
        (litellm("openai/gpt-5-mini", group="backup"), "gpt-5-mini"),
        (litellm("openai/gpt-5-mini", x_litellm_attempted_fallbacks="1"), "gpt-5-mini"),
        (litellm("openai/gpt-5-mini", x_litellm_attempted_fallbacks="1"), "team"),
        (litellm("openai/gpt-5-mini"), "gpt-4o"),
        (litellm("openai/gpt-5-mini", group="openai/*"), "gpt-5-mini"),
        ({}, "gpt-5-mini"),
    ],
)
def test_another_deployment_is_a_swap(head: dict[str, str], reported: str) -> None:
    assert served(R, reported, head).served_as is ServedAs.SWAPPED


def test_another_vendor_s_model_behind_a_model_s_own_name_is_a_swap_whatever_the_body_says() -> None:
    service = served(C, "gpt-5", litellm("anthropic/claude-sonnet-5", "gpt-5"), asked="gpt-5")
    assert (service.served_as, service.told_by) == (ServedAs.SWAPPED, "x-litellm-model-name")
    assert service.model == "anthropic/claude-sonnet-5"


@pytest.mark.parametrize(
    "behind", ["openai/gpt-5", "azure/gpt-5-2025-08-07", "azure/gpt-5-eu-west", "azure/my-deployment"]
)
def test_a_model_s_own_name_stays_itself_or_an_alias(behind: str) -> None:
    service = served(C, "gpt-5", litellm(behind, "gpt-5"), asked="gpt-5")
    assert service.served_as in (ServedAs.ITSELF, ServedAs.ALIAS)


def test_a_name_that_the_config_allows_is_the_model_itself() -> None:
    assert served(R, "gpt-5-mini", litellm("openai/gpt-5-mini"), "gpt-5-mini").served_as is ServedAs.ITSELF


@pytest.mark.parametrize(
    ("asked", "reported", "expected"),
    [
        ("openai,gpt-5-mini", "gpt-5-mini", ServedAs.ITSELF),
        ("openai,ok", "ok", ServedAs.ITSELF),
        ("open.router,vendor/model", "model", ServedAs.ITSELF),
        ("openai,no-such-model", "gpt-5-mini", ServedAs.SWAPPED),
        ("one,two,three", "three", ServedAs.SWAPPED),
    ],
)
def test_a_provider_before_a_comma_is_an_address_and_not_the_model(
    asked: str, reported: str, expected: ServedAs
) -> None:
    assert served(M, reported, {}, asked=asked).served_as is expected


@pytest.mark.parametrize(
    "header", ["x-model-actual", "X-Model-Actual", "ngrok-aig-model", "x-kong-llm-model", "openai-model"]
)
def test_a_head_that_names_the_model_counts_over_the_body(header: str) -> None:
    service = served(R, "team", {header: "openai/gpt-4o"})
    assert (service.served_as, service.told_by, service.model) == (ServedAs.SWAPPED, header.lower(), "openai/gpt-4o")


def test_a_head_s_model_that_the_config_allows_is_known_as_the_one_behind_the_name() -> None:
    service = served(C, "team", {"x-kong-llm-model": "openai/gpt-4o"}, "gpt-4o")
    assert (service.served_as, service.behind) == (ServedAs.ITSELF, "openai/gpt-4o")


@pytest.mark.parametrize("header", ["x-litellm-attempted-fallbacks", "cf-aig-step", "helicone-fallback-index"])
def test_a_head_that_counts_fallbacks_is_believed(header: str) -> None:
    service = served(C, "team", {header: "1"})
    assert (service.served_as, service.fallbacks, service.model) == (ServedAs.SWAPPED, 1, None)
    assert [each.id for each in check_served(service)] == ["SRV-01"]
    assert served(C, "team", {header: "0"}).served_as is ServedAs.ITSELF


def test_a_swap_names_the_model_and_the_line_of_the_config() -> None:
    (finding,) = check_served(served(R, "gpt-5-mini", {}))
    assert "gpt-5-mini" in finding.evidence
    assert 'served_as = ["gpt-5-mini"]' in finding.evidence


# --- Translated calls ------------------------------------------------------------------------------------------------


def wrapped(provider: str, inner: str) -> str:
    text = f"litellm:custom_llm_provider:{provider};model_id:abc;response_id:{inner}"
    return "resp_" + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("family", "answer_id", "head", "bridged_by"),
    [
        # by the head: a Claude upstream on chat and on Responses, an OpenAI upstream on Messages
        (C, "chatcmpl-8f0e", litellm("anthropic/ok"), M),
        (R, "resp_972b", litellm("anthropic/ok", is_native=False), M),
        (M, "msg_71b63951-586d-4a89-a6c1-2a500ec7f26f", litellm("openai/ok", is_native=False), R),
        (M, "msg_71b6", litellm("azure/ok"), R),
        # by the id, streamed or whole
        (M, "resp_972b", {}, R),
        (M, "chatcmpl-1", {}, C),
        (R, "msg_1", {}, M),
        (C, "msg_1", {}, M),
        (R, wrapped("anthropic", "chatcmpl-1"), {}, C),
        (R, wrapped("anthropic", "msg_01"), {}, M),
        (R, wrapped("anthropic", "resp_01"), {}, M),
        # served by the family that was called
        (C, "chatcmpl-1", litellm("openai/ok"), None),
        (R, "resp_1", litellm("openai/ok"), None),
        (R, wrapped("openai", "resp_01"), litellm("openai/ok"), None),
        (M, "msg_01", litellm("anthropic/ok"), None),
        (M, "msg_01", {}, None),
    ],
)
def test_a_translated_call_shows_by_the_head_or_the_id(
    family: EndpointFamily, answer_id: str, head: dict[str, str], bridged_by: EndpointFamily | None
) -> None:
    service = prove(family, "team", "team", answer_id=answer_id, headers=head)
    assert (service.bridge and service.bridge.family) is bridged_by
    assert ("SRV-02" in [each.id for each in check_served(service)]) == (bridged_by is not None)


@pytest.mark.parametrize(
    ("family", "more", "is_shown"),
    [(M, {}, True), (R, {}, True), (C, {}, False), (M, {"x_litellm_cache_key": "k"}, False)],
)
def test_a_head_that_repeats_nothing_of_the_provider_shows_a_translation(
    family: EndpointFamily, more: dict[str, str], *, is_shown: bool
) -> None:
    service = prove(family, "team", "team", answer_id=IDS[family], headers=litellm("groq/ok", is_native=False, **more))
    assert service.bridge is None or service.bridge.family is None, "it shows a bridge, not its family"
    assert ("SRV-02" in [each.id for each in check_served(service)]) is is_shown


@pytest.mark.parametrize("answer_id", ["resp_", "resp_!!!!", "resp_" + "A" * 41, "resp_bGl0ZWxsbTo=", "", None])
def test_an_id_that_wraps_nothing_is_read_by_its_prefix(answer_id: str | None) -> None:
    assert read_id(answer_id).family is (R if answer_id else None)
    assert read_id(answer_id).provider == ""


@given(answer_id=st.text(max_size=60), name=st.text(max_size=40), value=st.text(max_size=40))
def test_no_text_raises(answer_id: str, name: str, value: str) -> None:
    read_id("resp_" + answer_id)
    read_heads({name: value, "x-litellm-model-name": value, "x-litellm-attempted-fallbacks": value})


# --- The facts -------------------------------------------------------------------------------------------------------


def test_every_row_is_complete() -> None:
    rows = served_heads()
    assert {row.says for row in rows} == set(HeadSays)
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name == row.name.lower() and row.source_url.startswith("https://") for row in rows)
    assert set(families_of_providers()) == {"anthropic", "openai", "azure"}
