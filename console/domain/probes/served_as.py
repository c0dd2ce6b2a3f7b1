"""Served-as proof: whether the answer came from the requested model, on the family that was called."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.probes.served_head import HeadEvidence, families_of_providers, read_heads, read_id
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import bare_id
from console.domain.routes.vendor import vendor_of


class ServedAs(StrEnum):
    """The model behind an answer, by the answer's own marks."""

    ITSELF = "itself"
    """The requested model, a dated snapshot of it, or a name that the route's config allows."""
    ALIAS = "alias"
    """The requested name is the gateway's alias: its head names the deployment behind it, and no fallback."""
    UNNAMED = "unnamed"
    """The answer names no model: nothing is proven."""
    SWAPPED = "swapped"
    """Another model answered, or the gateway reports a fallback to another one."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """How a gateway seems to have served a call through another family than the one called."""

    family: EndpointFamily | None
    """The family of the provider's own call; None if only the translation shows."""
    told_by: str
    """What shows it, in our own words."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service that answered, as far as the answer's marks tell."""

    served_as: ServedAs
    bridge: Bridge | None = None
    fallbacks: int = 0
    """The number of fallbacks that the gateway reports."""
    told_by: str = ""
    """The header that names another model than the requested one; empty if none does."""
    model: str | None = None
    """The name of the model that answered: a header's before the body's. Text from outside, until `closed`."""
    behind: str | None = None
    """The deployment behind the requested name, as the gateway's head says. Text from outside, until `closed`."""

    def closed(self, close: Callable[[str | None], str | None]) -> "Service":
        """Return the service with names that may be shown and stored, or None in their place."""
        return replace(self, model=close(self.model), behind=close(self.behind))


_SNAPSHOT = re.compile(r"(?:-|@)(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{4}|\d{6}|\d{8}|latest|\d{3})(?:-v\d+)?")
_ADDRESSED = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,60},(?=[^,\s]+\Z)")
"""`provider,model`: how claude-code-router is told where to send a call; the model is what follows."""


def is_same_model(requested: str, reported: str, allowed: tuple[str, ...] = ()) -> bool:
    """Return whether an answer's model is the requested one, a dated snapshot of it, or an allowed name."""
    if reported in allowed or bare_id(reported) in {bare_id(name) for name in allowed}:
        return True
    asked, said = _plain(requested), _plain(reported)
    return said == asked or (said.startswith(asked) and _SNAPSHOT.fullmatch(said[len(asked) :]) is not None)


def _plain(model: str) -> str:
    return bare_id(_ADDRESSED.sub("", model.strip())).removesuffix("-latest")


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
    heads = read_heads(headers)
    served_as, told_by, model = _served(requested, reported, heads, allowed)
    behind = heads.behind or next((name for _, name in heads.models), None)
    return Service(served_as, bridge_of(family, answer_id, heads), heads.fallbacks, told_by, model, behind)


def _served(
    requested: str, reported: str | None, heads: HeadEvidence, allowed: tuple[str, ...]
) -> tuple[ServedAs, str, str | None]:
    """Return how the model was served, the header that names another one, and the name of the one that answered."""
    behind = heads.behind
    other = next(((name, model) for name, model in heads.models if not is_same_model(requested, model, allowed)), None)
    if heads.fallbacks:
        # a gateway that fell back often echoes the requested name: that is not the name of what answered
        own = None if reported is None or is_same_model(requested, reported, allowed) else reported
        return ServedAs.SWAPPED, "" if other is None else other[0], behind or (own if other is None else other[1])
    if other is not None:
        return ServedAs.SWAPPED, *other
    name = reported if reported is not None else next((model for _, model in heads.models), None)
    if behind is None or is_same_model(requested, behind, allowed):
        name = behind if name is None else name
        return _by_name(requested, name, allowed), "", name
    if _is_of_another_vendor(requested, behind):
        return ServedAs.SWAPPED, heads.behind_told_by, behind
    is_asked_for = heads.alias is not None and is_same_model(requested, heads.alias)
    if name is None or is_same_model(requested, name, allowed) or is_same_model(behind, name):
        return (ServedAs.ALIAS, "", behind) if is_asked_for else (_by_name(requested, name, allowed), "", name)
    return ServedAs.SWAPPED, "", name


def _by_name(requested: str, name: str | None, allowed: tuple[str, ...]) -> ServedAs:
    if name is None:
        return ServedAs.UNNAMED
    return ServedAs.ITSELF if is_same_model(requested, name, allowed) else ServedAs.SWAPPED


def _is_of_another_vendor(requested: str, behind: str) -> bool:
    """Return whether the requested name is one vendor's model and the deployment behind it another's."""
    asked, said = vendor_of(_plain(requested)), vendor_of(behind)
    return asked is not None and said is not None and asked != said


def bridge_of(family: EndpointFamily, answer_id: str | None, heads: HeadEvidence) -> Bridge | None:
    """Return how the gateway seems to have translated a call; None if nothing shows it.

    Args:
        family: The family that was called.
        answer_id: The answer's id, streamed or whole.
        heads: What the answer's headers say.

    """
    of_id = read_id(answer_id)
    if of_id.family not in (None, family):
        return Bridge(of_id.family, f"the id is one of {of_id.family}")
    for provider, where in ((of_id.provider, "the id"), (heads.provider, heads.behind_told_by)):
        spoken = families_of_providers().get(provider, ())
        if spoken and family not in spoken:
            return Bridge(spoken[0], f"{where} names a provider of {' and '.join(spoken)}")
    repeats_upstream = heads.has_upstream or heads.is_cached or family is EndpointFamily.CHAT_COMPLETIONS
    if heads.behind is not None and not repeats_upstream:
        return Bridge(None, "the head repeats nothing of the provider's answer")
    return None


SWAP_IDS = ("SRV-01", "COM-B-01")
"""The findings on an answer from another model; their evidence names it."""


def check_served(service: Service) -> tuple[Finding, ...]:
    """Return the findings on who answered. Names in them are those of the service, so close them first."""
    findings: list[Finding] = []
    if service.fallbacks:
        findings.append(finding_of("SRV-01", "fell_back", fallback_words(service)))
    elif service.served_as is ServedAs.SWAPPED:
        case = "other_model_in_header" if service.told_by else "other_model"
        findings.append(finding_of("COM-B-01", case, swap_words(service)))
    elif service.served_as is ServedAs.ALIAS:
        findings.append(finding_of("SRV-03", "alias", "" if service.behind is None else f"it is {service.behind}"))
    if service.bridge is not None:
        findings.append(finding_of("SRV-02", "bridged", service.bridge.told_by))
    return tuple(findings)


def fallback_words(service: Service) -> str:
    """Return how often the gateway fell back, and to which model if it names it."""
    named = "" if service.model is None else f", to {service.model}"
    return f"{service.fallbacks} fallback(s){named}"


def swap_words(service: Service) -> str:
    """Return which model answered in place of the requested one, and the line of the route's config that allows it.

    The name has the closed form of model names: it has no quote and no backslash.
    """
    told_by = f" ({service.told_by})" if service.told_by else ""
    if service.model is None:
        return f"its name cannot be shown{told_by}"
    return f'it is {service.model}{told_by}; if you mean that model, add to the route: served_as = ["{service.model}"]'
