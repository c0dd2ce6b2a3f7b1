"""What an agent finds in its environment: nothing that opens anything but the relay, and what it needs to work."""

import pytest

from console.domain.tokens.secret import Secret
from console.services.relay.agent_home import without_tokens
from console.services.system.leak_guard import LEAK_GUARD


@pytest.mark.parametrize(
    "name",
    [
        *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "LITELLM_MASTER_KEY", "COMETAPI_KEY"),
        *("AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK", "PGPASSWORD", "MY_SECRET", "my_password", "BW_SESSION"),
        *("SSH_AUTH_SOCK", "GIT_ASKPASS", "DBUS_SESSION_BUS_ADDRESS", "VSCODE_GIT_IPC_HANDLE", "DOCKER_AUTH_CONFIG"),
        *(
            "ANTHROPIC_BASE_URL",
            "CLAUDE_CODE_USE_BEDROCK",
            "OPENAI_BASE_URL",
            "COPILOT_PROVIDER_BASE_URL",
            "CODEX_HOME",
        ),
    ],
)
def test_what_opens_something_else_or_leads_past_the_relay_is_removed(name: str) -> None:
    assert without_tokens({name: "x1"}).removed == (name,)


def test_what_an_agent_works_with_stays_and_no_proxy_is_asked_for_the_relay() -> None:
    kept = {
        "PATH": "/bin", "HOME": "/h", "LANG": "C", "PWD": "/w", "XDG_SESSION_ID": "3", "KEYBOARD": "us",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "9", "TOKENIZERS_PARALLELISM": "0", "HTTP_PROXY": "http://proxy.example:1",
        "NO_PROXY": "a.example",
    }  # fmt: skip
    cleaned = without_tokens(kept)
    assert cleaned.removed == ()
    assert cleaned.kept == kept | {"NO_PROXY": "a.example,127.0.0.1", "no_proxy": "127.0.0.1"}


def test_a_token_of_this_process_is_removed_whatever_its_variable_is_called() -> None:
    LEAK_GUARD.add(Secret("plain words of a token"))
    assert without_tokens({"GREETING": "plain words of a token"}).removed == ("GREETING",)
