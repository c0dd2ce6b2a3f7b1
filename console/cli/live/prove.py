"""Prove coding agents: each that is installed runs against the embedded gateway, and its shapes are kept."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.relay.agent_settings import AgentSettings
from console.domain.run.agent_event import FileGuard
from console.services.agent_capture.capture import CaptureOrder
from console.services.agent_capture.proved import Proved, prove_agent
from console.services.coding_agent.installation import find_program
from console.services.config.load import load_profile
from console.services.open_gateway import open_target
from console.services.system.confinement import find_isolation
from console.services.system.directories import absolute


@dataclass(frozen=True, slots=True)
class ProveOrder:
    """What to prove, from the command line."""

    agents: tuple[AgentSettings, ...]
    readable: tuple[str, ...]
    """What agents may read in the operator's home: `agent.readable` of the profile."""
    are_named: bool
    """Whether the operator named the agents: then each has to be captured."""
    as_json: bool
    """Whether to write one document instead of lines."""


async def prove(order: ProveOrder) -> ExitCode:
    """Capture the chosen agents that are installed, one after the other, and show each.

    Raises:
        Problem: The embedded gateway does not start, or a capture cannot be kept.

    """
    if current().owns_process and (working := asyncio.current_task()) is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):  # no agent outlives it, and no home of one is left
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        proved = await _prove_all(order)
    except asyncio.CancelledError:
        output.complain("interrupted: what was not captured yet stays as it was")
        return ExitCode.INTERRUPTED
    code = _code_of(proved, are_named=order.are_named)
    if order.as_json:
        from console.cli.reports.documents.agent import ProveDocument

        output.write_document(ProveDocument.of(proved, code))
    return code


async def _prove_all(order: ProveOrder) -> list[Proved]:
    from console.cli.reports.prove import show_proved

    found = [(each, find_program(each.program, current().environment)) for each in order.agents]
    proved: list[Proved] = []
    if any(program is not None for _, program in found):
        profile = load_profile(None)
        async with open_target(
            profile, lambda: current().embedded_gateway(pace=0), environment=current().environment
        ) as target:
            how = CaptureOrder(
                target.require_gateway(),
                {route.endpoint_family: route.model for route in reversed(profile.table.routes)},
                current().environment,
                current().today(),
                await find_isolation(current().environment),
                tuple(absolute(Path(each)) for each in order.readable),
            )
            if how.isolation.files is FileGuard.NONE and not order.as_json:
                output.note("neither bubblewrap nor Landlock works here: an agent could read your files")

            for settings, program in found:
                if program is not None and not order.as_json:
                    output.note(f"running {settings.name}: {program}")
                each = await prove_agent(settings, program, how)
                proved.append(each)
                if not order.as_json:
                    show_proved(each)
    else:
        proved = [Proved(settings, None) for settings, _ in found]
        for each in proved if not order.as_json else ():
            show_proved(each)
    return proved


def _code_of(proved: Sequence[Proved], *, are_named: bool) -> ExitCode:
    """Return the exit code: the named agents have to be captured, or else those that are installed."""
    is_captured = [each.kept is not None for each in proved]
    tried = [each for each in proved if each.capture is not None and not each.is_refused]
    if are_named:
        return ExitCode.OK if all(is_captured) else ExitCode.FAILED
    return ExitCode.OK if tried and all(each.kept is not None for each in tried) else ExitCode.FAILED
