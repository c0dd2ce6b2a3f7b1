"""What a pipe gives to `token set`: bounded in time and in size."""

import contextlib
import os
from collections.abc import Iterator

import pytest
from support.waiting import HANG_S

from console.cli.token.input import InputError, read_pipe


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_a_pipe_is_read_to_its_end(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"a-token\n")
    os.close(pipe[1])
    assert read_pipe(pipe[0], HANG_S) == b"a-token\n"


@pytest.mark.parametrize("begun", [b"", b"half-a-tok"])
def test_a_pipe_that_nobody_closes_does_not_hold_up_a_script(pipe: tuple[int, int], begun: bytes) -> None:
    os.write(pipe[1], begun)
    with pytest.raises(InputError, match=r"stdin was not closed within 0\.01 s; nothing was stored"):
        read_pipe(pipe[0], 0.01)


def test_a_pipe_without_end_is_read_no_further_than_a_token_can_go() -> None:
    descriptor = os.open("/dev/zero", os.O_RDONLY)
    try:
        assert len(read_pipe(descriptor, HANG_S)) == 8195
    finally:
        os.close(descriptor)
