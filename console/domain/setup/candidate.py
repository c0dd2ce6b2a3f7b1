"""Candidates: the models of a gateway's lists that a role could have, on the families that the gateway speaks."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.routes.contract import CheckBasis, RouteCheck, Verdict, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.vendor import vendor_of

_NOT_TEXT = re.compile(
    r"embed|whisper|(?:^|[-_/])tts|speech|audio|transcri|realtime|rerank|moderation|(?:^|[-_/])ocr|dall-?e|image|diffusion"
    r"|midjourney|(?:^|[-_/])mj[-_]|(?:^|[-_/])flux|video|sora|veo-|kling|suno|(?:^|[-_/])udio|music|upscale|clip-"
)
"""What vendors and gateways put into the ids of models that write no text."""
_NUMBERS = re.compile(r"(?<![\d.])(\d{1,2})(?:[.-](\d{1,2}))?(?![\d.]*(?:[bmkx](?![a-z])|\d))")
"""A generation, as in gpt-5.1, claude-opus-4-5 and gemini-3-pro; not a date, and not a size such as 70b."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model on one family."""

    model: str
    family: EndpointFamily
    path: str
    price: Price | None = None
    is_declared: bool = False
    """Whether the gateway declares the family for the model; if not, it is what the facts say."""
    retires_on: str = ""
    """An ISO date, `deprecated`, or empty if no retirement is known."""
    required: EndpointFamily | None = None
    """The one family that serves the model natively, if the sources name one."""

    def route(self, role: Role) -> Route:
        """Return the route of a role to this model."""
        return Route(role, self.model, self.family, self.path)

    @property
    def vendor(self) -> str:
        """The model's vendor; empty if its id names none."""
        return vendor_of(self.model) or ""

    @property
    def generation(self) -> tuple[int, int]:
        """The model's generation, by the first number of its id that is one; (0, 0) if there is none."""
        found = _NUMBERS.search(self.model.lower().rpartition("/")[2])
        return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could have a role, and what became of the others."""

    chosen: tuple[Candidate, ...] = ()
    """Each model on the family that suits it best, in the order of the gateway's list."""
    others: tuple[Candidate, ...] = ()
    """The same models on the other families that could serve them."""
    total: int = 0
    """How many models the gateway lists."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Why models are left out, with how many."""

    def of(self, model: str) -> tuple[Candidate, ...]:
        """Return a model on each family that could serve it, the best first; none if it is not a candidate."""
        return tuple(each for each in (*self.chosen, *self.others) if each.model == model)

    def matching(self, part: str) -> tuple[Candidate, ...]:
        """Return the candidates whose id has a part, in any case; all of them for an empty part."""
        return tuple(each for each in self.chosen if part.lower() in each.model.lower())


def candidates(catalogue: Catalogue, spoken: Mapping[EndpointFamily, str], basis: CheckBasis) -> Candidates:
    """Return who of a gateway's list could have a role.

    Args:
        catalogue: The gateway's lists.
        spoken: The path of each family that the gateway speaks.
        basis: What offline checks of routes rest on.

    """
    chosen: list[Candidate] = []
    others: list[Candidate] = []
    left_out: Counter[str] = Counter()
    for entry in catalogue.entries.values():
        if (why_not := _why_not(entry, basis.today)) is not None:
            left_out[why_not] += 1
            continue
        found = on_families(entry.model, spoken, basis, entry)
        if not found:
            left_out["on no family that was found here"] += 1
            continue
        chosen.append(found[0])
        others += found[1:]
    return Candidates(tuple(chosen), tuple(others), len(catalogue.entries), tuple(left_out.most_common()))


def on_families(
    model: str, spoken: Mapping[EndpointFamily, str], basis: CheckBasis, entry: CatalogueEntry | None = None
) -> tuple[Candidate, ...]:
    """Return a model on each family that could serve it, the best first; none if it retired or drifts everywhere.

    Args:
        model: Its id, as the gateway writes it.
        spoken: The path of each family that the gateway speaks.
        basis: What offline checks of routes rest on.
        entry: Its entry in the gateway's list; None if it has none.

    """
    ranked: list[tuple[tuple[int, ...], Candidate]] = []
    for place, (family, path) in enumerate(spoken.items()):
        checked = check(RouteTable((Route(Role.WRITER, model, family, path),)), basis=basis)[0]
        retirement = checked.retirement
        if checked.verdict is Verdict.DRIFT or (
            retirement is not None and retirement.is_binding and retirement.is_over
        ):
            continue
        declared = None if entry is None else entry.families
        if declared is not None and family not in declared:
            continue
        retires_on = "" if entry is None else entry.retires_on
        if retirement is not None and retirement.follows_provider and retirement.served_by is None:
            retires_on = retires_on or retirement.row.retires_on.isoformat()
        candidate = Candidate(
            model,
            family,
            path,
            None if entry is None else entry.price,
            declared is not None,
            retires_on,
            checked.required_family,
        )
        ranked.append(((*_fitness(checked), place), candidate))
    return tuple(candidate for _, candidate in sorted(ranked, key=lambda each: each[0]))


def _fitness(checked: RouteCheck) -> tuple[int, ...]:
    """Return how well a family suits its model, the lowest best: natively, as recommended, as sources have it."""
    fact, family = checked.fact, checked.route.endpoint_family
    return (
        int(fact.required not in (None, family)),
        int(checked.verdict is not Verdict.OK),
        int(fact.preferred not in (None, family)),
        fact.allowed.index(family) if family in fact.allowed else len(fact.allowed),
    )


def _why_not(entry: CatalogueEntry, today: date | None) -> str | None:
    if not entry.is_enabled:
        return "switched off by the gateway"
    if entry.retires_on and today is not None and _is_over(entry.retires_on, today):
        return "retired"
    if _NOT_TEXT.search(entry.model.lower()):
        return "not for text, by their names"
    return "a pattern for other models" if "*" in entry.model else None


def _is_over(retires_on: str, today: date) -> bool:
    try:
        return date.fromisoformat(retires_on) <= today
    except ValueError:
        return False
