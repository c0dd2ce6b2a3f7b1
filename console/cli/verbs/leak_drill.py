"""`doctor --leak-drill`: run the drill and say PASS or FAIL. It shows where the token was found, never the token."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from console.services.leak_drill.canary import Canary
    from console.services.leak_drill.drill import DrillGateway, DrillReport, StepEnd
    from console.services.leak_drill.step import Step


def run(*, as_json: bool, choose: "Callable[[Canary], Sequence[Step]] | None" = None) -> ExitCode:
    """Run the drill and report.

    Args:
        as_json: Write one JSON document and no progress.
        choose: Chooses the steps for a canary; None means all.

    """
    from console.services.leak_drill.drill import hold_drill
    from console.services.leak_drill.step import steps

    if not as_json:
        output.note("leak drill: a made-up token in a temporary directory; nothing leaves this machine")
    try:
        report = asyncio.run(hold_drill(start_gateway, choose=choose or steps, told=_ignore if as_json else _tell))
    except OSError as error:
        raise Problem(f"the drill could not run: {os_reason(error)}") from None
    show(report, as_json=as_json)
    return ExitCode.OK if report.is_passed else ExitCode.REFUSED


def start_gateway(token: str) -> "AbstractAsyncContextManager[DrillGateway]":
    """Start the embedded gateway in this process, with the drill's token and without waits."""
    from console.simulator.server import serve

    return serve(pace=0, token=token)


def _tell(end: "StepEnd") -> None:
    output.note(f"{'× ' + end.problem if end.problem else '✓ held'}  {end.name}")


def _ignore(end: "StepEnd") -> None:
    """Print nothing: the document is written at the end."""


def show(report: "DrillReport", *, as_json: bool) -> None:
    """Write what the drill found."""
    if as_json:
        from console.cli.reports.documents.doctor import DrillDocument

        output.write_document(DrillDocument.of(report))
        return
    result = "PASS" if report.is_passed else "FAIL"
    output.write_line(
        f"{result}  {report.files} files and streams searched, {report.size_bytes:,} bytes;"
        f" {report.requests_bytes:,} bytes at the gateway, the token {report.key_headers} times in its own header"
    )
    for name in report.hits:
        output.write_line(f"  × found in {name}")
    for problem in report.problems:
        output.write_line(f"  × {problem}")
    for note in report.notes:
        output.write_line(f"  · {note}")
