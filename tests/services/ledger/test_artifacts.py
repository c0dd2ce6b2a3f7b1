"""Artifacts: content in files named by its hash, verified when read, deletable."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ledger.ledgers import begun

from console.services.ledger.artifacts import Artifacts
from console.services.ledger.ledger import LedgerError
from console.services.ledger.sqlite import SqliteLedger

DRAFT = b"--- a/app.py\n+++ b/app.py\n\x00\xff"
SHA256 = hashlib.sha256(DRAFT).hexdigest()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "gateway-console"


@pytest.fixture
def artifacts(state: Path) -> Iterator[Artifacts]:
    opened = Artifacts(state, limit=1000)
    yield opened
    opened.close()


async def test_content_is_read_by_its_hash(artifacts: Artifacts) -> None:
    assert await artifacts.put(DRAFT) == SHA256
    assert await artifacts.put(DRAFT) == SHA256
    assert await artifacts.read(SHA256) == DRAFT
    assert await artifacts.put(b"") == hashlib.sha256(b"").hexdigest()


async def test_nobody_else_can_read_it_and_nothing_else_is_left(state: Path, artifacts: Artifacts) -> None:
    before = os.umask(0)
    try:
        await artifacts.put(DRAFT)
    finally:
        os.umask(before)
    assert {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))} == {
        state: 0o700,
        state / "artifacts": 0o700,
        state / "artifacts" / SHA256: 0o600,
    }


async def test_a_ledger_may_come_after_its_artifacts(state: Path, artifacts: Artifacts) -> None:
    await artifacts.put(DRAFT)
    async with await SqliteLedger.open(state) as ledger:
        assert (await begun(ledger)).seq == 1


async def test_what_is_deleted_or_never_was_is_absent(artifacts: Artifacts) -> None:
    assert await artifacts.read(SHA256) is None
    assert await artifacts.delete(SHA256) is False
    await artifacts.put(DRAFT)
    assert await artifacts.delete(SHA256) is True
    assert await artifacts.read(SHA256) is None
    assert await artifacts.put(DRAFT) == SHA256


@pytest.mark.parametrize("data", [b"", DRAFT + b"x", b"x" * 2000])
async def test_changed_content_is_an_error_and_is_written_anew(state: Path, artifacts: Artifacts, data: bytes) -> None:
    await artifacts.put(DRAFT)
    (state / "artifacts" / SHA256).write_bytes(data)
    with pytest.raises(LedgerError, match="does not match its name: it was changed; delete it"):
        await artifacts.read(SHA256)
    await artifacts.put(DRAFT)
    assert await artifacts.read(SHA256) == DRAFT


async def test_what_is_too_large_is_not_kept(state: Path, artifacts: Artifacts) -> None:
    assert await artifacts.put(b"x" * 1000)
    with pytest.raises(LedgerError, match="an artifact of 1001 bytes is over the limit of 1000"):
        await artifacts.put(b"x" * 1001)
    assert len(list((state / "artifacts").iterdir())) == 1


@pytest.mark.parametrize("name", ["", "../runs.db", SHA256.upper(), SHA256 + "\n", SHA256[:-1], "/etc/passwd"])
async def test_a_name_from_outside_is_no_hash(artifacts: Artifacts, name: str) -> None:
    for deed in (artifacts.read, artifacts.delete):
        with pytest.raises(LedgerError, match="64 hexadecimal digits"):
            await deed(name)


@pytest.mark.parametrize("name", ["artifacts", f"artifacts/{SHA256}"])
async def test_a_symbolic_link_is_not_followed(tmp_path: Path, state: Path, artifacts: Artifacts, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / SHA256).touch(0o600)
    await artifacts.put(b"other")
    if name == "artifacts":
        await artifacts.delete(hashlib.sha256(b"other").hexdigest())
        (state / name).rmdir()
    (state / name).symlink_to(outside / SHA256 if "/" in name else outside)
    for work in (artifacts.put(DRAFT), artifacts.read(SHA256)):
        with pytest.raises(LedgerError, match="symbolic link") as caught:
            await work
        assert caught.value.is_unsafe
    assert (outside / SHA256).read_bytes() == b""


async def test_what_others_may_read_is_refused(state: Path, artifacts: Artifacts) -> None:
    await artifacts.put(DRAFT)
    (state / "artifacts" / SHA256).chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        await artifacts.read(SHA256)
