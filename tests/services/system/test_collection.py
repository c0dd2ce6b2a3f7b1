"""What was loaded is left alone by collections, and nothing stays in memory for good."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from console.services.system.collection import keep_loaded


class Node:
    """Half of a cycle, which only a collection can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_loaded_is_permanent_and_later_garbage_is_collected() -> None:
    keep_loaded()
    assert gc.get_freeze_count() > 1000
    assert gc.isenabled()
    garbage = weakref.ref(Node())
    gc.collect()
    assert garbage() is None


def test_what_has_become_garbage_since_is_collected_the_next_time() -> None:
    node = Node()
    gone = weakref.ref(node)
    keep_loaded()
    del node
    gc.collect()
    assert gone() is not None, "permanent"
    keep_loaded()
    assert gone() is None
