"""What chance made and what a person wrote, told apart by the neighbours of the characters."""

import hashlib
import random
import string
import uuid

import pytest

from console.domain.text.machine_made import is_machine_made, is_placeholder

_B62 = string.ascii_letters + string.digits
_ALPHABETS = {
    "letters and digits, 22": (_B62, 22),
    "letters and digits, 40": (_B62, 40),
    "base64 for URLs, 22": (_B62 + "-_", 22),
    "base64 for URLs, 86": (_B62 + "-_", 86),
    "letters, 34": (string.ascii_letters, 34),
    "small letters and digits, 32": (string.ascii_lowercase + string.digits, 32),
    "hexadecimal, 32": (string.hexdigits[:16], 32),
}


@pytest.mark.parametrize(("alphabet", "size"), _ALPHABETS.values(), ids=_ALPHABETS)
def test_what_chance_made_is_known(alphabet: str, size: int) -> None:
    generator = random.Random("machine made")
    values = ["".join(generator.choices(alphabet, k=size)) for _ in range(2000)]
    assert [value for value in values if not is_machine_made(value)] == []
    assert [value for value in values if is_placeholder(value)] == []


@pytest.mark.parametrize("prefix", ["", "lf-", "proj-", "live_", "ant-api03-", "service-account-"])
def test_a_word_before_a_made_part_does_not_hide_it(prefix: str) -> None:
    generator = random.Random(prefix)
    assert all(is_machine_made(prefix + "".join(generator.choices(_B62, k=32))) for _ in range(500))
    assert all(is_machine_made(prefix + str(uuid.UUID(int=generator.getrandbits(128)))) for _ in range(500))
    assert all(is_machine_made(prefix + hashlib.sha1(bytes([n])).hexdigest()) for n in range(200))


@pytest.mark.parametrize(
    "name",
    [
        "", "-", "transformers_library_model", "customer_dimension_2024", "loading-indicator-wrapper-2",
        "user_accounts_v2_idx", "iptables_rules_default", "navigation__item--active", "explainable-ai-toolkit",
        "AutoModelForCausalLMWithValueHead", "getElementsByTagNameNS", "HTTPServerErrorHandlerFactory",
        "MAX_CONCURRENT_REQUESTS_2", "implementation2", "authenticationHandler", "2026-11-22T10:11:12",
        "00000000000000000000000000000000", "x" * 40, "X" * 16 + "-" + "X" * 16, "1234567890123456", "YOUR_API_KEY",
        "your-key-goes-here-please", "realm=service.example.com", "the-quick-brown-fox-jumps", "claude-sonnet-4-5",
        "llama-3-70b-instruct", "projects/my-project/locations/eu-west-1",
    ],
)  # fmt: skip
def test_a_name_or_a_phrase_was_not_made_by_chance(name: str) -> None:
    assert not is_machine_made(name)


@pytest.mark.parametrize(
    "text",
    [
        "your-password", "YOUR_API_KEY", "<your-key>", "changeme", "changeme123", "password", "secret", "Password123",
        "my-secret-token", "example-password-1", "xxxxxxxxxxxx", "XXXX-XXXX-XXXX", "000000000000", "************",
        "test_password", "ACCESS_TOKEN", "placeholder", "REDACTED", "token-goes-here", "insert_key_here",
    ],
)  # fmt: skip
def test_a_placeholder_is_known(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["hunter2hunter2", "Winter2024!", "correct-horse-battery-9", "P@ssw0rd!x", "letmein99", "changing-rooms"]
)
def test_a_weak_password_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_a_password_that_is_its_users_name_is_a_placeholder() -> None:
    assert is_placeholder("rabbitmq", beside="rabbitmq")
    assert not is_placeholder("rabbitmq", beside="orders")


def test_a_made_value_with_a_placeholders_word_is_none() -> None:
    assert not is_placeholder("example-" + "aB3dE5gH7jK9mN1pQ2rS")
