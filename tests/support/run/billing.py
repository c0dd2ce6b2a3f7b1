"""What every ledger of the test runs has to show: no brief was sent a second time unless a person had said why."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from console.services.ledger.sqlite import FILE_NAME

_KINDS = ("CallIntended", "CallRepeatAllowed", "GateDecided")
Line = tuple[str, dict[str, Any]]
"""An event's kind and its values."""


def billed_twice(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the content of each brief of a run that was sent again without a new reason from a person, given for it."""
    sent: set[str] = set()
    is_asked = False
    for kind, event in lines:
        match kind:
            case "CallIntended":
                content = event.get("content_sha256", "")
                if content and content in sent and not is_asked:
                    yield content
                sent.add(content)
                is_asked = False
            case "CallRepeatAllowed":
                is_asked = True
            case "GateDecided":
                is_persons = not event.get("is_machine") and bool(event.get("reason"))
                is_asked = is_persons or (is_asked and event.get("verdict") == "ready")


def billed_twice_below(directory: Path) -> list[str]:
    """Return where a brief was billed twice, in any ledger below a directory; one that is no database has no run."""
    found = []
    for path in directory.rglob(FILE_NAME):
        if not path.is_file():
            continue  # a test has put a pipe there, or a link to nothing
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
                rows = ledger.execute(
                    f"SELECT run_id, kind, body FROM line WHERE kind IN {_KINDS} ORDER BY run_id, seq"
                ).fetchall()
        except sqlite3.Error:
            continue  # a test has damaged it, or taken it away
        runs: dict[str, list[Line]] = {}
        for run_id, kind, body in rows:
            try:
                runs.setdefault(run_id, []).append((kind, json.loads(body)))
            except ValueError:
                continue  # a line that a test has damaged
        found += [f"{path.parent.name} {run_id}" for run_id, lines in runs.items() for _ in billed_twice(lines)]
    return found
