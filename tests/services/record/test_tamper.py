"""Tampering with a record: whoever may write to the ledger's file changes it, and verify names where.

The run is a real one, walked by two operators with real keys, with a signed checkpoint at each decision.
"""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.ledger.ledgers import new_id
from support.run.desks import Office, say, walk_to
from support.run.gateway import run_gateway
from support.run.signing_keys import four_eyes, list_signers, make_key
from support.trust_store import empty_trust_store

from console.domain.ledger.checkpoint import Checkpoint, CheckpointKind
from console.domain.ledger.line import Line, NewLine, seal
from console.domain.ledger.signature import NAMESPACE, RUN_NAMESPACE
from console.domain.run.state import Phase
from console.services.config.settings import PolicySettings
from console.services.ledger.artifacts import Artifacts
from console.services.ledger.ledger import LedgerError
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.record.checkpoints import FOLDER, SUFFIX, Checkpoints
from console.services.record.prune import Prune
from console.services.record.signing import Signers, sign
from console.services.record.verify_chain import Against, Verified, every_run, verify_run, verify_runs
from console.services.run.opening import operator_of
from console.services.run.run_log import RunLog
from console.services.system.clock import unix_ms

ENVIRONMENT = {"PATH": os.environ["PATH"]}
VERSION_1 = Path(__file__).parents[2] / "data" / "ledger_version_1.sql"
_LINE = "version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, call_id, body, previous, sha256"


@dataclass(frozen=True)
class Walked:
    """A ledger with a run that was sealed and closed, and one that waits at the planner."""

    directory: Path
    keys: Path
    closed: str
    waiting: str
    log_id: str
    lines: tuple[Line, ...]
    """Of the closed run."""
    checkpoints: tuple[Checkpoint, ...]
    """Of the closed run."""

    @property
    def signers(self) -> Path:
        return self.keys / "allowed_signers"

    def key(self, name: str) -> Path:
        return self.keys / f"{name}.pub"

    def listed(self, name: str, **options: str) -> str:
        """Return a line of a list of signers."""
        given = ",".join(f'{option.replace("_", "-")}="{value}"' for option, value in options.items())
        return f"{name}@example.com {given} {self.key(name).read_text()}"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    with empty_trust_store(tmp_path_factory.mktemp("no-certificates")):
        return asyncio.run(_walk(tmp_path_factory.mktemp("walked")))


async def _walk(place: Path) -> Walked:
    keys = place / "keys"
    keys.mkdir()
    ann, ben, _ = (make_key(keys, name) for name in ("ann", "ben", "cat"))
    signers = list_signers(keys, ann, ben)
    async with run_gateway() as gateway:
        office = Office(place, gateway.base_url, gateway.token)
        office.furnish(policy=four_eyes(ann, signers))
        async with office.desk(operator_of(office.profile())) as desk:
            log, waiting = await office.begin(desk), await office.begin(desk)
            await walk_to(desk, log, "candidate", Phase.WAITING)
            await walk_to(desk, waiting, "planner", Phase.WAITING)
        office.configure(policy=four_eyes(ben, signers))
        async with office.desk(operator_of(office.profile())) as desk:
            log = await RunLog.open(desk.ledger, log.state.run_id)
            await say(desk, log)
            run_id = log.state.run_id
            lines, checkpoints = await desk.ledger.read(run_id), await desk.ledger.checkpoints(run_id)
            log_id = desk.ledger.log_id
    return Walked(office.state_directory, keys, run_id, waiting.state.run_id, log_id, lines, checkpoints)


