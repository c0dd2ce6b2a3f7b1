"""Write what a verb found to files, after it has ended; refuse what cannot be written before anything is sent."""

import argparse
import dataclasses
from collections.abc import Callable, Iterable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.outputs.options import Destination
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe

if TYPE_CHECKING:
    from console.domain.baseline import Entry
    from console.view.report.accepted import Compared
    from console.view.report.report import Report

Value = TypeVar("Value")
_TOLD = 20
"""The most findings or entries of one kind that are told; the files have them all."""


def reported(arguments: argparse.Namespace, verb: str, work: "Callable[[Outputs], ExitCode]") -> ExitCode:
    """Do a verb's work, and write its files also where a problem or an interruption ends it.

    Args:
        arguments: The command line.
        verb: The verb's name.
        work: Does the work with the outputs, and ends with `Outputs.end`.

    Raises:
        Problem: An output cannot be written or the baseline not be read; nothing was done. Or as the work raises it.

    """
    outputs = Outputs.of(arguments, verb)
    if not outputs.is_wanted:
        return work(outputs)
    try:
        return work(outputs)
    except Problem as problem:
        outputs.fail(problem, code_of_problem(problem))
        raise
    except KeyboardInterrupt:
        outputs.fail(Problem("interrupted; what was found until then is not in this file"), ExitCode.INTERRUPTED)
        raise
    finally:
        outputs.fail(Problem("the command did not end; stderr says why"), ExitCode.FAILED)


