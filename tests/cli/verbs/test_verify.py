"""`verify`: the table, a row, a mark, and the look at the sources."""

import asyncio
import functools
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.cli.schemas import valid
from support.gateway.servers import Peer, Request, raw_server, whole

from console.cli.exit_code import ExitCode
from console.cli.parser import build_parser
from console.cli.verbs import verify
from console.domain.problem import Problem
from console.domain.verification import rows
from console.services.pages.failure import SourceRefusedError
from console.services.pages.fetch import Fetched, fetch

TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])
IDS = [row.id for row in rows()]
SCHEMA = "gateway-console/verify/v1"
TODAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def marks_of(console: Console, profile: str = "demo") -> Path:
    return console.home / ".local" / "state" / "gateway-console" / f"verification-{profile}.jsonl"


# --- As a process ----------------------------------------------------------------------------------------------------


async def test_without_any_mark_the_table_lists_every_row_as_never_verified(console: Console) -> None:
    result = await console.run("verify")
    head, *lines = result.stdout.splitlines()
    assert head.split() == ["row", "area", "state", "checked", "by", "expires"]
    assert [line.split()[0] for line in lines] == IDS
    assert all("· never" in line for line in lines)
    assert "16 row(s): 0 fresh, 0 stale, 16 never verified" in result.stderr
    assert result.code == 0
    assert not (console.home / ".local").exists()


async def test_a_mark_is_kept_and_listed_with_its_day_its_user_and_its_expiry(console: Console) -> None:
    marked = await console.run("verify", "mark", "ci-secrets", "--note", "names only")
    assert marked.code == 0
    assert marked.stdout.startswith("✓ fresh  ci-secrets  expires 20")
    listed = await console.run("verify")
    (line,) = [line for line in listed.stdout.splitlines() if line.startswith("ci-secrets")]
    assert re.search(r"✓ fresh  20\d\d-\d\d-\d\d  \S+  20\d\d-\d\d-\d\d$", line)
    assert oct(marks_of(console).stat().st_mode)[-3:] == "600"


async def test_a_row_is_shown_whole_with_its_marks_newest_first(console: Console) -> None:
    for note in ("first", "second"):
        await console.run("verify", "mark", "memory-model", "--note", note)
    result = await console.run("verify", "show", "memory-model")
    row = rows()[IDS.index("memory-model")]
    for text in (row.area, row.what, row.source_url, row.safe_wording, "page not fetched"):
        assert text in result.stdout
    assert result.stdout.index("second") < result.stdout.index("first")
    assert result.code == 0


async def test_the_documents_have_their_promised_names(console: Console) -> None:
    await console.run("verify", "mark", "ci-secrets", "--note", "names only")
    listed = (await console.run("verify", "--json")).document
    assert (listed["schema"], listed["profile"]) == (SCHEMA, "demo")
    assert listed["policy"] == {"verification_max_age_days": 30, "require_verification": False}
    assert [row["id"] for row in listed["rows"]] == IDS
    row = listed["rows"][IDS.index("ci-secrets")]
    assert set(row) == {
        "id", "area", "what", "source_url", "safe_wording", "state", "checked_at", "by", "note", "content_sha256",
        "expires_on",
    }  # fmt: skip
    assert (row["state"], row["note"], row["content_sha256"]) == ("fresh", "names only", None)
    assert datetime.fromisoformat(row["checked_at"]).utcoffset() == timedelta(0)
    assert [finding["id"] for finding in listed["findings"]] == ["VERIFY-01"] * 15
    shown = (await console.run("verify", "show", "ci-secrets", "--json")).document
    assert [each["note"] for each in shown["rows"][0]["marks"]] == ["names only"]
    marked = (await console.run("--json", "verify", "mark", "ci-secrets")).document
    assert (marked["schema"], marked["rows"][0]["state"], marked["rows"][0]["note"]) == (SCHEMA, "fresh", "")


async def test_states_are_data_unless_fresh_rows_are_required(console: Console) -> None:
    plain, required = await console.run("verify"), await console.run("verify", "--require-fresh")
    assert (plain.code, required.code) == (0, 1)
    assert "VERIFY-01" not in plain.stdout
    assert "× fail  VERIFY-01: CI secrets was never verified." in required.stdout
    for row_id in IDS:
        await console.run("verify", "mark", row_id)
    assert (await console.run("verify", "--require-fresh")).code == 0