@dataclass(frozen=True)
class Copy:
    """A copy of the walked ledger, to tamper with."""

    walked: Walked
    directory: Path

    @property
    def beside(self) -> Path:
        """The checkpoint of the closed run beside the ledger."""
        return self.directory / FOLDER / f"{self.walked.closed}{SUFFIX}"

    @contextmanager
    def behind(self) -> Iterator[sqlite3.Connection]:
        """Open the file with nothing that keeps its rows from being changed; all that can be is put back."""
        with closing(sqlite3.connect(self.directory / FILE_NAME, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            kept = connection.execute(
                "SELECT type, name, sql FROM sqlite_schema WHERE type = 'trigger' OR name LIKE '%_once'"
            ).fetchall()
            for kind, name, _ in kept:
                connection.execute(f"DROP {kind} {name}")
            yield connection
            for _, _, sql in kept:
                with suppress(sqlite3.IntegrityError):  # an index does not take a decision or a call twice
                    connection.execute(sql)
            connection.execute("COMMIT")

    def run(self, *statements: str, **values: object) -> None:
        """Change rows by SQL; `:run` is the closed run and `:other` the waiting one."""
        with self.behind() as connection:
            for statement in statements:
                connection.execute(statement, {"run": self.walked.closed, "other": self.walked.waiting, **values})

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[SqliteLedger]:
        async with await SqliteLedger.open(self.directory) as ledger:
            yield ledger

    async def verified(self, run_id: str = "", signers: Signers | None = None, *copies: Checkpoint) -> Verified:
        """Verify a run, by default the closed one; by default no list of signers is named."""
        async with self.opened() as ledger:
            return await verify_run(ledger, run_id or self.walked.closed, Against(signers, ENVIRONMENT, copies))

    async def all_verified(self, signers: Signers | None = None) -> dict[str, Verified]:
        """Verify all runs, in this process and in others; both find the same."""
        async with self.opened() as ledger:
            against = Against(signers, ENVIRONMENT)
            run_ids = await every_run(ledger, against)
            here, there = [
                {each.run_id: each async for each in verify_runs(ledger, run_ids, against, count)} for count in (0, 2)
            ]
        assert here == there
        return here

    def put(self, said: Checkpoint) -> None:
        """Store a row as a checkpoint or tombstone, whatever it says."""
        self.run(
            f"INSERT INTO {said.kind} (log_id, run_id, count, head, at_ms, signature)"
            " VALUES (:log, :named, :count, :head, :at_ms, :signature)",
            log=said.log_id, named=said.run_id, count=said.count, head=said.head, at_ms=said.at_ms,
            signature=said.signature,
        )  # fmt: skip

    async def signed(self, said: Checkpoint, name: str = "ann") -> Checkpoint:
        signature = await sign(said.statement, self.walked.key(name), ENVIRONMENT, RUN_NAMESPACE)
        return replace(said, signature=signature)


def _copied(walked: Walked, place: Path) -> Copy:
    directory = place / "state"
    directory.mkdir(mode=0o700)
    shutil.copy(walked.directory / FILE_NAME, directory)
    shutil.copytree(walked.directory / FOLDER, directory / FOLDER)
    return Copy(walked, directory)


@pytest.fixture
def copy(walked: Walked, tmp_path: Path) -> Copy:
    return _copied(walked, tmp_path)


def _words(verified: Verified) -> dict[int, str]:
    """Return the faults by line."""
    return {seq: " | ".join(each.words for each in verified.faults if each.seq == seq) for seq in _places(verified)}


def _places(verified: Verified) -> list[int]:
    return sorted({each.seq for each in verified.faults})


# --- Nothing was touched ---------------------------------------------------------------------------------------------


async def test_nothing_is_found_on_an_untouched_ledger(copy: Copy, walked: Walked) -> None:
    found = await copy.all_verified(Signers(walked.signers))
    assert found.keys() == {walked.closed, walked.waiting}
    closed, waiting = found[walked.closed], found[walked.waiting]
    assert (closed.faults, closed.is_signed, closed.checkpoints) == ((), True, 7)
    assert closed.signers == ("ann@example.com", "ben@example.com")
    assert (waiting.faults, waiting.checkpoints) == ((), 1)
    assert 0 < waiting.signed_lines < waiting.lines, "what came after its last decision nobody has signed"
    assert not waiting.is_signed


async def test_a_ledger_of_an_older_version_verifies_and_keeps_its_summaries(copy: Copy, walked: Walked) -> None:
    old = copy.directory / "old"
    old.mkdir(mode=0o700)
    with closing(sqlite3.connect(old / FILE_NAME, isolation_level=None)) as connection:
        connection.executescript(VERSION_1.read_text())
        connection.execute("ATTACH ? AS new", (str(copy.directory / FILE_NAME),))
        connection.execute("INSERT INTO log SELECT * FROM new.log")
        connection.execute(f"INSERT INTO line ({_LINE}) SELECT {_LINE} FROM new.line ORDER BY place")
        connection.execute(
            "INSERT INTO run SELECT number, run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt,"
            " is_simulated FROM new.run"
        )
    (old / FILE_NAME).chmod(0o600)
    async with copy.opened() as ledger:
        before = await ledger.runs(10)
    migrated = Copy(walked, old)
    for _ in range(2):  # the second time it is of the newest version
        found = await migrated.all_verified(Signers(walked.signers))
        assert [(each.faults, each.checkpoints, each.is_signed) for each in found.values()] == [((), 0, False)] * 2
    async with migrated.opened() as ledger:
        assert await ledger.runs(10) == tuple(
            replace(each, verdict="", category="", operator="", is_signed=False) for each in before
        )
        assert set(await ledger.unsummarised()) == {walked.closed, walked.waiting}
    migrated.run("UPDATE line SET at_ms = at_ms + 1 WHERE run_id = :run AND seq = 3")
    assert 3 in _places(await migrated.verified())


# --- Every kind of line ----------------------------------------------------------------------------------------------

EDITS = {
    "body": "body = CAST(substr(body, 1, length(body) - 1) || ',\"zz\":1}' AS BLOB)",
    "whole body": "body = CAST('{\"total\":99}' AS BLOB)",
    "actor": "actor = CAST(replace(replace(actor, 'operator', 'machine'), '\"id\":\"', '\"id\":\"x') AS BLOB)",
    "at_ms": "at_ms = at_ms + 1",
    "kind": "kind = 'ReviewScored'",
    "gate": "gate = CASE gate WHEN 'critic' THEN 'writer' ELSE 'critic' END",
    "attempt": "attempt = attempt + 1",
    "call_id": "call_id = coalesce(call_id, '') || 'x'",
    "version": "version = 2",
    "log_id": "log_id = run_id",
    "hash": "sha256 = previous",
}


def _edit(what: str) -> Callable[[Copy, int], list[int]]:
    def change(copy: Copy, seq: int) -> list[int]:
        copy.run(f"UPDATE line SET {EDITS[what]} WHERE run_id = :run AND seq = :seq", seq=seq)
        return [seq]

    return change


def _delete(copy: Copy, seq: int) -> list[int]:
    copy.run("DELETE FROM line WHERE run_id = :run AND seq = :seq", seq=seq)
    return [min(seq + 1, len(copy.walked.lines))]  # found at the next one, or by what is said of the end


def _delete_and_close_up(copy: Copy, seq: int) -> list[int]:
    _delete(copy, seq)
    _move(copy, seq, -1)
    return [seq]


def _move(copy: Copy, after: int, by: int) -> None:
    """Give other numbers to the lines after one."""
    copy.run(
        "UPDATE line SET seq = seq + 1000 WHERE run_id = :run AND seq > :after",
        "UPDATE line SET seq = seq - 1000 + :by WHERE run_id = :run AND seq > 1000",
        after=after, by=by,
    )  # fmt: skip


def _swap(copy: Copy, seq: int) -> list[int]:
    first = min(seq, len(copy.walked.lines) - 1)
    numbers = ((first, 1000), (first + 1, first), (1000, first + 1))
    for old, new in numbers:
        copy.run("UPDATE line SET seq = :new WHERE run_id = :run AND seq = :old", old=old, new=new)
    return [first, first + 1]


def _duplicate(copy: Copy, seq: int) -> list[int]:
    _move(copy, seq, +1)
    copied = _LINE.replace("seq", "seq + 1")
    copy.run(f"INSERT INTO line ({_LINE}) SELECT {copied} FROM line WHERE run_id = :run AND seq = :seq", seq=seq)
    return [seq + 1]


def _cut(copy: Copy, seq: int) -> list[int]:
    copy.run("DELETE FROM line WHERE run_id = :run AND seq >= :seq", seq=seq)
    return [seq]


def _write_anew(copy: Copy, seq: int) -> list[int]:
    """Change a line and all hashes from there on, so that the chain holds."""
    old = copy.walked.lines
    head = old[seq - 1].previous
    with copy.behind() as connection:
        for line in old[seq - 1 :]:
            new = NewLine(line.kind, line.gate, line.attempt, line.body, line.call_id)
            at_ms = line.at_ms + (line.seq == seq)
            sealed = seal(
                new, log_id=line.log_id, run_id=line.run_id, seq=line.seq, at_ms=at_ms, actor=line.actor, previous=head
            )
            head = sealed.sha256
            connection.execute(
                "UPDATE line SET at_ms = ?, previous = ?, sha256 = ? WHERE run_id = ? AND seq = ?",
                (at_ms, sealed.previous, head, line.run_id, line.seq),
            )
    return [each.count for each in copy.walked.checkpoints if each.count >= seq]


TAMPERS: dict[str, Callable[[Copy, int], list[int]]] = {
    **{f"edited {what}": _edit(what) for what in EDITS},
    "deleted": _delete,
    "deleted and closed up": _delete_and_close_up,
    "swapped with the next": _swap,
    "duplicated": _duplicate,
    "cut off from there": _cut,
    "written anew from there": _write_anew,
}


async def _found_or_refused(copy: Copy) -> Verified | LedgerError:
    try:
        return await copy.verified()
    except LedgerError as refused:
        return refused


async def _is_found(walked: Walked, place: Path, tamper: str, lines: Sequence[Line]) -> None:
    for line in lines:
        directory = place / str(line.seq)
        directory.mkdir()
        copy = _copied(walked, directory)
        expected = TAMPERS[tamper](copy, line.seq)
        what = f"{tamper}: line {line.seq}, {line.kind}"
        found = await _found_or_refused(copy)
        if isinstance(found, LedgerError):
            # The index that keeps a decision and a call from being stored twice could not be put back.
            assert tamper in ("duplicated", "edited attempt", "edited kind", "edited gate"), what
            assert found.is_unsafe, what
        else:
            assert set(expected) <= set(_places(found)), (what, found.faults)
        shutil.rmtree(directory)


@pytest.mark.parametrize("tamper", TAMPERS)
async def test_every_kind_of_line_is_guarded(walked: Walked, tmp_path: Path, tamper: str) -> None:
    """Each kind of line is tampered with in some way here, and in every way in the long test."""
    firsts = _firsts(walked)
    assert len(firsts) >= 12
    await _is_found(walked, tmp_path, tamper, firsts[[*TAMPERS].index(tamper) % 6 :: 6])


def _firsts(walked: Walked) -> list[Line]:
    """Return the first line of each kind."""
    return [*{line.kind: line for line in reversed(walked.lines)}.values()]


@pytest.mark.long
@pytest.mark.parametrize("tamper", TAMPERS)
async def test_every_kind_of_line_and_the_end_are_guarded_in_every_way(
    walked: Walked, tmp_path: Path, tamper: str
) -> None:
    places = {line.seq: line for line in (*_firsts(walked), *walked.lines[-2:])}
    assert {1, 2, len(walked.lines)} <= places.keys()
    await _is_found(walked, tmp_path, tamper, [*places.values()])


# --- Runs that changed places ----------------------------------------------------------------------------------------


async def test_lines_under_the_id_of_another_run_are_found_in_both(copy: Copy, walked: Walked) -> None:
    copy.run("DELETE FROM line WHERE run_id = :other", "UPDATE line SET run_id = :other")
    found = await copy.all_verified()
    assert _places(found[walked.waiting])[0] == 1
    assert re.search("all of the run was deleted", _words(found[walked.closed])[1])


async def test_two_runs_that_were_swapped_are_found_from_their_first_lines(copy: Copy, walked: Walked) -> None:
    for table in ("line", "checkpoint", "run"):
        for old, new in ((":run", "'x'"), (":other", ":run"), ("'x'", ":other")):
            copy.run(f"UPDATE {table} SET run_id = {new} WHERE run_id = {old}")
    found = await copy.all_verified()
    assert [_places(found[each])[0] for each in (walked.closed, walked.waiting)] == [1, 1]


async def test_a_line_that_was_brought_in_from_another_run_is_found_at_its_number(copy: Copy, walked: Walked) -> None:
    async with copy.opened() as ledger:
        place = len(await ledger.read(walked.waiting)) + 1
    copy.run("UPDATE line SET run_id = :other WHERE run_id = :run AND seq = :place", place=place)
    found = await copy.all_verified()
    assert place in _places(found[walked.waiting])
    assert place + 1 in _places(found[walked.closed])


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_run_that_was_deleted_is_found_by_what_is_kept_beside_the_ledger(
    copy: Copy, walked: Walked, is_listed: bool
) -> None:
    copy.run("DELETE FROM line WHERE run_id = :run", "DELETE FROM checkpoint WHERE run_id = :run")
    if not is_listed:
        copy.run("DELETE FROM run WHERE run_id = :run")
    found = await copy.all_verified()
    assert re.search(r"it had 43 line.*all of the run was deleted", _words(found[walked.closed])[1])
    assert found[walked.waiting].holds


# --- Checkpoints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("count = count - 1", "names another hash for this line"),
        ("count = 10000", "the end is missing"),
        ("head = (SELECT previous FROM line WHERE run_id = :run AND seq = 5)", "names another hash for this line"),
        ("at_ms = at_ms - 1", "the signature is not valid"),
        ("log_id = run_id", "is of another ledger"),
        ("signature = (SELECT signature FROM checkpoint WHERE run_id = :run ORDER BY count)", "the signature is not"),
        ("signature = NULL", "is kept beside the ledger, and not in it"),
        ("head = upper(head)", "is damaged"),
        ("run_id = lower(run_id)", "is kept beside the ledger, and not in it"),
        ("run_id = :other", "is kept beside the ledger, and not in it"),
    ],
)
async def test_a_checkpoint_that_was_edited_or_moved_is_found(
    copy: Copy, walked: Walked, change: str, words: str
) -> None:
    copy.run(f"UPDATE checkpoint SET {change} WHERE run_id = :run AND count = 43")
    found = await copy.verified(signers=Signers(walked.signers))
    assert any(re.search(words, each) for each in _words(found).values()), found.faults
    assert set(_places(found)) <= {42, 43, 44, 10000}
    if ":other" in change:
        other = await copy.verified(walked.waiting, Signers(walked.signers))
        assert "the signature is not valid" in _words(other)[43]


