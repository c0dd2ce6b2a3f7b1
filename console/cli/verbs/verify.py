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
    from console.cli.reports.documents.verification import RowDocument
    from console.services.config.settings import Profile
    from console.services.pages.freshness_check import Fetch


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
    profile = chosen_profile(arguments)
    file = MarkFile(state_directory(current().environment), profile.name)
    command = _Command(profile, file, now(), fetch, as_json=arguments.json)
    if arguments.action == "mark":
        return command.mark(chosen[0], arguments.note, with_page=arguments.with_page)
    if arguments.action == "show":
        return command.show(chosen[0])
    if arguments.live is not None:
        return command.check_live(chosen, require_fresh=arguments.require_fresh)
    return command.table(chosen, require_fresh=arguments.require_fresh)


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
    if arguments.action != "list" and (arguments.require_fresh or arguments.live is not None):
        raise Problem(
            f"--live and --require-fresh before {arguments.action} are for the table; omit them", ProblemKind.USAGE
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
        code = self._finish(states, checked, require_fresh=require_fresh)
        return ExitCode.FAILED if any(each.wants_a_look for each in checked.values()) else code

    async def _check_sources(self, states: Sequence[RowState], marks: Sequence[Mark]) -> list[PageChecked]:
        from console.services.pages.freshness_check import check_sources

        if not self.as_json:
            output.note(f"fetching {len(states)} page(s); nothing is stored")
        widths = verification.checked_widths(states)
        results = []
        async with aclosing(check_sources([each.row for each in states], marks, self._fetch())) as stream:
            async for checked in stream:
                results.append(checked)
                if not self.as_json:
                    verification.show_checked(checked, widths)
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
            from console.cli.reports.documents.verification import FetchedRowDocument, PageDocument, RowDocument

            described = []
            for each in map(RowDocument.of, states):
                live = checked.get(each.id)
                described.append(each if live is None else FetchedRowDocument(**vars(each), live=PageDocument.of(live)))
            self._write(described, findings)
        else:
            for finding in findings if is_required else ():
                show_finding("verification", finding)
            output.note(verification.summary(states))
        return ExitCode.FAILED if require_fresh and findings else ExitCode.OK

    def _write(self, described: "Sequence[RowDocument]", findings: Sequence[Finding] = ()) -> None:
        from console.cli.reports.documents.verification import VerifyDocument

        output.write_document(VerifyDocument.of(self.profile, described, findings))
