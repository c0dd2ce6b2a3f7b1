"""Independence: how far apart two models are, by what was asked for and by what answered."""

import pytest

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.independence import LEVEL_WORDS, Served, level, vendor_of

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
