"""`gateway-console` as an operator runs it: its own config, and no environment but what is given."""

from pathlib import Path

from support.cli.console_process import Console

PATIENT = {"deadline_s": 3600.0, "idle_timeout_s": 3600.0, "connect_timeout_s": 3600.0}
"""Settings of a gateway that may be as slow as a busy machine makes it."""


async def run_console(home: Path, *arguments: str, environment: dict[str, str]) -> tuple[int, str, str]:
    """Run the command to its end in a home; return its exit code, stdout and stderr.

    A model is as slow as the machine, so it has no bound but the test's own, which pytest-timeout keeps.
    """
    console = Console(home)
    console.environment = {"HOME": str(home)} | environment
    ended = await console.run(*arguments)
    return ended.code, ended.stdout, ended.stderr
