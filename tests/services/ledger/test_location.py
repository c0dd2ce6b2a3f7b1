"""Where a ledger cannot be kept: places open to others, networks, full and read-only disks, files that are none."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.ledger.ledgers import appended, begun, decision, processes, score

from console.services.ledger.ledger import LedgerError
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:24 / /home rw shared:5 - {kind} server:/export rw,vers=4.2
31 30 0:25 / /home/ann/local\\040disk rw - ext4 /dev/vdb rw
32 22 0:26 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gateway-console"


async def refusal(directory: Path, mounts: Callable[[], str] = str) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        await SqliteLedger.open(directory, mounts=mounts)
    assert "\n" not in str(caught.value)
    return caught.value


async def kept(directory: Path) -> int:
    """Keep a run of two lines, and return the size of the ledger's file."""
    async with await SqliteLedger.open(directory) as ledger:
        await appended(ledger, await begun(ledger), score())
    return (directory / FILE_NAME).stat().st_size


# --- Open to others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", FILE_NAME])
async def test_what_others_may_use_is_refused_with_the_command_that_closes_it(directory: Path, name: str) -> None:
    await kept(directory)
    path = directory / name
    path.chmod(0o755 if name == "" else 0o640)
    error = await refusal(directory)
    assert error.is_unsafe
    assert str(error).endswith(f"is open to other users; run: chmod {'700' if name == '' else '600'} {path}")


@pytest.mark.parametrize("name", ["", FILE_NAME])
async def test_a_symbolic_link_is_not_followed(directory: Path, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    await kept(elsewhere)
    directory.parent.mkdir()
    if name:
        directory.mkdir(mode=0o700)
    (directory / name).symlink_to(elsewhere / name)
    error = await refusal(directory)
    assert error.is_unsafe
    assert "is a symbolic link" in str(error)


async def test_a_dangling_link_makes_nothing_where_it_leads(directory: Path, tmp_path: Path) -> None:
    directory.mkdir(parents=True, mode=0o700)
    (directory / FILE_NAME).symlink_to(tmp_path / "made")
    assert "symbolic link" in str(await refusal(directory))
    assert not (tmp_path / "made").exists()


async def test_what_is_no_file_is_refused(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o700)
    os.mkfifo(directory / FILE_NAME, 0o600)
    assert "not a regular file" in str(await refusal(directory))


async def test_a_file_in_the_directorys_place_is_refused(directory: Path) -> None:
    directory.parent.mkdir(parents=True)
    directory.touch(0o600)
    assert str(directory) in str(await refusal(directory))


# --- Networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "afs", "lustre", "fuse.rclone"],
)
async def test_a_network_file_system_is_refused_with_advice(kind: str) -> None:
    directory = Path("/home/ann/state")
    error = await refusal(directory, lambda: MOUNTS.format(kind=kind))
    assert str(error) == (
        f"/home/ann/state is on a network file system ({kind}), where two consoles could damage the file;"
        " set XDG_STATE_HOME to a directory on a disk of this machine"
    )
    assert not directory.exists()


@pytest.mark.parametrize(
    ("place", "kind"), [("/home/ann/state", "ext4"), ("/home/ann/state", "fuse.gocryptfs"), ("/homes/state", "nfs"),
                        ("/home/ann/local disk/state", "nfs")],
)  # fmt: skip
def test_a_disk_of_this_machine_is_taken(place: str, kind: str) -> None:
    from console.services.system.sqlite_file import require_local

    require_local(Path(place), lambda: MOUNTS.format(kind=kind))
    require_local(Path(place), lambda: "")
    require_local(Path(place), lambda: "30 22\n\nx - nfs\n")


async def test_a_link_to_a_network_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "state").symlink_to("/home/ann")
    error = await refusal(tmp_path / "state" / "gateway-console", lambda: MOUNTS.format(kind="nfs4"))
    assert "network file system" in str(error)


# --- Disks -----------------------------------------------------------------------------------------------------------


