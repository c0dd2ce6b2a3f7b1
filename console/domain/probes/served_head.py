"""Heads as evidence: what a gateway's response headers say about who answered."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from console.domain.facts.load import load_facts
from console.domain.routes.family import EndpointFamily


class HeadSays(StrEnum):
    """What a header tells; `facts/served_heads.toml` says more about each."""

    MODEL = "model"
    BEHIND = "behind"
    ALIAS = "alias"
    FALLBACKS = "fallbacks"
    UPSTREAM = "upstream"
    CACHED = "cached"


@dataclass(frozen=True, slots=True)
class ServedHead:
    """A header in which a gateway says who answered."""

    name: str
    """In lower case; a `*` at the end stands for any rest."""
    says: HeadSays
    source_url: str
    checked_on: str
    """ISO date."""
    is_second_hand: bool
    """Whether someone other than the vendor says so."""

    def names(self, header: str) -> bool:
        """Return whether it is this header, given in lower case."""
        return header.startswith(self.name[:-1]) if self.name.endswith("*") else header == self.name


@dataclass(frozen=True, slots=True)
class HeadEvidence:
    """What an answer's headers say. Names are as the gateway wrote them."""

    models: tuple[tuple[str, str], ...] = ()
    """Each header that names the model that served, with the name."""
    behind: str | None = None
    """The deployment behind the name that was asked for, as `provider/model`."""
    behind_told_by: str = ""
    alias: str | None = None
    """The name under which the gateway looked the deployment up."""
    fallbacks: int = 0
    has_upstream: bool = False
    """Whether something of the provider's own answer was repeated."""
    is_cached: bool = False

    @property
    def provider(self) -> str:
        """The provider of the deployment; empty if it is not named."""
        provider, slash, _ = (self.behind or "").partition("/")
        return provider.lower() if slash else ""


@cache
def served_heads() -> tuple[ServedHead, ...]:
    """Return the headers that say who answered."""
    table = load_facts("served_heads")
    return tuple(
        ServedHead(
            name=row["name"],
            says=HeadSays(row["says"]),
            source_url=row["source_url"],
            checked_on=row.get("checked_on", table["checked_on"]),
            is_second_hand=row.get("is_second_hand", False),
        )
        for row in table["head"]
    )


@cache
def families_of_providers() -> Mapping[str, tuple[EndpointFamily, ...]]:
    """Return the endpoint families that providers speak themselves, by the name that gateways give the provider."""
    return {row["name"]: tuple(map(EndpointFamily, row["families"])) for row in load_facts("served_heads")["provider"]}


def read_heads(headers: Mapping[str, str]) -> HeadEvidence:
    """Return what an answer's headers say about who answered."""
    said = [(says, name, value) for name, value in headers.items() if value for says in _said_by(name.lower())]

    def first(kind: HeadSays) -> tuple[str, str | None]:
        return next(((name, value) for says, name, value in said if says is kind), ("", None))

    told_by, behind = first(HeadSays.BEHIND)
    alias = first(HeadSays.ALIAS)[1]
    kinds = {says for says, _, _ in said}
    return HeadEvidence(
        models=tuple((name.lower(), value) for says, name, value in said if says is HeadSays.MODEL),
        behind=behind,
        behind_told_by=told_by.lower(),
        alias=None if alias is None or "*" in alias else alias,  # a pattern says nothing about the one asked for
        fallbacks=max((_count(value) for says, _, value in said if says is HeadSays.FALLBACKS), default=0),
        has_upstream=HeadSays.UPSTREAM in kinds,
        is_cached=HeadSays.CACHED in kinds,
    )


@lru_cache(maxsize=256)
def _said_by(header: str) -> tuple[HeadSays, ...]:
    return tuple(row.says for row in served_heads() if row.names(header))


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


# --- Ids -------------------------------------------------------------------------------------------------------------

_ID_PREFIXES = (
    ("chatcmpl", EndpointFamily.CHAT_COMPLETIONS),
    ("resp_", EndpointFamily.RESPONSES),
    ("resp-", EndpointFamily.RESPONSES),
    ("msg_", EndpointFamily.ANTHROPIC_MESSAGES),
)
"""The prefixes of answer ids by family (from captures of all three families)."""
_WRAPPED = re.compile(r"(?:\Aresp_)([A-Za-z0-9+/_-]{16,1024})={0,2}\Z")
_INSIDE = re.compile(r"litellm:custom_llm_provider:([a-z0-9_]{1,40});(?:.*;)?response_id:([^;]*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class IdEvidence:
    """What an answer's id says."""

    family: EndpointFamily | None = None
    """The family whose form it has, or whose form the id of the provider has that it wraps."""
    provider: str = ""
    """The provider that a wrapped id names."""


def read_id(answer_id: str | None) -> IdEvidence:
    """Return what an answer's id says. LiteLLM wraps the provider and its id into an id of the Responses family."""
    wrapped = _WRAPPED.match(answer_id or "")
    inside = None if wrapped is None else _INSIDE.match(_decoded(wrapped[1]))
    if inside is None:
        return IdEvidence(_family_of(answer_id or ""))
    return IdEvidence(_family_of(inside[2]) or EndpointFamily.RESPONSES, inside[1])


def _family_of(answer_id: str) -> EndpointFamily | None:
    return next((family for prefix, family in _ID_PREFIXES if answer_id.startswith(prefix)), None)


def _decoded(text: str) -> str:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_")
    except binascii.Error:
        return ""
    return data.decode("ascii", "replace")