async def test_checkpoints_that_were_deleted_leave_the_one_beside_the_ledger(copy: Copy, walked: Walked) -> None:
    copy.run("DELETE FROM checkpoint WHERE run_id = :run AND count = 43")
    assert _places(await copy.verified()) == [43]
    copy.run("DELETE FROM checkpoint")
    found = await copy.all_verified(Signers(walked.signers))
    assert "deleted there, or edited" in _words(found[walked.closed])[43]
    assert (found[walked.waiting].holds, found[walked.waiting].checkpoints) == (True, 0)


async def test_a_rewrite_with_checkpoints_of_its_own_is_found_by_a_copy_or_is_not_signed(
    copy: Copy, walked: Walked
) -> None:
    _write_anew(copy, 1)
    copy.run("DELETE FROM checkpoint WHERE run_id = :run")
    async with copy.opened() as ledger:
        head = await ledger.head(walked.closed)
    forged = Checkpoint(walked.log_id, walked.closed, 43, head, walked.checkpoints[-1].at_ms)
    copy.put(forged)
    found = await copy.all_verified()
    assert "the run was rewritten" in _words(found[walked.closed])[43]
    copy.beside.write_text(forged.text)
    alone = await copy.verified()
    assert [each.words for each in alone.faults] == ["what was signed is not the run as these lines have it"]
    assert _places(alone) == [next(line.seq for line in walked.lines if line.kind == "GateDecided")]
    assert walked.checkpoints[2].count in _places(await copy.verified("", None, walked.checkpoints[2]))


