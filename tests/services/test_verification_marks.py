"""The mark file: what is kept and read back, and files and directories that cannot be used."""

import fcntl
import os
import resource
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.system.file_lock import is_waited_for
from support.waiting import HANG_S

from console.domain.verification import Mark
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import SIZE_LIMIT, MarkFile, user_name

AT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])


def mark(note: str = "", *, row: str = "ci-secrets", at: datetime = AT, sha: str | None = None) -> Mark:
    return Mark(row, at, "ann", note, sha)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gateway-console"


@pytest.fixture
def file(directory: Path) -> MarkFile:
    return MarkFile(directory, "demo")


def refusal(file: MarkFile, made: Mark | None = None) -> PrivateFileError:
    """Return how reading, or appending where a mark is given, is refused."""
    with pytest.raises(PrivateFileError) as caught:
        file.read() if made is None else file.append(made)
    return caught.value


# --- Keeping and reading ---------------------------------------------------------------------------------------------


def test_without_a_file_there_are_no_marks_and_nothing_is_made(file: MarkFile, directory: Path) -> None:
    assert file.read().marks == ()
    assert not directory.parent.exists()


def test_marks_are_read_back_in_the_order_in_which_they_were_made(file: MarkFile) -> None:
    marks = (mark("first", sha="a" * 64), mark("second ✓", row="memory-model"), mark(at=AT - timedelta(days=9)))
    for each in marks:
        file.append(each)
    assert file.read().marks == marks
    assert file.read().unreadable_lines == 0


def test_each_profile_has_its_own_marks(file: MarkFile, directory: Path) -> None:
    file.append(mark())
    assert MarkFile(directory, "other").read().marks == ()


def test_the_directory_and_the_file_are_their_users_alone_whatever_the_umask(file: MarkFile, directory: Path) -> None:
    before = os.umask(0)
    try:
        file.append(mark())
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_time_of_another_zone_is_read_as_utc(file: MarkFile) -> None:
    file.append(mark(at=AT.astimezone(timezone(timedelta(hours=9)))))
    (read,) = file.read().marks
    assert (read.at, read.at.tzinfo) == (AT, UTC)


@examples(25)
@given(notes=st.lists(st.text(alphabet=st.characters(), max_size=60), min_size=2, max_size=2))
@example(notes=["a\nb\r\n", "\u2028\x85\x0b\x0c"])
@example(notes=["\x1b[2J\x00", "\ud800"])
def test_what_a_note_holds_never_breaks_its_line(tmp_path_factory: pytest.TempPathFactory, notes: list[str]) -> None:
    file = MarkFile(tmp_path_factory.mktemp("home") / "state", "demo")
    for note in notes:
        file.append(mark(note))
    log = file.read()
    assert (len(log.marks), log.unreadable_lines) == (2, 0)
    assert file.path.read_bytes().count(b"\n") == 2
    assert b"\x1b" not in file.path.read_bytes()


def test_the_user_is_the_operating_systems_and_not_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert user_name() not in ("", "mallory")


# --- Lines that are no marks -----------------------------------------------------------------------------------------

GOOD = '{"schema":1,"row":"ci-secrets","at":"2026-05-01T12:30:00Z","by":"ann","note":"","content_sha256":null}'


def write(file: MarkFile, data: bytes) -> None:
    file.path.parent.mkdir(parents=True, mode=0o700)
    file.path.touch(0o600)
    file.path.write_bytes(data)


@pytest.mark.parametrize("length", range(1, len(GOOD) - 1, 7))
def test_a_last_line_that_was_cut_is_passed_over_and_the_next_mark_stands_on_its_own(
    file: MarkFile, length: int
) -> None:
    write(file, f"{GOOD}\n{GOOD[:length]}".encode())
    assert (len(file.read().marks), file.read().unreadable_lines) == (1, 1)
    file.append(mark("next"))
    log = file.read()
    assert ([each.note for each in log.marks], log.unreadable_lines) == (["", "next"], 1)


