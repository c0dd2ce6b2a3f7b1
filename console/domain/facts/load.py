"""Facts as data: what outside sources say, each row with its source and the day on which it was read."""

import tomllib
from importlib.resources import files
from typing import Any


def facts_text(name: str) -> str:
    """Return the text of `name`.toml in this folder."""
    return files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def load_facts(name: str) -> dict[str, Any]:
    """Return the table of facts that `name`.toml in this folder holds."""
    return tomllib.loads(facts_text(name))
