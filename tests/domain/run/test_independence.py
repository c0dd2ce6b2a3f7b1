"""Independence: how far apart two models are, by what was asked for and by what answered."""

import pytest

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.vendor import vendor_of
from console.domain.run.independence import LEVEL_WORDS, Served, is_proven, level

_RESPONSES, _CHAT = EndpointFamily.RESPONSES, EndpointFamily.CHAT_COMPLETIONS


def _served(model: str, reported: str | None = None, family: EndpointFamily = _RESPONSES) -> Served:
    return Served(Route(Role.WRITER, model, family, family.standard_path), reported)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (_served("gpt-5"), _served("gpt-5"), 0),
        (_served("gpt-5"), _served("gpt-5", family=_CHAT), 1),
        (_served("gpt-5"), _served("gpt-5-2025-08-07"), 1),
        (_served("gpt-5"), _served("openai/gpt-5"), 1),
        (_served("claude-opus-4-latest"), _served("claude-opus-4-20250514"), 1),
        (_served("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), _served("claude-sonnet-4-5"), 1),
        (_served("gpt-5"), _served("gpt-5-mini"), 2),
        (_served("gpt-5"), _served("o3"), 2),
        (_served("gpt-5"), _served("some-model"), 2),
        (_served("some-model"), _served("other-model"), 2),
        (_served("gpt-5"), _served("claude-opus-4"), 3),
        (_served("llama-3.3-70b"), _served("deepseek-v3"), 3),
        (_served("llama-3.3-70b"), _served("deepseek-r1-distill-llama-70b"), 2),
        (_served("vendor/llama-3"), _served("meta-llama/Meta-Llama-3-8B"), 2),
        # what answered unveils one upstream behind two names
        (_served("fast", "gpt-5"), _served("smart", "gpt-5"), 1),
        (_served("gpt-5", "gpt-5-2025-08-07"), _served("claude-opus-4", "gpt-5"), 1),
        (_served("gpt-5", "claude-opus-4"), _served("claude-opus-4"), 1),
        (_served("claude-opus-4"), _served("gpt-5", "claude-opus-4-20250514"), 1),
        (_served("gpt-5", "gpt-5"), _served("claude-opus-4", "gpt-5-mini"), 2),
        # what answered makes nobody more independent than what was asked for
        (_served("gpt-5", "gpt-5"), _served("gpt-5", "claude-opus-4", _CHAT), 1),
        (_served("fast", "gpt-5"), _served("smart", "claude-opus-4"), 2),
        (_served("gpt-5", "gpt-5"), _served("claude-opus-4", "claude-opus-4"), 3),
    ],
)
def test_how_far_apart_they_are(one: Served, other: Served, expected: int) -> None:
    assert level(one, other) == level(other, one) == expected


def test_every_level_has_its_words() -> None:
    assert len(LEVEL_WORDS) == 4


@pytest.mark.parametrize(
    ("model", "vendor"),
    [
        ("gpt-5", "openai"),
        ("o4-mini", "openai"),
        ("Claude-Opus-4", "anthropic"),
        ("google/gemini-2.5-pro", "google"),
        ("mixtral-8x7b", "mistral"),
        ("qwen3-coder", "alibaba"),
        ("grok-4", "xai"),
        ("omni", None),
        ("my-gpt", None),
        ("", None),
    ],
)
def test_whose_model_it_is(model: str, vendor: str | None) -> None:
    assert vendor_of(model) == vendor


def _behind(model: str, behind: str | None, reported: str | None = None) -> Served:
    return Served(Route(Role.WRITER, model, _RESPONSES, _RESPONSES.standard_path), reported or model, behind)


@pytest.mark.parametrize(
    ("one", "other", "expected", "proven"),
    [
        # two aliases of one deployment, as LiteLLM's head tells
        (_behind("alias-writer", "openai/gpt-5"), _behind("alias-reviewer", "openai/gpt-5"), 1, True),
        (_behind("alias-writer", "openai/gpt-5"), _behind("alias-reviewer", "azure/gpt-5-2025-08-07"), 1, True),
        (_behind("alias-writer", "openai/my-own"), _behind("alias-reviewer", "openai/my-own"), 1, True),
        (_behind("gpt-5", "openai/gpt-4o"), _behind("claude-opus-4", "openai/gpt-4o"), 1, True),
        # the head names two models
        (_behind("alias-writer", "openai/gpt-5"), _behind("alias-reviewer", "anthropic/claude-opus-4"), 2, True),
        (_behind("gpt-5", "azure/gpt-5"), _behind("claude-opus-4", "anthropic/claude-opus-4"), 3, True),
        # only aliases are echoed: nothing is proven
        (_behind("alias-writer", None), _behind("alias-reviewer", None), 2, False),
        (_behind("alias-writer", "openai/gpt-5"), _behind("alias-reviewer", None), 2, False),
        (_behind("alias-writer", "azure/deploy-a"), _behind("alias-reviewer", "azure/deploy-b"), 2, False),
        (_behind("gpt-5", None), _behind("alias-reviewer", None), 2, False),
        # known models need no head
        (_behind("gpt-5", None), _behind("claude-opus-4", None), 3, True),
        (_behind("fast", None, "gpt-5"), _behind("smart", None, "claude-opus-4"), 2, True),
    ],
)
def test_the_model_behind_an_alias_counts(one: Served, other: Served, expected: int, *, proven: bool) -> None:
    assert level(one, other) == level(other, one) == expected
    assert is_proven(one, other) is is_proven(other, one) is proven
