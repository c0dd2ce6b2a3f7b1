"""The ledger: what is appended once, who is told that somebody else was first, and what is never kept."""

import asyncio
from dataclasses import replace

import pytest
from support.ledger.ledgers import (
    ANN,
    BOB,
    CREATED,
    Clock,
    appended,
    begun,
    call,
    decision,
    new_id,
    score,
    summary,
)
from support.ledger.stores import Store

from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import Line, NewLine, check_chain
from console.services.ledger.ledger import ConflictError, Ledger, LedgerError, Summary, Wanted

KEY = "-".join(["sk", "proj", "q7Wd9sKp2LmX8vTz4RnB6yHc"])
REQUEST_ID = "req_011CSHoEeqs5C35K2UUqR7Fy"


# --- Appending and reading -------------------------------------------------------------------------------------------


async def test_lines_are_read_as_they_were_appended(ledger: Ledger) -> None:
    first = await begun(ledger)
    more = await ledger.append(
        first.run_id, [score(1), score(2)], expected_head=first.sha256, actor=BOB, summary=summary(first.run_id)
    )
    assert await ledger.read(first.run_id) == (first, *more)
    assert [(line.seq, line.actor.id, line.body) for line in more] == [
        (2, "bob", b'{"total":1}'),
        (3, "bob", b'{"total":2}'),
    ]
    assert await ledger.head(first.run_id) == more[-1].sha256
    assert check_chain((first, *more), run_id=first.run_id, log_id=ledger.log_id) == ()
    assert await ledger.check(first.run_id) == ()


async def test_another_console_reads_the_same_and_so_does_a_later_one(
    store: Store, ledger: Ledger, other: Ledger
) -> None:
    line = await appended(ledger, await begun(ledger), score())
    assert await other.read(line.run_id) == await ledger.read(line.run_id)
    async with store.open() as later:
        assert later.log_id == ledger.log_id
        assert await later.head(line.run_id) == line.sha256


async def test_a_clock_that_is_set_back_changes_no_order(store: Store) -> None:
    clock = Clock()
    async with store.open(clock=clock) as ledger:
        line = await begun(ledger)
        clock.unix_ms -= 3_600_000
        last = await appended(ledger, line, score())
        assert last.at_ms < line.at_ms
        clock.unix_ms = -5
        later = await begun(ledger)
        assert await ledger.read(line.run_id) == (line, last)
        assert await ledger.check(line.run_id) == ()
        assert [run.run_id for run in await ledger.runs(10)] == [later.run_id, line.run_id]


async def test_the_list_has_the_runs_that_are_wanted_and_counts_only_those(ledger: Ledger) -> None:
    ids = [new_id() for _ in range(5)]
    told = [
        ("App", "waiting", 10),
        ("app", "closed", 20),
        ("lib", "waiting", 30),
        ("app", "waiting", 40),
        ("app", "waiting", 50),
    ]
    for run_id, (repository, status, started_at_ms) in zip(ids, told, strict=True):
        entry = replace(summary(run_id, status), repository=repository, started_at_ms=started_at_ms)
        await ledger.create(run_id, [CREATED], actor=ANN, summary=entry)
    wanted = {
        Wanted(): [4, 3, 2, 1, 0],
        Wanted(status="waiting"): [4, 3, 2, 0],
        Wanted(repository="APP"): [4, 3, 1, 0],
        Wanted(since_ms=30): [4, 3, 2],
        Wanted("waiting", "app", 11): [4, 3],
        Wanted(repository="ap"): [],
    }
    for each, places in wanted.items():
        assert [run.run_id for run in await ledger.runs(10, each)] == [ids[place] for place in places]
    assert [run.run_id for run in await ledger.runs(1, Wanted("waiting", "app"))] == [ids[4]]


