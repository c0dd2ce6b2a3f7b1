"""The kinds of `run` that begin, step and decide. What only reads is in `looking.py`, which loads no HTTP library."""

import argparse
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.outputs.outputs import Outputs
from console.cli.run.context import context_of_run, open_run_context, read_draft, read_task
from console.cli.run.ledger import run_id_of
from console.cli.run.report import code_of_run, next_commands, show_findings, show_standing
from console.cli.run.subject import note_preflight, note_subject
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.ledger.ulid import new_run_id
from console.domain.money import usd
from console.domain.probes.event import RungStarted
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.agent_event import OWN_COMMAND
from console.domain.run.command import AllowRepeat, BringDraft, MoveRoute, Stop, operator_verdict
from console.domain.run.event import Entry
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.rules.repeats import needs_new_attempt
from console.domain.run.state import Phase, RunState
from console.services.config.settings import Profile
from console.services.run.beginning import Order, begin_run, keep_outside
from console.services.run.briefing.briefing import AgentTask
from console.services.run.deciding import command
from console.services.run.opening import origin_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.session import step_all, stepping
from console.services.run.step import GateNoted, PreflightNoted, StepEvent
from console.services.run.stepper import Stepper
from console.services.system.directories import absolute
from console.services.team.operators import handover_to
from console.view.record.document import readable
from console.view.run_words import entry_words

if TYPE_CHECKING:
    from console.cli.reports.documents.runs import RunDocument
    from console.view.report.report import Report


async def do(arguments: argparse.Namespace, profile: Profile, outputs: Outputs) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    async with open_run_context(profile, is_auto=getattr(arguments, "auto", False)) as opened:
        context, log = opened, None
        if arguments.kind != "start":
            log = await _find(opened, arguments.run_id)
            context = await context_of_run(opened, log, arguments)
        try:
            log = log or await _start(context, arguments)
            return outputs.end(await _carry_out(context, log, arguments), partial(_report, log, arguments))
        finally:
            if context.checkpoints.problem:
                output.note(f"! {context.checkpoints.problem}")


def _report(log: RunLog, arguments: argparse.Namespace, code: ExitCode) -> "Report":
    from console.cli.outputs.of_run import report_of_run

    return report_of_run(f"run {arguments.kind}", record_of(log.state), code, _document(log.state, arguments, code))


