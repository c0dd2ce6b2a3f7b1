"""What the doctor finds on this machine, in the order in which it is shown."""

import argparse

from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem
from console.cli.reports.code import code_of_token
from console.cli.token.subject import load_subject
from console.domain.problem import Problem
from console.domain.tokens.state import TokenState
from console.services.doctor import Health, Symptom, check_machine, look_at_terminal
from console.services.tokens.diagnosis import diagnose


def examined_machine() -> list[Symptom]:
    """Return the symptoms of this machine, without a profile."""
    context = current()
    terminal = look_at_terminal((context.stdout, context.stderr, context.stdin))
    return [*check_machine(terminal, context.environment)]


async def examined(arguments: argparse.Namespace) -> tuple[list[Symptom], ExitCode]:
    """Return all symptoms, and the exit code of those about the profile and its token."""
    about_token, code = await _check_token(arguments)
    return [*examined_machine(), *about_token], code


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
