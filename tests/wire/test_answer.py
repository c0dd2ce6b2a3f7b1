import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.answer import WireError, error_in
from console.wire.json_value import decode


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(
            {"error": {"message": "m", "type": "t", "param": "model", "code": "c"}},
            WireError("c", "t", "m"),
            id="OpenAI",
        ),
        pytest.param(
            {"error": {"message": "m", "type": "t", "param": None, "code": None}},
            WireError("", "t", "m"),
            id="null code",
        ),
        pytest.param({"error": {"message": "m", "code": 401}}, WireError("401", "", "m"), id="code as a number"),
        pytest.param({"error": {"message": "m", "code": True}}, WireError("", "", "m"), id="code as a boolean"),
        pytest.param({"error": {"message": ["m"], "code": {}}}, WireError(), id="fields of other types"),
        pytest.param({"error": {}}, WireError(), id="an error that says nothing"),
        pytest.param(
            {"type": "error", "error": {"type": "billing_error", "message": "m"}, "request_id": "r"},
            WireError("", "billing_error", "m"),
            id="Anthropic",
        ),
        pytest.param({"type": "error", "code": "c", "message": "m", "param": None}, WireError("c", "", "m"), id="flat"),
        pytest.param({"error": "m"}, WireError(message="m"), id="plain text"),
        pytest.param(
            {"message": "m", "error": "Not Found", "statusCode": 404}, WireError(message="m"), id="text and message"
        ),
        pytest.param({"status": "failure", "message": "m"}, WireError(message="m"), id="Portkey"),
        pytest.param({"detail": "m"}, WireError(message="m"), id="FastAPI text"),
        pytest.param(
            {"detail": [{"loc": ["body"], "msg": "m", "type": "missing"}]},
            WireError(kind="invalid_request_error", message="m"),
            id="FastAPI list",
        ),
        pytest.param({"detail": []}, WireError(kind="invalid_request_error"), id="FastAPI empty list"),
    ],
)
def test_every_known_envelope_is_read(body: object, error: WireError) -> None:
    assert error_in(body) == error
    assert error_in(decode(json.dumps(body).encode())) == error


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        7,
        "error",
        {},
        {"error": None},
        {"error": ""},
        {"error": []},
        {"error": False},
        {"detail": None},
        {"detail": {}},
        {"type": "message"},
        {"message": "m"},
        {"status": "completed"},
        [{"error": {"message": "m"}}],
    ],
)
def test_what_names_no_error_is_none(body: object) -> None:
    assert error_in(body) is None


@pytest.mark.parametrize("body", [b"", b"<html>error</html>", b"error code: 522", b"\xff\xfe", b"null", b"{"])
def test_a_body_that_is_no_json_names_no_error(body: bytes) -> None:
    assert error_in(decode(body)) is None


@examples(100)
@given(body=st.binary(max_size=100))
def test_no_bytes_make_reading_an_error_raise(body: bytes) -> None:
    assert error_in(decode(body)) is None or isinstance(error_in(decode(body)), WireError)


@pytest.mark.parametrize("code", ["9" * 30, "9" * 5000, "-1", "1.5", "1e400"], ids=lambda code: code[:8])
def test_numbers_of_any_size_as_a_code_never_raise(code: str) -> None:
    error = error_in(decode(b'{"error": {"code": %s, "message": "m"}}' % code.encode()))
    assert error is None or error.message == "m"
