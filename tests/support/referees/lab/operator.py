"""The operator's commands on a gateway of the lab, in this process: over real HTTP, with a config and a home."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli.console_process import Console, Ended
from support.config import config_table, route, write_config
from support.referees.console_command import PATIENT
from support.referees.lab.gateway import LabGateway

from console.domain.routes.family import EndpointFamily

ROLES = {
    EndpointFamily.RESPONSES: "planner",
    EndpointFamily.ANTHROPIC_MESSAGES: "critic",
    EndpointFamily.CHAT_COMPLETIONS: "fallback",
}
_TOKEN_VARIABLE = "LAB_TOKEN"
Models = Mapping[EndpointFamily, str]
"""Which model each family's route calls; a family that is left out has no route."""


def on_all(model: str) -> Models:
    """Return one model on all families."""
    return dict.fromkeys(ROLES, model)


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said: of each family in its document, and in all."""

    ended: Ended
    by_family: Mapping[EndpointFamily, dict[str, Any]]

    @property
    def code(self) -> int:
        """The exit code."""
        return self.ended.code

    @property
    def words(self) -> str:
        """All that was written, of which stderr is for people."""
        return self.ended.stdout + self.ended.stderr


@dataclass(frozen=True, slots=True)
class Operator:
    """Someone with an empty home who works on gateways of the lab.

    Their config says that every family may serve every model: so a route is right until a gateway shows otherwise.
    """

    home: Path

    async def smoke(self, gateway: LabGateway, models: Models, *arguments: str, **settings: Any) -> Told:
        """Smoke a gateway's routes."""
        ended = await self._run(gateway, models, settings, "smoke", "--json", *arguments)
        return _told(ended, "results")

    async def check(self, gateway: LabGateway, models: Models, *arguments: str, **settings: Any) -> Told:
        """Climb the ladder on a gateway's routes."""
        ended = await self._run(gateway, models, settings, "check", "--json", *arguments)
        return _told(ended, "routes")

    async def read(self, gateway: LabGateway, models: Models, *arguments: str, **settings: Any) -> Ended:
        """Run any command as a person does, who reads its tables."""
        return await self._run(gateway, models, settings, *arguments)

    async def explain(self, body: bytes, *arguments: str) -> dict[str, Any]:
        """Explain a body without any gateway."""
        ended = await Console(self.home).run("explain", "--json", *arguments, "-", given=body)
        return ended.document

    async def _run(self, gateway: LabGateway, models: Models, settings: Mapping[str, Any], *arguments: str) -> Ended:
        settings = {**PATIENT, "smoke_max_output_tokens": 128, **settings}
        served = settings.pop("served_as", {})
        policy, also = settings.pop("policy", ""), settings.pop("also", {})
        table: dict[str, Any] = {
            "base_url": gateway.base_url,
            "token_ref": [f"env:{_TOKEN_VARIABLE}"],
            "auth": gateway.auth,
            **settings,
        }
        if gateway.headers:
            table["headers"] = dict(gateway.headers)
        routes: dict[str, Any] = {ROLES[family]: route(model, family) for family, model in models.items()}
        routes |= {role: route(models[family], family) for role, family in also.items()}
        for family, names in served.items():
            routes[ROLES[family]]["served_as"] = names
        profile = config_table(table, routes, policy=policy)
        profile["profiles"]["p"]["family_facts"] = [{"pattern": ".", "allowed": list(ROLES)}]
        config = write_config(self.home / "config.toml", profile)
        return await Console(self.home).run("--config", str(config), *arguments, **{_TOKEN_VARIABLE: gateway.token})


def _told(ended: Ended, rows: str) -> Told:
    assert ended.stdout, ended.stderr
    json.loads(ended.stdout)
    return Told(ended, {EndpointFamily(row["endpoint_family"]): row for row in ended.document[rows]})
