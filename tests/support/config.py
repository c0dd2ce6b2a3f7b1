"""Configs for tests: tables, written as TOML by the library that the console writes it with."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from console.domain.routes.family import EndpointFamily

Table = Mapping[str, Any]


def route(model: str = "m", family: str = "responses", path: str | None = None) -> dict[str, str]:
    """Return the table of a route, by default on its family's standard path."""
    standard = EndpointFamily(family).standard_path
    return {"model": model, "endpoint_family": family, "endpoint_path": standard if path is None else path}


def config_table(
    gateway: Table,
    routes: Mapping[str, Table] | None = None,
    *,
    profile: str = "p",
    policy: Table | str = "",
    instructions: Table | str = "",
    agent: Table | str = "",
) -> dict[str, Any]:
    """Return a config of one profile.

    Args:
        gateway: Its gateway.
        routes: The tables of its routes, by role; by default a writer's.
        profile: Its name.
        policy: Its policy, as a table or as TOML; left out if empty. So is the next one.
        instructions: Its instructions.
        agent: What holds for a coding agent that writes.

    """
    tables = {"policy": policy, "instructions": instructions, "agent": agent}
    more = {name: tomllib.loads(each) if isinstance(each, str) else each for name, each in tables.items() if each}
    routes = {"writer": route()} if routes is None else routes
    return {
        "schema": 1,
        "default_profile": profile,
        "profiles": {profile: {"gateway": gateway, "routes": routes, **more}},
    }


def write_config(path: Path, table: Table) -> Path:
    """Write a config file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return path
