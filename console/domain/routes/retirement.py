"""When providers retire models, and what that means for a route. The date of today is an argument."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from console.domain.facts.load import facts_text
from console.domain.facts.row import FactRow, FactsError, parse_facts
from console.domain.finding import Finding, Severity
from console.domain.routes.host import is_below
from console.domain.routes.model_family import bare_id, check_pattern
from console.domain.routes.route import Route

NOTICE_DAYS = 30
"""How many days before its date a retirement becomes a warning."""
_MODEL = r"[a-z0-9][a-z0-9._:@/-]{0,99}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9 .-]{0,39}"


@dataclass(frozen=True, slots=True)
class Retirement:
    """A provider's models that retire on one day."""

    provider: str
    models: tuple[str, ...]
    """Every id that the source names."""
    retires_on: date
    """The first day on which the provider does not serve them."""
    replacement: str
    """The model that replaces them; empty if the provider does not name one that lasts."""
    source_url: str
    checked_on: str
    """ISO date."""
    is_second_hand: bool
    """Whether the row was not read from the provider itself."""

    def days_left(self, today: date) -> int:
        """Return the days until the retirement; 0 or less if it has happened."""
        return (self.retires_on - today).days


@dataclass(frozen=True, slots=True)
class OwnDates:
    """Someone who serves providers' models and retires them on dates of their own."""

    who: str
    providers: tuple[str, ...]
    prefixes: tuple[str, ...]
    """Steps before a model's name that name them, as in `azure/gpt-4o`."""
    spelling: re.Pattern[str] | None
    """How they spell a model's id; None if nothing is special about it."""
    hosts: tuple[str, ...]
    source_url: str
    checked_on: str
    """ISO date."""

    def serves(self, route: Route, host: str) -> bool:
        """Return whether a route's model, or the gateway's host, names them."""
        written = route.model.strip().lower()
        steps = written.split("/")[:-1]
        is_spelt = self.spelling is not None and self.spelling.search(written) is not None
        return is_below(host, self.hosts) or is_spelt or any(prefix in steps for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class RetirementTable:
    """All retirements that are known."""

    retirements: tuple[Retirement, ...]
    own_dates: tuple[OwnDates, ...]
    _by_name: dict[str, Retirement] = field(init=False, repr=False, compare=False)
    """Made once: a fleet has thousands of routes."""

    def __post_init__(self) -> None:
        names = {_name(each): row for row in self.retirements for each in row.models}
        object.__setattr__(self, "_by_name", names)

    def of(self, model: str) -> Retirement | None:
        """Return the retirement of a model, as a route or a gateway's list writes its name; None if none is known."""
        return next((self._by_name[name] for name in _readings(model) if name in self._by_name), None)


def read_retirements(text: str) -> RetirementTable:
    """Read a table of retirements.

    Raises:
        FactsError: It is not such a table, or names a model twice.

    """
    table = parse_facts(text)
    checked_on = table.date("checked_on")
    retirements = tuple(_read_retirement(row, checked_on) for row in table.rows("retirement"))
    own_dates = tuple(_read_own_dates(row, checked_on) for row in table.rows("own_dates", is_optional=True))
    table.end()
    names = [_name(model) for row in retirements for model in row.models]
    if len(set(names)) < len(names):
        raise FactsError(f"retirement: {len(names) - len(set(names))} model(s) are named twice")
    return RetirementTable(retirements, own_dates)


def _read_retirement(row: FactRow, checked_on: str) -> Retirement:
    words = "must be a model's id in lower case"
    retirement = Retirement(
        provider=row.matching("provider", _NAME, "must be a provider's name"),
        models=row.texts("models", _MODEL, f"each {words}"),
        retires_on=date.fromisoformat(row.date("retires_on")),
        replacement=row.matching("replacement", _MODEL, words, default=""),
        source_url=row.url("source_url"),
        checked_on=row.date("checked_on", default=checked_on),
        is_second_hand=row.flag("is_second_hand"),
    )
    row.text("note", default="")
    row.end()
    return retirement


def _read_own_dates(row: FactRow, checked_on: str) -> OwnDates:
    spelling = row.text("spelling", default="")
    if spelling and (problem := check_pattern(spelling)) is not None:
        raise row.fault("spelling", problem)
    words = "each must be in lower case, without spaces"
    own_dates = OwnDates(
        who=row.matching("who", _NAME, "must be a name"),
        providers=row.texts("providers", _NAME, "each must be a provider's name"),
        prefixes=row.texts("prefixes", r"[a-z0-9._-]+", words, is_optional=True),
        spelling=re.compile(spelling) if spelling else None,
        hosts=row.texts("hosts", r"[a-z0-9.-]+", words, is_optional=True),
        source_url=row.url("source_url"),
        checked_on=row.date("checked_on", default=checked_on),
    )
    row.end()
    return own_dates


@cache
def retirements() -> RetirementTable:
    """Return the built-in table."""
    return read_retirements(facts_text("model_retirements"))


_BRACKETS = re.compile(r"[\[(][^\])]*[\])]\Z")
_ADDED = re.compile(r"-(?:thinking|minimal|low|medium|high|xhigh|default)\Z")
"""What gateways and agents add to a provider's id to choose how much the model thinks, or its default snapshot."""


def _name(model: str) -> str:
    """Return an id in the spelling that is compared: some gateways write a dot or @ where the provider has a dash."""
    return model.replace(".", "-").replace("@", "-")


def _readings(model: str) -> Iterator[str]:
    """Yield the names that a model's id may stand for: as it is, then without what gateways add at its end.

    A date or `-latest` is a part of the name: a snapshot may retire before its alias, and an alias before a snapshot.
    """
    name = _name(_BRACKETS.sub("", bare_id(model)))
    yield name
    while (shorter := _ADDED.sub("", name)) != name:
        name = shorter
        yield name


@dataclass(frozen=True, slots=True)
class RouteRetirement:
    """The retirement of a route's model, on one day."""

    row: Retirement
    today: date
    served_by: OwnDates | None
    """Who serves the route's model on dates of their own, if the route or the host names them."""
    follows_provider: bool
    """Whether the provider's date counts for this route, by the operator's config."""

    @property
    def is_over(self) -> bool:
        """Whether the provider has retired the model."""
        return self.row.days_left(self.today) <= 0

    @property
    def is_due(self) -> bool:
        """Whether the provider has retired the model, or will within the days of notice."""
        return self.row.days_left(self.today) <= NOTICE_DAYS

    @property
    def is_binding(self) -> bool:
        """Whether it is due and the provider's date counts for this route."""
        return self.is_due and self.follows_provider and self.served_by is None


def route_retirement(route: Route, table: RetirementTable, today: date, host: str) -> RouteRetirement | None:
    """Return the retirement of a route's model; None if none is known.

    Args:
        route: The route.
        table: The known retirements.
        today: The date in UTC.
        host: The gateway's host; empty if it is not known.

    """
    row = table.of(route.model)
    if row is None:
        return None
    others = (each for each in table.own_dates if row.provider in each.providers and each.serves(route, host))
    return RouteRetirement(row, today, next(others, None), route.retires_with_provider)


def check_retirement(retirement: RouteRetirement) -> tuple[Finding, ...]:
    """Return the finding on a retirement that is due: it fails if the provider has retired the model."""
    row = retirement.row
    if not retirement.is_due:
        return ()
    days = row.days_left(retirement.today)
    if days <= 0:
        happens = f"{row.provider} retired this model on {row.retires_on}"
    else:
        happens = f"{row.provider} retires this model in {days} day{'s' if days > 1 else ''}, on {row.retires_on}"
    if row.is_second_hand:
        happens += " (second-hand)"
    source_url, checked_on = row.source_url, row.checked_on
    if not retirement.follows_provider:
        severity = Severity.INFO
        message = f"{happens}; the config says that the gateway serves it from elsewhere."
    elif (other := retirement.served_by) is not None:
        severity = Severity.WARN if days <= 0 else Severity.INFO
        message = f"{happens}. {other.who} serves it by dates of its own: look there."
        source_url, checked_on = other.source_url, other.checked_on
    else:
        severity = Severity.FAIL if days <= 0 else Severity.WARN
        replace = f"Replace it with {row.replacement}, by the gateway's name for it"
        if not row.replacement:
            replace = "Choose another model from the provider's list, at the source"
        message = f"{happens}. {replace}; if the gateway serves it from elsewhere, set retires_with_provider = false."
    return (Finding("MOD-06", severity, message, source_url, checked_on),)
