"""LiteLLM's proxy in a venv of its own: a key of its own, two providers and aliases, all played by the upstream."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.referees.lab.gateway import LabGateway, listening_socket, start_gateway
from support.referees.lab.script import SCRIPTS
from support.referees.lab.upstream import Upstream

PYTHON_VARIABLE = "GATEWAY_CONSOLE_LAB_LITELLM"
"""The Python of a venv that has LiteLLM's proxy."""
EXCUSE_VARIABLE = "GATEWAY_CONSOLE_NO_LITELLM"
"""Why there is no LiteLLM, as `.ci/run` found out: then it may be missing where the referees are required."""
HOW_TO_GET_IT = (
    f"{PYTHON_VARIABLE} does not name its Python; in a venv of its own:"
    " pip install --require-hashes -r .ci/gateways/litellm.txt"
)
ANTHROPIC = "ant-"
"""The prefix of the names of models whose provider speaks Messages; the others' provider speaks OpenAI's families."""
ALIASES = ("alias-writer", "alias-reviewer")
"""Two names of one deployment."""
ROLE_ALIASES = {
    "planner": "role-planner",
    "writer": "role-writer",
    "revision": "role-writer",
    "reviewer": "role-reviewer",
    "critic": "role-critic",
}
"""Names for the roles of a run: all are one deployment, which answers as each role has to."""
LIMITED = "limited"
"""A model that LiteLLM lets be called once a minute."""
_SERVE = """\
import os, sys
import uvicorn
from litellm.proxy.proxy_server import app
uvicorn.run(app, fd=int(sys.argv[1]), log_level=sys.argv[2])
"""
_ENVIRONMENT = {
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "DISABLE_ADMIN_UI": "True",
    "PYTHONUNBUFFERED": "1",
    "NO_DOCS": "True",
}


def installed() -> Path | None:
    """Return the Python that has LiteLLM, or None where no one names it."""
    python = os.environ.get(PYTHON_VARIABLE)
    return Path(python) if python else None


@contextlib.contextmanager
def run_litellm(home: Path, python: Path, upstream: Upstream) -> Iterator[LabGateway]:
    """Run LiteLLM before the upstream while the block runs."""
    key = f"sk-lab-{secrets.token_urlsafe(24)}"
    with serve_litellm(home, python, _config(upstream, key)) as (base_url, _):
        yield LabGateway("litellm", base_url, key)


@contextlib.contextmanager
def serve_litellm(
    home: Path, python: Path, config: dict[str, Any], *, log_level: str = "info"
) -> Iterator[tuple[str, int]]:
    """Run LiteLLM with a config, which it reads as YAML; yield its base URL and its pid."""
    path = home / "config.yaml"
    path.write_text(json.dumps(config), "utf-8")
    with listening_socket() as listening:
        command = [python, "-I", "-c", _SERVE, str(listening.fileno()), log_level]
        environment = _ENVIRONMENT | {"CONFIG_FILE_PATH": str(path)}
        with start_gateway(command, listening, home, "/health/liveliness", environment) as started:
            yield started


def _config(upstream: Upstream, key: str) -> dict[str, Any]:
    """Return LiteLLM's config: JSON, which YAML reads."""
    openai = {"api_base": f"{upstream.base_url}/v1", "api_key": upstream.key}
    anthropic = {"api_base": upstream.base_url, "api_key": upstream.key}
    roles = {"api_base": f"{upstream.roles_url}/v1", "api_key": upstream.roles_key}
    models = [
        *(_model(name, f"openai/{name}", openai) for name in SCRIPTS),
        *(_model(ANTHROPIC + name, f"anthropic/{name}", anthropic) for name in SCRIPTS),
        *(_model(alias, "openai/healthy", openai) for alias in ALIASES),
        *(_model(alias, "openai/gpt-route-placeholder", roles) for alias in sorted(set(ROLE_ALIASES.values()))),
        _model(LIMITED, "openai/healthy", openai | {"rpm": 1}),
    ]
    return {
        "model_list": models,
        "general_settings": {"master_key": key},
        "litellm_settings": {"num_retries": 0, "telemetry": False, "request_timeout": 600},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True, "enable_pre_call_checks": True},
    }


def _model(name: str, model: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"model_name": name, "litellm_params": {"model": model, **parameters}}
