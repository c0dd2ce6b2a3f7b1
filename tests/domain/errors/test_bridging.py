"""Who bridged: a drift message that names the very family called blames the gateway, and no other does."""

import pytest
from support.errors.corpus import BODIES, classified

from console.domain.errors.category import Blame, Category
from console.domain.routes.family import EndpointFamily

_R, _M, _C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("model messages-only is only available on /v1/messages", _M),
        ("This model is only supported in v1/responses and not in v1/chat/completions.", _R),
        ("The requested model is not supported with the chat completions API. Use the Responses API instead.", _R),
        ('model "gpt-5.4" is not accessible via the /chat/completions endpoint', None),
        ("The model does not support /v1/responses, please use /v1/chat/completions", _C),
        ("该模型不支持 /v1/chat/completions，请使用 /v1/responses", _R),
        ("This model requires the Responses API.", _R),
    ],
)
def test_the_gateway_bridged_where_the_error_asks_for_the_family_called(
    message: str, asked: EndpointFamily | None
) -> None:
    body = f'{{"error": {{"message": "{message.replace(chr(34), chr(39))}"}}}}'
    for family in EndpointFamily:
        found = classified(404, body, family=family)
        is_bridged = family is asked or (asked is None and family is not _C)
        assert found.category is Category.ENDPOINT_DRIFT
        assert (found.blame is Blame.GATEWAY) is is_bridged, family
        assert ("unchanged" in found.action) is is_bridged
        assert found.ask.startswith("the gateway's administrator") is is_bridged


def test_without_the_family_that_was_called_the_route_is_blamed() -> None:
    found = classified(404, '{"error": {"message": "model m is only available on /v1/messages"}}')
    assert (found.category, found.blame) == (Category.ENDPOINT_DRIFT, Blame.CONFIG)


def test_most_drifts_of_the_corpus_are_the_routes() -> None:
    drifts = [body for body in BODIES if body.label is Category.ENDPOINT_DRIFT and body.family is not None]
    found = [body.classify() for body in drifts]
    routes = [each for each in found if each.blame is not Blame.GATEWAY]
    assert len(routes) > 0.8 * len(drifts) > 20


@pytest.mark.parametrize(
    "message",
    [
        "gpt-5-pro cannot be used with /v1/chat/completions",
        "Use the /v1/messages endpoint for Claude models",
        "Dieses Modell wird nur über /v1/responses unterstützt",
        "Ce modèle n'est disponible que via /v1/responses",
        "Este modelo solo está disponible en /v1/responses",
        "このモデルは Responses API でのみ利用できます",
        "이 모델은 Responses API에서만 지원됩니다",
    ],
)
def test_a_model_that_wants_another_family_is_drift_in_whatever_words(message: str) -> None:
    for status in (400, 404, 500):
        assert classified(status, f'{{"error": {{"message": "{message}"}}}}').category is Category.ENDPOINT_DRIFT


@pytest.mark.parametrize(
    "message",
    [
        "The field max_tokens cannot be used in /v1/responses, use max_output_tokens",
        "Invalid value for the model's tool in /v1/responses",
        "Only function tools can be used with this model on /v1/chat/completions",
    ],
)
def test_a_refused_field_is_no_drift(message: str) -> None:
    assert classified(400, f'{{"error": {{"message": "{message}"}}}}').category is Category.INVALID_REQUEST


@pytest.mark.parametrize("name", ["only-m", "m-only", "use-m", "try/only", "only", "must_m", "m.via"])
def test_a_word_within_a_models_name_asks_for_no_family(name: str) -> None:
    here = f"The model {name!r} is not supported on /v1/messages. No fallback."
    assert classified(404, f'{{"error": {{"message": "{here}"}}}}', family=_M).blame is Blame.CONFIG
    there = f"{here} It is only served on /v1/responses."
    assert classified(404, f'{{"error": {{"message": "{there}"}}}}', family=_R).blame is Blame.GATEWAY


def test_a_failed_group_named_beside_a_drift_leaves_the_blame_with_the_route() -> None:
    said = (
        "The model `only-m` is only supported in /v1/responses and not in /v1/messages."
        " LiteLLM: model group 'only-m' failed with the error above, on /v1/messages. No fallback was attempted."
    )
    found = classified(404, f'{{"error": {{"message": "{said}"}}}}', family=_M)
    assert (found.category, found.blame) == (Category.ENDPOINT_DRIFT, Blame.CONFIG)


def test_the_path_called_names_its_family_also_before_a_query() -> None:
    body = '{"error": {"message": "Missing required parameter: \'input\'."}}'
    by_path = {
        path: classified(400, body, path=path).category
        for path in ("/v1/responses", "/openai/responses?api-version=2026-01-01", "/v1/chat/completions")
    }
    assert list(by_path.values()) == [Category.INVALID_REQUEST, Category.INVALID_REQUEST, Category.ENDPOINT_DRIFT]