async def _carry_out(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    match arguments.kind:
        case "bring":
            return await _bring(context, log, arguments)
        case "decide":
            return await _decide(context, log, arguments)
        case "handover":
            return await _hand_over(context, log, arguments)
        case "stop":
            return await _stop(context, log, arguments)
        case "resume":
            return await _resume(context, log, arguments)
        case _:
            return await _step(context, log, arguments)


# --- Start and step --------------------------------------------------------------------------------------------------


async def _start(context: RunContext, arguments: argparse.Namespace) -> RunLog:
    order = Order(
        read_task(arguments.task_file),
        ArtifactKind(arguments.kind_of_artifact),
        absolute(arguments.repo),
        tuple(arguments.context),
        are_checks_confirmed=arguments.run_checks,
        routes=tuple(dict.fromkeys(arguments.route or ())),
        writer=OWN_COMMAND if arguments.writer_command else arguments.writer,
        writer_command=arguments.writer_command,
        draft=None if arguments.draft is None else read_draft(arguments.draft),
        made_by=arguments.made_by,
    )
    log, _ = await begin_run(
        context, order, new_run_id(context.now_ms, os.urandom), origin_of(context.profile, context.environment)
    )
    output.note(
        f"run {log.state.run_id} began, profile {context.profile.name}{_chosen(log.state)}"
    )  # an error in the first step does not name the run
    if arguments.run_checks:
        for command in context.profile.policy.checks:
            output.note(f"confirmed to run on code from a model: {command}")
    elif context.profile.policy.checks:
        output.note("the policy's checks will not run: confirm them with --run-checks")
    return log


def _chosen(state: RunState) -> str:
    chosen = () if state.created is None else state.created.chosen_routes
    return f", with {', '.join(chosen)}" if chosen else ""


async def _step(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    if log.state.is_over or (log.state.is_waiting and not arguments.auto):
        return await _finish_step(context, log, arguments, is_told=False)
    async with stepping(context, log) as stepper:
        if _only_shows(log.state, arguments):
            return await _preview(stepper, arguments)
        events = step_all(context, log, stepper) if arguments.auto else stepper.step()
        await _tell(log.state.run_id, events, arguments)
    return await _finish_step(context, log, arguments, is_told=True)


async def _finish_step(context: RunContext, log: RunLog, arguments: argparse.Namespace, *, is_told: bool) -> ExitCode:
    """Show what is decided on if the run waits for it, then the run's status.

    Args:
        context: What the run needs.
        log: The run.
        arguments: The command line.
        is_told: Whether the gate's findings were told as they were found.

    """
    state = log.state
    if state.phase is Phase.WAITING and not arguments.json:
        await note_subject(context.artifacts, log, state.gate, with_findings=not is_told)
    return _finish(state, arguments)


def _only_shows(state: RunState, arguments: argparse.Namespace) -> bool:
    """Return whether a step only shows the due call: with `--preview`, and before a run's first call.

    The operator can read a call before paying for it, unless `--auto` says that no one will read it.
    """
    is_first_call = state.is_call_due and not state.has_generated
    if arguments.kind != "step":
        return is_first_call and not arguments.auto
    return arguments.preview or (is_first_call and not arguments.send and not arguments.auto)


async def _tell(run_id: str, events: AsyncGenerator[StepEvent, None], arguments: argparse.Namespace) -> None:
    """Print each event of a run as it happens, never a model's output."""
    async with aclosing(events) as told:
        async for each in told:
            if arguments.json:
                continue
            if isinstance(each, Entry) and (words := entry_words(each)) is not None:
                output.note(words)
            elif isinstance(each, GateNoted):
                show_findings(each.findings, each.output_tails)
            elif isinstance(each, PreflightNoted) and not getattr(each.ended, "needs_human", False):
                note_preflight(run_id, each.notes)  # a gate that a person has to decide on shows them itself
            elif isinstance(each, RungStarted):
                output.note(f"preflight: {each.key}, {each.rung.title}: {each.price_before}")


async def _preview(stepper: Stepper, arguments: argparse.Namespace) -> ExitCode:
    """Write exactly what the due call would send."""
    call = await stepper.prepare()
    code = ExitCode.OK if arguments.kind == "step" and arguments.preview else ExitCode.WAITING
    body = call.body.decode()
    if arguments.json:
        from console.cli.reports.documents.runs import PreviewDocument

        document = PreviewDocument(
            run_id=stepper.state.run_id,
            gate=call.gate,
            role=call.route.role,
            model=call.route.model,
            endpoint_family=call.route.endpoint_family,
            endpoint_path=call.route.endpoint_path,
            max_tokens=None if call.cost is None else call.cost.tokens,
            max_usd=None if call.cost is None else usd(call.cost.microusd),
            agent=call.agent if isinstance(call, AgentTask) else None,
            body=body,
            next=(f"gateway-console run step {stepper.state.run_id} --send",),
        )
        output.write_document(document)
        return code
    route = call.route
    if isinstance(call, AgentTask):
        output.note(
            f"{route.role}: {call.agent} works on the files, with calls to {route.endpoint_path}, {route.model} alone"
        )
        output.note("not started; each turn has new ids around its blocks")
    else:
        output.note(f"{route.role}: POST {route.endpoint_path}, {route.model}, {len(call.body)} bytes, {call.cost}")
        output.note("not sent; each call has new ids around its blocks")
    for text in (call.brief.instructions, "", *call.brief.prompt.splitlines()):
        output.write_line(text)
    output.note(f"    next: gateway-console run step {stepper.state.run_id} --send")
    return code


# --- Decide ----------------------------------------------------------------------------------------------------------


async def _decide(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    verdict = operator_verdict(
        log.state, Gate(arguments.gate), GateVerdict(arguments.verdict), arguments.reason, saw=arguments.saw
    )
    await _note_entries(await command(context, log, verdict), arguments)
    return _finish(log.state, arguments)


async def _bring(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    draft = await keep_outside(context, read_draft(arguments.draft), arguments.made_by)
    await _note_entries(await command(context, log, BringDraft(draft)), arguments)
    return await _step(context, log, arguments)


async def _hand_over(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    what = await handover_to(context.store, arguments.to, arguments.note)
    await _note_entries(await command(context, log, what), arguments)
    return _finish(log.state, arguments, ExitCode.OK)


async def _stop(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    await _note_entries(await command(context, log, Stop(arguments.reason)), arguments)
    return _finish(log.state, arguments, ExitCode.OK)


async def _resume(context: RunContext, log: RunLog, arguments: argparse.Namespace) -> ExitCode:
    if log.state.phase in (Phase.CALLING, Phase.WRITING) or needs_new_attempt(log.state):
        async with stepping(context, log) as stepper:
            await _tell(log.state.run_id, stepper.step(), arguments)
    if arguments.fallback:
        moved = await command(context, log, MoveRoute(Role(arguments.fallback), arguments.reason))
        await _note_entries(moved, arguments)
    if arguments.repeat:
        await _note_entries(await command(context, log, AllowRepeat(arguments.reason)), arguments)
    return await _step(context, log, arguments)


async def _note_entries(entries: Sequence[Entry], arguments: argparse.Namespace) -> None:
    for entry in entries:
        if not arguments.json and (words := entry_words(entry)) is not None:
            output.note(words)


# --- The run's status ------------------------------------------------------------------------------------------------


async def _find(context: RunContext, name: str) -> RunLog:
    return await RunLog.open(
        context.ledger, await run_id_of(context.ledger, name), ended=context.ended, appended=context.appended
    )


def _finish(state: RunState, arguments: argparse.Namespace, code: ExitCode | None = None) -> ExitCode:
    """Show the run's status, and return its exit code."""
    code = code_of_run(state) if code is None else code
    if arguments.json:
        output.write_document(readable(_document(state, arguments, code)))
    else:
        show_standing(state)
    return code


def _document(state: RunState, arguments: argparse.Namespace, code: ExitCode) -> "RunDocument":
    from console.cli.reports.documents.runs import RUN_SCHEMAS, RunDocument, fields_of

    return RunDocument(
        schema=RUN_SCHEMAS[arguments.kind],
        **fields_of(record_of(state)),
        phase=state.phase,
        next=next_commands(state),
        exit_code=code,
    )
