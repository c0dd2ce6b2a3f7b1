"""Which version of an agent is installed: what its program on PATH says, started with an empty home of its own."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from console.domain.agent_settings.state import Installed
from console.services.coding_agent.installation import find_program, version_in
from console.services.system.process import ChildEnding, run_bounded

_TIMEOUT_S = 20.0
_OUTPUT_BYTES = 64 * 1024
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE")


async def installed(program: str, environment: Mapping[str, str], repository: Path) -> Installed | None:
    """Return an agent's program and its version; None if it is not on PATH.

    A program that lies in the repository is named and not started: it may be anyone's.
    """
    path = find_program(program, environment) if program else None
    if path is None:
        return None
    real = path.resolve()
    if path.is_relative_to(repository) or real.is_relative_to(repository):
        return Installed(str(path), "", "it lies in the repository and was not started")
    with tempfile.TemporaryDirectory(prefix="gateway-console-version-") as home:
        own = {name: environment[name] for name in _PASSED_ON if name in environment}
        try:
            report = await run_bounded(
                (str(path), "--version"),
                environment={**own, "HOME": home, "TMPDIR": home, "TERM": "dumb", "NO_COLOR": "1"},
                timeout_s=_TIMEOUT_S,
                limit_bytes=_OUTPUT_BYTES,
                directory=Path(home),
                is_marked=True,
            )
        except (OSError, ValueError):
            return Installed(str(path), "", "it cannot be started")
    version = version_in(report.tail) if report.ending is ChildEnding.EXITED else ""
    return Installed(str(path), version, "" if version else "it names no version")
