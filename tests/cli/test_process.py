"""Each verb as the process that an operator starts: it says what it says in the context of a test."""

import pytest
from support.cli.console_process import Console

VERBS = [
    ("demo", "--read-only"),
    ("init",),
    ("routes", "--json"),
    ("check", "--level", "0"),
    ("smoke", "--read-only"),
    ("run", "list"),
    ("run", "candidate", "last"),
    ("record", "list", "--json"),
    ("instructions", "."),
    ("boundary",),
    ("agents",),
    ("history",),
    ("fleet",),
    ("token", "list"),
    ("explain", "rate_limit"),
    ("verify",),
    ("facts", "update", "--reset"),
    ("store", "status"),
    ("config", "path"),
    ("doctor",),
    ("bundle", "--run", "last"),
    ("completion", "--names", "routes"),
    ("watch", "--once", "--read-only"),
    ("simulate", "--port", "65536"),
    (),
]


@pytest.mark.parametrize("command", VERBS, ids=lambda command: " ".join(command) or "the screen")
async def test_a_process_says_what_a_context_says(console: Console, command: tuple[str, ...]) -> None:
    in_context = await console.run(*command)
    assert await console.run_process(*command) == in_context
    assert in_context.stdout or in_context.stderr


async def test_what_stdin_holds_is_read_by_a_process_too(console: Console) -> None:
    command = ("explain", "--status", "402", "-")
    in_context = await console.run(*command, given=b"no credits left")
    assert await console.run_process(*command, given=b"no credits left") == in_context