@pytest.mark.parametrize("name", ["read", "check", "head"])
async def test_a_run_that_there_is_not_is_named(ledger: Ledger, name: str) -> None:
    run_id = new_id()
    words = f"run {run_id} is not in this ledger; to see which runs are, run: gateway-console run list"
    with pytest.raises(LedgerError, match=words):
        await getattr(ledger, name)(run_id)
    with pytest.raises(LedgerError, match="is not in this ledger"):
        await ledger.append(run_id, [score()], expected_head="0" * 64, actor=ANN, summary=summary(run_id))
    assert await ledger.runs(10) == ()


async def test_an_append_of_nothing_or_of_another_run_is_a_bug(ledger: Ledger) -> None:
    line = await begun(ledger)
    for run_id, new, shown in (
        (line.run_id, [], line.run_id),
        (line.run_id, [score()], new_id()),
        ("../x", [score()], "../x"),
    ):
        with pytest.raises(ValueError, match="an append needs"):
            await ledger.append(run_id, new, expected_head=line.sha256, actor=ANN, summary=summary(shown))
    assert await ledger.head(line.run_id) == line.sha256


async def test_a_closed_ledger_says_so(store: Store) -> None:
    async with store.open() as ledger:
        pass
    with pytest.raises(LedgerError, match="closed"):
        await ledger.runs(1)


# --- Who was first ---------------------------------------------------------------------------------------------------


async def test_who_has_not_seen_the_last_line_is_told_what_was_appended_instead(ledger: Ledger, other: Ledger) -> None:
    line = await begun(ledger)
    won = await appended(ledger, line, score(1), decision())
    with pytest.raises(ConflictError) as caught:
        await appended(other, line, decision("block"), actor=BOB)
    assert caught.value.head == won.sha256
    assert caught.value.by == ANN
    assert caught.value.instead == (await ledger.read(line.run_id))[1:]
    assert str(caught.value) == (
        f"another operator decided first: ann at gate reviewer, attempt 1, line 3 of run {line.run_id};"
        " nothing of yours was stored, look at the run again"
    )
    assert await other.head(line.run_id) == won.sha256


async def test_a_head_that_never_was_is_a_conflict_too(ledger: Ledger) -> None:
    line = await begun(ledger)
    with pytest.raises(ConflictError, match="has changed since you looked") as caught:
        await ledger.append(line.run_id, [score()], expected_head="0" * 64, actor=ANN, summary=summary(line.run_id))
    assert (caught.value.head, caught.value.by, caught.value.instead) == (line.sha256, None, ())


async def test_a_run_begins_once(ledger: Ledger, other: Ledger) -> None:
    line = await begun(ledger)
    with pytest.raises(ConflictError, match="ann was first: RunCreated, line 1 of run") as caught:
        await other.create(line.run_id, [CREATED], actor=BOB, summary=summary(line.run_id, "other"))
    assert caught.value.instead == (line,)
    assert [run.status for run in await ledger.runs(10)] == ["waiting"]


async def test_a_gate_is_decided_once_in_each_attempt(ledger: Ledger) -> None:
    line = await begun(ledger)
    decided = await appended(ledger, line, decision("revise"))
    with pytest.raises(ConflictError, match="another operator decided first: ann at gate reviewer") as caught:
        await appended(ledger, decided, score(), decision("ready"), actor=BOB)
    assert (caught.value.head, caught.value.instead) == (decided.sha256, (decided,))
    last = await appended(ledger, decided, decision("ready", attempt=2), decision("ready", gate="critic"))
    assert last.seq == 4


async def test_a_call_is_intended_once_and_ends_once(ledger: Ledger) -> None:
    line = await appended(ledger, await begun(ledger), call("CallIntended"))
    with pytest.raises(ConflictError, match="CallIntended"):
        await appended(ledger, line, call("CallIntended"))
    line = await appended(ledger, line, call("CallLost"))
    for kind in ("CallRecorded", "CallFailed", "CallLost"):
        with pytest.raises(ConflictError, match="ann was first: CallLost") as caught:
            await appended(ledger, line, call(kind))
        assert caught.value.instead == (line,)
    last = await appended(ledger, line, call("CallIntended", "call-2"), call("CallRecorded", "call-2"))
    assert last.seq == 5


