"""The model facts that a check uses: the built-in tables, or those that the operator installed over them."""

from dataclasses import dataclass
from functools import cache

from console.domain.routes.model_family import FamilyFact, family_facts
from console.domain.routes.retirement import RetirementTable, retirements


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The tables on models."""

    families: tuple[FamilyFact, ...]
    retirements: RetirementTable
    problem: str = ""
    """Why an installed table is not used; empty if none is in the way. Words of our own."""


@cache
def built_in() -> ModelFacts:
    """Return the tables that come with the console."""
    return ModelFacts(family_facts(), retirements())
