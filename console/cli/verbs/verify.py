"""`verify`: the verification table, who verified what, and whether the sources have changed since."""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
from console.cli.profile import chosen_profile
from console.cli.reports import verification
from console.cli.reports.finding import show_finding
from console.domain.finding import Finding
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.verification import (
    NOTE_LIMIT,
    Mark,
    PageChecked,
    Row,
    RowState,
    check_freshness,
    nearest_row_id,
    row_of,
    rows,
    state,
)
from console.services.pages.failure import SourceError
from console.services.system.directories import state_directory
from console.services.verification_marks import MarkFile, user_name
from console.view.verification_sign import freshness_sign

if TYPE_CHECKING:
    from console.cli.reports.documents.verification import RowDocument, VerifyDocument
    from console.services.config.settings import Profile
    from console.services.pages.freshness_check import Fetch
    from console.view.report.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--live",
        nargs="*",
        metavar="ROW",
        help="fetch the sources of these rows, or of all, and show which pages changed; stores nothing",
    )
    parser.add_argument(
        "--require-fresh", action="store_true", help="exit with 1 if a row is stale or was never verified"
    )
    add_baseline_arguments(parser)
    parser.set_defaults(action="list")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    mark = commands.add_parser("mark", help="record that you read a row's source", allow_abbrev=False)
    mark.add_argument("row", metavar="ROW")
    mark.add_argument("--note", type=_note, default="", metavar="TEXT", help=f"at most {NOTE_LIMIT} characters")
    mark.add_argument(
        "--live", action="store_true", dest="with_page", help="fetch the page and store its hash for later comparison"
    )
    mark.set_defaults(action="mark")
    show = commands.add_parser("show", help="show a row with all its marks", allow_abbrev=False)
    show.add_argument("row", metavar="ROW")
    show.set_defaults(action="show")


def _note(text: str) -> str:
    if len(text) <= NOTE_LIMIT:
        return text
    raise argparse.ArgumentTypeError(f"wants at most {NOTE_LIMIT} characters")


def run(
    arguments: argparse.Namespace,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    fetch: "Fetch | None" = None,
) -> ExitCode:
    """List the table, show a row, or record that a row was verified.

    Args:
        arguments: The parsed command line.
        now: The wall clock, in UTC.
        fetch: Reads a public page; by default over the internet.

    """
    chosen = _chosen_rows(arguments)
    _refuse(arguments)

    def work(outputs: Outputs) -> ExitCode:
        profile = chosen_profile(arguments)
        file = MarkFile(state_directory(current().environment), profile.name)
        command = _Command(profile, file, now(), fetch, outputs, as_json=arguments.json)
        if arguments.action == "mark":
            return command.mark(chosen[0], arguments.note, with_page=arguments.with_page)
        if arguments.action == "show":
            return command.show(chosen[0])
        if arguments.live is not None:
            return command.check_live(chosen, require_fresh=arguments.require_fresh)
        return command.table(chosen, require_fresh=arguments.require_fresh)

    return reported(arguments, "verify", work)


def _chosen_rows(arguments: argparse.Namespace) -> tuple[Row, ...]:
    """Return the rows that the command line names, or all."""
    words: Sequence[str] = [arguments.row] if arguments.action != "list" else arguments.live or []
    for word in words:
        if row_of(word) is None:
            near = nearest_row_id(word)
            advice = f"did you mean {near}?" if near else "gateway-console verify lists them"
            raise Problem(f'unknown row "{safe(word, limit=60)}"; {advice}', ProblemKind.USAGE)
    return tuple(row for row in rows() if not words or row.id in words)


def _refuse(arguments: argparse.Namespace) -> None:
    is_for_table = arguments.require_fresh or arguments.live is not None or arguments.outputs or arguments.baseline
    if arguments.action != "list" and is_for_table:
        raise Problem(
            f"--live, --require-fresh, --output and --baseline before {arguments.action} are for the table; omit them",
            ProblemKind.USAGE,
        )
    if arguments.action == "mark" and arguments.read_only:
        raise Problem("--read-only: a mark is written to disk; nothing was recorded", ProblemKind.REFUSED)