async def test_a_call_that_was_not_intended_does_not_end(ledger: Ledger) -> None:
    line = await begun(ledger)
    with pytest.raises(LedgerError, match="only a call that was intended ends"):
        await appended(ledger, line, call("CallRecorded"))
    with pytest.raises(LedgerError, match="rejects these lines"):
        await appended(ledger, line, decision(), decision())
    assert await ledger.read(line.run_id) == (line,)


async def test_of_many_at_once_one_is_first_and_all_others_are_told(ledger: Ledger, other: Ledger) -> None:
    line = await begun(ledger)
    outcomes = await asyncio.gather(
        *(appended(each, line, decision()) for each in (ledger, other) * 4), return_exceptions=True
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, Line)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, ConflictError)]
    assert (len(won), len(lost)) == (1, 7)
    assert all(each.instead == tuple(won) for each in lost)


# --- Secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "new",
    [
        NewLine("Noted", None, 0, canonical({"note": f"with {KEY}"})),
        NewLine("Noted", None, 0, canonical({"deep": [{"note": "Authorization: Bear" + f"er {KEY}"}]})),
        NewLine("Noted", None, 0, canonical({KEY: 1})),
        NewLine("Noted", None, 0, canonical({"note": "-----BEGIN " + "PRIVATE KEY-----\nMIIE"})),
    ],
)
async def test_a_line_with_a_secret_is_refused_and_nothing_is_kept(store: Store, ledger: Ledger, new: NewLine) -> None:
    line = await begun(ledger)
    with pytest.raises(LedgerError, match=r"seems to hold a secret \(.+\), so none of it was stored") as caught:
        await appended(ledger, line, score(), new)
    assert caught.value.is_unsafe
    assert KEY not in str(caught.value)
    assert await ledger.head(line.run_id) == line.sha256
    assert not store.holds(KEY)


async def test_a_summary_with_a_secret_is_refused(ledger: Ledger) -> None:
    run_id = new_id()
    shown = Summary(run_id, f"https://x:{KEY}@example.org/app", "planner", "waiting", 1, 2, 1, is_simulated=False)
    with pytest.raises(LedgerError, match="secret"):
        await ledger.create(run_id, [CREATED], actor=ANN, summary=shown)
    assert await ledger.runs(10) == ()


async def test_a_value_that_is_known_to_be_secret_is_refused_whatever_its_form(store: Store) -> None:
    value = 'plain "words"\nonly'
    async with store.open(is_hit=lambda text: value in text) as ledger:
        line = await begun(ledger)
        with pytest.raises(LedgerError, match="a token in use"):
            await appended(ledger, line, NewLine("Noted", None, 0, canonical({"a": [f"<{value}>"]})))
        assert await appended(ledger, line, score())


async def test_hashes_fingerprints_and_request_ids_are_no_secrets(ledger: Ledger) -> None:
    body = canonical({"sha256": "5f" * 32, "request_id": REQUEST_ID, "uuid": "0b9f4c9e-3a5d-4d7e-9f1a-2b3c4d5e6f70"})
    assert (await appended(ledger, await begun(ledger), NewLine("Noted", None, 0, body))).body == body


# --- Several consoles ---------------------------------------------------------------------------------------------


# --- Text from outside ----------------------------------------------------------------------------------------------

HOSTILE = "x'); DROP TABLE line; -- \" %s ? $1 {} \\ \x1b[2J \u202e é"


