"""zizmor as a child: what is taken of its report, what it is told, and every way in which it can fail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.domain.finding import Severity
from console.services.workflows.zizmor import OUTPUT_LIMIT, Zizmor, ZizmorError, find_zizmor, parse_report

CI = Path("/repository/.github/workflows/ci.yml")
CANARY = "canary-of-the-file"


def location(row: object = 4, *, path: str = str(CI), kind: str = "Primary") -> dict[str, Any]:
    return {
        "symbolic": {"key": {"Local": {"verbatim_path": path}}, "annotation": CANARY, "kind": kind},
        "concrete": {"location": {"start_point": {"row": row, "column": 0}}, "feature": CANARY},
    }


def entry(ident: str = "dangerous-triggers", weights: str = "High High Regular", **more: Any) -> dict[str, Any]:
    severity, confidence, persona = weights.split()
    return {
        "ident": ident,
        "desc": CANARY,
        "url": f"https://{CANARY}.example",
        "determinations": {"severity": severity, "confidence": confidence, "persona": persona},
        "locations": [location()],
        "ignored": False,
    } | more


def report(*entries: object) -> bytes:
    return json.dumps(entries).encode()


def test_a_finding_is_taken_by_ident_weight_and_line_and_no_words_of_the_file_are() -> None:
    locations = [location(9), location(4), location(1, kind="Hidden"), location(4)]
    ((placed,),) = parse_report(report(entry(locations=locations)), [CI]).values()
    assert (placed.finding.id, placed.finding.severity) == ("ZIZ-dangerous-triggers", Severity.FAIL)
    assert "https://docs.zizmor.sh/audits/#dangerous-triggers" in placed.finding.message
    assert placed.lines == (5, 10)
    assert CANARY not in str(placed)


@pytest.mark.parametrize(
    ("weights", "severity"),
    [
        ("High High Regular", Severity.FAIL),
        ("High Medium Regular", Severity.WARN),
        ("High High Pedantic", Severity.WARN),
        ("High High Auditor", Severity.WARN),
        ("Medium High Regular", Severity.WARN),
        ("Low High Regular", Severity.INFO),
        ("Informational Low Auditor", Severity.INFO),
        ("Unheard Of Words", Severity.INFO),
    ],
)
def test_only_what_is_grave_sure_and_no_matter_of_taste_fails(weights: str, severity: Severity) -> None:
    ((placed,),) = parse_report(report(entry(weights=weights)), [CI]).values()
    assert placed.finding.severity is severity


@pytest.mark.parametrize(
    "one",
    [
        entry("anonymous-definition"),
        entry("unpinned-uses"),
        entry(ignored=True),
        entry("Not An Ident"),
        entry("a" * 61),
        entry(locations=[location(path="/elsewhere/ci.yml")]),
        entry(locations=[location(kind="Related")]),
        entry(locations=[location("4")]),
        entry(locations=["x", {}, {"symbolic": 1, "concrete": []}]),
        entry(locations=None),
        entry(determinations=None),
        {},
        7,
        None,
    ],
)
def test_what_is_of_style_ours_ignored_elsewhere_or_of_another_form_is_passed_over(one: object) -> None:
    assert parse_report(report(one), [CI]) == {}


@pytest.mark.parametrize("data", [b"", b"{", b"zizmor: error", b"{}", b"null", b"[" * 100_000, b"\xff"])
def test_what_is_no_report_is_an_error(data: bytes) -> None:
    with pytest.raises(ZizmorError, match="it printed"):
        parse_report(data, [CI])


# --- As a child ------------------------------------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Zizmor]:
    """Return a zizmor that is a script of the test's."""

    def write(script: str) -> Zizmor:
        path = tmp_path / "zizmor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return Zizmor(str(path))

    return write


async def test_it_is_told_to_stay_offline_and_gets_nothing_of_the_environment(
    tmp_path: Path, program: Callable[[str], Zizmor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_TOKEN", CANARY)
    zizmor = program(f'env > "{tmp_path}/environment"; printf "%s\\n" "$@" > "{tmp_path}/arguments"; echo "[]"')
    assert await zizmor.audit([CI]) == {}
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert {"--offline", "--no-config", "--persona=auditor", "--format=json-v1"} <= set(arguments)
    assert arguments[-1] == str(CI)
    environment = (tmp_path / "environment").read_text()
    assert CANARY not in environment
    assert {line.partition("=")[0] for line in environment.splitlines()} <= {
        "LANG",
        "PATH",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
    }


async def test_its_report_is_read(tmp_path: Path, program: Callable[[str], Zizmor]) -> None:
    (tmp_path / "report.json").write_bytes(report(entry()))
    found = await program(f'cat "{tmp_path}/report.json"').audit([CI])
    assert [placed.finding.id for placed in found[CI]] == ["ZIZ-dangerous-triggers"]


async def test_without_files_it_is_not_started(tmp_path: Path) -> None:
    assert await Zizmor(str(tmp_path / "nothing")).audit([]) == {}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "it recognises none of the files as a workflow"),
        (f"echo '{CANARY}'; exit 1", "it ended with exit code 1"),
        ("kill -9 $$", "it was ended by a signal"),
        (f"echo '{CANARY}'", "it printed invalid JSON"),
        (f"head -c {OUTPUT_LIMIT + 1} /dev/zero", "it printed too much"),
    ],
)
async def test_a_failure_is_told_in_our_words(program: Callable[[str], Zizmor], script: str, words: str) -> None:
    with pytest.raises(ZizmorError) as caught:
        await program(script).audit([CI])
    assert str(caught.value) == words


async def test_it_is_ended_when_its_time_is_up(program: Callable[[str], Zizmor]) -> None:
    """Otherwise it outlives the test's own time."""
    with pytest.raises(ZizmorError, match=r"it did not end within 0\.2 s"):
        await program("exec sleep 3600").audit([CI], timeout_s=0.2)


async def test_a_program_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZizmorError, match="it cannot be run: No such file"):
        await Zizmor(str(tmp_path / "nothing")).audit([CI])


def test_it_is_looked_for_at_absolute_steps_of_the_path_only(tmp_path: Path, program: Callable[[str], Zizmor]) -> None:
    zizmor = program("true")
    assert find_zizmor({"PATH": f"/nothing:{tmp_path}"}) == zizmor
    relative = find_zizmor({"PATH": ".:bin"})
    assert relative is None or Path(relative.program).is_absolute()
