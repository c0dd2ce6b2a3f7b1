"""Served-as proof: whether an answer came from the model that was asked for, on the family that was called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.finding import Finding
from console.domain.probes.assertion import found
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import bare_id


class ServedAs(StrEnum):
    """What an answer's own marks say of the model behind it."""

    ITSELF = "itself"
    """The model that was asked for, a dated snapshot of it, or a name that the route's config allows."""
    UNNAMED = "unnamed"
    """The answer names no model: nothing is proven."""
    SWAPPED = "swapped"
    """Another model answered, or the gateway says that it fell back to another one."""


@dataclass(frozen=True, slots=True)
class Service:
    """Who answered, as far as the answer's marks tell."""

    served_as: ServedAs
    bridged_by: EndpointFamily | None = None
    """The family through which the gateway seems to have served the call, where it is not the one called."""
    fallbacks: int = 0
    """How many fallbacks the gateway says that it took."""


_SNAPSHOT = re.compile(r"(?:-|@)(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{4}|\d{6}|\d{8}|latest|\d{3})(?:-v\d+)?")
_ID_PREFIXES = (
    ("chatcmpl", EndpointFamily.CHAT_COMPLETIONS),
    ("resp_", EndpointFamily.RESPONSES),
    ("resp-", EndpointFamily.RESPONSES),
    ("msg_", EndpointFamily.ANTHROPIC_MESSAGES),
)
"""What the families' vendors begin their answers' ids with (captures of all three families)."""


def is_same_model(requested: str, reported: str, allowed: tuple[str, ...] = ()) -> bool:
    """Return whether an answer's model is the one asked for, a dated snapshot of it, or a name that is allowed."""
    if reported in allowed or bare_id(reported) in {bare_id(name) for name in allowed}:
        return True
    asked, said = _plain(requested), _plain(reported)
    return said == asked or (said.startswith(asked) and _SNAPSHOT.fullmatch(said[len(asked) :]) is not None)


def _plain(model: str) -> str:
    return bare_id(model).removesuffix("-latest")


def prove(
    family: EndpointFamily,
    requested: str,
    reported: str | None,
    *,
    answer_id: str | None,
    headers: Mapping[str, str],
    allowed: tuple[str, ...] = (),
) -> Service:
    """Say who answered, from the model and the id in the answer and from the gateway's headers.

    Args:
        family: The family that was called.
        requested: The model that was asked for.
        reported: The model that the answer names.
        answer_id: The answer's id.
        headers: The answer's headers, their names in lower case.
        allowed: Names that the route's config allows the gateway to answer with.

    """
    fallbacks = _count(headers.get("x-litellm-attempted-fallbacks", ""))
    bridged = next((other for prefix, other in _ID_PREFIXES if (answer_id or "").startswith(prefix)), None)
    if fallbacks:
        served_as = ServedAs.SWAPPED
    elif reported is None:
        served_as = ServedAs.UNNAMED
    else:
        served_as = ServedAs.ITSELF if is_same_model(requested, reported, allowed) else ServedAs.SWAPPED
    return Service(served_as, None if bridged is family else bridged, fallbacks)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def check_served(service: Service) -> tuple[Finding, ...]:
    """Return the findings on who answered."""
    findings: list[Finding] = []
    if service.fallbacks:
        findings.append(found("SRV-01", "fell_back", f"{service.fallbacks} fallback(s)"))
    elif service.served_as is ServedAs.SWAPPED:
        findings.append(found("COM-B-01", "other_model"))
    if service.bridged_by is not None:
        findings.append(found("SRV-02", "bridged", f"the id is one of {service.bridged_by}"))
    return tuple(findings)
