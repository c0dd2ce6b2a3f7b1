"""The audit log and fingerprints: what they hold, who may read them, and what they never hold."""

import json
import stat
from pathlib import Path

import pytest

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.audit import SIZE_LIMIT, AuditLog
from console.services.tokens.fingerprint import installation_key
from console.services.tokens.stores.store import StoreError

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gateway-console" / "token-audit.jsonl"


def test_a_line_says_what_was_done_and_holds_no_more(path: Path) -> None:
    log = AuditLog(path, clock=lambda: 1_800_000_000.0)
    log.require()
    log.write(
        "set", "vault:acme", "stored", origin="https://gw.example:443", source="vault", fingerprint="0123456789ab"
    )
    log.write("check", "vault:acme", "locked")
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {
        "time": "2027-01-15T08:00:00+00:00",
        "action": "set",
        "reference": "vault:acme",
        "origin": "https://gw.example:443",
        "source": "vault",
        "result": "stored",
        "fingerprint": "0123456789ab",
    }
    assert (second["result"], second["fingerprint"]) == ("locked", None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_log_that_others_may_read_or_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    log = AuditLog(path)
    log.require()
    path.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        log.require()
    path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.symlink_to(victim)
    with pytest.raises(StoreError) as caught:
        log.write("set", "vault:acme", "stored")
    assert caught.value.state is TokenState.REFUSED
    assert victim.read_text() == "mine"


def test_a_log_that_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError) as caught:
        AuditLog(tmp_path / "state" / "gateway-console" / "log").require()
    assert caught.value.state is TokenState.UNAVAILABLE


def test_a_full_log_is_put_aside(path: Path) -> None:
    log = AuditLog(path)
    log.require()
    path.write_bytes(b"x" * SIZE_LIMIT)
    log.write("set", "vault:acme", "stored")
    assert not path.exists()
    log.write("set", "vault:acme", "stored")
    assert len(path.read_text().splitlines()) == 1
    assert path.with_name(f"{path.name}.1").stat().st_size > SIZE_LIMIT


def test_equal_tokens_have_equal_fingerprints_on_one_machine_only(tmp_path: Path) -> None:
    one, other = (installation_key(tmp_path / name / "fingerprint.key") for name in ("one", "other"))
    assert Secret(TOKEN).fingerprint(one) == Secret(TOKEN).fingerprint(one)
    assert Secret(TOKEN).fingerprint(one) != Secret(TOKEN + "x").fingerprint(one)
    assert Secret(TOKEN).fingerprint(one) != Secret(TOKEN).fingerprint(other)
    assert len(Secret(TOKEN).fingerprint(one)) == 12


def test_the_key_of_fingerprints_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fingerprint.key"
    key = installation_key(path)
    assert installation_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o604)
    with pytest.raises(StoreError):
        installation_key(path)


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_damaged_key_of_fingerprints_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data" / "fingerprint.key"
    installation_key(path)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        installation_key(path)
