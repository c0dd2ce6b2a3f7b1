"""`run`: a gated run, one step or one decision at a time."""

import argparse
import asyncio
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.cli.option_values import count_to
from console.cli.outputs.options import add_output_argument
from console.cli.outputs.outputs import Outputs, reported
from console.cli.profile import chosen_profile
from console.cli.route_options import route_key
from console.cli.run.list_options import LIST_LIMIT, add_list_arguments
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.role import Role
from console.domain.run.gate import Gate, GateVerdict

_KINDS = {
    "start": "start a run: pin the task, the repository, the routes and the instruction source",
    "step": "do the work of the run's current gate",
    "decide": "decide ready, revise or block at the waiting gate",
    "handover": "leave a run to another operator, with a note that is shown at its gate",
    "bring": "bring the next draft to a run whose draft came from outside",
    "show": "show a run's safe record, or with --gate or --artifact what a decision is about",
    "candidate": "take the sealed candidate out of a run: a patch, an article or a plan of commands",
    "apply": "apply the sealed patch to the run's repository, on a new branch; commits and pushes nothing by itself",
    "list": "list the runs, newest first",
    "inbox": "list the gates that wait for you: what was left to you first, then the oldest",
    "resume": "resume a run; with --repeat, also repeat a call whose outcome is unknown",
    "stop": "end a run",
}


SHOWN = ("task", "plan", "draft", "sources", "review", "critique", "candidate")
"""What `run show --artifact` shows."""
_CHANGING = frozenset({"start", "step", "decide", "handover", "bring", "resume", "stop", "apply"})
_OF_ALL = frozenset({"start", "list", "inbox"})
"""The kinds that name no run."""
_REPORTED = ("start", "step", "bring", "show", "resume")
"""The kinds whose outcome `--output` writes to files."""
_READING = frozenset({"show", "list", "inbox", "candidate", "apply"})
"""The kinds that load nothing with which a gateway is asked."""


_INBOX_LIMIT = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    for kind, child in each.items():
        if kind not in _OF_ALL:
            child.add_argument("run_id", metavar="RUN", help="a run's id, a unique part of it, or: last")
    _add_start(each["start"])
    each["bring"].add_argument("draft", type=Path, metavar="FILE", help="the patch; - for stdin")
    each["bring"].add_argument("--made-by", default="", metavar="TEXT", help="who made it; it is recorded")
    _add_show(each["show"])
    each["candidate"].add_argument(
        "--output", type=Path, metavar="FILE", help="a new file to write; - or nothing means stdout"
    )
    each["apply"].add_argument(
        "--branch", default="", metavar="NAME", help="the new branch (default: gateway-console/RUN)"
    )
    each["apply"].add_argument(
        "--commit", action="store_true", help="also commit, in your name; no hook of the repository runs"
    )
    sending = each["step"].add_mutually_exclusive_group()
    sending.add_argument("--preview", action="store_true", help="show exactly what would be sent, and send nothing")
    sending.add_argument(
        "--send", action="store_true", help="send the run's first call; without it, the first step only shows the call"
    )
    for kind in _REPORTED:
        add_output_argument(each[kind])
    for kind in ("start", "step", "bring", "resume"):
        each[kind].add_argument(
            "--auto",
            action="store_true",
            help="take the machine's verdict at each gate until a person is needed; the record says so",
        )
    decide = each["decide"]
    decide.add_argument("--gate", required=True, choices=[gate.value for gate in Gate], metavar="GATE")
    decide.add_argument("--verdict", required=True, choices=[verdict.value for verdict in GateVerdict], metavar="V")
    decide.add_argument(
        "--saw", metavar="HEAD", help="the head that you saw; the decision is refused if the head has changed"
    )
    handover = each["handover"]
    handover.add_argument("--to", required=True, metavar="NAME", help="whom it is for: an operator's id")
    handover.add_argument("--note", required=True, metavar="TEXT", help="what they have to know; it is recorded")
    resume = each["resume"]
    resume.add_argument("--repeat", action="store_true", help="repeat the lost or failed call once, on its route")
    resume.add_argument(
        "--fallback",
        choices=[role.value for role in Role if role is not Role.FALLBACK],
        metavar="ROLE",
        help="use the fallback route for this role from now on",
    )
    for kind in ("decide", "resume", "stop"):
        each[kind].add_argument("--reason", default="", metavar="TEXT", help="your reason; it is recorded")
    add_list_arguments(each["list"], "run", limit=100)
    each["inbox"].add_argument(
        "--limit",
        type=count_to(LIST_LIMIT),
        default=_INBOX_LIMIT,
        metavar="N",
        help=f"show at most N runs (default: {_INBOX_LIMIT})",
    )