async def test_what_is_beside_the_ledger_and_no_checkpoint_is_a_fault_and_never_waited_for(
    copy: Copy, walked: Walked
) -> None:
    text = copy.beside.read_text()
    other = replace(walked.checkpoints[-1], run_id=walked.waiting, signature=None).text
    decision = await sign(b"a decision", walked.key("ann"), ENVIRONMENT, NAMESPACE)
    for data, words in (
        (b"", "its lines are not"),
        (b"\xff", "it is not text"),
        (text.encode() * 100, "it is longer than"),
        (other.encode(), "is the checkpoint of another run"),
        (text.replace("-----BEGIN", "------BEGIN").encode(), "not an OpenSSH signature"),
        (re.sub(r"(?s)(SIGNATURE-----\n).*(\n-----END)", rf"\g<1>{decision}\g<2>", text).encode(), "in the namespace"),
    ):
        copy.beside.write_bytes(data)
        assert re.search(words, _words(await copy.verified())[43])
    for make in (os.mkfifo, os.mkdir):
        copy.beside.unlink()
        make(copy.beside)
        assert "is not a file" in _words(await copy.verified())[43]
    copy.run("DELETE FROM line WHERE run_id = :run")
    gone = await copy.all_verified()
    assert "is not a file" in _words(gone[walked.closed])[1]
    assert gone[walked.waiting].holds


