"""A sweep over profiles, for a person: what could not be used, and the sums."""

from collections.abc import Sequence

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_problem
from console.cli.sweep import Done, Swept


def show_heading(name: str, about: str) -> None:
    """Write the line above a profile's results."""
    output.write_line(f"{name}  {about}")


def show_problem(each: Swept[Done]) -> None:
    """Write in a profile's place why nothing was done for it, if nothing was."""
    if each.problem is None:
        return
    if each.is_passed_over:
        output.write_line(f"{each.name}  · passed over")
    else:
        output.write_line(f"{each.name}  × not usable, exit code {int(code_of_problem(each.problem))}")
    for line in str(each.problem).split("\n"):
        output.write_line(f"    {line}")
    output.write_line()


def sum_up(swept: Sequence[Swept[Done]], code: ExitCode, sums: str) -> None:
    """Write the sums of a sweep.

    Args:
        swept: The profiles.
        code: The exit code of all.
        sums: The sums of their routes or tests.

    """
    passed_over = sum(each.is_passed_over for each in swept)
    unusable = sum(each.problem is not None for each in swept) - passed_over
    parts = [f"{counted(len(swept), 'profile')}, {sums}"]
    if unusable:
        parts.append(f"{counted(unusable, 'profile')} not usable")
    if passed_over:
        parts.append(f"{counted(passed_over, 'profile')} passed over")
    output.note("; ".join([*parts, f"exit code {int(code)}"]))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
