"""`doctor`: what was detected of terminal, keyring, network and files, and what to do; --leak-drill is a proof."""

import argparse
import asyncio
from collections.abc import Sequence

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.store.symptom import store_symptom
from console.cli.token.symptoms import examined
from console.services.doctor import Health, Symptom


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
    symptoms, code = await examined(arguments)
    about_store, problem = await store_symptom()
    codes = [code, *map(_code_of, symptoms), *([] if problem is None else [code_of_problem(problem)])]
    code, symptoms = most_actionable(codes), [*symptoms, about_store]
    if arguments.json:
        from console.cli.reports.documents.doctor import ExaminationDocument

        output.write_document(ExaminationDocument(symptoms=tuple(symptoms), exit_code=code))
    else:
        _show(symptoms)
    return code


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
