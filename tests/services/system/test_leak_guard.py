"""What is kept and what is logged: state files and the audit log refuse a token, log lines mask it.

The guard knows every token for as long as the process lives, so each test makes a token that no other has, and what
changes the process's own logging runs in a process of its own.
"""

import secrets
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.tokens.token_forms import FORMS, every_form

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.domain.verification import Mark
from console.services.system.leak_guard import LEAK_GUARD, SafeRecord
from console.services.system.private_file import PrivateFileError, read_private, require_clean, write_private
from console.services.tokens.audit import AuditLog
from console.services.tokens.stores.store import StoreError
from console.services.verification_marks import MarkFile


@pytest.fixture
def token() -> str:
    """Make a token that this process holds; no pattern knows it, so that only the registry can."""
    value = "_".join(secrets.token_hex(3).translate(str.maketrans("0123456789", "ghijklmnop")) for _ in range(4)) + '"<'
    LEAK_GUARD.add(Secret(value))
    return value


# --- State files -----------------------------------------------------------------------------------------------------


@every_form
def test_a_state_file_with_a_token_is_not_written_and_the_old_one_stays(
    tmp_path: Path, token: str, write: Callable[[str], str]
) -> None:
    directory = tmp_path / "state"
    write_private(directory / "file.json", b'{"old": true}')
    with pytest.raises(PrivateFileError, match=r"^file\.json was not written: it would hold a token") as caught:
        write_private(directory / "file.json", f'{{"new": "{write(token)}"}}'.encode())
    assert caught.value.is_unsafe
    assert token not in str(caught.value)
    assert read_private(directory / "file.json", 1000) == b'{"old": true}'
    assert [path.name for path in directory.iterdir()] == ["file.json"]


def test_a_refused_state_file_makes_no_directory(tmp_path: Path, token: str) -> None:
    with pytest.raises(PrivateFileError):
        write_private(tmp_path / "state" / "file.json", token.encode())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("around", [b"", b"\xff\xfe", b"\x00", "—".encode(), b"\xe2\x80"])
def test_a_token_between_bytes_that_are_no_text_is_found(token: str, around: bytes) -> None:
    with pytest.raises(PrivateFileError):
        require_clean(around + token.encode() + around, "file")
    require_clean(around + b"no token" + around, "file")


@pytest.mark.parametrize("place", ["note", "by", "row_id"])
def test_a_mark_with_a_token_is_not_kept_and_the_others_stay(tmp_path: Path, token: str, place: str) -> None:
    file = MarkFile(tmp_path / "state", "demo")
    good = Mark("ci-secrets", datetime(2026, 11, 22, tzinfo=UTC), "ann", "read")
    file.append(good)
    before = file.path.read_bytes()
    words = {"row_id": "ci-secrets", "by": "ann", "note": "", place: f"a {token} b"}
    with pytest.raises(PrivateFileError, match="would hold a token") as caught:
        file.append(Mark(words["row_id"], datetime(2026, 11, 22, tzinfo=UTC), words["by"], words["note"]))
    assert caught.value.is_unsafe
    assert token not in str(caught.value)
    assert file.path.read_bytes() == before
    assert file.read().marks == (good,)


@pytest.mark.parametrize("place", ["action", "reference", "result", "origin", "source", "fingerprint"])
@pytest.mark.parametrize("write", [write for name, write in FORMS.items() if name != "in JSON"])
def test_an_audit_line_with_a_token_is_not_written(
    tmp_path: Path, token: str, place: str, write: Callable[[str], str]
) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    log = AuditLog(path, clock=lambda: 0.0)
    log.write("set", "vault:acme", "stored")
    before = path.read_bytes()
    line = {"action": "set", "reference": "vault:acme", "result": "stored", place: write(token)}
    with pytest.raises(StoreError) as caught:
        log.write(**line)
    assert caught.value.state is TokenState.REFUSED
    assert "would hold a token" in caught.value.reason
    assert token not in caught.value.reason
    assert path.read_bytes() == before


# --- Logs ------------------------------------------------------------------------------------------------------------

LOGGING = """
import logging, sys
from console.domain.tokens.secret import Secret
from console.services.system.leak_guard import LEAK_GUARD, quiet_logs
token = sys.stdin.readline().strip()
LEAK_GUARD.add(Secret(token))
{before}
quiet_logs()
quiet_logs()
names = ["httpx", "httpcore", "httpcore.http11", "httpcore.connection", "aiohttp", "aiohttp.client", "aiohttp.access",
         "asyncio", "textual", "keyring.backend", "secretstorage", "jeepney", "console", "console.services", ""]
for name in names:
    log = logging.getLogger(name)
    for level in (5, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.log(level, f"level {{level}} of {{name}}: {{token}}")
        log.log(level, "by argument %s %r", token, {{"authorization": "Bearer " + token}})
try:
    raise ValueError(token)
except ValueError:
    logging.getLogger("console").exception("failed with %s", token, stack_info=True)
{after}
"""