async def test_a_checkpoint_of_another_ledger_is_no_evidence_even_if_it_is_signed(copy: Copy, walked: Walked) -> None:
    other = replace(walked.checkpoints[0], log_id=new_id(), signature=None)
    copy.put(await copy.signed(other))
    found = await copy.verified(signers=Signers(walked.signers))
    assert [each.words for each in found.faults] == [
        f"the checkpoint of {_time(other)} is of another ledger, {other.log_id}"
    ]
    assert _places(found) == [other.count]


def _time(said: Checkpoint) -> str:
    return said.statement.decode().splitlines()[-1].removeprefix("time ")


# --- Who signed ------------------------------------------------------------------------------------------------------


async def test_a_foreign_signer_is_named_at_the_line_that_they_signed(copy: Copy, walked: Walked) -> None:
    copy.put(await copy.signed(replace(walked.checkpoints[3], at_ms=1, signature=None), "cat"))
    found = await copy.verified(signers=Signers(walked.signers))
    assert list(_words(found)) == [walked.checkpoints[3].count]
    assert f"the checkpoint of 1970-01-01T00:00:00.001Z: the key that signed is not in {walked.signers}" in str(
        _words(found)
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"valid_before": "20200101"}, "not valid at .*valid-before"),
        ({"valid_after": "20990101"}, "not valid at .*valid-after"),
        ({"namespaces": "git"}, "not in the namespace gateway-console-run@v1"),
        ({"namespaces": NAMESPACE}, "not in the namespace gateway-console-run@v1"),
    ],
)
async def test_a_key_that_was_not_valid_then_or_not_for_this_is_named(
    copy: Copy, walked: Walked, tmp_path: Path, options: dict[str, str], words: str
) -> None:
    signers = tmp_path / "signers"
    signers.write_text(walked.listed("ann", **options) + walked.listed("ben"))
    found = await copy.verified(signers=Signers(signers))
    anns = [each.count for each in walked.checkpoints[:-1]]
    assert all(re.search(f"the checkpoint of .*{words}", _words(found)[each]) for each in anns)
    assert walked.checkpoints[-1].count not in _places(found), "ben's checkpoint holds"
    assert found.signers == ("ben@example.com",)


