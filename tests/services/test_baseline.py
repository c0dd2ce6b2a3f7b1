"""The baseline file: what is written is read again, by its published schema; a broken one is said by entry."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.cli.schemas import valid

from console.domain.baseline import Entry, Seen
from console.domain.finding import Severity
from console.services.baseline import BaselineError, read_baseline, write_baseline

ROW = {"verb": "check", "profile": "p", "subject": "route writer", "id": "COM-S-02", "severity": "fail"}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    entries = (
        Entry(Seen("check", "p", "route writer", "COM-S-02", Severity.FAIL), date(2027, 1, 31), "ticket 12"),
        Entry(Seen("boundary", "", "\u202ea.yml", "BND-07", Severity.WARN, 3)),
    )
    path = tmp_path / "baseline.json"
    write_baseline(path, entries)
    assert read_baseline(path) == entries
    assert "\u202e" not in path.read_text()
    valid(json.loads(path.read_text()))


def test_a_person_may_leave_out_what_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"schema": "gateway-console/baseline/v1", "accepted": [ROW]}))
    assert read_baseline(path) == (Entry(Seen("check", "p", "route writer", "COM-S-02", Severity.FAIL)),)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{**ROW, "severity": "bad"}], "entry 1: Invalid enum value"),
        ([{**ROW, "until": "soon"}], "entry 1: until is not a date; write it as in 2027-01-31"),
        ([{**ROW, "untill": "2027-01-31"}], "entry 1: unknown field untill; remove it"),
        ([{**ROW, "count": 0}], "entry 1: count must be at least 1"),
        ([{**ROW, "reason": "x" * 1001}], "entry 1: a text is longer than 1000 characters"),
        ([ROW, ROW], "entry 2: an entry before it accepts the same finding; remove one"),
        ([7], "entry 1 is not an object with fields"),
        (7, "is not a baseline: it needs the list accepted and no other field"),
    ],
)
def test_a_broken_baseline_is_said_by_entry(tmp_path: Path, rows: Any, words: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"schema": "gateway-console/baseline/v1", "accepted": rows}))
    with pytest.raises(BaselineError) as refused:
        read_baseline(path)
    assert words in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"schema": "other"}'])
def test_what_is_not_a_baseline_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(data)
    with pytest.raises(BaselineError, match=r"name another file|write it again"):
        read_baseline(path)