def _add_start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task-file", required=True, type=Path, metavar="F", help="a file with the task; - for stdin")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the repository, or a directory in it")
    parser.add_argument(
        "--context", action="append", default=[], metavar="GLOB", help="files for the writer to read; may be repeated"
    )
    parser.add_argument(
        "--kind",
        dest="kind_of_artifact",
        choices=["patch", "article", "plan"],
        default="patch",
        metavar="KIND",
        help="what to make: patch (default), article, plan (of commands)",
    )
    parser.add_argument(
        "--route",
        action="append",
        type=route_key,
        metavar="ROLE.NAME",
        help="use this route for its role instead of the role's own; may be repeated, once a role",
    )
    author = parser.add_mutually_exclusive_group()
    author.add_argument(
        "--writer",
        default="",
        metavar="AGENT",
        help="let a coding agent write the drafts, on the writer's route: codex, claude, opencode, or command for the"
        " profile's agent.command",
    )
    author.add_argument(
        "--writer-command",
        default="",
        metavar="COMMAND",
        help="let a command of your own write the drafts: it gets the task on stdin, and the settings of an SDK",
    )
    author.add_argument(
        "--draft", type=Path, metavar="FILE", help="gate a patch from outside: a person's, or any agent's; - for stdin"
    )
    parser.add_argument("--made-by", default="", metavar="TEXT", help="who made the draft; it is recorded")
    parser.add_argument(
        "--run-checks",
        action="store_true",
        help="confirm, for this run, that the policy's commands may run on code that a model wrote",
    )


def _add_show(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--gate", choices=[gate.value for gate in Gate], metavar="GATE", help="what the decision at a gate is about"
    )
    what.add_argument(
        "--artifact",
        choices=SHOWN,
        metavar="A",
        help=f"one of: {', '.join(SHOWN)}; a task, a draft and a candidate are written as they are",
    )
    parser.add_argument(
        "--attempt", type=count_to(LIST_LIMIT), metavar="N", help="of an earlier attempt; by default the newest one"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb."""
    if arguments.read_only and (why := _why_not_read_only(arguments)):
        raise Problem(f"--read-only: run {arguments.kind} {why}; nothing was done", ProblemKind.REFUSED)
    if arguments.kind not in _REPORTED:
        return _do_where_runs_are(arguments, Outputs.none())
    if arguments.outputs and (why := _why_not_reported(arguments)):
        raise Problem(f"--output writes the outcome of a run; {why}, so omit it", ProblemKind.USAGE)
    return reported(arguments, f"run {arguments.kind}", lambda outputs: _do_where_runs_are(arguments, outputs))


def _why_not_reported(arguments: argparse.Namespace) -> str:
    """Return why a command does not show the outcome of a run; empty if it does."""
    if arguments.kind == "show" and (arguments.gate or arguments.artifact):
        return "--gate and --artifact show something else"
    return "--preview shows a call" if getattr(arguments, "preview", False) else ""


def _do_where_runs_are(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    if arguments.kind in _OF_ALL:
        return _do(arguments, outputs)
    from console.cli.run.whose import where_runs_are

    with where_runs_are([arguments.run_id]):
        return _do(arguments, outputs)


def _do(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    if arguments.kind in _READING:
        from console.cli.run.looking import look

        profile = chosen_profile(arguments, uses_gateway=False)  # a config that cannot be read is told here
        return asyncio.run(look(arguments, profile, outputs))
    from console.cli.run.kinds import do  # loads what asks a gateway

    profile = chosen_profile(arguments, uses_gateway=arguments.kind == "start")  # a run keeps the profile it began with
    return asyncio.run(do(arguments, profile, outputs))


def _why_not_read_only(arguments: argparse.Namespace) -> str:
    """Return what a command changes or costs; empty if nothing."""
    match arguments.kind:
        case "apply":
            return "changes the run's repository"
        case "candidate":
            return "" if str(arguments.output or "-") == "-" else "writes a file"
        case "step" if arguments.preview:
            return ""
        case kind:
            return "changes a run or makes calls that cost money" if kind in _CHANGING else ""
