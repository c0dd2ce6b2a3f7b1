"""The report of `fleet`: a result for each profile, with its routes as steps."""

from collections.abc import Iterator

from console.cli.exit_code import ExitCode
from console.cli.outputs.outputs import plain
from console.cli.reports.fleet import ShownFleet
from console.domain.fleet.row import FleetRoute, FleetRow, FleetVerdict
from console.domain.probes.standing import Standing
from console.view.fleet.grid import fleet_grid
from console.view.fleet.words import age_words, fleet_notes, fleet_sums, retires_words, why_words
from console.view.report.report import Outcome, Report, Result, Step, with_reason

_EMBEDDED = "sim:"
"""The origin of the embedded gateway."""


def report_of_fleet(shown: ShownFleet, code: ExitCode, document: object) -> Report:
    """Return the report of some rows of a fleet.

    Args:
        shown: The rows.
        code: The exit code of all that were asked for.
        document: The document of `--json`.

    """
    rows, now_ms = shown.rows, shown.fleet.now_ms
    notes = tuple(("note", words) for words in fleet_notes(shown.fleet))
    return Report(
        "fleet",
        f"fleet of {len(rows)} profiles",
        int(code),
        tuple(_result(*each, now_ms) for each in zip(rows, shown.codes, strict=True)),
        (("profiles", fleet_sums(rows)), ("states from", shown.source), *notes),
        is_simulated=any(row.origin == _EMBEDDED for row in rows),
        document=plain(document),
        grid=fleet_grid(rows, now_ms),
    )


def _result(row: FleetRow, code: ExitCode, now_ms: int) -> Result:
    parts = (str(row.verdict), why_words(row), f"looked at {age_words(row, now_ms)} ago" if row.looked_ms else "")
    retires = f", retires {retires_words(row, now_ms)}" if row.retires_on else ""
    about = f"{row.origin or 'gateway not known'}, {len(row.routes)} routes{retires}"
    result = Result(
        row.name,
        f"profile {row.name}",
        _outcome(row, code),
        "; ".join(filter(None, parts)),
        int(code),
        steps=tuple(_steps(row)),
        about=about,
    )
    worst = row.worst
    category = None if worst is None or worst.category is None else worst.category.value
    if row.problem is not None:
        category = row.problem.value
    return with_reason(result, category, why_words(row))


def _outcome(row: FleetRow, code: ExitCode) -> Outcome:
    if code is ExitCode.OK:
        return Outcome.PASSED if row.verdict is FleetVerdict.PROVEN else Outcome.SKIPPED
    return Outcome.FAILED if code in (ExitCode.FAILED, ExitCode.DRIFT) else Outcome.ERROR


def _steps(row: FleetRow) -> Iterator[Step]:
    for route in row.routes:
        yield Step(f"{route.key} {route.model}", _outcome_of_route(route), route.why or str(route.standing))


def _outcome_of_route(route: FleetRoute) -> Outcome:
    if route.standing is Standing.PROVEN:
        return Outcome.PASSED
    if not FleetVerdict(route.standing.value).is_red:
        return Outcome.SKIPPED
    return Outcome.FAILED if route.category is None else Outcome.ERROR
