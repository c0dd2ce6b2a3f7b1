"""The canary: a made-up token that looks like a gateway's, and the home where the drill's children find it."""

import os
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.tokens.secret import Secret

VARIABLE = "GATEWAY_CONSOLE_DRILL_TOKEN"
"""The environment variable that only the drill's children get."""

WELL_MODELS: tuple[tuple[str, EndpointFamily], ...] = (
    ("gpt-route-placeholder", EndpointFamily.RESPONSES),
    ("claude-critic-route-placeholder", EndpointFamily.ANTHROPIC_MESSAGES),
    ("chat-compatible-route-placeholder", EndpointFamily.CHAT_COMPLETIONS),
)
"""The embedded gateway's well-behaved models, one per family."""

RUN_MODELS: tuple[tuple[str, EndpointFamily], ...] = (
    ("gpt-route-placeholder", EndpointFamily.RESPONSES),
    ("gpt-route-placeholder", EndpointFamily.RESPONSES),
    ("gpt-route-placeholder", EndpointFamily.RESPONSES),
    ("gpt-review-revise-placeholder", EndpointFamily.RESPONSES),
    ("claude-critic-route-placeholder", EndpointFamily.ANTHROPIC_MESSAGES),
)
"""The models that take a candidate through the gates, with one revision; one per role."""

_HOSTILITIES = {
    EndpointFamily.RESPONSES: (
        "key-in-letters",
        "key-quoted-in-error",
        "bare-key-in-model",
        "clipboard-in-text",
        "redirect",
        "bomb",
    ),
    EndpointFamily.ANTHROPIC_MESSAGES: (
        "key-base64-in-error",
        "key-in-header",
        "key-hex-in-text",
        "title-in-letters",
        "c1-in-header",
        "drip",
    ),
    EndpointFamily.CHAT_COMPLETIONS: (
        "key-basic-in-threes",
        "key-starred-in-error",
        "bare-base64-in-id",
        "controls-in-error",
        "markup-in-text",
        "login-page",
    ),
}
_VENDORS = {
    EndpointFamily.RESPONSES: "gpt",
    EndpointFamily.ANTHROPIC_MESSAGES: "claude",
    EndpointFamily.CHAT_COMPLETIONS: "chat",
}

HOSTILE_MODELS: tuple[tuple[str, EndpointFamily], ...] = (
    ("gpt-placeholder-html", EndpointFamily.RESPONSES),
    ("gpt-placeholder-redirected", EndpointFamily.RESPONSES),
    ("claude-placeholder-truncated", EndpointFamily.ANTHROPIC_MESSAGES),
    ("claude-placeholder-unpaid", EndpointFamily.ANTHROPIC_MESSAGES),
    ("chat-placeholder-swapped", EndpointFamily.CHAT_COMPLETIONS),
    ("chat-placeholder-unpriced", EndpointFamily.CHAT_COMPLETIONS),
    *(
        (f"{_VENDORS[family]}-hostile-{name}-placeholder", family)
        for family, names in _HOSTILITIES.items()
        for name in names
    ),
)
"""The embedded gateway's badly behaved models, six per profile; the drill tries every one listed here."""

REPOSITORY, TASK, LEAKING_TASK = "repository", "task.txt", "leaking-task.txt"
LEAKING_CONTEXT = "docs/key.md"
"""A repository file that holds the canary inside a run of characters that can be cut anywhere."""
_BODY_LENGTH = 48
_DEADLINE_S = 4
"""The longest a call of the drill may take, in seconds: some gateways never finish."""
_RUN_DEADLINE_S = 30
"""The same for a run's calls, whose answers are longer."""
_PART_LENGTH = 12
"""A piece of the canary that is clipped at both ends still contains a whole part if it has 23 characters."""


class Canary:
    """A made-up token. It opens only the drill's own gateway."""

    def __init__(self) -> None:
        alphabet = string.ascii_letters + string.digits
        body = "".join(secrets.choice(alphabet) for _ in range(_BODY_LENGTH - 6)) + "aZ7bY2"
        self.value = f"sk-{body}"
        parts = (body[start : start + _PART_LENGTH] for start in range(0, _BODY_LENGTH, _PART_LENGTH))
        self._sought = (Secret(self.value), *map(Secret, parts))

    def is_in(self, data: bytes) -> bool:
        """Return whether bytes hold the canary, a part of it, or an encoding that reveals one of them."""
        text = data.decode("latin-1")
        return any(each.is_in(text) for each in self._sought)

    def redact(self, text: str) -> str:
        """Return a text, such as a file's name, without the canary."""
        for each in self._sought:
            text = each.redact(text)
        return text

    def __repr__(self) -> str:
        return "Canary(•••)"


