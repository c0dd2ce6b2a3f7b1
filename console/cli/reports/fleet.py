"""The exit code of a fleet: as `check` would end for what is known of its profiles."""

from dataclasses import dataclass, replace
from typing import Self

from console.cli.exit_code import ExitCode, code_of_kind, most_actionable
from console.cli.reports.code import code_of
from console.domain.fleet.fleet import Fleet
from console.domain.fleet.row import FleetRoute, FleetRow, FleetVerdict
from console.domain.probes.standing import Standing


def code_of_row(row: FleetRow) -> ExitCode:
    """Return the exit code of a profile; what was not looked at is not a failure, as the verdict says so."""
    if row.problem is not None:
        return code_of_kind(row.problem)
    return most_actionable(map(_code_of_route, row.routes))


@dataclass(frozen=True, slots=True)
class ShownFleet:
    """The rows of a fleet that were asked for, and how the command ends for them."""

    fleet: Fleet
    rows: tuple[FleetRow, ...]
    codes: tuple[ExitCode, ...]
    """The exit code of each row."""
    source: str
    """Where the states are from."""

    @classmethod
    def of(cls, fleet: Fleet, rows: tuple[FleetRow, ...], source: str) -> Self:
        """Return rows of a fleet with their exit codes."""
        return cls(fleet, rows, tuple(map(code_of_row, rows)), source)

    @property
    def code(self) -> ExitCode:
        """The most actionable exit code of all rows."""
        return most_actionable(self.codes)

    def first(self, count: int) -> Self:
        """Return the first rows."""
        return replace(self, rows=self.rows[:count], codes=self.codes[:count])


def _code_of_route(route: FleetRoute) -> ExitCode:
    if route.standing is Standing.DRIFT:
        return ExitCode.DRIFT
    if not FleetVerdict(route.standing.value).is_red:
        return ExitCode.OK
    return ExitCode.FAILED if route.category is None else code_of(route.category)
