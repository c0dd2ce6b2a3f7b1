"""What an agent finds in its environment: nothing that opens anything but the relay, and what it needs to work."""

import pytest

from console.domain.tokens.secret import Secret
from console.services.relay.agent_home import is_open_to_children, without_tokens
from console.services.system.leak_guard import LEAK_GUARD
from console.services.tokens.reference import Reference


@pytest.mark.parametrize(
    "name",
    [
        *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "LITELLM_MASTER_KEY", "COMETAPI_KEY"),
        *("AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK", "PGPASSWORD", "MY_SECRET", "my_password", "BW_SESSION"),
        *("SSH_AUTH_SOCK", "GIT_ASKPASS", "DBUS_SESSION_BUS_ADDRESS", "VSCODE_GIT_IPC_HANDLE", "DOCKER_AUTH_CONFIG"),
        *("KUBECONFIG", "DOCKER_HOST", "AWS_PROFILE", "AZURE_CONFIG_DIR", "PGPASSFILE"),
        *(
            "ANTHROPIC_BASE_URL",
            "CLAUDE_CODE_USE_BEDROCK",
            "OPENAI_BASE_URL",
            "COPILOT_PROVIDER_BASE_URL",
            "CODEX_HOME",
            "AIDER_OPENAI_API_BASE",
            "OPENCODE_CONFIG_CONTENT",
        ),
    ],
)
def test_what_opens_something_else_or_leads_past_the_relay_is_removed(name: str) -> None:
    assert without_tokens({name: "x1"}).removed == (name,)


def test_what_an_agent_works_with_stays_and_no_proxy_is_asked_for_the_relay() -> None:
    kept = {
        "PATH": "/bin", "HOME": "/h", "LANG": "C", "PWD": "/w", "XDG_SESSION_ID": "3", "KEYBOARD": "us",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "9", "TOKENIZERS_PARALLELISM": "0", "AIDER_DARK_MODE": "1", "HTTP_PROXY": "http://proxy.example:1",
        "NO_PROXY": "a.example",
    }  # fmt: skip
    cleaned = without_tokens(kept)
    assert cleaned.removed == ()
    assert cleaned.kept == kept | {"NO_PROXY": "a.example,127.0.0.1", "no_proxy": "127.0.0.1"}


@pytest.mark.parametrize("value", ["http://u:pw1@127.0.0.1:1", "Server=x;User ID=a;Password=abc;"])
def test_a_value_with_a_password_is_removed_however_short_it_is(value: str) -> None:
    assert without_tokens({"X": value}).removed == ("X",)


def test_git_is_not_left_with_half_of_its_settings() -> None:
    names = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0")
    assert without_tokens(dict(zip(names, ("1", "http.extraHeader", "x"), strict=True))).removed == names


def test_a_token_of_this_process_is_removed_whatever_its_variable_is_called() -> None:
    LEAK_GUARD.add(Secret("plain words of a token"))
    assert without_tokens({"GREETING": "plain words of a token"}).removed == ("GREETING",)


@pytest.mark.parametrize(
    ("reference", "passphrase", "is_open"),
    [
        ("file:/home/u/token", None, True),
        ("env:GW_TOKEN", None, True),
        ("keyring://gateway-console/acme", None, True),
        ("vault://acme", "file:/home/u/passphrase", True),
        ("vault://acme", None, False),
        ("prompt:", None, False),
    ],
)
def test_what_opens_without_a_person_opens_to_an_agent_too(
    reference: str, passphrase: str | None, *, is_open: bool
) -> None:
    assert is_open_to_children(reference, None if passphrase is None else Reference.parse(passphrase)) is is_open
