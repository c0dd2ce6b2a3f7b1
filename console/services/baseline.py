"""The baseline file: findings that people accept for now, as JSON that a diff shows well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from console.domain.baseline import Entry, Seen
from console.domain.finding import Severity
from console.domain.problem import Problem, ProblemKind
from console.domain.text.json_text import shown_json
from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason
from console.services.system.private_file import replace_file

SIZE_LIMIT = 16_000_000
"""The most bytes of a baseline: over 50,000 entries."""
TEXT_LIMIT = 1_000
"""The most characters of a text in it."""
SCHEMA = "gateway-console/baseline/v1"


class BaselineError(Problem):
    """A baseline that cannot be used; the message says what, where and what to do."""

    kind = ProblemKind.CONFIG


@dataclass(frozen=True, kw_only=True)
class AcceptedFinding:
    """A finding that is accepted. A line or a message is not part of it: they change."""

    verb: str
    """The command that finds it, such as `check`."""
    profile: str
    """Empty if the finding does not depend on one."""
    subject: str
    """What it is about: a route, a file, the environment."""
    id: str
    severity: Severity
    """The gravest that is accepted; a graver one is new."""
    count: int = 1
    """In how many places of the subject; in more it is new."""
    until: str | None = None
    """ISO date of the last day on which it is accepted, in UTC."""
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class BaselineDocument:
    """Findings that people accept for now; `--update-baseline` writes it, and keeps what people wrote into it."""

    schema: Literal["gateway-console/baseline/v1"] = "gateway-console/baseline/v1"
    accepted: tuple[AcceptedFinding, ...]


def read_baseline(path: Path) -> tuple[Entry, ...]:
    """Read a baseline.

    Raises:
        BaselineError: It cannot be read, is too large, or is not a baseline.

    """
    import msgspec

    shown = safe(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise BaselineError(f"{shown}: no such file; --update-baseline writes it") from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
        raise BaselineError(f"{shown} cannot be read: {reason}") from None
    if len(data) > SIZE_LIMIT:
        raise BaselineError(f"{shown} is larger than {SIZE_LIMIT // 1_000_000} MB, the limit for a baseline")
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BaselineError(f"{shown} is not JSON; write it again with --update-baseline") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BaselineError(f'{shown} is not a baseline: its field schema is not "{SCHEMA}"; name another file')
    rows = document.get("accepted")
    if not isinstance(rows, list) or document.keys() - {"schema", "accepted"}:
        raise BaselineError(f"{shown} is not a baseline: it needs the list accepted and no other field")
    entries: dict[tuple[str, str, str, str], Entry] = {}
    for number, row in enumerate(rows, 1):
        entry = _entry(row, f"{shown}, entry {number}")
        if entry.seen.key in entries:
            raise BaselineError(f"{shown}, entry {number}: an entry before it accepts the same finding; remove one")
        entries[entry.seen.key] = entry
    return tuple(entries.values())


def _entry(row: object, where: str) -> Entry:
    import msgspec

    if not isinstance(row, dict):
        raise BaselineError(f"{where} is not an object with fields")
    try:
        found = msgspec.convert(row, AcceptedFinding)
    except msgspec.ValidationError as error:
        raise BaselineError(f"{where}: {safe(str(error), limit=200)}") from None
    if unknown := row.keys() - set(AcceptedFinding.__dataclass_fields__):
        raise BaselineError(f"{where}: unknown field {safe(min(map(str, unknown)), limit=40)}; remove it")
    texts = (found.verb, found.profile, found.subject, found.id, found.reason or "")
    if any(len(text) > TEXT_LIMIT for text in texts):
        raise BaselineError(f"{where}: a text is longer than {TEXT_LIMIT} characters")
    if found.count < 1:
        raise BaselineError(f"{where}: count must be at least 1")
    try:
        until = None if found.until is None else date.fromisoformat(found.until)
    except ValueError:
        raise BaselineError(f"{where}: until is not a date; write it as in 2027-01-31") from None
    seen = Seen(found.verb, found.profile, found.subject, found.id, found.severity, found.count)
    return Entry(seen, until, found.reason or "")


def write_baseline(path: Path, entries: Sequence[Entry]) -> None:
    """Write a baseline, whole or not at all.

    Raises:
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    import msgspec

    rows = tuple(
        AcceptedFinding(
            verb=each.seen.verb,
            profile=each.seen.profile,
            subject=each.seen.subject,
            id=each.seen.id,
            severity=each.seen.severity,
            count=each.seen.count,
            until=None if each.until is None else each.until.isoformat(),
            reason=each.reason or None,
        )
        for each in entries
    )
    data = msgspec.json.format(msgspec.json.encode(BaselineDocument(accepted=rows)), indent=2)
    replace_file(path, shown_json(data.decode() + "\n").encode())