async def test_on_a_full_disk_nothing_is_half_written_and_later_all_goes_on(directory: Path) -> None:
    """The process may write files of 200 kB only, which SQLite meets as a disk that has no more room."""
    async with await SqliteLedger.open(directory) as ledger:
        line = await begun(ledger)
    with processes("fill", directory, line.run_id) as (process,):
        full, freed = process.rest()
    assert "free some space, then try again" in full["words"]
    assert full["kept"] > 3
    assert full["head"] == full["head_now"]
    assert freed["kept"] == full["kept"] + 3
    async with await SqliteLedger.open(directory) as ledger:
        assert len(await ledger.read(line.run_id)) == freed["kept"]
        assert await ledger.check(line.run_id) == ()


def test_a_read_only_directory_is_named_and_loses_nothing(directory: Path) -> None:
    with processes("open_read_only", directory) as (process,):
        there, below, looked, runs = process.rest()
    assert "gateway-console" not in there
    assert "is read-only, so nothing can be stored there; run: chmod 700" in there
    assert "cannot be written" in below
    assert "set XDG_STATE_HOME to a writable directory" in below
    assert runs == 1
    assert looked == {
        "runs": 1,
        "lines": 1,
        "faults": 0,
        "is_copy": True,
        "append": "the state directory is read-only, so nothing can be stored in it",
        "made": [],
        "copies left": 0,
    }


# --- Files that are no ledger ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
async def test_what_is_no_database_is_left_alone(directory: Path, data: bytes) -> None:
    directory.mkdir(parents=True, mode=0o700)
    (directory / FILE_NAME).touch(0o600)
    (directory / FILE_NAME).write_bytes(data)
    assert "keep a copy of it" in str(await refusal(directory))
    assert (directory / FILE_NAME).read_bytes() == data


async def test_a_damaged_ledger_is_reported_where_it_is_read(directory: Path) -> None:
    size = await kept(directory)
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    async with await SqliteLedger.open(directory.parent / "other") as ledger:
        assert await ledger.runs(1) == ()
    with pytest.raises(LedgerError, match="is damaged; keep a copy of it") as caught:
        async with await SqliteLedger.open(directory) as ledger:
            await ledger.runs(10)
    assert FILE_NAME in str(caught.value)


async def test_a_database_of_another_program_is_left_alone(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o700)
    (directory / FILE_NAME).touch(0o600)
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE mine (one INTEGER)")
    before = (directory / FILE_NAME).read_bytes()
    assert "not a ledger of this console; move it away" in str(await refusal(directory))
    assert (directory / FILE_NAME).read_bytes() == before


async def test_a_ledger_of_a_newer_console_is_refused(directory: Path) -> None:
    await kept(directory)
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version=3")
    error = await refusal(directory)
    assert "was written by a newer gateway-console; use that version (its schema is 3, this one knows 2)" in str(error)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TRIGGER swallow BEFORE INSERT ON line WHEN NEW.kind = 'GateDecided' BEGIN SELECT RAISE(IGNORE); END",
        "DROP TRIGGER line_is_never_changed",
        "DROP INDEX decided_once",
        "CREATE TABLE more (one INTEGER)",
        "CREATE VIEW shown AS SELECT * FROM line",
        "PRAGMA user_version=-1",
        "PRAGMA user_version=0",
    ],
)
async def test_what_others_planted_in_a_ledger_is_seen_when_it_is_opened(directory: Path, change: str) -> None:
    await kept(directory)
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute(change)
    error = await refusal(directory)
    assert "was changed by something else, so it cannot be relied on" in str(error)
    assert error.is_unsafe


async def test_a_ledger_that_lost_its_id_is_said(directory: Path) -> None:
    await kept(directory)
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("DELETE FROM log")
    assert "it has lost its own id" in str(await refusal(directory))


async def test_lines_that_something_swallows_while_it_is_open_are_not_kept_for_good(directory: Path) -> None:
    async with await SqliteLedger.open(directory) as ledger:
        line = await begun(ledger)
        with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
            connection.execute(
                "CREATE TRIGGER swallow BEFORE INSERT ON line WHEN NEW.kind = 'GateDecided'"
                " BEGIN SELECT RAISE(IGNORE); END"
            )
        with pytest.raises(LedgerError, match="did not store the lines of run"):
            await appended(ledger, line, decision())


async def test_an_empty_file_becomes_a_ledger(directory: Path) -> None:
    """A console that died between making the file and its tables leaves one."""
    directory.mkdir(parents=True, mode=0o700)
    (directory / FILE_NAME).touch(0o600)
    assert await kept(directory) > 0