@dataclass(frozen=True, slots=True)
class _Command:
    """A profile's verification table at one moment, with the commands on it."""

    profile: "Profile"
    file: MarkFile
    now: datetime
    fetch: "Fetch | None"
    outputs: Outputs
    as_json: bool

    def table(self, chosen: Sequence[Row], *, require_fresh: bool) -> ExitCode:
        """Write the table."""
        states = self._states(chosen, self._marks())
        if not self.as_json:
            verification.show_table(states)
        return self._finish(states, {}, require_fresh=require_fresh)

    def show(self, row: Row) -> ExitCode:
        """Write a row with all its marks, newest first."""
        marks = self._marks()
        (row_state,) = self._states([row], marks)
        own = [mark for mark in reversed(marks) if mark.row_id == row.id]
        if self.as_json:
            from console.cli.reports.documents.verification import MarkDocument, RowDocument, ShownRowDocument

            row_fields = vars(RowDocument.of(row_state))
            self._write([ShownRowDocument(**row_fields, marks=tuple(map(MarkDocument.of, own)))])
        else:
            verification.show_row(row_state, own)
        return ExitCode.OK

    def mark(self, row: Row, note: str, *, with_page: bool) -> ExitCode:
        """Record that a row was verified."""
        content_sha256 = asyncio.run(self._hash_of(row)) if with_page else None
        self.file.append(Mark(row.id, self.now, user_name(), safe(note.strip()), content_sha256))
        (row_state,) = self._states([row], self._marks())
        if self.as_json:
            from console.cli.reports.documents.verification import RowDocument

            self._write([RowDocument.of(row_state)])
        else:
            output.write_line(f"{freshness_sign(row_state.freshness)}  {row.id}  expires {row_state.expires_on}")
        return ExitCode.OK

    def check_live(self, chosen: Sequence[Row], *, require_fresh: bool) -> ExitCode:
        """Fetch the rows' sources and write which of them changed."""
        marks = self._marks()
        states = self._states(chosen, marks)
        checked = {each.row_id: each for each in asyncio.run(self._check_sources(states, marks))}
        return self._finish(states, checked, require_fresh=require_fresh)

    async def _check_sources(self, states: Sequence[RowState], marks: Sequence[Mark]) -> list[PageChecked]:
        from console.services.pages.freshness_check import check_sources

        if not self.as_json:
            output.note(f"fetching {len(states)} page(s); nothing is stored")
        widths = verification.checked_widths(states)
        results = []
        progress = output.Progress("pages read", len(states), is_silent=not self.as_json)
        try:
            async with aclosing(check_sources([each.row for each in states], marks, self._fetch())) as stream:
                async for checked in stream:
                    results.append(checked)
                    progress.advance()
                    if not self.as_json:
                        verification.show_checked(checked, widths)
        finally:
            progress.end()
        return results

    async def _hash_of(self, row: Row) -> str:
        try:
            return (await self._fetch()(row.source_url)).sha256
        except SourceError as error:
            raise Problem(
                f"{row.source_url}: {error}; nothing was recorded. Without --live, the mark is stored without a hash"
            ) from None

    def _fetch(self) -> "Fetch":
        from console.services.pages.fetch import fetch

        return self.fetch or fetch

    def _marks(self) -> tuple[Mark, ...]:
        log = self.file.read()
        if log.unreadable_lines:
            output.note(f"{log.unreadable_lines} line(s) of {self.file.path} are not marks and were skipped")
        return log.marks

    def _states(self, chosen: Sequence[Row], marks: Sequence[Mark]) -> tuple[RowState, ...]:
        max_age_days = self.profile.policy.verification_max_age_days
        return tuple(state(row, marks, self.now.date(), max_age_days) for row in chosen)

    def _finish(self, states: Sequence[RowState], checked: dict[str, PageChecked], *, require_fresh: bool) -> ExitCode:
        """Write the document, or the findings and the summary, and return the exit code."""
        is_required = require_fresh or self.profile.policy.require_verification
        findings = check_freshness(states, is_required=is_required)
        if self.as_json:
            output.write_document(self._document(_described(states, checked), findings))
        else:
            for finding in findings if is_required else ():
                show_finding("verification", finding)
            output.note(verification.summary(states))

        def report(code: ExitCode) -> "Report":
            from console.cli.outputs.of_files import report_of_verify

            document = self._document(_described(states, checked), findings)
            return report_of_verify(self.profile, states, checked, code, document, require_fresh=require_fresh)

        has_changed = any(each.wants_a_look for each in checked.values())
        fails = has_changed or bool(require_fresh and findings)
        return self.outputs.end(ExitCode.FAILED if fails else ExitCode.OK, report)

    def _write(self, described: "Sequence[RowDocument]") -> None:
        output.write_document(self._document(described))

    def _document(self, described: "Sequence[RowDocument]", findings: Sequence[Finding] = ()) -> "VerifyDocument":
        from console.cli.reports.documents.verification import VerifyDocument

        return VerifyDocument.of(self.profile, described, findings)


def _described(states: Sequence[RowState], checked: dict[str, PageChecked]) -> "list[RowDocument]":
    """Return the rows as the document names them, with what fetching their pages showed."""
    from console.cli.reports.documents.verification import FetchedRowDocument, PageDocument, RowDocument

    described = []
    for each in map(RowDocument.of, states):
        live = checked.get(each.id)
        described.append(each if live is None else FetchedRowDocument(**vars(each), live=PageDocument.of(live)))
    return described
