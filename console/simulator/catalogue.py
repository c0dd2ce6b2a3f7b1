"""The lists of models that the embedded gateway shows, each in the shape of a gateway that has it, and its one page.

The page is quoted by its articles, so that a source check finds the words. The models are rows in `catalogue.toml`.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from console.domain.routes.family import EndpointFamily
from console.simulator.dialect import CREATED, RequestError
from console.simulator.scenario import has_scenario

PAGE_PATH = "/pages/endpoint-families"
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_PATHS = {
    "openai": EndpointFamily.CHAT_COMPLETIONS.standard_path,
    "openai-response": EndpointFamily.RESPONSES.standard_path,
    "anthropic": EndpointFamily.ANTHROPIC_MESSAGES.standard_path,
}
"""new-api's endpoint types, and where each is served."""
_RATIO_USD = 2.0
"""new-api's unit: a model ratio of 1 is 2 US dollars a million input tokens."""


@dataclass(frozen=True, slots=True)
class Model:
    """One row: a model and what the lists say about it."""

    id: str
    provider: str
    endpoint_types: Sequence[str]
    features: Sequence[str]
    input_usd: float | None = None
    """US dollars a million input tokens; None if it has no price."""
    output_usd: float | None = None
    is_deprecated: bool = False


@cache
def models() -> tuple[Model, ...]:
    """Return all rows in order."""
    table = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return tuple(Model(**row) for row in table["model"])


def exists(model: str) -> bool:
    """Return whether a model exists: in a list, in a scenario, or by a name that marks it as a placeholder."""
    is_listed = any(row.id == model for row in models())
    return is_listed or (model.isascii() and ("placeholder" in model or has_scenario(model)))


def openai_list() -> dict[str, Any]:
    """Return `/v1/models` as new-api shows it: OpenAI's shape with the endpoint types."""
    rows = [
        {
            "id": row.id,
            "object": "model",
            "created": CREATED,
            "owned_by": row.provider,
            "supported_endpoint_types": list(row.endpoint_types),
        }
        for row in models()
    ]
    return {"success": True, "object": "list", "data": rows}


def anthropic_list() -> dict[str, Any]:
    """Return `/v1/models` in Anthropic's shape."""
    rows = [
        {
            "type": "model",
            "id": row.id,
            "display_name": row.id,
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "deprecated" if row.is_deprecated else "active",
            "deprecated_at": "2026-10-01T00:00:00Z" if row.is_deprecated else None,
        }
        for row in models()
    ]
    return {"data": rows, "has_more": False, "first_id": rows[0]["id"], "last_id": rows[-1]["id"]}


def cometapi_list() -> dict[str, Any]:
    """Return `/api/models` in CometAPI's shape: prices in US dollars a million tokens."""
    rows = [
        {
            "id": row.id,
            "code": row.id.replace(".", "-"),
            "provider": row.provider,
            "model_type": "text",
            "features": list(row.features),
            "endpoints": json.dumps({kind: _endpoint(kind) for kind in row.endpoint_types}),
            "pricing": {
                "currency": "USD / M Tokens",
                "input": row.input_usd,
                "output": row.output_usd,
                "per_request": None,
                "per_second": None,
            },
            "deprecated": row.is_deprecated,
        }
        for row in models()
    ]
    return {"success": True, "page": 0, "page_size": len(rows), "total": len(rows), "data": rows}


def new_api_pricing() -> dict[str, Any]:
    """Return `/api/pricing` in new-api's shape: ratios instead of prices, and only models that have one."""
    providers = list(dict.fromkeys(row.provider for row in models()))
    rows = [
        {
            "model_name": row.id,
            "vendor_id": providers.index(row.provider) + 1,
            "quota_type": 0,
            "model_ratio": row.input_usd / _RATIO_USD,
            "model_price": 0,
            "completion_ratio": row.output_usd / row.input_usd,
            "enable_groups": ["default"],
            "supported_endpoint_types": list(row.endpoint_types),
        }
        for row in models()
        if row.input_usd and row.output_usd is not None
    ]
    return {
        "success": True,
        "data": rows,
        "vendors": [{"id": number, "name": name} for number, name in enumerate(providers, 1)],
        "group_ratio": {"default": 1},
        "usable_group": {"default": "default"},
        "supported_endpoint": {kind: _endpoint(kind) for kind in _PATHS},
        "auto_groups": ["default"],
    }


def _endpoint(kind: str) -> dict[str, str]:
    return {"path": _PATHS[kind], "method": "POST"}


@cache
def read_page() -> str:
    """Return the page's HTML."""
    return files(__package__).joinpath("endpoint_families.html").read_text(encoding="utf-8")


def page_url(host: str) -> str:
    """Return the page's URL for a client that called a host. Raises `RequestError`."""
    if _HOST.fullmatch(host) is None:
        raise RequestError(400, "invalid_request_error", "The Host header names no host.")
    return f"http://{host}{PAGE_PATH}"
