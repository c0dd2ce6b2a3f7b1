"""A run on the command line: its findings, its status and the next command."""

from collections.abc import Iterator, Sequence

from console.cli import output
from console.cli.exit_code import ExitCode
from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.run.decide import HEAD_LENGTH
from console.domain.run.rules.repeats import may_repeat, needs_new_attempt
from console.domain.run.state import Phase, RunState, RunStatus
from console.domain.run.terms import open_verdicts, terms_of
from console.view.run_words import handover_words, standing
from console.view.subject_words import how_to_take


def code_of_run(state: RunState) -> ExitCode:
    """Return the exit code of a run's status."""
    if state.status in (RunStatus.BLOCKED, RunStatus.STOPPED):
        category = None if state.stopped is None else state.stopped.category
        return _code_of_stop(category)
    return ExitCode.WAITING if state.is_waiting else ExitCode.OK


def _code_of_stop(category: Category | None) -> ExitCode:
    if category is None:
        return ExitCode.BLOCKED
    if category in (Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED):
        return ExitCode.REFUSED
    if category is Category.ENDPOINT_DRIFT:
        return ExitCode.DRIFT
    return ExitCode.ACCOUNT if category.is_account else ExitCode.BLOCKED


def finding_lines(findings: Sequence[Finding], tails: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """Yield a gate's findings as lines, then the last lines of each failed check after its name.

    A finding whose text is not stored says so.
    """
    for finding in findings:
        yield f"    {finding.severity.value:<5} {finding.id}  {finding.message or '(its text is not stored)'}"
        if finding.evidence:
            yield f"          {finding.evidence}"
    for name, tail in tails:
        yield f"    last lines of {name}:"
        yield from (f"          {text}" for text in tail.splitlines())


def show_findings(findings: Sequence[Finding], tails: Sequence[tuple[str, str]] = ()) -> None:
    """Print a gate's findings, and the last lines of each failed check after its name."""
    for line in finding_lines(findings, tails):
        output.note(line)


_REASON = '--reason "…"'
"""A placeholder that a shell takes as one word, and that is too short to be recorded as a reason."""


def next_commands(state: RunState) -> tuple[str, ...]:
    """Return the commands that can continue a run, the one that goes on first; each is one line for a shell."""
    run_id = state.run_id
    run = f"gateway-console run {{}} {run_id}"
    if state.is_over:
        taken = () if state.sealed is None or state.created is None else (how_to_take(run_id, state.created.kind),)
        return (*taken, f"gateway-console record show {run_id}")
    stop = f"{run.format('stop')} {_REASON}"
    repeat = (f"{run.format('resume')} --repeat {_REASON}",) if may_repeat(state) else ()
    match state.phase:
        case Phase.LOST:
            return (run.format("resume"),) if needs_new_attempt(state) else (*repeat, stop)
        case Phase.CALLING | Phase.WRITING:  # whoever takes it over finds out whether the call is still under way
            return (run.format("resume"),)
        case Phase.WAITING:
            return (*repeat, *_decisions(state), *(() if open_verdicts(state) else (stop,)))
        case Phase.DUE if state.awaits_draft:
            return f"{run.format('bring')} FILE.patch", stop
        case Phase.DUE if state.is_call_due:
            sending = "" if state.has_generated else " --send"
            return f"{run.format('step')} --preview", f"{run.format('step')}{sending}"
        case _:
            return (run.format("step"),)


def _decisions(state: RunState) -> Iterator[str]:
    """Yield the decisions that the waiting gate allows, the computed verdict first."""
    computed = None if state.opened is None else state.opened.verdict
    for verdict in sorted(open_verdicts(state), key=lambda each: each is not computed):
        terms = terms_of(state, verdict)
        reason = f" {_REASON}" if terms is not None and terms.needs_reason else ""
        yield (
            f"gateway-console run decide {state.run_id} --gate {state.gate} --verdict {verdict}"
            f" --saw {state.head[:HEAD_LENGTH]}{reason}"
        )


def show_standing(state: RunState) -> None:
    """Print a run's status and the next commands."""
    output.note(f"run {state.run_id}: {standing(state)}")
    if state.stopped is not None and state.stopped.reason:
        output.note(f"    why: {state.stopped.reason}")
    if state.handover is not None:
        output.note("    {}: {}".format(*handover_words(state.handover)))
    for command in next_commands(state):
        output.note(f"    next: {command}")
