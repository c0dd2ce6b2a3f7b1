"""An agent set up for a relay: its variables, and its files in a private directory that goes away with it."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.relay.agent_settings import Place, Setup
from console.domain.text.secret_scan import find_secrets
from console.domain.workflows.boundary import seen_tokens
from console.services.system.leak_guard import LEAK_GUARD
from console.services.tokens.reference import Reference, Scheme

_TOKEN_NAME = re.compile(
    r"(?:.*_)?(?:API_?KEY|ACCESS_KEY(?:_ID)?|PRIVATE_KEY|MASTER_KEY|SECRET_KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE"
    r"|PASS|PAT|BEARER|JWT|CREDENTIALS?)(?:_.*)?|[A-Z0-9]*(?:APIKEY|API_KEY|PASSWORD)|[A-Z0-9]+_(?:KEY|AUTH)|(?:BW|OP)_SESSION.*"
)
"""Names of variables that hold a token by the words in them; `…_TOKENS` is a number."""
_DOOR = re.compile(
    r"SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|(?:GIT|SSH|SUDO)_ASKPASS|VSCODE_GIT_.*|GIT_CONFIG_(?:COUNT|KEY_.*"
    r"|VALUE_.*|PARAMETERS)|DBUS_SESSION_BUS_ADDRESS"
    r"|KRB5CCNAME|NETRC|.*_AUTH_CONFIG|KUBECONFIG|DOCKER_(?:HOST|CONFIG|CONTEXT)|CONTAINER_HOST|AWS_(?:PROFILE"
    r"|CONFIG_FILE|DEFAULT_PROFILE)|AZURE_CONFIG_DIR|CLOUDSDK_(?:CONFIG|ACTIVE_CONFIG_NAME)|GH_CONFIG_DIR|GNUPGHOME"
    r"|PGPASSFILE|PGSERVICEFILE|NPM_CONFIG_USERCONFIG"
)
"""Variables that hold no token and open a way to one: an agent of keys, a keyring, a program that answers for you, a
place of credentials other than the usual one."""
_WITH_PASSWORD = re.compile(
    r"://[^/\s:@]{0,100}:[^/\s@]{1,200}@|(?:^|[;&\s])(?:password|pwd)\s?=\s?[^;&\s]", re.IGNORECASE
)
"""A value with a password in it, however short: an address of a proxy or a database, or a connection's settings."""
_PAST_THE_RELAY = re.compile(
    r"(?:ANTHROPIC|OPENAI|CODEX|AZURE_OPENAI|COPILOT_PROVIDER|GOOGLE_GEMINI|OLLAMA)_.*|CLAUDE_CODE_(?:USE|SKIP)_.*"
    r"|OPENCODE_(?:CONFIG.*|PERMISSION)|COPILOT_(?:API_URL|MODEL)"
    r"|(?:AIDER|LITELLM|OPENROUTER|GEMINI|GROQ|MISTRAL|DEEPSEEK)_(?:.*_)?(?:API_BASE|BASE_URL|API_URL)"
)
"""Settings of agents and SDKs that could lead a call past the relay."""
_OPEN = frozenset({Scheme.ENV, Scheme.FILE, Scheme.KEYRING, Scheme.KERNEL, Scheme.CMD})
_NO_PROXY = "127.0.0.1"
_NO_WAY_OUT = "http://127.0.0.1:9"
"""A proxy that is not there: what a program sends through its proxy can reach nothing but loopback."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class PreparedAgent:
    """An agent's settings, filled in."""

    variables: Mapping[str, str]
    command: tuple[str, ...]
    """The arguments of a run without a person."""
    home: Path
    """Its own home; it goes away at the end."""


@contextlib.asynccontextmanager
async def agent_home(settings: Setup, place: Place) -> AsyncIterator[PreparedAgent]:
    """Write an agent's files into a new private directory, and remove it at the end.

    Args:
        settings: The agent's settings.
        place: What is put in; its `home` is replaced by the new directory.

    Raises:
        OSError: The directory cannot be written.

    """
    home = Path(tempfile.mkdtemp(prefix="gateway-console-agent-"))  # 0700
    try:
        yield set_up(settings, place, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def set_up(settings: Setup, place: Place, home: Path) -> PreparedAgent:
    """Write an agent's files into a home that is its own. Raises `OSError` if they cannot be written."""
    filled = Place(place.origin, place.key, place.model, str(home), place.task)
    for path, text in settings.files.items():
        (home / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / path).write_text(filled.fill(text), encoding="utf-8")
    variables = {name: filled.fill(value) for name, value in settings.variables.items()}
    return PreparedAgent(variables, tuple(filled.fill(each) for each in settings.command), home)


@dataclass(frozen=True, slots=True)
class CleanedEnvironment:
    """An environment without tokens."""

    kept: Mapping[str, str]
    removed: tuple[str, ...]
    """The names of what was removed, sorted."""


def is_open_to_children(reference: str, passphrase: Reference | None) -> bool:
    """Return whether a program that the operator runs can read the token that a reference names.

    Whatever opens without a person does: a file, a keyring, a program that prints it, and a variable too, which stands
    in the memory of the shell that the console was started from.

    Args:
        reference: The reference that gave the token.
        passphrase: The file with the vault's passphrase; None if it is typed.

    """
    scheme = reference.partition(":")[0]
    return scheme in _OPEN or (scheme == Scheme.VAULT and passphrase is not None)


def without_tokens(environment: Mapping[str, str], own_names: Sequence[str] = ()) -> CleanedEnvironment:
    """Return an environment without what gives access to anything but the relay.

    That is every variable that is known as a token's or named like one, that the policy withholds, that holds a token
    of this process (so open the gateway first), or whose value looks like a secret; what opens a way to a token, such
    as an SSH agent; and what could lead a call past the relay. No proxy is asked for the relay's own address.

    Args:
        environment: The environment variables.
        own_names: Names or patterns from the profile's policy.

    """
    removed = {
        name
        for name, value in environment.items()
        if value and (_is_withheld(name, own_names) or _holds_secret(name, value))
    }
    kept = {name: value for name, value in environment.items() if name not in removed}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), _NO_PROXY)))
    return CleanedEnvironment(kept, tuple(sorted(removed)))


def no_way_out() -> dict[str, str]:
    """Return variables for an agent that reaches nothing but loopback, so that it finds that out at once.

    Without them Codex asks a name server that it cannot reach, for news and plugins, and waits for seconds each time.
    """
    return {name: _NO_WAY_OUT for each in _PROXIES for name in (each, each.lower())}


def _holds_secret(name: str, value: str) -> bool:
    is_secret = LEAK_GUARD.is_hit(value) or _WITH_PASSWORD.search(value) is not None
    return is_secret or bool(find_secrets(f"{name}={value}"))


def _is_withheld(name: str, own_names: Sequence[str]) -> bool:
    upper = name.upper()
    by_name = any(each.fullmatch(upper) for each in (_TOKEN_NAME, _DOOR, _PAST_THE_RELAY))
    return by_name or bool(seen_tokens((name,), own_names))
