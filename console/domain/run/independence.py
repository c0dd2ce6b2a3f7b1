"""Independence: how independent the writer, the reviewer and the critic really are, from 0 to 3."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.probes.served_as import is_same_model
from console.domain.routes.route import Route
from console.domain.routes.vendor import vendor_of, vendors_in

ANOTHER_MODEL = 2
"""The lowest level that needs two models."""
LEVEL_WORDS = (
    "the same call",
    "another call, the same model",
    "another model of the same vendor, or of one that is not known",
    "another vendor's model",
)


@dataclass(frozen=True, slots=True)
class Served:
    """The model that did a role's work, as far as known."""

    route: Route
    model_reported: str | None = None
    """The model that the gateway reported; None before the call, or if it reported none."""
    model_behind: str | None = None
    """The deployment behind the requested name, if the gateway's head names it."""

    @property
    def best_known(self) -> str:
        """The name that says most about the model that did the work."""
        return self.model_behind or self.model_reported or self.route.model


class UnprovenPolicy(StrEnum):
    """What a run does if a judge's independence rests on names that may be aliases of one model."""

    ASK = "ask"
    """A person decides at the judge's gate."""
    BLOCK = "block"
    """The judge counts as not independent enough."""
    ACCEPT = "accept"
    """The names count as names of different models."""


def level(judged: Served, judge: Served) -> int:
    """Return how independent a judge is of the role that it judges.

    0: the same route. 1: a separate route to the same model. 2: another model from the same or an unknown vendor. 3:
    another vendor's model. Reported models, and those that a head names behind an alias, count as much as requested
    ones, because two ids of a gateway may be one model upstream; if only one side is known so well, it is compared with
    the model requested from the other.
    """
    if judged.route.is_same_call(judge.route):
        return 0
    asked = (judged.route.model, judge.route.model)
    answered = (judged.model_reported or judged.route.model, judge.model_reported or judge.route.model)
    return min(_level_of(*asked), _level_of(*answered), _level_of(judged.best_known, judge.best_known))


def is_proven(judged: Served, judge: Served) -> bool:
    """Return whether a level rests on models and not only on names.

    A name that is not known as a vendor's model may be an alias, and a gateway that only echoes it proves nothing: two
    aliases can be one model. Level 1 needs no proof, because two calls are two calls.
    """
    is_known = all(vendor_of(each.best_known) is not None for each in (judged, judge))
    return is_known or level(judged, judge) < ANOTHER_MODEL


def _level_of(one: str, other: str) -> int:
    if is_same_model(one, other) or is_same_model(other, one):
        return 1
    if vendor_of(one) is None or vendor_of(other) is None:
        return 2
    return 2 if vendors_in(one) & vendors_in(other) else 3
