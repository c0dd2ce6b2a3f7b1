"""Trees of agents' settings, each with what is said of it: `tests/data/agent_settings/AGENT/CASE`.

In a tree, `home`, `repo` and `etc` stand for the user's home, the repository and /etc. `@KEY@` is a key, which is made
here so that no file of the repository has one; `@REPO@` is the repository's path.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from support.config import config_table, route, write_config

from console.cli.agents.look import code_of
from console.cli.reports.documents.agents.settings import AgentSettingsDocument
from console.domain.agent_settings.state import CheckedAgent
from console.services.agent_settings.scan import scan, workspace_of
from console.services.config.load import load_profile
from console.services.instructions.workspace import Workspace

FOLDER = Path(__file__).parents[2] / "data" / "agent_settings"
TODAY = date(2026, 12, 2)
KEY = "-".join(("sk", "acme", "0Zq8vN3xW7tR5yB2kLmPd6Hc"))
GATEWAY, OTHER = "https://gw.acme.example", "https://other.example"
"""Addresses in the trees: the profile's gateway, and one that is not."""
_WITHOUT_MEANING = ("installed", "version", "known_version", "checked_on", "name", "agent")
"""What differs by machine, or is known."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One tree."""

    agent: str
    name: str

    def __str__(self) -> str:
        """Return the name, for pytest."""
        return f"{self.agent}-{self.name}"

    @property
    def folder(self) -> Path:
        """Where it is."""
        return FOLDER / self.agent / self.name

    @property
    def case(self) -> dict[str, Any]:
        """Where the agent is started, with which variables, and whether the real one is run."""
        found: dict[str, Any] = json.loads((self.folder / "case.json").read_text())
        return found


def golden_trees() -> list[Golden]:
    """Return all trees."""
    return [Golden(each.parent.name, each.name) for each in sorted(FOLDER.glob("*/*"))]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A tree on disk."""

    golden: Golden
    root: Path
    hosts: dict[str, str]

    def filled(self, text: str) -> str:
        """Return a text with everything put in."""
        for name, value in {"@KEY@": KEY, "@REPO@": str(self.root / "repo"), **self.hosts}.items():
            text = text.replace(name, value)
        return text

    @property
    def environment(self) -> dict[str, str]:
        """The agent's variables."""
        own = {name: self.filled(value) for name, value in self.golden.case["environment"].items()}
        return {"HOME": str(self.root / "home"), "PATH": "/nowhere", **own}

    @property
    def directory(self) -> Path:
        """Where the agent is started."""
        return self.root / "repo" / str(self.golden.case["at"])

    def workspace(self) -> Workspace:
        """Return where the agent is started, as the console has it."""
        places = (self.root / "repo", self.directory, self.environment, self.root / "home", self.root / "etc")
        return workspace_of(*places)

    async def checked(self) -> CheckedAgent:
        """Read and check the settings."""
        config = config_table(
            {"base_url": self.hosts.get(GATEWAY, GATEWAY), "token_ref": ["env:ACME_TOKEN"]},
            {
                "writer": route("gpt-6-sol"),
                "reviewer": route("claude-sonnet-5", "anthropic_messages"),
                "fallback": route("glm-5", "chat_completions"),
            },
        )
        profile = load_profile(write_config(self.root / "config.toml", config), None)
        (found,) = await scan((self.golden.agent,), self.workspace(), profile, TODAY)
        return found


def lay_out(golden: Golden, root: Path, hosts: dict[str, str] | None = None) -> LaidOut:
    """Write a tree, with its files readable by their owner alone.

    Args:
        golden: The tree.
        root: Where.
        hosts: What stands for the addresses in the tree; None leaves them.

    """
    laid_out = LaidOut(golden, root, hosts or {})
    for folder in ("home", "repo/.git", "etc"):
        (root / folder).mkdir(parents=True)
    laid_out.directory.mkdir(exist_ok=True)
    for source in golden.folder.rglob("*"):
        if source.is_file() and source.parent != golden.folder:
            target = root / source.relative_to(golden.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(laid_out.filled(source.read_text()))
            target.chmod(0o600)
    return laid_out


def described(checked: CheckedAgent) -> dict[str, Any]:
    """Return what is said of an agent, as the trees have it: a finding is its id, weight and place."""
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(AgentSettingsDocument.of(checked))
    for name in _WITHOUT_MEANING:
        del document[name]
    document["base_url_place"] = _place(document["base_url_place"])
    document["models"] = [f"{each['model']} @ {_place(each['place'])}" for each in document["models"]]
    document["sources"] = [f"{each['state']} {each['source']}" for each in document["sources"]]
    if document["key"] is not None:
        document["key"]["place"] = _place(document["key"]["place"])
    document["findings"] = [
        f"{each['id']} {each['severity']} @ {_place(each['place'])}"
        for each in document["findings"]
        if each["id"] not in ("SET-13", "SET-17")
    ]
    return {**document, "exit_code": int(code_of((checked,)))}


def below(root: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document in which the tree's root is `/`."""
    found: dict[str, Any] = json.loads(json.dumps(document).replace(f"{root}/", "/"))
    return found


def _place(place: dict[str, Any] | None) -> str | None:
    if place is None:
        return None
    return place["source"] if place["line"] is None else f"{place['source']}:{place['line']}"
