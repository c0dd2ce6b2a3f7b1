"""cmd: references: a program of the user's own that prints a token."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from console.domain.text.secret_scan import looks_like_secret
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.system.process import ChildEnding, run_bounded
from console.services.tokens.reference import Reference
from console.services.tokens.stores.store import StoreError, parsed

COMMAND_TIMEOUT_S = 10.0
"""The longest that a program may take to print a token, in seconds."""

OUTPUT_LIMIT = 8192
"""The most bytes that a program may print: a token has no more."""

_PASSED = frozenset(
    {
        "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "GNUPGHOME", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME",
        "PASSWORD_STORE_DIR", "SSH_AUTH_SOCK", "TMPDIR", "USER", "WAYLAND_DISPLAY", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
    }
)  # fmt: skip
"""The variables that a password program needs; whatever else is set, tokens among it, it does not get."""


async def ask_command(
    reference: Reference,
    environment: Mapping[str, str],
    *,
    timeout_s: float = COMMAND_TIMEOUT_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Secret | None:
    """Run a reference's program and take what it prints; None where it prints nothing.

    Args:
        reference: Names the program and its arguments.
        environment: The environment variables of this process, of which the program gets some.
        timeout_s: The longest that it may take, in seconds.
        sleep: Waits for so many seconds, once the program has begun; when it returns, the time is up.

    Raises:
        StoreError: It cannot be run, does not end in time, ends with an error, or prints what cannot be a token.

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
        raise StoreError(
            TokenState.UNAVAILABLE, f"the program cannot be run: {error.strerror or 'input/output error'}"
        ) from None
    if report.ending is ChildEnding.FLOODED:
        raise StoreError(TokenState.REFUSED, f"the program printed more than {OUTPUT_LIMIT} bytes, which no token has")
    if report.exit_code is None:
        raise StoreError(TokenState.TIMEOUT, f"the program did not end within {timeout_s:g} s")
    if report.exit_code != 0:
        how = f"exit code {report.exit_code}" if report.exit_code > 0 else f"signal {-report.exit_code}"
        raise StoreError(TokenState.UNAVAILABLE, f"the program ended with {how}; run it by hand to see what it says")
    return parsed(report.tail, "program's output") if report.tail.strip() else None


def _absolute(path: str) -> str:
    """Leave out the steps of a PATH that depend on where the console was started."""
    return ":".join(step for step in path.split(":") if Path(step).is_absolute())
