"""A sweep over profiles, for a person: what could not be used, and the sums."""

from collections.abc import Sequence

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.domain.problem import Problem


def show_heading(name: str, about: str) -> None:
    """Write the line above a profile's results."""
    output.write_line(f"{name}  {about}")


def show_problem(name: str, problem: Problem) -> None:
    """Write in a profile's place why it could not be used."""
    output.write_line(f"{name}  ✗ not usable, exit code {int(code_of_problem(problem))}")
    for line in str(problem).split("\n"):
        output.write_line(f"    {line}")
    output.write_line()


def sum_up(codes: Sequence[ExitCode], words: str) -> ExitCode:
    """Write the sums of a sweep, and return its exit code: the most actionable one."""
    code = most_actionable(codes)
    well = sum(each is ExitCode.OK for each in codes)
    output.note(f"{well} of {len(codes)} profiles well; {words}; exit code {int(code)}")
    return code
