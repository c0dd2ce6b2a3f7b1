"""`run`: a gated run, one step or one decision at a time."""

import argparse
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile
from console.domain.money import usd
from console.domain.routes.role import Role
from console.domain.run.gate import Gate, GateVerdict

if TYPE_CHECKING:
    from console.domain.run.event import Entry
    from console.domain.run.state import RunState
    from console.services.config.settings import Profile
    from console.services.run.run_context import RunContext
    from console.services.run.run_log import RunLog
    from console.services.run.step import StepEvent
    from console.services.run.stepper import Stepper

_KINDS = {
    "start": "begin a run: pin the task, the repository, the routes and the instruction source",
    "step": "do the work of the gate at which a run stands",
    "decide": "say ready, revise or block at the gate that waits",
    "show": "show a run's safe record",
    "list": "list the runs, the newest first",
    "resume": "take a run up again; with --repeat also a call whose outcome is unknown",
    "stop": "end a run",
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb and its kinds to the command line."""
    parser = verbs.add_parser("run", help="a gated run, one step or one decision at a time", allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    for kind, child in each.items():
        child.set_defaults(run=run)
        if kind not in ("start", "list"):
            child.add_argument("run_id", metavar="RUN", help="a run's id, a part of it that no other has, or: last")
    _add_start(each["start"])
    sending = each["step"].add_mutually_exclusive_group()
    sending.add_argument("--preview", action="store_true", help="show exactly what would be sent, and send nothing")
    sending.add_argument(
        "--send", action="store_true", help="send the run's first call; without it the first step shows what it is"
    )
    for kind in ("start", "step", "resume"):
        each[kind].add_argument(
            "--auto",
            action="store_true",
            help="go on and take the machine's verdict at each gate, as far as no person is needed; recorded as such",
        )
    decide = each["decide"]
    decide.add_argument("--gate", required=True, choices=[gate.value for gate in Gate], metavar="GATE")
    decide.add_argument("--verdict", required=True, choices=[verdict.value for verdict in GateVerdict], metavar="V")
    decide.add_argument("--saw", metavar="HEAD", help="the head that you saw: the decision is refused if it has moved")
    resume = each["resume"]
    resume.add_argument("--repeat", action="store_true", help="make the lost or failed call once more, on its route")
    resume.add_argument(
        "--fallback",
        choices=[role.value for role in Role if role is not Role.FALLBACK],
        metavar="ROLE",
        help="let the fallback route serve this role from here on",
    )
    for kind in ("decide", "resume", "stop"):
        each[kind].add_argument("--reason", default="", metavar="TEXT", help="why, in your words; it is kept")
    each["list"].add_argument("--limit", type=_count, default=100, metavar="N", help="the most runs, 100")
    each["list"].add_argument(
        "--status",
        choices=["waiting", "active", "closed", "blocked", "stopped"],
        metavar="S",
        help="only runs that are waiting, active, closed, blocked or stopped",
    )
    return parser


def _add_start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task-file", required=True, type=Path, metavar="F", help="what is to be done; - for stdin")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the repository, or a directory in it")
    parser.add_argument(
        "--context", action="append", default=[], metavar="GLOB", help="files that the writer is given; may be repeated"
    )
    parser.add_argument(
        "--kind",
        dest="kind_of_artifact",
        choices=["patch", "article", "plan"],
        default="patch",
        metavar="KIND",
        help="what is to be made: patch (default), article, plan (of commands)",
    )
    parser.add_argument(
        "--run-checks",
        action="store_true",
        help="confirm, for this run, that the policy's commands run on code that a model wrote",
    )


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 100_000:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number from 1 to 100000")


_CHANGING = frozenset({"start", "step", "decide", "resume", "stop"})


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do what a kind of the verb says."""
    import asyncio

    from console.cli.errors import reporting
    from console.services.config.toml_text import ConfigError

    is_preview = arguments.kind == "step" and arguments.preview
    if arguments.read_only and arguments.kind in _CHANGING and not is_preview:
        output.complain(f"--read-only: run {arguments.kind} changes a run or makes calls that cost; nothing was done")
        return ExitCode.REFUSED
    try:
        profile = chosen_profile(arguments)
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    with reporting() as reported:
        reported.code = asyncio.run(_run(arguments, profile))
    return reported.code


async def _run(arguments: argparse.Namespace, profile: "Profile") -> ExitCode:
    from console.cli.run.context import desk_of_run, open_desk_of

    async with open_desk_of(profile, is_looking=arguments.kind not in _CHANGING) as opened:
        if arguments.kind == "list":
            return await _list(opened, arguments)
        if arguments.kind == "start":
            return await _start(opened, arguments)
        log = await _find(opened, arguments.run_id)
        if arguments.kind == "show":
            return _show(log.state, arguments)
        desk = await desk_of_run(opened, log, arguments)
        match arguments.kind:
            case "decide":
                return await _decide(desk, log, arguments)
            case "stop":
                return await _stop(desk, log, arguments)
            case "resume":
                return await _resume(desk, log, arguments)
            case _:
                return await _step(desk, log, arguments)


# --- Beginning and stepping ------------------------------------------------------------------------------------------


async def _start(desk: "RunContext", arguments: argparse.Namespace) -> ExitCode:
    from console.cli.run.context import read_task
    from console.domain.artifacts.artifact import ArtifactKind
    from console.domain.ledger.ulid import new_run_id
    from console.services.run.beginning import Order, begin_run
    from console.services.run.opening import origin_of

    order = Order(
        read_task(arguments.task_file),
        ArtifactKind(arguments.kind_of_artifact),
        arguments.repo.absolute(),
        tuple(arguments.context),
        are_checks_confirmed=arguments.run_checks,
    )
    log, _ = await begin_run(
        desk, order, new_run_id(desk.now_ms, os.urandom), origin_of(desk.profile, desk.environment)
    )
    output.note(f"run {log.state.run_id} began, profile {desk.profile.name}")  # what holds its first step names no run
    if arguments.run_checks:
        for command in desk.profile.policy.checks:
            output.note(f"confirmed to run on what a model writes: {command}")
    elif desk.profile.policy.checks:
        output.note("the policy's checks will not be run: they were not confirmed with --run-checks")
    return await _step(desk, log, arguments)


async def _step(desk: "RunContext", log: "RunLog", arguments: argparse.Namespace) -> ExitCode:
    from console.services.run.session import step_all, stepping

    if log.state.is_over or (log.state.is_waiting and not arguments.auto):
        return _finish(log.state, arguments)
    async with stepping(desk, log) as stepper:
        if _only_shows(log.state, arguments):
            return await _preview(stepper, arguments)
        news = step_all(desk, log, stepper) if arguments.auto else stepper.step()
        await _tell(news, arguments)
    return _finish(log.state, arguments)


def _only_shows(state: "RunState", arguments: argparse.Namespace) -> bool:
    """Return whether a step shows the call that is due: where that was asked for, and before the first one of a run.

    Nobody pays for a call whose words could not be read first, unless `--auto` says that nobody will read them.
    """
    if arguments.kind != "step":
        return False
    is_first_call = state.gate is Gate.PLANNER and not state.has_generated
    return arguments.preview or (is_first_call and not arguments.send and not arguments.auto)


async def _tell(news: "AsyncGenerator[StepEvent, None]", arguments: argparse.Namespace) -> None:
    """Note each thing as it happens; a model's output is not among them."""
    from console.cli.run.report import show_findings
    from console.domain.run.event import Entry
    from console.services.run.step import GateNoted
    from console.view.run_words import entry_words

    async with aclosing(news) as told:
        async for each in told:
            if arguments.json:
                continue
            if isinstance(each, Entry) and (words := entry_words(each)) is not None:
                output.note(words)
            elif isinstance(each, GateNoted):
                show_findings(each.findings, each.output_tails)


async def _preview(stepper: "Stepper", arguments: argparse.Namespace) -> ExitCode:
    """Write exactly what the due call would send."""
    call = await stepper.prepare()
    code = ExitCode.OK if arguments.preview else ExitCode.WAITING
    body = call.request.body.decode()
    if arguments.json:
        document = {
            "schema": "gateway-console/run-preview/v1",
            "run_id": stepper.state.run_id,
            "gate": call.gate.value,
            "role": call.route.role.value,
            "model": call.route.model,
            "endpoint_family": call.route.endpoint_family.value,
            "endpoint_path": call.route.endpoint_path,
            "max_tokens": call.cost.tokens,
            "max_usd": usd(call.cost.microusd),
            "body": body,
            "next": [f"gateway-console run step {stepper.state.run_id} --send"],
        }
        output.write_document(document)
        return code
    route = call.route
    output.note(f"{route.role}: POST {route.endpoint_path}, {route.model}, {len(call.request.body)} bytes, {call.cost}")
    output.note("not sent; the ids that bound its blocks are new in every call")
    for text in (call.brief.instructions, "", *call.brief.prompt.splitlines()):
        output.write_line(text)
    output.note(f"    next: gateway-console run step {stepper.state.run_id} --send")
    return code


# --- Decisions -------------------------------------------------------------------------------------------------------


async def _decide(desk: "RunContext", log: "RunLog", arguments: argparse.Namespace) -> ExitCode:
    from console.domain.run.command import operator_verdict
    from console.services.run.deciding import command

    verdict = operator_verdict(
        log.state, Gate(arguments.gate), GateVerdict(arguments.verdict), arguments.reason, saw=arguments.saw
    )
    await _note_entries(await command(desk, log, verdict), arguments)
    return _finish(log.state, arguments)


async def _stop(desk: "RunContext", log: "RunLog", arguments: argparse.Namespace) -> ExitCode:
    from console.domain.run.command import Stop
    from console.services.run.deciding import command

    await _note_entries(await command(desk, log, Stop(arguments.reason)), arguments)
    return _finish(log.state, arguments, ExitCode.OK)


async def _resume(desk: "RunContext", log: "RunLog", arguments: argparse.Namespace) -> ExitCode:
    from console.domain.run.command import AllowRepeat, MoveRoute
    from console.domain.run.state import Phase
    from console.services.run.deciding import command
    from console.services.run.session import stepping

    if log.state.phase is Phase.CALLING:
        async with stepping(desk, log) as stepper:
            await _tell(stepper.step(), arguments)
    if arguments.fallback:
        moved = await command(desk, log, MoveRoute(Role(arguments.fallback), arguments.reason))
        await _note_entries(moved, arguments)
    if arguments.repeat:
        await _note_entries(await command(desk, log, AllowRepeat(arguments.reason)), arguments)
    return await _step(desk, log, arguments)


async def _note_entries(entries: "Sequence[Entry]", arguments: argparse.Namespace) -> None:
    from console.view.run_words import entry_words

    for entry in entries:
        if not arguments.json and (words := entry_words(entry)) is not None:
            output.note(words)


# --- Looking ---------------------------------------------------------------------------------------------------------


async def _find(desk: "RunContext", name: str) -> "RunLog":
    from console.cli.run.context import run_id_of
    from console.services.run.run_log import RunLog

    return await RunLog.open(desk.ledger, await run_id_of(desk.ledger, name))


async def _list(desk: "RunContext", arguments: argparse.Namespace) -> ExitCode:
    from console.cli.run.list import show_runs

    return await show_runs(desk.ledger, limit=arguments.limit, status=arguments.status, as_json=arguments.json)


def _show(state: "RunState", arguments: argparse.Namespace) -> ExitCode:
    from console.cli.reports.record import record_document, record_yaml
    from console.cli.run.report import show_standing
    from console.domain.run.record import record_of

    record = record_of(state)
    if arguments.json:
        output.write_document({"schema": "gateway-console/run-show/v1", **record_document(record)})
        return ExitCode.OK
    for text in record_yaml(record).splitlines():
        output.write_line(text)
    show_standing(state)
    return ExitCode.OK


def _finish(state: "RunState", arguments: argparse.Namespace, code: ExitCode | None = None) -> ExitCode:
    """Say where the run stands, and return the exit code of that."""
    from console.cli.reports.record import record_document
    from console.cli.run.report import code_of_run, next_commands, show_standing
    from console.domain.run.record import record_of

    code = code_of_run(state) if code is None else code
    if arguments.json:
        document = {
            "schema": f"gateway-console/run-{arguments.kind}/v1",
            **record_document(record_of(state)),
            "phase": state.phase.value,
            "next": list(next_commands(state)),
            "exit_code": int(code),
        }
        output.write_document(document)
    else:
        show_standing(state)
    return code
