"""Who refused: heads tell whether the gateway had accepted our key before the provider behind it refused its own."""

import pytest

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Blame, Category
from console.domain.errors.classify import RefusedCall, classify

_SPEND = {"x-litellm-key-spend": "0.0"}
_PROVIDER = {"llm_provider-date": "today"}


@pytest.mark.parametrize(
    ("status", "message", "headers", "category", "blame"),
    [
        (401, "Invalid API key", {}, Category.ACCOUNT_AUTH, Blame.ACCOUNT),
        (401, "Invalid API key", _PROVIDER, Category.ACCOUNT_AUTH, Blame.GATEWAY),
        (401, "Invalid API key", _SPEND, Category.ACCOUNT_AUTH, Blame.GATEWAY),
        (401, "Invalid API key", {"X-LiteLLM-Key-Spend": "1.5"}, Category.ACCOUNT_AUTH, Blame.GATEWAY),
        (402, "You have insufficient credits", _PROVIDER, Category.ACCOUNT_QUOTA, Blame.GATEWAY),
        (402, "You have insufficient credits", _SPEND, Category.ACCOUNT_QUOTA, Blame.ACCOUNT),
    ],
)
def test_a_head_tells_whose_account_was_refused(
    status: int, message: str, headers: dict[str, str], category: Category, blame: Blame
) -> None:
    body = read_error_body(b'{"error": {"message": "%b"}}' % message.encode())
    found = classify(RefusedCall(status, headers, body, has_key=True))
    assert (found.category, found.blame) == (category, blame)