async def test_sql_in_every_text_is_text(ledger: Ledger, other: Ledger) -> None:
    run_id = new_id()
    shown = Summary(
        run_id, HOSTILE, HOSTILE, HOSTILE, 1, 2, 1, is_simulated=True, verdict=HOSTILE, category=HOSTILE,
        operator=HOSTILE,
    )  # fmt: skip
    new = NewLine("Noted", None, 0, canonical({"note": HOSTILE, "end": "\0"}))
    (line,) = await ledger.create(run_id, [new], actor=ANN, summary=shown)
    assert await other.read(run_id) == (line,)
    assert await other.check(run_id) == ()
    wanted = Wanted(HOSTILE, HOSTILE, verdict=HOSTILE, category=HOSTILE, operator=HOSTILE)
    assert await other.runs(10, wanted) == (shown,)
    with pytest.raises(LedgerError, match=r"run x.* is not in this ledger"):
        await other.read(HOSTILE)


async def test_a_nul_in_a_summary_is_refused_and_nothing_is_kept(ledger: Ledger) -> None:
    line = await begun(ledger)
    shown = replace(summary(line.run_id), repository="shop\0")
    with pytest.raises(LedgerError, match="has a NUL character, so nothing was stored"):
        await ledger.append(line.run_id, [score()], expected_head=line.sha256, actor=ANN, summary=shown)
    assert await ledger.read(line.run_id) == (line,)


# --- The list of runs ------------------------------------------------------------------------------------------------


async def test_runs_are_listed_the_last_begun_first(ledger: Ledger) -> None:
    lines = [await begun(ledger) for _ in range(3)]
    newest_first = [line.run_id for line in reversed(lines)]
    assert [run.run_id for run in await ledger.runs(10)] == newest_first
    assert [run.run_id for run in await ledger.runs(2)] == newest_first[:2]
    assert await ledger.runs(1) == (summary(newest_first[0]),)


async def test_a_summary_moves_with_its_run_and_not_with_a_refused_append(ledger: Ledger) -> None:
    line, still = await begun(ledger), await begun(ledger)
    shown = summary(line.run_id, "closed", "candidate", 3)
    await ledger.append(line.run_id, [score()], expected_head=line.sha256, actor=ANN, summary=shown)
    with pytest.raises(ConflictError):
        await ledger.append(
            line.run_id, [score()], expected_head=line.sha256, actor=BOB, summary=summary(line.run_id, "stale")
        )
    assert await ledger.runs(10) == (summary(still.run_id), shown)
    assert await ledger.runs(10, Wanted("closed")) == (shown,)
    assert await ledger.runs(10, Wanted("stopped")) == ()


async def test_summaries_are_made_anew_from_the_lines(store: Store, ledger: Ledger) -> None:
    lines = [await begun(ledger) for _ in range(3)]
    with store.behind() as connection:
        connection.execute(f"DELETE FROM run WHERE run_id = '{lines[1].run_id}'")
    assert len(await ledger.runs(10)) == 2

    def summarise(read: tuple[Line, ...]) -> Summary:
        return summary(read[0].run_id, f"{len(read)} line")

    assert await ledger.rebuild(summarise) == 3
    assert await ledger.runs(10) == tuple(summary(line.run_id, "1 line") for line in reversed(lines))


async def test_a_rebuild_that_fails_leaves_what_was(ledger: Ledger) -> None:
    line = await begun(ledger)

    def summarise(_: tuple[Line, ...]) -> Summary:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ledger.rebuild(summarise)
    assert await ledger.runs(10) == (summary(line.run_id),)


async def test_what_others_append_is_noticed(ledger: Ledger, other: Ledger) -> None:
    quiet, line = await begun(ledger), await begun(ledger)
    changes = other.changes(interval_s=0.001)
    noticed = asyncio.ensure_future(anext(changes))
    while not noticed.done():  # whatever is appended after its first look is noticed
        line = await appended(ledger, line, score())
    assert await noticed == {line.run_id}
    await begun(other)
    line, quiet = await appended(ledger, line, score()), await appended(ledger, quiet, score())
    seen = await anext(changes)
    while not {line.run_id, quiet.run_id} <= seen:
        seen |= await anext(changes)
    await changes.aclose()
    assert len(seen) == 3
