"""`doctor`: what was detected of terminal, keyring, network and files, and what to do; --leak-drill is a proof."""

import argparse
import asyncio
from collections.abc import Sequence

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.reports.code import code_of_token
from console.cli.token.subject import load_subject
from console.domain.problem import Problem
from console.domain.tokens.state import TokenState
from console.services.doctor import (
    Health,
    Symptom,
    check_files,
    check_network,
    check_terminal,
    check_token_entry,
    look_at_terminal,
)
from console.services.tokens.diagnosis import diagnose


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--leak-drill",
        action="store_true",
        help="run the console's verbs and screen with a made-up token in a temporary directory, and search every byte"
        " they wrote and sent for that token; takes about a minute",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Examine this machine, or run the drill."""
    if arguments.leak_drill:
        from console.cli.verbs import leak_drill

        return leak_drill.run(as_json=arguments.json)
    return asyncio.run(_examine(arguments))


async def _examine(arguments: argparse.Namespace) -> ExitCode:
    current().harden()  # not for the drill: its children must harden themselves
    context = current()
    symptoms = [
        *check_terminal(look_at_terminal((context.stdout, context.stderr, context.stdin)), context.environment),
        *check_network(context.environment),
        *check_files(context.environment),
        check_token_entry(context.environment),
    ]
    about_token, code = await _check_token(arguments)
    symptoms += about_token
    code = most_actionable([code, *map(_code_of, symptoms)])
    if arguments.json:
        from console.cli.reports.documents.doctor import ExaminationDocument

        output.write_document(ExaminationDocument(symptoms=tuple(symptoms), exit_code=code))
    else:
        _show(symptoms)
    return code


async def _check_token(arguments: argparse.Namespace) -> tuple[list[Symptom], ExitCode]:
    """Load the profile and diagnose its token. A profile that cannot be loaded is a symptom too."""
    try:
        subject = load_subject(arguments)
    except Problem as problem:
        todo = "Correct it. The rest of the config was not used."
        return [Symptom("config.profile", Health.FAIL, str(problem), todo)], code_of_problem(problem)
    diagnosis = await diagnose(
        subject.references,
        subject.silent_sources,
        subject.origin,
        current().environment,
        is_read_only=arguments.read_only,
    )
    machine = diagnosis.machine
    keyring = f"{machine.keyring}: {machine.keyring_words}" if machine.keyring_words else machine.keyring.value
    is_found = diagnosis.state is TokenState.FOUND
    commands = " && ".join(diagnosis.next_commands)
    return [
        Symptom("config.profile", Health.OK, f"profile {subject.profile.name}, from {subject.profile.source}"),
        Symptom("token.keyring", Health.NOTE, keyring, "" if is_found else "Run: gateway-console token doctor"),
        Symptom(
            "token.state",
            Health.OK if is_found else Health.FAIL,
            f"{diagnosis.state}: {diagnosis.words}",
            f"Run: {commands}" if commands else "",
        ),
    ], ExitCode.OK if is_found else code_of_token(diagnosis.state)


def _code_of(symptom: Symptom) -> ExitCode:
    if symptom.id.startswith(("config.", "token.state")):
        return ExitCode.OK  # `_check_token` returns a more exact code
    return {Health.UNSAFE: ExitCode.REFUSED, Health.FAIL: ExitCode.FAILED}.get(symptom.health, ExitCode.OK)


def _show(symptoms: Sequence[Symptom]) -> None:
    signs = {
        Health.OK: "✓ ok",
        Health.NOTE: "· note",
        Health.WARN: "~ warn",
        Health.FAIL: "× fail",
        Health.UNSAFE: "! unsafe",
    }
    widths = output.column_widths([(signs[each.health], each.id) for each in symptoms])
    indent = " " * (sum(widths) + 4)
    for each in symptoms:
        output.write_line(output.table_line((signs[each.health], each.id, each.found), (*widths, 0)))
        if each.todo:
            output.write_line(f"{indent}{each.todo}")
