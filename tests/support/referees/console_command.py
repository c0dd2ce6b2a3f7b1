"""`gateway-console` as an operator runs it: its own process, its own config, no other environment."""

import asyncio
import sys
from pathlib import Path

PATIENT = {"deadline_s": 3600.0, "idle_timeout_s": 3600.0, "connect_timeout_s": 3600.0}
"""Settings of a gateway that may be as slow as a busy machine makes it."""


async def run_console(home: Path, *arguments: str, environment: dict[str, str]) -> tuple[int, str, str]:
    """Run the command to its end in a home; return its exit code, stdout and stderr.

    A model is as slow as the machine, so it has no bound but the test's own, which pytest-timeout keeps.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
        env={"HOME": str(home)} | environment,
    )
    try:
        stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, stdout.decode(), stderr.decode()
