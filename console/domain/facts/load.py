"""Facts as data from outside sources, each row with its source and the date it was read."""

import tomllib
from importlib.resources import files
from typing import Any

UPDATABLE = ("model_families", "model_retirements")
"""The tables that an operator may replace by newer ones: no guard rests on them."""


def facts_text(name: str) -> str:
    """Return the text of `name`.toml in this folder."""
    return files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def facts_names() -> tuple[str, ...]:
    """Return the names of the tables in this folder, sorted."""
    entries = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml")))


def load_facts(name: str) -> dict[str, Any]:
    """Return the facts in `name`.toml in this folder."""
    return tomllib.loads(facts_text(name))
