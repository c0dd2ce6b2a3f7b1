"""Calls in a thread of their own: they come back in order, and a stuck one cannot hold up the screen."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from support.waiting import HANG_S

from console.domain.tokens.state import TokenState
from console.services.system.thread import ClosedError, OverdueError, Worker
from console.services.tokens.stores.bus import in_thread
from console.services.tokens.stores.store import StoreError


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Return an event that a call waits for; it is set when the test has ended."""
    release = threading.Event()
    yield release
    release.set()


async def test_calls_are_done_in_one_thread_and_in_their_order() -> None:
    worker = Worker("test", HANG_S)
    seen: list[tuple[int, int]] = []
    await asyncio.gather(*(worker.run(lambda n=n: seen.append((n, threading.get_ident()))) for n in range(20)))
    worker.close()
    assert [number for number, _ in seen] == list(range(20))
    assert len({thread for _, thread in seen} - {threading.get_ident()}) == 1


async def test_a_call_that_never_ends_is_given_up(stuck: threading.Event) -> None:
    with pytest.raises(OverdueError):
        await Worker("test", 0.05).run(stuck.wait)


async def test_a_call_of_a_keyring_that_never_ends_is_a_timeout_of_the_keyring(stuck: threading.Event) -> None:
    with pytest.raises(StoreError) as caught:
        await in_thread(stuck.wait, 0.05)
    assert caught.value.state is TokenState.TIMEOUT


async def test_a_bug_in_a_call_is_raised_where_the_answer_is_awaited() -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_thread(work, HANG_S)


async def test_a_closed_worker_ends_its_thread_and_takes_no_more_calls() -> None:
    worker = Worker("test", HANG_S)
    thread = await worker.run(threading.current_thread)
    worker.close()
    thread.join()
    with pytest.raises(ClosedError):
        await worker.run(threading.get_ident)
