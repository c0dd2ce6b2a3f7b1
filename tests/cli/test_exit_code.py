"""One exit code of several: the documented order, whatever a sweep's profiles bring together."""

import re
from itertools import product
from pathlib import Path

import pytest

from console.cli.exit_code import ExitCode, most_actionable
from console.cli.profile import NoRouteChosen
from console.cli.sweep import Swept, code_of_sweep, codes_of
from console.domain.problem import Problem, ProblemKind

COMMANDS = Path(__file__).parents[2] / "docs/commands.md"
CODES_OF_PROBLEMS = {
    ProblemKind.CONFIG: 3,
    ProblemKind.TOKEN: 4,
    ProblemKind.UNREACHABLE: 10,
    ProblemKind.REFUSED: 11,
}


def documented_order() -> list[int]:
    found = re.search(r"the most actionable one wins: (.*?)\.", COMMANDS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return [int(each) for each in found[1].split(",")]


def test_the_first_one_in_the_documented_order_wins_in_every_combination() -> None:
    order = documented_order()
    assert sorted(order) == sorted(ExitCode)
    for codes in product(ExitCode, repeat=3):
        assert most_actionable(codes) == min(codes, key=order.index)
    assert most_actionable(()) == 0


@pytest.mark.parametrize("kind", CODES_OF_PROBLEMS)
@pytest.mark.parametrize("done", [ExitCode.OK, ExitCode.FAILED, ExitCode.ACCOUNT, ExitCode.DRIFT, ExitCode.UNREACHABLE])
def test_a_sweeps_code_is_the_worst_of_what_was_done_and_what_could_not_be(kind: ProblemKind, done: ExitCode) -> None:
    swept = [
        Swept("well", None, ExitCode.OK),
        Swept("over", None, problem=NoRouteChosen("no such route")),
        Swept("stopped", None, problem=Problem("why", kind)),
        Swept("done", None, done),
    ]
    codes = codes_of(swept, lambda code: code)
    assert codes == [0, 3, CODES_OF_PROBLEMS[kind], done]
    assert code_of_sweep(swept, codes) == min((CODES_OF_PROBLEMS[kind], int(done)), key=documented_order().index)
    assert code_of_sweep(swept[1:2], codes[1:2]) == 3
