"""cmd: references: a user's own program that prints a token."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from console.domain.text.secret_scan import looks_like_secret
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildEnding, run_bounded
from console.services.tokens.reference import Reference
from console.services.tokens.stores.store import StoreError, parsed

COMMAND_TIMEOUT_S = 10.0
"""The longest a program may take to print a token, in seconds."""

OUTPUT_LIMIT = 8192
"""The most bytes that a program may print; no token is longer."""

_PASSED = frozenset(
    {
        "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "GNUPGHOME", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME",
        "PASSWORD_STORE_DIR", "SSH_AUTH_SOCK", "TMPDIR", "USER", "WAYLAND_DISPLAY", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
    }
)  # fmt: skip
"""The variables that a password program needs. It gets no others, since they may hold tokens."""


async def ask_command(
    reference: Reference,
    environment: Mapping[str, str],
    *,
    timeout_s: float = COMMAND_TIMEOUT_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Secret | None:
    """Run a reference's program and return what it prints; None if it prints nothing.

    Args:
        reference: Names the program and its arguments.
        environment: This process's environment variables; the program gets some of them.
        timeout_s: The longest it may take, in seconds.
        sleep: Waits for that many seconds after the program has started; when it returns, time is up.

    Raises:
        StoreError: It cannot be run, times out, fails, or prints something that cannot be a token.

    """
    program, *arguments = reference.argv
    path = _absolute(environment.get("PATH", ""))
    found = shutil.which(program, path=path)
    if found is None:
        raise StoreError(TokenState.UNAVAILABLE, "the program was not found on the PATH, or may not be run")
    passed = {
        name: value
        for name, value in environment.items()
        if name in _PASSED and looks_like_secret(value, is_address=True) is None
    }
    try:
        report = await run_bounded(
            [found, *arguments],
            environment=passed | {"PATH": path},
            timeout_s=timeout_s,
            limit_bytes=OUTPUT_LIMIT + 1,
            may_leave_agents=True,
            sleep=sleep,
        )
    except OSError as error:
        raise StoreError(TokenState.UNAVAILABLE, f"the program cannot be run: {os_reason(error)}") from None
    if report.ending is ChildEnding.FLOODED:
        raise StoreError(
            TokenState.REFUSED, f"the program printed more than {OUTPUT_LIMIT} bytes; no token is that long"
        )
    if report.exit_code is None:
        raise StoreError(TokenState.TIMEOUT, f"the program did not end within {timeout_s:g} s")
    if report.exit_code != 0:
        how = f"exit code {report.exit_code}" if report.exit_code > 0 else f"signal {-report.exit_code}"
        raise StoreError(TokenState.UNAVAILABLE, f"the program ended with {how}; run it by hand to see its messages")
    return parsed(report.tail, "program's output") if report.tail.strip() else None


def _absolute(path: str) -> str:
    """Drop the PATH entries that depend on the directory the console was started in."""
    return ":".join(step for step in path.split(":") if Path(step).is_absolute())
