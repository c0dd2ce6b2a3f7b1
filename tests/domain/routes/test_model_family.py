import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import FamilyFact, fact_for, family_facts

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS

_ROWS: list[tuple[str, EndpointFamily | None, tuple[EndpointFamily, ...], EndpointFamily | None, str]] = [
    (r"^(claude-|anthropic\.claude)", M, (M, C), None, "high"),
    (r"^o[13]-pro(-\d|$)", R, (R,), None, "high"),
    (r"-deep-research(-\d|$)", R, (R,), None, "high"),
    (r"^computer-use-preview", R, (R,), None, "high"),
    (r"^gpt-5(\.5)?-pro(-\d|$)", R, (R,), None, "high"),
    (r"^gpt-5\.[24]-pro(-\d|$)", R, (R,), None, "medium"),
    (r"^gpt-5(\.\d+)?-codex", R, (R,), None, "high"),
    (r"^codex-mini", R, (R,), None, "high"),
    (r"^gpt-daybreak-(blue|red)", R, (R,), None, "high"),
    (r"^gpt-(5\.6|6)-cyber|rosalind|^gpt-6\.2-astra-law", R, (R, C), None, "low"),
    (r"-search-preview|^gpt-5-search-api", C, (C,), None, "high"),
    (r"^gpt-audio|-audio-preview", C, (C, R), None, "low"),
    (r"^o1-(mini|preview)", C, (C,), None, "high"),
    (r"^(gpt-5\.[4-9]|gpt-6)", None, (R, C), R, "high"),
    (r"^gpt-5(\.\d+)?-chat", None, (R, C), None, "medium"),
    (r"^(gpt-5|o\d)([-.(\[]|$)", None, (R, C), None, "high"),
    (r"^(gpt-|o\d|chatgpt-)", None, (R, C), None, "medium"),
    (r".*", None, (C,), None, "low"),
]
"""What the sources say, copied by hand: pattern, required, allowed, tools with reasoning, confidence."""


def test_the_facts_say_what_the_sources_say_in_their_order() -> None:
    facts = [
        (fact.pattern.pattern, fact.required, fact.allowed, fact.tools_with_reasoning, fact.confidence)
        for fact in family_facts()
    ]
    assert facts == _ROWS


def _patterns(facts: Iterable[FamilyFact]) -> list[str]:
    return [fact.pattern.pattern for fact in facts]


def test_every_fact_names_its_source_and_day() -> None:
    facts = family_facts()
    assert _patterns(fact for fact in facts if not fact.source_url.startswith("https://")) == []
    assert _patterns(fact for fact in facts if not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", fact.checked_on)) == []


def test_what_a_fact_requires_it_allows() -> None:
    assert _patterns(fact for fact in family_facts() if fact.required not in (None, *fact.allowed)) == []
    assert _patterns(fact for fact in family_facts() if fact.tools_with_reasoning not in (None, *fact.allowed)) == []


_REQUIRED: dict[str, EndpointFamily | None] = {
    "gpt-5-pro": R,
    "gpt-5-pro-2025-10-06": R,
    "gpt-5.5-pro": R,
    "gpt-5.2-pro": R,
    "gpt-5.4-pro-2026-03-05": R,
    "o1-pro": R,
    "o3-pro": R,
    "o3-pro-2025-06-10": R,
    "o3-deep-research": R,
    "o4-mini-deep-research-2025-06-26": R,
    "computer-use-preview-2025-03-11": R,
    "gpt-5-codex": R,
    "gpt-5.1-codex-max": R,
    "gpt-5.1-codex-mini": R,
    "gpt-5.3-codex": R,
    "codex-mini-latest": R,
    "gpt-daybreak-blue": R,
    "gpt-5.6-cyber": R,
    "claude-opus-5": M,
    "claude-3-5-haiku-20241022": M,
    "anthropic.claude-3-5-sonnet-20241022-v2:0": M,
    "gpt-4o-search-preview": C,
    "gpt-5-search-api": C,
    "gpt-audio-mini": C,
    "gpt-4o-audio-preview": C,
    "o1-mini": C,
    "o1-preview-2024-09-12": C,
    "gpt-5": None,
    "gpt-5-mini": None,
    "gpt-5.1": None,
    "gpt-4.1-nano": None,
    "gpt-3.5-turbo": None,
    "o1": None,
    "o3": None,
    "o4-mini": None,
    "chatgpt-4o-latest": None,
    "gpt-5-product": None,
    "o3-profile": None,
    "deepseek-chat": None,
    "qwen3-coder": None,
    "my-claude-3": None,
    "my-gpt-5-pro": None,
    "": None,
}


def test_the_required_family_of_a_model_id() -> None:
    assert {model: fact_for(model).required for model in _REQUIRED} == _REQUIRED


@pytest.mark.parametrize("form", ["{}", "openai/{}", "a/b/{}", "{}:free", "openrouter/x/{}:beta:2", "/{}", "x:y/{}"])
def test_a_vendor_prefix_and_a_suffix_are_no_part_of_the_id(form: str) -> None:
    models = ("gpt-5-pro", "claude-sonnet-4.6", "o3-pro", "gpt-5.4", "gpt-4.1", "deepseek-chat")
    written = [(bare, text) for bare in models for text in (form.format(bare), form.format(bare).upper())]
    assert [text for bare, text in written if fact_for(text) is not fact_for(bare)] == []


def test_newer_general_models_take_tools_with_reasoning_on_responses_only() -> None:
    models = ("gpt-5.4", "gpt-5.6-terra", "gpt-5.9-mini", "gpt-6", "gpt-6-sol")
    facts = {model: fact_for(model) for model in models}
    found = {model: (fact.required, fact.allowed, fact.tools_with_reasoning) for model, fact in facts.items()}
    assert found == dict.fromkeys(models, (None, (R, C), R))


def test_other_models_have_no_such_condition() -> None:
    models = ("gpt-5", "gpt-5.1", "gpt-5.3", "gpt-4o", "o3", "llama-3.2-90b")
    assert {model: fact_for(model).tools_with_reasoning for model in models} == dict.fromkeys(models)


@examples(80)
@given(model=st.text(max_size=40))
def test_every_text_has_its_fact(model: str) -> None:
    assert fact_for(model) in family_facts()
