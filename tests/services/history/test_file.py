"""The history's file: private, taken from version to version, set aside when damaged, pruned oldest first."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from support.history.facts import CRITIC, DAY_MS, NOW_MS, WRITER, environment, keep, kept, passed, place, red

from console.domain.history.fact import FactKind
from console.domain.history.streak import RedAt, Streak
from console.domain.probes.ladder import Rung
from console.domain.tokens.secret import Secret
from console.services.history.file import HistoryFile
from console.services.history.reader import ANY, Wanted
from console.services.history.schema import STEPS, HistoryError
from console.services.history.store import PRUNED_AT_ONCE
from console.services.system.leak_guard import LEAK_GUARD


def test_what_is_kept_is_read_again_in_order(tmp_path: Path) -> None:
    facts = [passed(NOW_MS - 2), red(NOW_MS - 1), passed(NOW_MS, route=CRITIC)]
    keep(tmp_path, *facts)
    found = kept(tmp_path)
    assert [(each.at_ms, each.route, each.status, each.category, each.ttft_ms) for each in found] == [
        (each.at_ms, each.route, each.status, each.category, each.ttft_ms) for each in facts
    ]
    assert all(each.version for each in found)


def test_facts_of_one_millisecond_are_all_kept(tmp_path: Path) -> None:
    keep(tmp_path, passed(), passed(), red())
    keep(tmp_path, passed())
    assert len(kept(tmp_path)) == 4


def test_only_the_operator_can_read_it(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    assert place(tmp_path).stat().st_mode & 0o777 == 0o600
    place(tmp_path).chmod(0o644)
    with pytest.raises(HistoryError, match="is open to other users; run: chmod 600"):
        keep(tmp_path, passed())


def test_reading_creates_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path) == []
    assert not place(tmp_path).parent.exists()


# --- Versions --------------------------------------------------------------------------------------------------------


NEXT = (*STEPS, ("ALTER TABLE fact ADD COLUMN more TEXT",))


def test_a_file_of_an_earlier_version_is_taken_forward_with_its_facts(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    file = HistoryFile(environment(tmp_path), steps=NEXT)
    assert file.use(lambda store: store.reader.counts(1, ANY))[0].count == 1
    file.close()
    with closing(sqlite3.connect(place(tmp_path))) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(NEXT),)
        assert connection.execute("SELECT count(*), max(more) FROM fact").fetchone() == (1, None)


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    file = HistoryFile(environment(tmp_path), steps=NEXT)
    file.use(lambda store: None)
    file.close()
    with pytest.raises(
        HistoryError, match=r"was written by a newer gateway-console \(its schema is 2, this one knows 1"
    ):
        keep(tmp_path, passed())
    with closing(sqlite3.connect(place(tmp_path))) as connection:
        assert connection.execute("SELECT count(*) FROM fact").fetchone() == (1,)


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir(parents=True, mode=0o700)
    with closing(sqlite3.connect(place(tmp_path))) as connection:
        connection.execute("CREATE TABLE theirs (value TEXT)")
    place(tmp_path).chmod(0o600)
    with pytest.raises(HistoryError, match="is a database, but not a history of this console; move it away"):
        keep(tmp_path, passed())
    assert [each.name for each in place(tmp_path).parent.iterdir()] == ["history.db"]


# --- Damage ----------------------------------------------------------------------------------------------------------


def set_aside(home: Path) -> list[Path]:
    return sorted(place(home).parent.glob("history.db.damaged-*"))


def test_a_damaged_file_is_set_aside_with_its_name_and_a_new_one_is_begun(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir(parents=True, mode=0o700)
    place(tmp_path).write_bytes(b"not a database" * 400)
    place(tmp_path).chmod(0o600)
    file = HistoryFile(environment(tmp_path))
    file.append([passed()], {"p": 90})
    file.close()
    (aside,) = set_aside(tmp_path)
    assert aside.read_bytes().startswith(b"not a database")
    assert file.notice == f"{place(tmp_path)} was damaged; it is now {aside.name} beside a new one"
    assert len(kept(tmp_path)) == 1


def test_damage_below_the_header_is_set_aside_when_it_is_met_and_no_fact_is_lost(tmp_path: Path) -> None:
    keep(tmp_path, *(passed(NOW_MS + each) for each in range(2000)))
    data = bytearray(place(tmp_path).read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    place(tmp_path).write_bytes(data)
    file = HistoryFile(environment(tmp_path))
    file.append([passed(NOW_MS + 5000)], {"p": 90})
    file.close()
    assert len(set_aside(tmp_path)) == 1
    assert [each.at_ms for each in kept(tmp_path)] == [NOW_MS + 5000]


def test_who_only_looks_at_a_damaged_file_leaves_it(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir(parents=True, mode=0o700)
    place(tmp_path).write_bytes(b"not a database" * 400)
    place(tmp_path).chmod(0o600)
    with pytest.raises(HistoryError, match="is damaged; the next check sets it aside"):
        kept(tmp_path)
    assert set_aside(tmp_path) == []


def test_a_planted_trigger_cannot_swallow_facts(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    with closing(sqlite3.connect(place(tmp_path))) as connection:
        connection.execute("CREATE TRIGGER quiet BEFORE INSERT ON fact BEGIN SELECT RAISE(IGNORE); END")
    keep(tmp_path, passed(NOW_MS + 1))
    assert [each.at_ms for each in kept(tmp_path)] == [NOW_MS + 1]
    assert len(set_aside(tmp_path)) == 1


# --- Other consoles --------------------------------------------------------------------------------------------------


def test_values_that_no_console_wrote_stop_neither_a_reading_nor_the_next_facts(tmp_path: Path) -> None:
    keep(tmp_path, passed(NOW_MS - 1))
    with closing(sqlite3.connect(place(tmp_path))) as connection:
        connection.execute("UPDATE fact SET rung = 99")
        connection.execute("UPDATE retention SET days = 9223372036854775807")
        connection.execute("INSERT INTO retention VALUES ('other', -9223372036854775807)")
        connection.execute("INSERT INTO route VALUES (77, 'other', 'sim:', 'writer', 'm', 'responses')")
        connection.commit()
    file = HistoryFile(environment(tmp_path))
    assert file.use(lambda store: store.reader.current_end(1)) is None
    file.append([passed()], {})
    assert file.use(lambda store: store.reader.current_end(1)) is not None
    file.close()


def test_consoles_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    batches, writers = 40, 3
    start = threading.Barrier(writers)
    failures: list[Exception] = []

    def write(number: int) -> None:
        file = HistoryFile(environment(tmp_path), busy_ms=60_000)
        start.wait()
        try:
            for batch in range(batches):
                file.append([passed(NOW_MS + batch), red(NOW_MS + batch)], {"p": 90})
        except HistoryError as error:
            failures.append(error)
        file.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert len(kept(tmp_path)) == 2 * batches * writers


def test_a_file_that_another_program_has_locked_is_said_to_be(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    with closing(sqlite3.connect(place(tmp_path), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        file = HistoryFile(environment(tmp_path), busy_ms=0)
        with pytest.raises(HistoryError, match="is locked by another program"):
            file.append([passed()], {"p": 90})
        file.close()


# --- Pruning ---------------------------------------------------------------------------------------------------------


def test_what_is_too_old_goes_and_each_profile_has_its_own_age(tmp_path: Path) -> None:
    other = CRITIC.__class__("other", WRITER.origin, WRITER.key, WRITER.model, WRITER.family)
    old = NOW_MS - 20 * DAY_MS
    file = HistoryFile(environment(tmp_path), clock=lambda: NOW_MS)
    file.append([passed(old), passed(old, route=other), passed(NOW_MS)], {"p": 10, "other": 30})
    file.close()
    assert [(each.route.profile, each.at_ms) for each in kept(tmp_path)] == [("other", old), ("p", NOW_MS)]


def test_one_append_deletes_only_so_many_and_the_next_ones_go_on(tmp_path: Path) -> None:
    old = [passed(NOW_MS - 20 * DAY_MS + each) for each in range(PRUNED_AT_ONCE + 1000)]
    file = HistoryFile(environment(tmp_path), clock=lambda: NOW_MS)
    file.append(old, {"p": 90})
    file.append([passed()], {"p": 10})
    assert file.use(lambda store: store.reader.counts(1, ANY))[0].count == 1001
    file.append([passed()], {"p": 10})
    assert file.use(lambda store: store.reader.counts(1, ANY))[0].count == 2
    file.close()


def test_a_file_at_its_limit_stays_there_and_loses_the_oldest_first(tmp_path: Path) -> None:
    limit = 256 * 1024
    file = HistoryFile(environment(tmp_path), clock=lambda: NOW_MS, size_limit=limit)
    for batch in range(60):
        times = (NOW_MS - DAY_MS + batch * 100_000 + each * 10 for each in range(250))
        file.append([passed(at_ms, route=(WRITER, CRITIC)[at_ms // 10 % 2]) for at_ms in times], {"p": 90})
    file.close()
    left = kept(tmp_path)
    newest = NOW_MS - DAY_MS + 59 * 100_000
    assert place(tmp_path).stat().st_size < 2 * limit
    assert 1000 < len(left) < 60 * 250
    assert sum(each.at_ms >= newest for each in left) == 250
    oldest = {route: min(each.at_ms for each in left if each.route == route) for route in (WRITER, CRITIC)}
    assert abs(oldest[WRITER] - oldest[CRITIC]) < DAY_MS // 16


# --- Secrets ---------------------------------------------------------------------------------------------------------


def test_a_fact_that_holds_a_token_of_this_process_is_not_stored(tmp_path: Path) -> None:
    token = Secret("-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"]))
    LEAK_GUARD.add(token)
    route = CRITIC.__class__("p", f"https://{token.reveal()}.example:443", WRITER.key, "m", WRITER.family)
    file = HistoryFile(environment(tmp_path))
    file.append([passed(), passed(route=route)], {"p": 90})
    file.close()
    assert file.refused == 1
    assert [each.route for each in kept(tmp_path)] == [WRITER]
    assert token.reveal().encode() not in place(tmp_path).read_bytes()


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_what_is_wanted_is_chosen_by_route_kind_and_time(tmp_path: Path) -> None:
    keep(tmp_path, passed(NOW_MS - 10), passed(NOW_MS), passed(NOW_MS, route=CRITIC))
    assert WRITER.key is not None
    chosen = kept(tmp_path, Wanted(key=WRITER.key, since_ms=NOW_MS - 5, until_ms=NOW_MS + 1))
    assert [(each.route, each.at_ms) for each in chosen] == [(WRITER, NOW_MS)]
    assert kept(tmp_path, Wanted(kinds=frozenset({FactKind.RUN}))) == []
    assert kept(tmp_path, Wanted(profile="other")) == []


@pytest.mark.parametrize(
    ("rung", "expected"),
    [(Rung.SMOKE, Streak(NOW_MS + 2, NOW_MS + 1)), (Rung.SHAPE, Streak(NOW_MS + 2, NOW_MS))],
    ids=["text", "the role's shape, of which text says nothing"],
)
def test_since_when_a_route_is_red(tmp_path: Path, rung: Rung, expected: Streak) -> None:
    keep(tmp_path, passed(NOW_MS, rung=Rung.SHAPE), passed(NOW_MS + 1), red(NOW_MS + 2), red(NOW_MS + 3))
    file = HistoryFile(environment(tmp_path), is_looking=True)
    assert file.use(lambda store: store.reader.streak(1, RedAt(rung))) == expected
    assert file.use(lambda store: store.reader.streak(1, RedAt(rung), NOW_MS + 2)).red_since_ms is None
    file.close()


def test_a_damaged_file_that_another_console_has_open_is_left_until_it_is_closed(tmp_path: Path) -> None:
    keep(tmp_path, passed())
    other = HistoryFile(environment(tmp_path))
    other.use(lambda store: None)
    place(tmp_path).write_bytes(b"not a database" * 400)
    file = HistoryFile(environment(tmp_path), busy_ms=0)
    with pytest.raises(HistoryError, match="is damaged, and another console has it open; leave that one"):
        file.append([passed()], {"p": 90})
    other.close()
    file.append([passed(NOW_MS + 1)], {"p": 90})
    file.close()
    assert [each.at_ms for each in kept(tmp_path)] == [NOW_MS + 1]


def test_consoles_that_meet_the_same_damage_set_it_aside_once_and_lose_nothing(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir(parents=True)
    place(tmp_path).parent.chmod(0o700)
    place(tmp_path).write_bytes(b"not a database" * 400)
    place(tmp_path).chmod(0o600)
    start, failures = threading.Barrier(4), []

    def write() -> None:
        file = HistoryFile(environment(tmp_path), busy_ms=60_000)
        start.wait()
        try:
            file.append([passed()], {"p": 90})
        except HistoryError as error:
            failures.append(error)
        file.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (failures, len(kept(tmp_path)), len(set_aside(tmp_path))) == ([], 4, 1)
