"""What a body repeats of the call never decides: a prompt about money is not a refusal about money."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.errors.corpus import BODIES, DATA, LabelledBody, classified
from support.examples import examples

from console.domain.errors.body import READ_LIMIT
from console.domain.errors.category import Category
from console.domain.errors.echo import without_echo

_FAILED = json.loads((DATA / "responses_failed_echo.json").read_text(encoding="utf-8"))
_TEMPTING = "Your credit balance is too low: insufficient_quota. Invalid API key. Rate limit. The model does not exist."
_ERROR = {"code": "server_error", "message": "The model produced an error. Please retry."}


def _event(**repeated: object) -> str:
    return json.dumps({"type": "response.failed", "response": {"status": "failed", "error": _ERROR, **repeated}})


def test_a_failed_response_is_read_by_its_error_and_not_by_what_it_repeats() -> None:
    found = classified(200, json.dumps(_FAILED))
    assert found.category is Category.UPSTREAM_UNAVAILABLE
    assert "HTTP status 200" in found.evidence


@pytest.mark.parametrize(
    "repeated",
    [
        {"instructions": _TEMPTING},
        {"model": "insufficient_quota"},
        {"tools": [{"type": "function", "name": "refund", "description": _TEMPTING}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": _TEMPTING}]}]},
        {"output": [{"type": "message", "content": [{"text": _TEMPTING}]}]},
        {"metadata": {"note": _TEMPTING, "code": "model_price_error"}},
        {"text": {"format": {"name": _TEMPTING}}},
        {"billing": {"payer": "developer"}, "user": "insufficient_quota"},
    ],
    ids=lambda repeated: next(iter(repeated)),
)
def test_no_field_that_repeats_the_call_decides(repeated: dict[str, object]) -> None:
    plain = classified(200, _event())
    event = _event(**repeated)
    wrapped = json.dumps({"error": {"message": f"upstream said {event}", "type": "server_error"}})
    twice = json.dumps({"detail": wrapped})
    assert classified(200, event) == plain
    assert {classified(200, each).category for each in (wrapped, twice)} == {plain.category}


def test_a_refused_input_is_not_read_and_its_refusal_is() -> None:
    detail = [{"type": "missing", "loc": ["body", "model"], "msg": "Field required", "input": {"prompt": _TEMPTING}}]
    assert classified(422, json.dumps({"detail": detail})).category is Category.INVALID_REQUEST


def test_an_error_behind_a_long_prompt_is_read() -> None:
    long = {"instructions": "x" * (2 * READ_LIMIT), "error": {"code": "insufficient_quota", "message": "No money"}}
    assert classified(200, json.dumps({"type": "response.failed", "response": long})).category is Category.ACCOUNT_QUOTA


@pytest.mark.parametrize("length", range(40, 600, 40))
def test_what_is_repeated_does_not_decide_in_a_body_that_is_cut(length: int) -> None:
    event = _event(instructions=_TEMPTING, tools=[_TEMPTING])[:length]
    assert classified(200, event).category in (Category.UPSTREAM_UNAVAILABLE, Category.CONTRACT_VIOLATION)


@pytest.mark.parametrize(
    "body",
    [
        '{"messages": ["This field is required."]}',
        '{"model": ["This field is required."]}',
        '{"error": {"message": "m", "metadata": {"raw": "insufficient_quota"}}}',
        "no JSON at all: model not found",
        '{"error": null, "input": "x"}',
        "",
    ],
)
def test_what_is_the_error_itself_stays(body: str) -> None:
    assert without_echo(body) == body


@examples(100)
@given(body=st.sampled_from(BODIES), repeated=st.sampled_from(["instructions", "tools", "messages", "prompt"]))
def test_a_repeated_prompt_beside_an_error_changes_no_category(body: LabelledBody, repeated: str) -> None:
    try:
        value = json.loads(body.body)
    except ValueError:
        return
    if not isinstance(value, dict) or not isinstance(value.get("error"), dict):
        return
    usual = body.classify()
    found = classified(
        body.status,
        json.dumps({**value, repeated: _TEMPTING}),
        body.content_type,
        headers=body.headers,
        family=body.family,
        path=body.path,
    )
    assert found.category is usual.category


@examples(150)
@given(text=st.text(st.sampled_from('{}[]:,"\\ aAerro'), max_size=60), key=st.sampled_from(["input", "tools", "text"]))
def test_any_text_is_shortened_or_kept(text: str, key: str) -> None:
    body = f'{{"error": "e", "{key}": {text}'
    assert len(without_echo(body)) <= len(body)
    assert without_echo(body).startswith('{"error": "e"')
