"""Input of a `token` command, from a person or a pipe: a token, a password, a yes."""

import os
import select
import time

from console.cli.context import current
from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret
from console.services.tokens.terminal import NoTerminalError, ask_on_terminal, confirm_on_terminal

STDIN_TIMEOUT_S = 10.0
"""The longest wait for a token on stdin, in seconds: a pipe that stays open must not block a script."""

_LIMIT = 8194
"""The most bytes to read: the longest token and its line end."""


class InputError(Problem):
    """The input cannot be used. The message never contains it."""

    kind = ProblemKind.USAGE


def read_token(command: str, question: str = "Token (it is not shown)") -> Secret:
    """Ask for a token without echo, or read it from stdin if that is not a terminal.

    Args:
        command: The command that was typed, for the message that says how to give a token.
        question: What to ask at the terminal.

    Raises:
        InputError: There is no token, or the input cannot be one.
        StoreError: The terminal could not be asked.

    """
    if current().stdin.isatty():
        text = ask_on_terminal(question)
    else:
        data = read_pipe(current().stdin.fileno(), STDIN_TIMEOUT_S)
        if not data.strip():
            raise InputError(
                f"stdin has no token. Run this at a terminal, or pass the token on stdin: {command} < FILE"
            )
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise InputError("stdin does not hold a token: it has a character outside ASCII") from None
    try:
        return Secret.parse(text)
    except ValueError as error:
        raise InputError(f"the input cannot be a token: {error}; nothing was stored") from None


def read_pipe(descriptor: int, timeout_s: float) -> bytes:
    """Read a pipe to its end, or to one byte more than a token can have.

    Raises:
        InputError: The pipe was not closed in time.

    """
    deadline = time.monotonic() + timeout_s
    data = b""
    while len(data) <= _LIMIT:
        readable, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise InputError(f"stdin was not closed within {timeout_s:g} s; nothing was stored")
        piece = os.read(descriptor, _LIMIT + 1 - len(data))
        if not piece:
            break
        data += piece
    return data


def confirm(question: str, *, is_sure: bool, command: str) -> None:
    """Ask a person to confirm.

    Args:
        question: What to confirm.
        is_sure: Whether `--yes` was given.
        command: The command, for the message that suggests `--yes`.

    Raises:
        InputError: The answer was no, or there is no terminal to ask on.

    """
    if is_sure:
        return
    try:
        is_meant = current().stdin.isatty() and confirm_on_terminal(question)
    except NoTerminalError:
        is_meant = False
    if not is_meant and not current().stdin.isatty():
        raise InputError(f"there is no terminal to ask on; nothing was changed. Next: {command} --yes")
    if not is_meant:
        raise InputError("the answer was no; nothing was changed")