def logged(token: str, before: str = "", after: str = "", **environment: str) -> str:
    """Log at every level in a process of its own and return all that it wrote."""
    code = LOGGING.format(before=before, after=after)
    ended = subprocess.run(
        [sys.executable, "-c", code], input=token + "\n", capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip
    return ended.stdout + ended.stderr


TOKEN = "abcdef_ghijkl_mnopqr_stuvwx"


def test_a_driver_that_warns_of_each_lost_connection_is_quiet_and_its_errors_are_shown() -> None:
    said = 'for name in ("psycopg.pool", "procrastinate.worker"): logging.getLogger(name).warning("lost " + name)\n'
    text = logged(TOKEN, after=said + 'logging.getLogger("psycopg.pool").error("gone")')
    assert "lost" not in text
    assert "psycopg.pool: gone" in text


@pytest.mark.parametrize(
    "before",
    [
        "",
        "logging.getLogger().setLevel(1)",
        "logging.basicConfig(level=1)",
        "logging.getLogger('httpx').setLevel(1); logging.getLogger('httpcore').setLevel(1)",
        "logging.getLogger('httpcore.http11').setLevel(1); logging.getLogger().setLevel(1)",
        "logging.getLogger('aiohttp.client').addHandler(logging.StreamHandler())",
        "logging.basicConfig(level=1, format='%(message)s', stream=sys.stdout)",
    ],
    ids=["as it is", "root at its lowest", "a handler of others", "libraries at their lowest", "a part of a library",
         "a library's own handler", "a handler to stdout"],
)  # fmt: skip
def test_no_log_line_of_any_level_holds_a_token(before: str) -> None:
    shown = logged(TOKEN, before)
    assert not Secret(TOKEN).is_in(shown)
    assert "•••" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore", "httpcore.http11", "aiohttp.access", "asyncio", "keyring.backend"]
)
def test_a_library_says_nothing_below_a_warning(name: str) -> None:
    lines = [line for line in logged(TOKEN, "logging.getLogger().setLevel(1)").splitlines() if f" of {name}:" in line]
    assert [line.split("level ")[1].split()[0] for line in lines] == ["30", "40", "50"]


def test_a_part_of_a_library_that_was_told_to_say_all_says_nothing_below_a_warning() -> None:
    before = "logging.getLogger('httpcore.http11').setLevel(1); logging.getLogger().setLevel(1)"
    lines = [line for line in logged(TOKEN, before).splitlines() if " of httpcore.http11:" in line]
    assert [line.split("level ")[1].split()[0] for line in lines] == ["30", "40", "50"]


def test_of_an_exception_its_type_and_place_are_said() -> None:
    assert "gateway-console: console: failed with ••• [ValueError at <string>:18]" in logged(TOKEN).splitlines()


def test_a_handler_that_comes_later_gets_masked_lines() -> None:
    after = (
        "logging.getLogger('console').addHandler(logging.StreamHandler(sys.stdout))\n"
        "logging.getLogger('console').error('later %s', token)"
    )
    shown = logged(TOKEN, after=after)
    assert not Secret(TOKEN).is_in(shown)
    assert "later •••" in shown.splitlines()


def test_each_line_is_written_once_however_often_logs_are_quieted() -> None:
    lines = [line for line in logged(TOKEN).splitlines() if "level 40 of console:" in line]
    assert lines == ["gateway-console: console: level 40 of console: •••"]


def test_a_log_call_that_is_wrong_does_not_show_its_arguments() -> None:
    shown = logged(TOKEN, after='logging.getLogger("console").error("%d and %d", token)')
    assert not Secret(TOKEN).is_in(shown)
    assert "gateway-console: console: a log line that cannot be formatted, TypeError" in shown.splitlines()


def test_a_handler_that_fails_shows_nothing_of_what_it_was_given() -> None:
    after = """
class Failing(logging.Handler):
    def emit(self, record):
        try:
            raise ValueError(token)
        except ValueError:
            self.handleError(record)
logging.getLogger("console").addHandler(Failing())
logging.getLogger("console").error("to be lost there")
"""
    shown = logged(TOKEN, after=after)
    assert not Secret(TOKEN).is_in(shown)
    assert shown.count("to be lost there") == 1


def test_a_line_stays_one_line_and_moves_no_cursor(token: str) -> None:
    import logging

    record = SafeRecord("httpx", logging.ERROR, "f", 1, "a\n%s\x1b[2J\u202e", (token,), None)
    assert logging.Formatter("%(message)s").format(record) == "a␊•••␛[2J\ufffd"
    assert token not in str(vars(record))