async def test_a_policy_sets_the_age_and_what_is_required(console: Console) -> None:
    policy = {"verification_max_age_days": 7, "require_verification": True}
    path = console.config_for("https://gw.example", policy=policy)
    await console.run("verify", "mark", "ci-secrets", "--config", path)
    document = (await console.run("verify", "--json", "--config", path)).document
    assert document["policy"] == {"verification_max_age_days": 7, "require_verification": True}
    row = document["rows"][IDS.index("ci-secrets")]
    age = datetime.fromisoformat(row["expires_on"]).date() - datetime.fromisoformat(row["checked_at"]).date()
    assert age == timedelta(days=7)
    assert {finding["severity"] for finding in document["findings"]} == {"fail"}
    assert marks_of(console, "p").exists()
    assert not marks_of(console).exists()


UNFIT = {
    ("verify", "mark", "ci-secret"): (2, 'unknown row "ci-secret"; did you mean ci-secrets?'),
    ("verify", "show", "zzzz"): (2, 'unknown row "zzzz"; gateway-console verify lists them'),
    ("verify", "--live", "memory"): (2, "did you mean memory-model?"),
    ("verify", "show", "\x1b[2J"): (2, "unknown row"),
    ("verify", "mark"): (2, "ROW"),
    ("verify", "bogus"): (2, "bogus"),
    ("verify", "mark", "ci-secrets", "memory-model"): (2, "extra argument"),
    ("verify", "mark", "ci-secrets", "--bogus"): (2, "unknown option --bogus"),
    ("verify", "mark", "ci-secrets", "--note", "x " * 251): (2, "at most 500 characters"),
    ("verify", "--require-fresh", "mark", "ci-secrets"): (2, "--require-fresh"),
    ("verify", "mark", "ci-secrets", "--note", f"key {TOKEN}"): (11, "looks like an API key"),
    ("verify", "mark", "ci-secrets", "--read-only"): (11, "nothing was recorded"),
    ("--read-only", "verify", "mark", "ci-secrets"): (11, "nothing was recorded"),
    ("verify", "--config", "missing.toml"): (3, "no such file"),
}


async def test_what_does_not_fit_is_one_clear_line_and_nothing_is_recorded(console: Console) -> None:
    for arguments, result in (await console.run_all(UNFIT)).items():
        code, words = UNFIT[arguments]
        assert result.code == code, arguments
        assert words in result.complaint
        assert "\x1b" not in result.complaint
        assert TOKEN[:12] not in result.complaint
    assert not marks_of(console).exists()


async def test_reading_is_possible_in_read_only(console: Console) -> None:
    for arguments in (["verify", "--read-only"], ["verify", "show", "ci-secrets", "--read-only"]):
        assert (await console.run(*arguments)).code == 0


async def test_a_state_file_that_cannot_be_used_is_one_line_and_its_exit_code(console: Console) -> None:
    await console.run("verify", "mark", "ci-secrets")
    unwritable = await console.run("verify", "mark", "ci-secrets", XDG_STATE_HOME="/proc")
    assert (unwritable.code, unwritable.stdout) == (1, "")
    assert unwritable.stderr.splitlines()[-1].startswith("gateway-console: /proc/gateway-console cannot be written: ")
    marks_of(console).chmod(0o644)
    unsafe = await console.run("verify")
    assert unsafe.code == 11
    assert "is open to other users; run: chmod 600" in unsafe.stderr
    assert unsafe.stdout == ""


async def test_a_cut_line_is_said_and_the_rest_is_listed(console: Console) -> None:
    await console.run("verify", "mark", "ci-secrets")
    with marks_of(console).open("ab") as file:
        file.write(b'{"schema":1,"ro')
    result = await console.run("verify", "--json")
    assert "1 line(s) of" in result.stderr
    assert result.document["rows"][IDS.index("ci-secrets")]["state"] == "fresh"


async def test_a_note_reaches_the_terminal_without_its_control_characters(console: Console) -> None:
    await console.run("verify", "mark", "ci-secrets", "--note", "a\x1b]0;owned\x07b")
    result = await console.run("verify", "show", "ci-secrets")
    assert "\x1b" not in result.stdout
    assert "owned" in result.stdout


# --- Within this process: a clock, and pages on loopback -------------------------------------------------------------


