"""Facts as data from outside sources, each row with its source and the date it was read."""

import tomllib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent

UPDATABLE = {"model_families": "family", "model_retirements": "retirement"}
"""The tables that an operator may replace by newer ones, each with its rows' key: no guard rests on them."""

AGENT_SHAPES = "agent_shapes"
"""The subfolder with what coding agents send, one table for each."""
AGENT_SETTINGS = "agent_setup"
"""The subfolder with how coding agents are set up for a relay, one table for each."""
AGENT_READING = "agent_reading"
"""The subfolder with where coding agents read their settings, one table for each."""


def facts_text(name: str) -> str:
    """Return the text of `name`.toml in this folder; a name may lead into a subfolder, as `agent_shapes/codex` does."""
    return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def facts_names() -> tuple[str, ...]:
    """Return the names of all tables, sorted; one in a subfolder has its name before, as `agent_shapes/codex`."""
    entries = (entry.name for entry in _FOLDER.iterdir())
    tables = (name.removesuffix(".toml") for name in entries if name.endswith(".toml"))
    return tuple(sorted((*tables, *names_in(AGENT_SHAPES), *names_in(AGENT_SETTINGS), *names_in(AGENT_READING))))


def load_facts(name: str) -> dict[str, Any]:
    """Return the facts in `name`.toml in this folder."""
    return tomllib.loads(facts_text(name))


def names_in(folder: str) -> tuple[str, ...]:
    """Return the names, for `load_facts`, of all facts in a subfolder."""
    found = (each.name for each in (_FOLDER / folder).iterdir() if each.name.endswith(".toml"))
    return tuple(sorted(f"{folder}/{name.removesuffix('.toml')}" for name in found))
