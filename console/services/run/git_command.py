"""Git as a child that asks nobody, runs nothing of others and ends."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from console.services.run.bounded_child import ChildEnding, ChildReport, run_bounded

GIT_TIMEOUT_S = 60.0
_GIT_OUTPUT_BYTES = 64_000_000
_QUIET = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.pager=cat"),
    *("-c", "core.protectHFS=true", "-c", "core.protectNTFS=true", "-c", "protocol.allow=never", "-c", "gc.auto=0"),
)


def git_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what every git knows of the environment: where programs are, and that it must ask and lock nothing."""
    return {
        "PATH": environment.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
    }


async def run_git(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    directory: Path,
    *,
    is_stderr_kept: bool,
    given: Path | None = None,
) -> ChildReport:
    """Run git without a prompt, a pager, a hook, a monitor or the network, bounded in time and output.

    Raises:
        OSError: It is not on the PATH of the environment, or cannot be started.

    """
    program = shutil.which("git", path=environment["PATH"])
    if program is None:
        raise FileNotFoundError
    return await run_bounded(
        (program, "--no-pager", *_QUIET, *arguments),
        environment=environment,
        directory=directory,
        timeout_s=GIT_TIMEOUT_S,
        limit_bytes=_GIT_OUTPUT_BYTES,
        tail_bytes=_GIT_OUTPUT_BYTES,
        is_stderr_kept=is_stderr_kept,
        given=given,
    )


def is_well(report: ChildReport) -> bool:
    """Tell whether git did what it was asked."""
    return report.ending is ChildEnding.EXITED and report.exit_code == 0