class Pages:
    """The sources of all rows, served on loopback by a thread of its own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.body = b"<p>first</p>"
        self.status = 200

    async def fetch(self, url: str) -> Fetched:
        return await fetch(self.base_url + "/" + url.rpartition("/")[2], allow_loopback=True)


@pytest.fixture
def pages() -> Iterator[Pages]:
    ready, done = threading.Event(), asyncio.Event()
    served: list[Pages] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def answer(peer: Peer, _: Request) -> None:
        await peer.send(whole(served[0].status, served[0].body, content_type="text/html"))

    async def serve() -> None:
        async with raw_server(answer) as server:
            loops.append(asyncio.get_running_loop())
            served.append(Pages(server.base_url))
            ready.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield served[0]
    loops[0].call_soon_threadsafe(done.set)
    thread.join(10)


Run = Callable[..., tuple[ExitCode, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))

    def run(*words: str, at: datetime = TODAY, **seams: Any) -> tuple[ExitCode, str]:
        code = verify.run(build_parser().parse_args(["verify", *words]), now=lambda: at, **seams)
        return code, capsys.readouterr().out

    return run


def test_a_mark_runs_out_after_thirty_days(run: Run) -> None:
    run("mark", "ci-secrets")
    for days, state in ((0, "✓ fresh"), (29, "✓ fresh"), (30, "~ stale"), (400, "~ stale")):
        _, table = run(at=TODAY + timedelta(days=days))
        assert [line for line in table.splitlines() if line.startswith("ci-secrets") and state in line], days


def test_a_clock_that_was_set_back_makes_no_mark_count_for_longer(run: Run) -> None:
    run("mark", "ci-secrets", at=TODAY + timedelta(days=3650))
    code, table = run("--require-fresh")
    assert "~ stale" in table
    assert code is ExitCode.FAILED
    run("mark", "ci-secrets")
    assert "~ stale" not in run()[1]


def test_a_page_is_compared_with_the_hash_of_its_last_mark(run: Run, pages: Pages) -> None:
    live = functools.partial(run, "--live", "ci-secrets", fetch=pages.fetch)
    assert live()[0] is ExitCode.OK
    assert "· not compared  ci-secrets  There is no hash" in live()[1]
    assert run("mark", "ci-secrets", "--live", fetch=pages.fetch)[0] is ExitCode.OK
    code, text = live()
    assert (code, "✓ unchanged" in text) == (ExitCode.OK, True)
    pages.body = b"<p nonce='7'>first</p><script>other()</script>"
    assert live()[0] is ExitCode.OK
    pages.body = b"<p>second</p>"
    code, text = live()
    assert (code, "~ changed" in text) == (ExitCode.FAILED, True)
    assert "changed since 2026-05-01. Read it again" in text
    assert live()[0] is ExitCode.FAILED, "looking stores nothing"
    run("mark", "ci-secrets", fetch=pages.fetch)
    assert "· not compared" in live()[1]


def test_a_page_that_cannot_be_read_is_an_outcome_and_exit_code_1(run: Run, pages: Pages) -> None:
    pages.status = 404
    code, text = run("--live", "ci-secrets", "memory-model", fetch=pages.fetch)
    assert code is ExitCode.FAILED
    assert text.count("× unreachable") == 2
    assert "HTTP status 404" in text


def test_a_page_that_must_not_be_asked_is_refused(run: Run) -> None:
    async def refuse(url: str) -> Fetched:
        raise SourceRefusedError("the page's address is inside this machine or its network")

    code, text = run("--live", "ci-secrets", fetch=refuse)
    assert (code, "! refused" in text) == (ExitCode.FAILED, True)


def test_without_names_every_source_is_fetched(run: Run, pages: Pages) -> None:
    code, text = run("--live", fetch=pages.fetch)
    assert code is ExitCode.OK
    assert sorted(re.findall(r"^· not compared +([\w-]+)", text, re.MULTILINE)) == sorted(IDS)


def test_the_live_document_has_the_outcome_of_each_row_in_the_tables_order(run: Run, pages: Pages) -> None:
    code, text = run("--live", "memory-model", "ci-secrets", "--json", "--read-only", fetch=pages.fetch)
    document = valid(json.loads(text))
    assert (code, document["schema"]) == (ExitCode.OK, SCHEMA)
    assert [row["id"] for row in document["rows"]] == ["memory-model", "ci-secrets"]
    for row in document["rows"]:
        assert set(row["live"]) == {"outcome", "reason", "http_status", "content_sha256"}
        assert (row["live"]["outcome"], row["live"]["http_status"]) == ("not_compared", 200)
        assert re.fullmatch("[0-9a-f]{64}", row["live"]["content_sha256"])


def test_a_mark_with_its_page_is_not_recorded_where_the_page_cannot_be_read(run: Run, pages: Pages) -> None:
    pages.status = 500
    with pytest.raises(Problem, match="nothing was recorded"):
        run("mark", "ci-secrets", "--live", fetch=pages.fetch)
    assert "· never" in run("show", "ci-secrets")[1]


def test_nothing_of_a_page_is_kept(run: Run, pages: Pages, tmp_path: Path) -> None:
    pages.body = b"<p>remarkable words</p>"
    run("mark", "ci-secrets", "--live", fetch=pages.fetch)
    run("--live", "ci-secrets", fetch=pages.fetch)
    kept = b"".join(Path(folder, name).read_bytes() for folder, _, names in os.walk(tmp_path) for name in names)
    assert b"ci-secrets" in kept
    assert b"remarkable" not in kept