def test_a_whole_last_line_without_its_end_counts(file: MarkFile) -> None:
    write(file, GOOD.encode())
    file.append(mark("next"))
    assert (len(file.read().marks), file.read().unreadable_lines) == (2, 0)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        GOOD.replace('"schema":1', '"schema":2').encode(),
        GOOD.replace("2026-05-01T12:30:00Z", "2026-05-01T12:30:00").encode(),
        GOOD.replace("2026-05-01T12:30:00Z", "9999-12-31T23:59:59-23:59").encode(),
        GOOD.replace("2026-05-01T12:30:00Z", "soon").encode(),
        GOOD.replace("null", '"abc"').encode(),
        GOOD.replace('"note":""', '"note":"' + "x" * 501 + '"').encode(),
        GOOD.replace('"note"', '"not"').encode(),
        GOOD.replace("{", '{"more":1,').encode(),
    ],
    ids=lambda line: line[:70].decode("latin-1"),
)
def test_a_line_that_is_no_mark_is_counted_and_the_others_are_read(file: MarkFile, line: bytes) -> None:
    write(file, b"\n".join([GOOD.encode(), line, GOOD.encode(), b""]))
    assert (len(file.read().marks), file.read().unreadable_lines) == (2, 1)


@examples(60)
@given(data=st.binary(max_size=300))
def test_no_bytes_make_reading_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = MarkFile(tmp_path_factory.mktemp("home") / "state", "demo")
    write(file, data + b"\n" + GOOD.encode())
    assert file.read().marks[-1] == mark()