@dataclass(frozen=True, slots=True)
class Scratch:
    """The directory of one drill: a home, a working directory, and the files with the canary planted in them."""

    root: Path
    home: Path
    work: Path
    planted: dict[Path, bytes]
    """The files in which the drill planted the canary, with their bytes."""

    @property
    def witness(self) -> Path:
        """The file that the repository's own program would write: its environment."""
        return self.root / "what-the-program-of-the-repository-knew"

    def arm(self) -> None:
        """Make the repository's configuration name a program, which git would run to compare contents.

        Raises:
            OSError: The repository does not exist.

        """
        repository = self.work / REPOSITORY
        with (repository / ".git" / "config").open("a", encoding="ascii") as config:
            config.write(f'[filter "drill"]\n\tclean = "env >>{self.witness}; cat"\n')
        for path in repository.glob("**/*.md"):
            os.utime(path, ns=(0, 0))  # so that contents have to be compared

    def environment(self, canary: Canary, passed_on: dict[str, str]) -> dict[str, str]:
        """Return the environment of the drill's children."""
        return {
            **passed_on,
            "HOME": str(self.home),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            VARIABLE: canary.value,
        }


def hostile_profiles() -> tuple[str, ...]:
    """Return the names of the profiles made of the hostile models, one model per role."""
    return tuple(f"hostile{number}" for number in range(-(-len(HOSTILE_MODELS) // len(Role))))


def plant(root: Path, canary: Canary, base_url: str, stalled_url: str) -> Scratch:
    """Set up a scratch home with the canary in it.

    Args:
        root: An empty directory.
        canary: The token to plant.
        base_url: Where the drill's gateway is.
        stalled_url: The URL that accepts calls and never answers.

    Raises:
        OSError: The directory cannot be written.

    """
    home, work = root / "home", root / "work"
    folder = home / ".config" / "gateway-console"
    for each in (folder, work, root / "tmp"):
        each.mkdir(parents=True, mode=0o700)
    token, passphrase = home / "token", home / "passphrase"
    refused, broken = work / "refused.toml", work / "broken.toml"
    _write(token, canary.value)
    _write(passphrase, "a passphrase for the drill")
    _write(folder / "config.toml", _config(base_url, stalled_url, token, passphrase))
    _write(refused, _toml("p", {"p": _profile(base_url, [canary.value], WELL_MODELS)}))
    _plant_task(work, canary)
    _write(broken, f"schema = 1\n[profiles.p.gateway]\nheaders = {{ x-note = {canary.value} }}\n")
    yaml = work / "refused.yaml"
    _write(yaml, f"routes: {{}}\nmodel_gateway_token_ref: {canary.value}\n")
    planted = (token, refused, broken, yaml, work / LEAKING_TASK, work / REPOSITORY / LEAKING_CONTEXT)
    return Scratch(root, home, work, {path: path.read_bytes() for path in planted})


def _plant_task(work: Path, canary: Canary) -> None:
    """Set up what a run works on: a task, one with the canary in it, and the files of a repository."""
    repository = work / REPOSITORY
    repository.mkdir()
    (repository / LEAKING_CONTEXT).parent.mkdir()
    _write(repository / "AGENTS.md", "Be brief.\n")
    _write(repository / LEAKING_CONTEXT, f"{'x' * 70}{canary.value}{'y' * 90}\n")
    _write(repository / ".gitattributes", "*.md filter=drill\n")
    _write(work / TASK, "Add a note on endpoint families.\n")
    _write(work / LEAKING_TASK, f"Add a note. The key is {canary.value}.\n")


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _config(base_url: str, stalled_url: str, token: Path, passphrase: Path) -> str:
    by_variable = [f"env:{VARIABLE}"]
    vault = f"file:{passphrase}"
    profiles = {
        "well": _profile(base_url, by_variable, WELL_MODELS),
        "file": _profile(base_url, [f"file:{token}"], WELL_MODELS, auth="x-api-key"),
        "run": _profile(base_url, by_variable, RUN_MODELS, deadline_s=_RUN_DEADLINE_S),
        "vault": _profile(base_url, ["vault:drill"], WELL_MODELS, vault_passphrase_ref=vault, auth="api-key"),
        "stalled": _profile(stalled_url, by_variable, WELL_MODELS[:1]),
    }
    size = len(Role)
    for number, name in enumerate(hostile_profiles()):
        profiles[name] = _profile(base_url, by_variable, HOSTILE_MODELS[number * size : (number + 1) * size])
    return _toml("well", profiles)


def _toml(default: str, profiles: Mapping[str, object]) -> str:
    return tomli_w.dumps({"schema": 1, "default_profile": default, "profiles": profiles})


def _profile(
    base_url: str, references: list[str], models: Iterable[tuple[str, EndpointFamily]], **gateway: object
) -> dict[str, object]:
    routes = {
        role.value: {"model": model, "endpoint_family": family.value, "endpoint_path": family.standard_path}
        for role, (model, family) in zip(Role, models, strict=False)
    }
    settings = {"base_url": base_url, "token_ref": references, "deadline_s": _DEADLINE_S}
    return {"gateway": settings | gateway, "routes": routes}
