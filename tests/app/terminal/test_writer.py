"""Nobody waits for a terminal that does not read; what was left with the writer comes whole and in order."""

import os
import threading
import tty

import pytest

from console.app.terminal.writer import TerminalWriter


@pytest.fixture
def terminal() -> tuple[int, int]:
    master, slave = os.openpty()
    tty.setraw(slave)
    return master, slave


@pytest.mark.parametrize("is_blocking", [True, False])
def test_texts_wait_until_the_terminal_reads(terminal: tuple[int, int], *, is_blocking: bool) -> None:
    master, slave = terminal
    os.set_blocking(slave, is_blocking)  # a program that shares the terminal may have left it non-blocking
    is_idle = threading.Event()
    writer = TerminalWriter(slave, is_idle.set)
    texts = [f"{number}:" + "x" * 50_000 for number in range(20)]
    for text in texts:
        writer.write(text)  # a terminal holds a few kB: a write that waited would never return
    assert not writer.is_idle
    wanted = "".join(texts).encode()
    read = b""
    while len(read) < len(wanted):
        read += os.read(master, 65_536)
    assert read == wanted
    is_idle.wait()
    assert writer.is_idle
    writer.close()


def test_a_terminal_that_is_gone_ends_nothing(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.close(master)
    is_idle = threading.Event()
    writer = TerminalWriter(slave, is_idle.set)
    writer.write("for nobody")
    is_idle.wait()
    writer.close()
