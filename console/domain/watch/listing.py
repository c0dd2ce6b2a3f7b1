"""What the gateway's lists say of one route's model, and when it retires: changes of both are told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue
from console.domain.routes.contract import RouteCheck
from console.domain.routes.family import EndpointFamily
from console.domain.routes.retirement import NOTICE_DAYS
from console.domain.watch.steadiness import Steadiness
from console.domain.watch.told import ToldKind

DEPRECATED = "deprecated"
"""What a gateway's list says of a model that retires on a day that it does not name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A model's entry in the gateway's lists."""

    is_listed: bool
    price: Price | None = None
    families: tuple[EndpointFamily, ...] | None = None
    """None if the gateway declares none."""
    is_enabled: bool = True


def listing_of(model: str, catalogue: Catalogue | None) -> Listing | None:
    """Return a model's entry; None if the lists say nothing: not read to their end, empty, or a pattern names it."""
    if catalogue is None or not catalogue.is_complete or not catalogue.entries:
        return None
    entry = catalogue.get(model)
    if entry is None:
        return Listing(is_listed=False) if catalogue.lacks(model) else None
    families = None if entry.families is None else tuple(sorted(entry.families))
    return Listing(True, entry.price, families, entry.is_enabled)


@dataclass(frozen=True, slots=True)
class ListingChange:
    """One difference between two entries."""

    kind: ToldKind
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class ListingWatch:
    """What was seen and told of a model's entry."""

    seen: Listing | None = None
    """The newest; None until the lists said something."""
    told: Listing | None = None
    """What is known to whoever is told."""
    steadiness: Steadiness = Steadiness()

    def after(self, now: Listing | None) -> "tuple[ListingWatch, tuple[ListingChange, ...]]":
        """Return it after a round, with the changes to tell. Lists that say nothing change nothing."""
        if now is None:
            return self, ()
        if self.told is None:
            return ListingWatch(now, now), ()
        steadiness = self.steadiness.after(changed=now != self.seen)
        if steadiness.is_flapping:
            begins = not self.steadiness.is_flapping
            found = (ListingChange(ToldKind.LISTING_FLAPPING),) if begins else ()
            return replace(self, seen=now, steadiness=steadiness), found
        return ListingWatch(now, _known(self.told, now), steadiness), tuple(_differences(self.told, now))


def _known(was: Listing, now: Listing) -> Listing:
    """Return what is known after an entry: one that is gone, or that leaves its families out, takes nothing back."""
    if not now.is_listed:
        return replace(was, is_listed=False)
    return now if now.families is not None else replace(now, families=was.families)


def _differences(was: Listing, now: Listing) -> Iterator[ListingChange]:
    if was.is_listed != now.is_listed:
        yield ListingChange(ToldKind.MODEL_LISTED if now.is_listed else ToldKind.MODEL_GONE)
    if not now.is_listed:
        return
    if was.price != now.price and (was.is_listed or was.price is not None):
        yield ListingChange(ToldKind.REPRICED, _priced(was), _priced(now))
    if None not in (was.families, now.families) and was.families != now.families:
        yield ListingChange(ToldKind.FAMILY_CHANGED, _families(was), _families(now))
    if was.is_enabled != now.is_enabled:
        yield ListingChange(ToldKind.SWITCHED_ON if now.is_enabled else ToldKind.SWITCHED_OFF)


def _priced(listing: Listing) -> str:
    return "no price" if listing.price is None else str(listing.price)


def _families(listing: Listing) -> str:
    return ", ".join(listing.families or ()) or "none that the console supports"


class RetirementStage(StrEnum):
    """How near a model's retirement is."""

    FAR = "far"
    """It is not known, or later than the days of notice."""
    NEAR = "near"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Retiring:
    """A model's retirement as of today."""

    stage: RetirementStage = RetirementStage.FAR
    on: str = ""
    """ISO date, or `deprecated`; empty if it is far."""


def retiring(check: RouteCheck, catalogue: Catalogue | None, today: date) -> Retiring:
    """Return the retirement of a route's model: by the gateway's list, or else by the provider's dates."""
    entry = None if catalogue is None else catalogue.get(check.route.model)
    if entry is not None and entry.retires_on:
        try:
            return _on(date.fromisoformat(entry.retires_on), today)
        except ValueError:
            return Retiring(RetirementStage.NEAR, DEPRECATED)
    known = check.retirement
    if known is None or not known.follows_provider or known.served_by is not None:
        return Retiring()
    return _on(known.row.retires_on, today)


def _on(day: date, today: date) -> Retiring:
    left = (day - today).days
    if left > NOTICE_DAYS:
        return Retiring()
    return Retiring(RetirementStage.NEAR if left > 0 else RetirementStage.PASSED, day.isoformat())


def retirement_change(was: Retiring, now: Retiring) -> ListingChange | None:
    """Return what to tell of a retirement; None if nothing is new. A list that was not read takes nothing back."""
    if now.stage is RetirementStage.FAR or now == was:
        return None
    kind = ToldKind.RETIRES if now.stage is RetirementStage.NEAR else ToldKind.RETIRED
    return ListingChange(kind, was.on, now.on)
