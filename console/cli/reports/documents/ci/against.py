"""The document of `check --against`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from console.cli.exit_code import ExitCode
from console.cli.reports.documents.check import CheckDocument
from console.domain.finding import Severity
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.rehearsal import AssertionChange, Change, RouteChange
from console.domain.routes.role import Role


@dataclass(frozen=True, kw_only=True)
class AssertionChangeDocument:
    """A finding that is not the same on both gateways."""

    id: str
    before: Severity | None
    """Null if the first gateway does not have it."""
    after: Severity | None
    message: str

    @classmethod
    def of(cls, change: AssertionChange) -> Self:
        """Return a change as the document names it."""
        return cls(id=change.id, before=change.before, after=change.after, message=change.finding.message)


@dataclass(frozen=True, kw_only=True)
class RouteChangeDocument:
    """A route on both gateways."""

    role: Role
    route: str
    change: Change
    before: Standing | None
    """Null if the first profile does not have the route."""
    after: Standing | None
    assertions: tuple[AssertionChangeDocument, ...]

    @classmethod
    def of(cls, change: RouteChange) -> Self:
        """Return a route as the document names it."""
        return cls(
            role=change.key.role,
            route=str(change.key),
            change=change.change,
            before=None if change.before is None else change.before.standing,
            after=None if change.after is None else change.after.standing,
            assertions=tuple(map(AssertionChangeDocument.of, change.assertions)),
        )


@dataclass(frozen=True, kw_only=True)
class CheckAgainstDocument:
    """The same routes on two gateways, or two versions of one, checked in turns."""

    schema: Literal["gateway-console/check-against/v1"] = "gateway-console/check-against/v1"
    first: str
    """The profile that is compared with."""
    second: str
    """The profile of `--against`."""
    level: Rung
    exit_code: ExitCode
    """1 if something turned red."""
    turned_red: tuple[str, ...]
    """The keys of the routes, with those that the second profile lacks."""
    turned_green: tuple[str, ...]
    routes: tuple[RouteChangeDocument, ...]
    checks: tuple[CheckDocument, CheckDocument]
    """What was found on each."""

    @classmethod
    def of(cls, checks: tuple[CheckDocument, CheckDocument], changes: Sequence[RouteChange], code: ExitCode) -> Self:
        """Return the changes from one check to another as a document."""
        first, second = checks
        return cls(
            first=first.profile,
            second=second.profile,
            level=first.level,
            exit_code=code,
            turned_red=tuple(str(each.key) for each in changes if each.change.is_regression),
            turned_green=tuple(str(each.key) for each in changes if each.change is Change.TURNED_GREEN),
            routes=tuple(map(RouteChangeDocument.of, changes)),
            checks=checks,
        )
