"""The catalogue: the models that a gateway claims to have. A hint, never an oracle.

Gateways declare by channel rather than by model, list models that cannot be called, and hide some that can. So a
catalogue can raise a doubt about a route; only a call can settle it.
"""

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

    def get(self, model: str) -> CatalogueEntry | None:
        """Return a model's entry; case and the parts that gateways add to an id do not matter."""
        if (entry := self.entries.get(model)) is not None:
            return entry
        bare = bare_id(model)
        return next((entry for name, entry in self.entries.items() if bare_id(name) == bare), None)


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
    """Yield the changes of a catalogue, sorted by model name."""
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
        return (finding_of("MOD-01", "not_listed"),)
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


def _check_declared(check: RouteCheck, entry: CatalogueEntry) -> Iterator[Finding]:
    if entry.families is None:
        return
    family, required = check.route.endpoint_family, check.required_family
    declared = ", ".join(entry.families) or "none that the console supports"
    if family not in entry.families:
        yield finding_of("MOD-02", "not_declared", f"declared: {declared}")
    elif required is not None and required not in entry.families:
        yield finding_of("MOD-02", "requirement_not_declared", f"declared: {declared}")