async def test_a_key_that_has_expired_since_is_still_good_for_what_it_signed(
    copy: Copy, walked: Walked, tmp_path: Path
) -> None:
    signers = tmp_path / "signers"
    signers.write_text(walked.listed("cat", valid_before="20210101Z"))
    last = replace(walked.checkpoints[-1], signature=None)
    in_time = await copy.signed(replace(last, at_ms=1_609_459_199_000), "cat")  # a second before 2021
    too_late = await copy.signed(replace(last, at_ms=1_609_459_201_000), "cat")
    copy.put(in_time)
    copy.put(too_late)
    found = await copy.verified(signers=Signers(signers))
    assert found.signers == ("cat@example.com",)
    assert _time(in_time) not in str(found.faults)
    assert "not valid at 2021-01-01T00:00:01.000Z" in _words(found)[43]


@pytest.mark.parametrize("is_krl", [False, True])
async def test_a_revoked_key_is_named(copy: Copy, walked: Walked, tmp_path: Path, is_krl: bool) -> None:
    revoked = tmp_path / "revoked"
    if is_krl:
        subprocess.run(["ssh-keygen", "-q", "-k", "-f", revoked, walked.key("ben")], check=True, capture_output=True)
    else:
        shutil.copy(walked.key("ben"), revoked)
    found = await copy.verified(signers=Signers(walked.signers, revoked))
    assert f"the key of ben@example.com is revoked, in {revoked}" in _words(found)[43]
    assert {each.words.partition(": ")[2] or each.words for each in found.faults} == {
        f"the key of ben@example.com is revoked, in {revoked}"
    }
    assert found.signers == ("ann@example.com",)


async def test_a_signature_of_a_decision_signs_no_checkpoint(copy: Copy, walked: Walked) -> None:
    signed = next(line for line in walked.lines if line.kind == "OperatorSigned" and line.seq > 5)
    copy.run("UPDATE checkpoint SET signature = :signature WHERE run_id = :run AND count = 43",
             signature=json.loads(signed.body)["signature"])  # fmt: skip
    found = await copy.all_verified(Signers(walked.signers))
    assert "a checkpoint of run" in _words(found[walked.closed])[43]
    assert "is damaged" in _words(found[walked.closed])[43]
    assert found[walked.waiting].holds


