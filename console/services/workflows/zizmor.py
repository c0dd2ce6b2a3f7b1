"""zizmor: a third-party static analyser for workflows, run if it is installed, offline and without any token."""

import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.finding import Severity
from console.domain.workflows.rule import PlacedFinding, Rule, Spot, placed_finding
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildEnding, run_bounded

ZIZMOR_TIMEOUT_S = 20.0
"""The longest that zizmor may take for all workflows, in seconds; one takes a tenth of a second."""

OUTPUT_LIMIT = 4 * 1024 * 1024
"""The most bytes that it may print; it repeats the text around each finding."""

_ARGUMENTS = (
    "--offline", "--no-config", "--no-exit-codes", "--no-progress", "--quiet", "--color=never", "--persona=auditor",
    "--format=json-v1",
)  # fmt: skip

_TOOK_NOTHING = 3
"""The exit code when there was nothing to audit."""

_OF_STYLE = frozenset({"anonymous-definition", "concurrency-limits", "misfeature", "undocumented-permissions"})
"""Audits of style; none is about the boundary."""

_SAID_BY_US = frozenset({"unpinned-uses", "artipacked"})
"""Audits that our own rules cover too, with a milder severity, as most repositories fail them."""


class ZizmorError(Exception):
    """zizmor gave no result; the message says why, in our own words."""


@dataclass(frozen=True, slots=True)
class Zizmor:
    """The installed program."""

    program: str

    async def audit(
        self, paths: Sequence[Path], *, timeout_s: float = ZIZMOR_TIMEOUT_S
    ) -> dict[Path, tuple[PlacedFinding, ...]]:
        """Audit workflows and return the findings of each file that has any.

        Args:
            paths: The files, absolute.
            timeout_s: The longest that it may take, in seconds.

        Raises:
            ZizmorError: It did not end in time, or printed nothing usable.

        """
        if not paths:
            return {}
        try:
            report = await run_bounded(
                [self.program, *_ARGUMENTS, *map(str, paths)],
                environment={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
                timeout_s=timeout_s,
                limit_bytes=OUTPUT_LIMIT,
            )
        except OSError as error:
            raise ZizmorError(f"it cannot be run: {os_reason(error)}") from None
        if report.ending is ChildEnding.FLOODED:
            raise ZizmorError("it printed too much")
        if report.exit_code is None:
            raise ZizmorError(f"it did not end within {timeout_s:g} s")
        if report.exit_code == _TOOK_NOTHING:
            raise ZizmorError("it recognises none of the files as a workflow")
        if report.exit_code != 0:
            code = report.exit_code
            raise ZizmorError(f"it ended with exit code {code}" if code > 0 else "it was ended by a signal")
        return parse_report(report.tail, paths)


def find_zizmor(environment: Mapping[str, str]) -> Zizmor | None:
    """Return the zizmor on the PATH or next to this Python, where the extra `ci` installs it; None if there is none."""
    steps = [step for step in environment.get("PATH", "").split(":") if Path(step).is_absolute()]
    program = shutil.which("zizmor", path=":".join((*steps, str(Path(sys.executable).parent))))
    return Zizmor(program) if program is not None else None


def parse_report(report: bytes, paths: Sequence[Path]) -> dict[Path, tuple[PlacedFinding, ...]]:
    """Map a report to findings: from its idents, severities and lines, without its prose or the files' text.

    Raises:
        ZizmorError: It is not a report.

    """
    import msgspec

    try:
        entries = msgspec.json.decode(report)
    except (msgspec.DecodeError, RecursionError):
        raise ZizmorError("it printed invalid JSON") from None
    if not isinstance(entries, list):
        raise ZizmorError("it printed JSON of another form")
    known = {str(path): path for path in paths}
    lines: dict[Path, dict[Rule, set[int]]] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        rule = _rule(entry)
        if rule is not None:
            for path, line in _places(entry, known):
                lines[path][rule].add(line)
    return {
        path: tuple(
            placed_finding(rule, map(Spot, found)) for rule, found in sorted(rules.items(), key=lambda each: each[0].id)
        )
        for path, rules in lines.items()
    }


def _rule(entry: object) -> Rule | None:
    if not isinstance(entry, dict) or entry.get("ignored") is True:
        return None
    ident, weights = entry.get("ident"), entry.get("determinations")
    if not isinstance(ident, str) or not isinstance(weights, dict) or ident in _OF_STYLE | _SAID_BY_US:
        return None
    if re.fullmatch(r"[a-z][a-z0-9-]{0,59}", ident) is None:
        return None
    message = f"zizmor's audit {ident} found something: https://docs.zizmor.sh/audits/#{ident}."
    return Rule(f"ZIZ-{ident}", _severity(weights), message)


def _severity(weights: Mapping[str, object]) -> Severity:
    """Return an audit's severity: only a high one, with high confidence and not a matter of taste, fails."""
    severity = weights.get("severity")
    if severity == "High" and weights.get("confidence") == "High" and weights.get("persona") == "Regular":
        return Severity.FAIL
    return Severity.WARN if severity in ("High", "Medium") else Severity.INFO


def _places(entry: Mapping[str, object], known: Mapping[str, Path]) -> list[tuple[Path, int]]:
    places = []
    locations = entry.get("locations")
    for location in locations if isinstance(locations, list) else ():
        try:
            symbolic, concrete = location["symbolic"], location["concrete"]
            path = known[symbolic["key"]["Local"]["verbatim_path"]]
            row = concrete["location"]["start_point"]["row"]
            is_primary = symbolic["kind"] == "Primary"
        except (KeyError, TypeError):
            continue
        if is_primary and isinstance(row, int):
            places.append((path, row + 1))
    return places
