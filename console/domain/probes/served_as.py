"""Served-as proof: whether the answer came from the requested model, on the family that was called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import bare_id


class ServedAs(StrEnum):
    """The model behind an answer, by the answer's own marks."""

    ITSELF = "itself"
    """The requested model, a dated snapshot of it, or a name that the route's config allows."""
    UNNAMED = "unnamed"
    """The answer names no model: nothing is proven."""
    SWAPPED = "swapped"
    """Another model answered, or the gateway reports a fallback to another one."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service that answered, as far as the answer's marks tell."""

    served_as: ServedAs
    bridged_by: EndpointFamily | None = None
    """The family through which the gateway seems to have served the call, if it is not the one called."""
    fallbacks: int = 0
    """The number of fallbacks that the gateway reports."""
    told_by: str = ""
    """The header that names another model than the requested one; empty if none does."""


_SNAPSHOT = re.compile(r"(?:-|@)(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{4}|\d{6}|\d{8}|latest|\d{3})(?:-v\d+)?")
_ID_PREFIXES = (
    ("chatcmpl", EndpointFamily.CHAT_COMPLETIONS),
    ("resp_", EndpointFamily.RESPONSES),
    ("resp-", EndpointFamily.RESPONSES),
    ("msg_", EndpointFamily.ANTHROPIC_MESSAGES),
)
"""The prefixes of answer ids by family (from captures of all three families)."""


_SERVED_HEADERS = ("x-model-actual",)
"""Headers in which gateways name the model that served a call, whatever the answer's body says (kimchi)."""


def is_same_model(requested: str, reported: str, allowed: tuple[str, ...] = ()) -> bool:
    """Return whether an answer's model is the requested one, a dated snapshot of it, or an allowed name."""
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
    """Return who answered, from the model and id in the answer and from the gateway's headers.

    Args:
        family: The family that was called.
        requested: The requested model.
        reported: The model that the answer names.
        answer_id: The answer's id.
        headers: The answer's headers, with names in lower case.
        allowed: Model names that the route's config allows in answers.

    """
    fallbacks = _count(headers.get("x-litellm-attempted-fallbacks", ""))
    bridged = next((other for prefix, other in _ID_PREFIXES if (answer_id or "").startswith(prefix)), None)
    named = {name: headers[name] for name in _SERVED_HEADERS if headers.get(name)}
    told_by = next((name for name, model in named.items() if not is_same_model(requested, model, allowed)), "")
    if reported is None:
        reported = next(iter(named.values()), None)
    if fallbacks or told_by:
        served_as = ServedAs.SWAPPED
    elif reported is None:
        served_as = ServedAs.UNNAMED
    else:
        served_as = ServedAs.ITSELF if is_same_model(requested, reported, allowed) else ServedAs.SWAPPED
    return Service(served_as, None if bridged is family else bridged, fallbacks, told_by)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def check_served(service: Service) -> tuple[Finding, ...]:
    """Return the findings on who answered."""
    findings: list[Finding] = []
    if service.fallbacks:
        findings.append(finding_of("SRV-01", "fell_back", f"{service.fallbacks} fallback(s)"))
    elif service.served_as is ServedAs.SWAPPED:
        case = "other_model_in_header" if service.told_by else "other_model"
        findings.append(finding_of("COM-B-01", case, service.told_by))
    if service.bridged_by is not None:
        findings.append(finding_of("SRV-02", "bridged", f"the id is one of {service.bridged_by}"))
    return tuple(findings)