class Outputs:
    """The files that a command line asks for, and its baseline."""

    def __init__(
        self, verb: str, destinations: tuple[Destination, ...], baseline: Path | None, entries: "tuple[Entry, ...]",
        *, updates: bool,
    ) -> None:  # fmt: skip
        """Take what `of` has checked."""
        self._verb = verb
        self._destinations = destinations
        self._baseline = baseline
        self._entries = entries
        self._updates = updates
        self._is_ended = False

    @classmethod
    def of(cls, arguments: argparse.Namespace, verb: str) -> "Outputs":
        """Check everything that a command line wants written.

        Raises:
            BaselineError: The baseline cannot be read.
            PrivateFileError: A file cannot be written.
            Problem: The options exclude each other, or a file is named twice.

        """
        destinations = tuple(arguments.outputs or ())
        baseline: Path | None = getattr(arguments, "baseline", None)
        updates: bool = getattr(arguments, "update_baseline", False)
        if updates and baseline is None:
            raise Problem("--update-baseline needs the file to write: add --baseline FILE", ProblemKind.USAGE)
        if updates and arguments.read_only:
            raise Problem("--read-only: --update-baseline changes a file; nothing was done", ProblemKind.REFUSED)
        if not destinations and baseline is None:
            return cls(verb, (), None, (), updates=False)
        from console.services.baseline import read_baseline
        from console.services.system.private_file import require_writable

        _refuse_same(arguments, destinations, baseline)
        for each in destinations:
            require_writable(_absolute(each.path))
        entries: tuple[Entry, ...] = ()
        if baseline is not None and not (updates and not baseline.exists()):
            entries = read_baseline(baseline)
        if updates and baseline is not None:
            require_writable(_absolute(baseline))
        return cls(verb, destinations, baseline, entries, updates=updates)

    @classmethod
    def none(cls) -> "Outputs":
        """Return the outputs of a command that has none."""
        return cls("", (), None, (), updates=False)

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be written or held against a baseline."""
        return bool(self._destinations) or self._baseline is not None

    def end(self, code: ExitCode, report: "Callable[[ExitCode], Report]") -> ExitCode:
        """Hold the result against the baseline, write the files, and return the exit code.

        Args:
            code: The exit code of the verb.
            report: Makes the report of what it found.

        """
        if not self.is_wanted:
            return code
        made = report(code)
        if self._baseline is not None:
            made = self._held(made, current().today())
        return self._write(made)

    def fail(self, problem: Problem, code: ExitCode) -> None:
        """Write files that say why nothing was found, so that none of an earlier run is taken for this one's.

        If the files are written, nothing is done.
        """
        if self._is_ended or not self._destinations:
            return
        from console.cli.outputs.findings import stopped_result
        from console.cli.reports.documents.ci.problem import ProblemDocument
        from console.view.report.report import Report

        words = str(problem)
        document = ProblemDocument(verb=self._verb, problem=words, exit_code=int(code))
        result = stopped_result("", self._verb, problem, code)
        self._write(Report(self._verb, words, int(code), (result,), document=plain(document)))

    def _held(self, report: "Report", today: date) -> "Report":
        from console.view.report.accepted import compared

        def code_of(codes: Iterable[int]) -> int:
            return int(most_actionable(map(ExitCode, codes)))

        entries = self._entries
        if self._updates and self._baseline is not None:
            entries = self._updated(report, self._baseline)
        held = compared(report, entries, today, code_of)
        _tell(held)
        return held.report

    def _updated(self, report: "Report", path: Path) -> "tuple[Entry, ...]":
        from console.domain.baseline import updated
        from console.services.baseline import write_baseline
        from console.view.report.accepted import acceptable, judged

        entries = updated(self._entries, acceptable(report), judged(report))
        write_baseline(_absolute(path), entries)
        output.note(f"baseline: {len(entries)} finding(s) written to {path}; say in it why each is accepted")
        return entries

    def _write(self, report: "Report") -> ExitCode:
        from console.services.system.private_file import replace_file
        from console.view.report.forms import rendered

        self._is_ended = True
        code = ExitCode(report.code)
        clean = masked(report)
        for each in self._destinations:
            try:
                replace_file(_absolute(each.path), rendered(each.form, clean).encode("utf-8", "replace"))
            except Problem as problem:
                output.complain(f"{problem}. The result is on stdout, and each other output was tried too")
                code = most_actionable((code, code_of_problem(problem)))
        return code


def _tell(held: "Compared") -> None:
    """Say what the baseline accepts, and what it does not."""
    from console.domain.baseline import Acceptance
    from console.domain.finding import Severity

    known = held.with_acceptance(Acceptance.KNOWN)
    output.note(f"baseline: {len(known)} known finding(s) accepted")
    for acceptance, words in (
        (Acceptance.NEW, "new"),
        (Acceptance.WORSE, "worse than accepted"),
        (Acceptance.EXPIRED, "accepted until a day that has passed"),
    ):
        found = [each for each in held.with_acceptance(acceptance) if each.severity is Severity.FAIL]
        for each in found[:_TOLD]:
            output.note(f"baseline: {words}: {_of(each.profile, each.subject)} {each.id}: {each.message}")
        if len(found) > _TOLD:
            output.note(f"baseline: {len(found) - _TOLD} more {words}")
    for finding in held.never[:_TOLD]:
        output.note(f"baseline: never accepted: {_of(finding.profile, finding.subject)} {finding.id}")
    for entry in held.absent[:_TOLD]:
        seen = entry.seen
        output.note(
            f"baseline: did not occur: {_of(seen.profile, seen.subject)} {seen.id}; --update-baseline removes it"
        )
    if len(held.absent) > _TOLD:
        output.note(f"baseline: {len(held.absent) - _TOLD} more did not occur")


def _of(profile: str, subject: str) -> str:
    return f"{profile}{': ' if profile else ''}{subject}"


def plain(document: object) -> object:
    """Return a document as plain values."""
    import msgspec

    return msgspec.to_builtins(document)


def masked(value: Value) -> Value:
    """Return a report without tokens of this process, and without what seems to be a secret."""
    return _masked(value)  # type: ignore[no-any-return]


def _masked(value: Any) -> Any:
    from console.domain.text.secret_scan import find_secrets, scrub
    from console.services.system.leak_guard import LEAK_GUARD

    match value:
        case Enum():
            return value
        case str():
            text = LEAK_GUARD.redact(value)
            return scrub(text) if find_secrets(text, limit=1) else text
        case tuple() | list():
            return type(value)(map(_masked, value))
        case dict():
            return {LEAK_GUARD.redact(str(key)): _masked(each) for key, each in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changed = {each.name: _masked(getattr(value, each.name)) for each in dataclasses.fields(value) if each.init}
            return dataclasses.replace(value, **changed)
        case _:
            return value


def _absolute(path: Path) -> Path:
    from console.services.system.directories import absolute

    return absolute(path)


def _refuse_same(arguments: argparse.Namespace, destinations: tuple[Destination, ...], baseline: Path | None) -> None:
    """Refuse to write a file twice, or in place of a config, the YAML file or the baseline, by whatever path."""
    from os.path import realpath

    given = [realpath(_absolute(each.path)) for each in destinations]
    if len(set(given)) < len(given):
        raise Problem("two outputs have the same file; name another file for one of them", ProblemKind.USAGE)
    for path in (baseline, getattr(arguments, "from_yaml", None), *_configs(arguments)):
        if path is not None and realpath(_absolute(path)) in given:
            raise Problem(
                f"{safe(str(path))} is read by this command and cannot be its output; name another file",
                ProblemKind.USAGE,
            )


def _configs(arguments: argparse.Namespace) -> "Iterable[Path | None]":
    """Return the files that may have the config of a command line."""
    from console.services.config.precedence import Request, config_files
    from console.services.config.toml_text import ConfigError

    try:
        return [
            each.path for each in config_files(Request.here(current().environment, getattr(arguments, "config", None)))
        ]
    except ConfigError:  # the verb tells it, also in its files
        return ()
