"""The output of failed checks, kept as artifacts: text from outside, masked before it is stored."""

import re
from collections.abc import Awaitable, Callable, Sequence

from console.domain.run.event import CommandRun
from console.services.checks.candidate import CandidateCheck
from console.services.system.leak_guard import LEAK_GUARD

AGENT = "the agent"
"""The name under which the last output of a coding agent that made no draft is shown."""


async def keep_outputs(
    checked: CandidateCheck, put: Callable[[bytes], Awaitable[str]]
) -> tuple[tuple[CommandRun, ...], tuple[tuple[str, str], ...]]:
    """Store the last output of each failed command; return the commands as a run records them, and those outputs.

    Args:
        checked: The result of the checks; its outputs are masked already.
        put: Stores an artifact and returns its SHA-256.

    Returns:
        The commands, and the name and output of each failed one, or of git if the patch does not apply.

    Raises:
        LedgerError: An output cannot be stored.

    """
    if not checked.commands:
        return (), tuple(("git apply", tail) for tail in checked.output_tail if tail)
    runs, outputs = list[CommandRun](), list[tuple[str, str]]()
    for each, tail in zip(checked.commands, checked.output_tail, strict=True):
        name = f"check {each.number}{' base' if each.with_base_tests else ''}"
        sha256 = None if each.is_passed else await keep_output(tail, put)
        runs.append(
            CommandRun(
                name,
                each.exit_code,
                each.duration_ms,
                is_passed=each.is_passed,
                output_sha256=sha256,
                with_base_tests=each.with_base_tests,
            )
        )
        if sha256 is not None:
            outputs.append((name, tail))
    return tuple(runs), tuple(outputs)


async def keep_output(tail: str, put: Callable[[bytes], Awaitable[str]]) -> str | None:
    """Store an output that is masked already; return its SHA-256, or None if there is none or a token is in it.

    Raises:
        LedgerError: It cannot be stored.

    """
    return await put(tail.encode()) if tail and not _holds_token(tail) else None


def _holds_token(tail: str) -> bool:
    """Return whether a token is in an output, even if colours, line breaks or invisible characters part it."""
    bare = re.sub(r"␛\[[0-9;]*[A-Za-z]|[^!-~]", "", tail)
    return LEAK_GUARD.is_hit(tail) or LEAK_GUARD.is_hit(bare)


async def read_outputs(
    commands: Sequence[CommandRun], read: Callable[[str], Awaitable[bytes | None]]
) -> tuple[tuple[str, str], ...]:
    """Return the name and the last output of each failed command whose output is still stored.

    Args:
        commands: The commands of a gate, `GateOpened.commands`.
        read: Reads an artifact by its SHA-256; None if it is not stored.

    Raises:
        LedgerError: An artifact cannot be read or has other content.

    """
    outputs = [(each.name, await read(each.output_sha256)) for each in commands if each.output_sha256 is not None]
    return tuple((name, data.decode(errors="replace")) for name, data in outputs if data is not None)