def test_of_a_very_long_file_the_newest_marks_are_read(file: MarkFile) -> None:
    line = GOOD.replace('"note":""', '"note":"' + "x" * 400 + '"').encode() + b"\n"
    write(file, line * (2 * SIZE_LIMIT // len(line)))
    file.append(mark("newest"))
    log = file.read()
    assert log.marks[-1].note == "newest"
    assert SIZE_LIMIT // len(line) - 2 < len(log.marks) <= SIZE_LIMIT // len(line) + 1
    assert log.unreadable_lines == 0


# --- Two writers at once ---------------------------------------------------------------------------------------------

TIMES = 20
WRITER = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from console.domain.verification import Mark
from console.services.verification_marks import MarkFile
file = MarkFile(Path(sys.argv[1]), "demo")
sys.stdin.read()
for number in range({TIMES}):
    file.append(Mark("ci-secrets", datetime.now(UTC), sys.argv[2], str(number) + " " + "x" * 450))
"""


def test_two_writers_at_once_both_keep_every_mark(file: MarkFile, directory: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(directory), name], stdin=subprocess.PIPE)
        for name in ("ann", "bob")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    assert [writer.wait(HANG_S) for writer in writers] == [0, 0]
    log = file.read()
    assert log.unreadable_lines == 0
    for name in ("ann", "bob"):
        assert [int(each.note.split()[0]) for each in log.marks if each.by == name] == list(range(TIMES))


def test_a_writer_waits_while_another_is_in_the_middle_of_its_line(file: MarkFile) -> None:
    file.append(mark("before"))
    with file.path.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = threading.Thread(target=file.append, args=[mark("after")])
        waiting.start()
        while not is_waited_for(file.path):
            assert waiting.is_alive()
        other.write(b'{"schema":1,"ro')  # and then it crashes
    waiting.join()
    log = file.read()
    assert ([each.note for each in log.marks], log.unreadable_lines) == (["before", "after"], 1)


# --- What is refused -------------------------------------------------------------------------------------------------


def test_a_note_with_a_secret_is_refused_and_nothing_is_written(file: MarkFile, directory: Path) -> None:
    error = refusal(file, mark(f"the key is {TOKEN}"))
    assert error.is_unsafe
    assert TOKEN[:10] not in str(error)
    assert not directory.exists()


def test_a_note_that_is_too_long_is_refused(file: MarkFile) -> None:
    error = refusal(file, mark("word " * 101))
    assert (error.is_unsafe, "longer than 500" in str(error)) == (False, True)


@pytest.mark.parametrize("deed", ["read", "append"])
def test_a_state_directory_that_is_a_symbolic_link_is_refused(file: MarkFile, directory: Path, deed: str) -> None:
    elsewhere = directory.parent / "elsewhere"
    elsewhere.mkdir(parents=True, mode=0o700)
    directory.symlink_to(elsewhere)
    error = refusal(file, None if deed == "read" else mark())
    assert error.is_unsafe
    assert f"{directory} is a symbolic link" in str(error)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("deed", ["read", "append"])
def test_a_mark_file_that_is_a_symbolic_link_is_refused_and_not_followed(file: MarkFile, deed: str) -> None:
    file.append(mark())
    target = file.path.with_name("target")
    target.write_text("precious\n")
    target.chmod(0o600)
    file.path.unlink()
    file.path.symlink_to(target)
    error = refusal(file, None if deed == "read" else mark())
    assert (error.is_unsafe, "is a symbolic link" in str(error)) == (True, True)
    assert target.read_text() == "precious\n"


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o702])
@pytest.mark.parametrize("deed", ["read", "append"])
def test_a_state_directory_that_is_open_to_others_is_refused_with_the_command_that_closes_it(
    file: MarkFile, directory: Path, mode: int, deed: str
) -> None:
    file.append(mark())
    directory.chmod(mode)
    error = refusal(file, None if deed == "read" else mark())
    assert (error.is_unsafe, f"chmod 700 {directory}" in str(error)) == (True, True)


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o602])
def test_a_mark_file_that_is_open_to_others_is_refused(file: MarkFile, mode: int) -> None:
    file.append(mark())
    file.path.chmod(mode)
    assert refusal(file).is_unsafe
    assert f"chmod 600 {file.path}" in str(refusal(file, mark()))


def test_a_pipe_or_a_folder_in_the_files_place_is_refused_without_waiting(file: MarkFile) -> None:
    file.append(mark())
    file.path.unlink()
    os.mkfifo(file.path, 0o600)
    assert refusal(file).is_unsafe
    assert refusal(file, mark()).is_unsafe
    file.path.unlink()
    file.path.mkdir(0o700)
    assert "not a regular file" in str(refusal(file))
    assert "cannot be written: Is a directory" in str(refusal(file, mark()))


def test_a_state_directory_of_another_user_is_refused(file: MarkFile, directory: Path) -> None:
    file.append(mark())
    if os.geteuid() == 0:
        os.chown(directory, 65534, 65534)
    foreign = file if os.geteuid() == 0 else MarkFile(Path("/usr"), "demo")
    assert refusal(foreign).is_unsafe
    assert "belongs to another user" in str(refusal(foreign, mark()))


@pytest.mark.parametrize("base", ["/proc", "/dev/null", "/\0", "/" + "x" * 300])
def test_a_place_that_cannot_be_written_is_told_with_its_name(base: str) -> None:
    file = MarkFile(Path(base) / "gateway-console", "demo")
    error = refusal(file, mark())
    assert not error.is_unsafe
    assert "gateway-console cannot be written: " in str(error)
    assert str(error).isprintable()


READER = """
import os
from datetime import UTC, datetime
from pathlib import Path
from console.domain.verification import Mark
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.domain.text.secret_scan import looks_like_secret
looks_like_secret("")  # reads its patterns while this interpreter's own files can be read
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(len(MarkFile(Path("."), "demo").read().marks))
try:
    MarkFile(Path("."), "other").append(Mark("ci-secrets", datetime.now(UTC), "ann"))
except PrivateFileError as error:
    print(error)
"""


def test_a_read_only_state_directory_is_read_and_not_written(file: MarkFile, directory: Path) -> None:
    """As a user whom the permissions bind, which root is not."""
    file.append(mark())
    directory.chmod(0o500)
    if os.geteuid() == 0:
        os.chown(file.path, 65534, 65534)
        os.chown(directory, 65534, 65534)
    result = subprocess.run([sys.executable, "-c", READER], cwd=directory, capture_output=True, text=True, check=True)
    read, refused = result.stdout.splitlines()
    assert read == "1"
    assert refused.startswith("verification-other.jsonl cannot be written: Permission denied (check its owner")


def test_a_disk_that_is_full_leaves_the_file_as_it_was(file: MarkFile) -> None:
    file.append(mark("kept"))
    before = file.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        error = refusal(file, mark("lost"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be written: File too large" in str(error)
    assert file.path.read_bytes() == before
