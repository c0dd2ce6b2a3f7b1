"""The last bound of a keyring read: a store that does not come back at all cannot hold up the screen."""

import threading

import pytest

from console.domain.event import TokenState
from console.services.tokens.keyring_reader import StoreAnswer, _in_thread


async def test_a_read_that_never_ends_is_given_up() -> None:
    release = threading.Event()

    def ask() -> StoreAnswer:
        release.wait()
        return StoreAnswer(TokenState.ABSENT)

    try:
        answer = await _in_thread(ask, 0.05)
    finally:
        release.set()
    assert answer.state is TokenState.TIMEOUT


async def test_a_bug_in_a_read_is_raised_where_the_answer_is_awaited() -> None:
    def ask() -> StoreAnswer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await _in_thread(ask, 5.0)
