"""A refusal that misses a key although one was sent: the gateway reads another header."""

import pytest

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Category, Classification
from console.domain.errors.classify import RefusedCall, classify


def _judged(message: str, *, has_key: bool = True, status: int = 401) -> Classification:
    body = read_error_body(b'{"error": {"message": "%b"}}' % message.encode())
    return classify(RefusedCall(status, {}, body, has_key=has_key))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "message",
    [
        "Authentication Error, No api key passed in.",
        "APIKEY is missing",
        "Missing API key",
        "Missing Authorization header",
        "Authorization header is missing",
        "No API key provided",
        "You didn't provide an API key. You need to provide your API key in an Authorization header.",
        "x-api-key header is required",
        "missing bearer token",
        "API key not provided",
        "Please provide an API key",
        "No auth credentials found",
        "未提供令牌",
    ],
)
def test_a_missing_key_that_was_sent_hints_at_the_header(message: str, status: int) -> None:
    found = _judged(message, status=status)
    assert found.category is Category.ACCOUNT_AUTH
    assert "Set auth in the profile's gateway" in found.action
    assert _judged(message, has_key=False, status=status).action != found.action


@pytest.mark.parametrize(
    "message",
    [
        "Invalid API Key",
        "Incorrect API key provided: sk-x",
        "The API key has expired",
        "litellm.AuthenticationError: AuthenticationError: OpenAIException - no api key provided",
        "Your key has no credits",
    ],
)
def test_a_wrong_key_does_not(message: str) -> None:
    assert "Set auth" not in _judged(message).action
