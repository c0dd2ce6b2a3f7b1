"""The stricter of two settings: a repository's config may tighten what the operator decided, never loosen it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from console.domain.run.rubric import default_rubric
from console.services.config.settings import (
    AgentSettings,
    InstructionSettings,
    PolicySettings,
    RelaySettings,
    WatchSettings,
)

_Settings = TypeVar("_Settings", PolicySettings, InstructionSettings, RelaySettings, AgentSettings, WatchSettings)
Choose = Callable[[Any, Any], Any]
"""Returns the stricter of the operator's own value and the repository's."""


def _own(own: Any, theirs: Any) -> Any:
    return own


def _theirs(own: Any, theirs: Any) -> Any:
    return theirs


def _either(own: bool, theirs: bool) -> bool:
    return own or theirs


def _both(own: bool, theirs: bool) -> bool:
    return own and theirs


def _limit(own: Any, theirs: Any) -> Any:
    """Return the lower limit; any limit is stricter than none."""
    given = [each for each in (own, theirs) if each is not None]
    return min(given, default=None)


def _first_of(*words: str) -> Choose:
    """Return what chooses the word that comes first here."""
    return lambda own, theirs: min(own, theirs, key=words.index)


def _union(own: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*own, *theirs)))


def _threshold(own: int | None, theirs: int | None) -> int | None:
    """Return the higher threshold; without an own one, that of the built-in rubric is the floor."""
    if theirs is None:
        return own
    floor = default_rubric("patch").threshold if own is None else own
    return theirs if theirs >= floor else own


_POLICY: Mapping[str, Choose] = {
    "verification_max_age_days": min,
    "require_verification": _either,
    "withheld_tokens": _union,
    "budget_tokens": _limit,
    "budget_usd": _limit,
    "threshold": _threshold,
    "rubric": _own,
    "max_attempts": min,
    "independence": max,
    "unproven_independence": _first_of("block", "ask", "accept"),
    "preflight_level": max,
    "four_eyes": _either,
    "operator_key": _own,
    "allowed_signers": _own,
    "revoked_signers": _own,
    "retention_days": max,
    "history_days": _own,
    "run_tokens": _limit,
    "run_usd": _limit,
    "attempt_tokens": _limit,
    "attempt_usd": _limit,
    "require_price": _either,
    "require_listed_model": _either,
    "ci_boundary": _first_of("require", "person", "note"),
    "publisher_token_available_to_writer": _both,
    "cloudflare_token_available_to_writer": _both,
    "ci_token_available_to_writer": _both,
    "repository_token_available_to_writer": _both,
    "ci_token_permissions": lambda own, theirs: own or theirs,
    "run_max_output_tokens": min,
    "checks": _own,
    "check_timeout_s": min,
}
_INSTRUCTIONS: Mapping[str, Choose] = {"source": _theirs, "tool": _theirs, "stop_on_conflict": _either}
_RELAY: Mapping[str, Choose] = {
    "suspected_secrets": _first_of("refuse", "pass"),
    "max_output_tokens": min,
    "breaker_s": max,
    "calls_at_once": min,
    "deadline_s": min,
    "idle_timeout_s": min,
}
_AGENT: Mapping[str, Choose] = {
    "command": _own,
    "time_limit_s": min,
    "calls": min,
    "readable": _own,
    "isolation": _first_of("required", "ask"),
}
_WATCH: Mapping[str, Choose] = {"every_s": max, "level": min, "webhook": _own, "webhook_token_ref": _own}
RULES: Mapping[type, Mapping[str, Choose]] = {
    PolicySettings: _POLICY,
    InstructionSettings: _INSTRUCTIONS,
    RelaySettings: _RELAY,
    AgentSettings: _AGENT,
    WatchSettings: _WATCH,
}
"""Which value of each setting is the stricter one; every setting has its rule."""


def stricter(own: _Settings, theirs: _Settings, written: Collection[str]) -> tuple[_Settings, tuple[str, ...]]:
    """Return the operator's own settings, tightened by a repository's, and the names of those that it cannot change.

    Args:
        own: The operator's own, which hold wherever the repository's config says nothing.
        theirs: The repository's.
        written: The names of the settings that the repository's config has.

    """
    chosen: dict[str, Any] = {}
    kept: list[str] = []
    for field in fields(own):
        if field.name in written:
            before, after = getattr(own, field.name), getattr(theirs, field.name)
            chosen[field.name] = RULES[type(own)][field.name](before, after)
            if chosen[field.name] != after:
                kept.append(field.name)
    return replace(own, **chosen), tuple(kept)
