"""The last bound of a keyring call: a store that does not come back at all cannot hold up the screen."""

import threading

import pytest
from support.waiting import HANG_S

from console.domain.tokens.state import TokenState
from console.services.tokens.stores.bus import in_thread
from console.services.tokens.stores.store import StoreError


async def test_a_call_that_never_ends_is_given_up() -> None:
    release = threading.Event()
    try:
        with pytest.raises(StoreError) as caught:
            await in_thread(release.wait, 0.05)
    finally:
        release.set()
    assert caught.value.state is TokenState.TIMEOUT


async def test_a_bug_in_a_call_is_raised_where_the_answer_is_awaited() -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_thread(work, HANG_S)
