"""The catalogue: the models that a gateway claims to have. A hint, never an oracle.

Gateways declare by channel rather than by model, list models that cannot be called, and hide some that can. So a
catalogue can raise a doubt about a route; only a call can settle it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.finding import Finding
from console.domain.money import Price
from console.domain.probes.assertion import finding_of
from console.domain.routes.contract import RouteCheck
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import bare_id


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """The catalogue's entry for one model."""

    model: str
    families: tuple[EndpointFamily, ...] | None = None
    """The families that the gateway declares; None if it declares none at all."""
    price: Price | None = None
    is_enabled: bool = True
    retires_on: str = ""
    """ISO date from which the model is no longer served, or `deprecated` without one."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A gateway's catalogue, merged from all lists that it returned."""

    entries: Mapping[str, CatalogueEntry] = field(default_factory=dict)
    """By model id, as the gateway writes it."""
    sources: tuple[str, ...] = ()
    """The paths that returned a list."""
    is_priced: bool = False
    """Whether at least one list has prices, so that a model without one is noticeable."""
    is_complete: bool = True
    """Whether every list that the gateway has was read to its end: only then does a missing model mean anything."""

    def get(self, model: str) -> CatalogueEntry | None:
        """Return a model's entry; case and the parts that gateways add to an id do not matter."""
        if (entry := self.entries.get(model)) is not None:
            return entry
        bare = bare_id(model)
        return next((entry for name, entry in self.entries.items() if bare_id(name) == bare), None)

    def lacks(self, model: str) -> bool:
        """Return whether the lists speak against a model: read to their end, not empty, and with no name for it.

        A pattern such as LiteLLM's `openai/*` names all models that begin with `openai/`.
        """
        is_known = self.get(model) is not None or any(_covers(name, model) for name in self.entries)
        return self.is_complete and bool(self.entries) and not is_known

    def other_date(self, model: str) -> str | None:
        """Return a listed name that is the model's under another date: a snapshot of an alias, or the reverse."""
        undated = _undated(model)
        return next((name for name in self.entries if _undated(name) == undated), None)


_DATED = re.compile(r"-(?:latest|\d{4}-\d{2}-\d{2}|\d{3,8})\Z")
"""The end of a snapshot's or an alias's name, as in `gpt-4o-2024-08-06`, `claude-sonnet-4-5-20250929`, `…-latest`."""


def _undated(model: str) -> str:
    return _DATED.sub("", bare_id(model))


def _covers(name: str, model: str) -> bool:
    """Return whether a listed name is a pattern that names the model. More than one star is not a pattern here."""
    before, star, after = name.strip().lower().partition("*")
    asked = model.strip().lower()
    is_long_enough = len(asked) >= len(before) + len(after)
    return bool(star) and is_long_enough and asked.startswith(before) and asked.endswith(after)


class ChangeKind(StrEnum):
    """How a model's entry differs from the last check."""

    NEW = "new"
    GONE = "gone"
    REPRICED = "repriced"
    FAMILY_CHANGED = "family_changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two catalogues."""

    kind: ChangeKind
    model: str
    was: str = ""
    now: str = ""


def changes(before: Catalogue, after: Catalogue) -> Iterator[Change]:
    """Yield the changes of a catalogue, sorted by model name; none if a list could not be read."""
    if not (before.is_complete and after.is_complete):
        return
    for model in sorted({*before.entries, *after.entries}):
        old, new = before.entries.get(model), after.entries.get(model)
        if old is None or new is None:
            yield Change(ChangeKind.NEW if old is None else ChangeKind.GONE, model)
            continue
        if old.price != new.price:
            yield Change(ChangeKind.REPRICED, model, _priced(old), _priced(new))
        if old.families is not None and new.families is not None and set(old.families) != set(new.families):
            yield Change(ChangeKind.FAMILY_CHANGED, model, ", ".join(old.families), ", ".join(new.families))


def _priced(entry: CatalogueEntry) -> str:
    return "no price" if entry.price is None else str(entry.price)


def check_listed(check: RouteCheck, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Return the catalogue's findings against a route. None of them fails a route: a gateway's list is a hint."""
    if not catalogue.sources:
        return ()
    entry = catalogue.get(check.route.model)
    if entry is None:
        return _check_unlisted(check.route.model, catalogue)
    findings: list[Finding] = []
    if not entry.is_enabled:
        findings.append(finding_of("MOD-03", "switched_off"))
    if entry.retires_on:
        findings.append(finding_of("MOD-04", "retires", entry.retires_on))
    if check.retirement is not None and check.retirement.is_binding and check.retirement.is_over:
        findings.append(finding_of("MOD-07", "listed", f"retired on {check.retirement.row.retires_on}"))
    if catalogue.is_priced and entry.price is None:
        findings.append(finding_of("MOD-05", "no_price"))
    return (*findings, *_check_declared(check, entry))


def _check_unlisted(model: str, catalogue: Catalogue) -> tuple[Finding, ...]:
    if not catalogue.lacks(model):
        return ()
    case = "not_listed" if catalogue.other_date(model) is None else "other_date"
    return (finding_of("MOD-01", case, f"{len(catalogue.entries)} model(s) listed"),)


def _check_declared(check: RouteCheck, entry: CatalogueEntry) -> Iterator[Finding]:
    if entry.families is None:
        return
    family, required = check.route.endpoint_family, check.required_family
    declared = ", ".join(entry.families) or "none that the console supports"
    if family not in entry.families:
        yield finding_of("MOD-02", "not_declared", f"declared: {declared}")
    elif required is not None and required not in entry.families:
        yield finding_of("MOD-02", "requirement_not_declared", f"declared: {declared}")
