"""Every table of facts with its overview: the one in use, and the built-in one that it covers."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.facts.load import facts_names, load_facts
from console.domain.facts.overview import TableOverview, overview_of
from console.services.facts.captured import TABLES, captured_table
from console.services.facts.installed import READERS, InstalledTable, installed_table


@dataclass(frozen=True, slots=True)
class FactsTable:
    """A table of facts on this machine."""

    used: TableOverview
    """The table in use."""
    built_in: TableOverview
    installed: InstalledTable | None
    """The table that the operator installed, or that was captured on this machine, used or not."""

    @property
    def name(self) -> str:
        """The table's name."""
        return self.built_in.name

    @property
    def is_installed(self) -> bool:
        """Whether the table in use is one that the operator installed, or that was captured on this machine."""
        return self.installed is not None and not self.installed.problem

    @property
    def can_be_installed(self) -> bool:
        """Whether an operator may install another one."""
        return self.name in READERS

    @property
    def can_be_captured(self) -> bool:
        """Whether `prove` makes another one."""
        return self.name in TABLES


def facts_table(name: str, environment: Mapping[str, str]) -> FactsTable:
    """Return the table with a name. Raises `KeyError` if there is none."""
    if name not in facts_names():
        raise KeyError(name)
    built_in = overview_of(name, load_facts(name))
    installed = _installed(name, environment)
    if installed is None or installed.problem:
        return FactsTable(built_in, built_in, installed)
    return FactsTable(overview_of(name, tomllib.loads(installed.text)), built_in, installed)


def _installed(name: str, environment: Mapping[str, str]) -> InstalledTable | None:
    if name in TABLES:
        return captured_table(TABLES[name], environment)
    return installed_table(name, environment) if name in READERS else None


def facts_tables(environment: Mapping[str, str]) -> tuple[FactsTable, ...]:
    """Return all tables, sorted by name."""
    return tuple(facts_table(name, environment) for name in facts_names())