# --- Tombstones ------------------------------------------------------------------------------------------------------


def _tombstone(walked: Walked, **fields: object) -> Checkpoint:
    return replace(walked.checkpoints[-1], kind=CheckpointKind.TOMBSTONE, signature=None, **fields)  # type: ignore[arg-type]


async def test_a_run_that_was_pruned_is_told_from_one_that_was_deleted(copy: Copy, walked: Walked) -> None:
    async with copy.opened() as ledger:
        await ledger.prune(await copy.signed(_tombstone(walked)))
    found = (await copy.all_verified(Signers(walked.signers)))[walked.closed]
    assert (found.faults, found.is_signed, found.lines) == ((), True, 43)
    assert found.pruned_at_ms == walked.checkpoints[-1].at_ms


async def test_a_signed_run_is_not_pruned_without_a_key(copy: Copy, walked: Walked) -> None:
    """What would be left of it could not be told from a forged tombstone."""
    async with copy.opened() as ledger:
        keyless = Checkpoints(ledger, PolicySettings(), ENVIRONMENT, unix_ms)
        with closing(Artifacts(walked.directory)) as artifacts:
            runs = [each for each in await ledger.runs(10) if each.run_id == walked.closed]
            pruned = [each async for each in Prune(ledger, artifacts, keyless, "ann").delete(runs, 1 << 50)]
        assert "it is signed, and the policy names no operator_key" in pruned[0].why_not
        assert await ledger.read(walked.closed) == walked.lines


@pytest.mark.parametrize(
    ("fields", "signer", "words"),
    [
        ({}, "", "is not signed, but the checkpoint"),
        ({}, "cat", "the key that signed is not in"),
        ({"count": 42}, "ann", "does not agree with the run's tombstone"),
        ({"head": "0" * 64}, "ann", "does not agree with the run's tombstone"),
        ({"log_id": "01JE000000000000000000000A"}, "ann", "is of another ledger"),
    ],
)
async def test_a_tombstone_that_was_forged_is_found(
    copy: Copy, walked: Walked, fields: dict[str, object], signer: str, words: str
) -> None:
    forged = _tombstone(walked, **fields)
    copy.put(await copy.signed(forged, signer) if signer else forged)
    for table in ("line", "checkpoint", "run"):
        copy.run(f"DELETE FROM {table} WHERE run_id = :run")
    found = await copy.verified(signers=Signers(walked.signers))
    assert any(re.search(words, each.words) for each in found.faults), found.faults


async def test_a_tombstone_hides_no_lines(copy: Copy, walked: Walked) -> None:
    copy.run("UPDATE line SET at_ms = at_ms + 1 WHERE run_id = :run AND seq = 9")
    copy.put(await copy.signed(_tombstone(walked)))
    found = (await copy.all_verified(Signers(walked.signers)))[walked.closed]
    assert "edited" in _words(found)[9]
    assert "the run has lines: it was brought back" in _words(found)[43]


# --- The schema ------------------------------------------------------------------------------------------------------


async def test_a_ledger_whose_guards_were_changed_is_refused(copy: Copy) -> None:
    with closing(sqlite3.connect(copy.directory / FILE_NAME, isolation_level=None)) as connection:
        guards = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE type = 'trigger' OR name LIKE '%_once'"
        ).fetchall()
        assert len(guards) >= 12
        for kind, name, sql in guards:
            softer = sql.replace("SELECT RAISE(ABORT,", "SELECT (").replace("(run_id,", "(run_id, seq,")
            for instead in ("", softer):
                connection.execute(f"DROP {kind} IF EXISTS {name}")
                connection.execute(instead or "SELECT 1")
                with pytest.raises(LedgerError, match="was changed by something else"):
                    await copy.verified()
            connection.execute(f"DROP {kind} {name}")
            connection.execute(sql)
    assert (await copy.verified()).holds


async def test_lines_in_a_ledger_of_another_id_are_not_its_own(copy: Copy, walked: Walked) -> None:
    copy.run("UPDATE log SET log_id = :other")
    found = await copy.all_verified()
    assert {each: _places(found[each])[0] for each in found} == {walked.closed: 1, walked.waiting: 1}
    assert "it belongs to another ledger" in _words(found[walked.closed])[1]
    copy.run("DELETE FROM log")
    with pytest.raises(LedgerError, match="it has lost its own id"):
        await copy.verified()
