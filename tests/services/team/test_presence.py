"""Who looks at a run: told when someone comes and goes, forgotten by itself, and never under another one's name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from support.run.story import ANN, BEN
from support.team.stores import Store

from console.domain.ledger.actor import Actor
from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.team.presence import Presence, Watcher, watch_others, who_looks

_RUN, _OTHER = "01J0000000000000000000000A", "01J0000000000000000000000C"
_NOWHERE = "0" * 12


@asynccontextmanager
async def opened(store: Store, name: str) -> AsyncIterator[Database]:
    url = store.postgres.server.url(store.postgres.name, store.user(name), f"password-{name}")
    async with await Database.open(Secret(url)) as database:
        yield database


async def test_one_who_looks_is_told_at_once_that_another_one_came_and_left(store: Store) -> None:
    where: list[tuple[str, Actor]] = [(_RUN, ANN)]
    moved = asyncio.Event()
    async with opened(store, "ann") as ann, opened(store, "ben") as ben:
        told = watch_others(ann, lambda: where[-1], moved, beat_s=3600)
        async with aclosing(told):
            assert await anext(told) == (_RUN, ())
            other = Presence(ben)
            assert await other.look(_RUN, BEN) == (Watcher("ann", _NOWHERE),)
            assert await anext(told) == (_RUN, (Watcher("ben", _NOWHERE),))
            await other.leave()
            assert await anext(told) == (_RUN, ())
            where.append((_OTHER, ANN))
            moved.set()
            assert await anext(told) == (_OTHER, ())
            assert await who_looks(ben, _OTHER) == (Watcher("ann", _NOWHERE),)
        assert await who_looks(ben, _OTHER) == ()


async def test_who_beats_no_more_is_gone_and_a_beat_writes_one_row_in_place(store: Store) -> None:
    async with opened(store, "ann") as ann:
        presence = Presence(ann)
        for _ in range(20):
            await presence.look(_RUN, ANN)
        with store.session() as administrator:
            rows = administrator.execute("SELECT count(*) FROM gateway_console.presence").fetchone()
            assert rows == (1,)
            administrator.execute("UPDATE gateway_console.presence SET seen_at = seen_at - interval '16 seconds'")
        assert await who_looks(ann, _RUN) == ()


async def test_no_one_is_there_under_the_name_of_another_operator(store: Store) -> None:
    store.register("ann", "ben")
    async with opened(store, "ann") as ann, opened(store, "ben") as ben:
        await Presence(ann).look(_RUN, BEN)
        assert [each.name for each in await who_looks(ben, _RUN)] == [store.user("ann")]
        mine = Presence(ann)
        await mine.look(_RUN, ANN)
        assert {each.name for each in await who_looks(ben, _RUN)} == {"ann", store.user("ann")}
