"""What is made by a script is what the script makes: the references, the man page. And the examples parse."""

import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from support.referees.not_tested import not_tested

from console.cli.completion.tree import program
from console.cli.examples import EXAMPLES, SHOWN_OF_VERB, examples_of
from console.cli.parser import build_parser

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_pages_are_those_of_the_tables() -> None:
    made = runpy.run_path(str(DOCS / "references.py"))["texts"]()
    assert {name: (DOCS / name).read_text(encoding="utf-8") for name in made} == made, "run: python docs/references.py"


def test_the_man_page_is_that_of_the_parsers() -> None:
    made = runpy.run_path(str(DOCS / "man_page.py"))["text"]()
    assert (DOCS / "man/gateway-console.1").read_text(encoding="utf-8") == made, "run: python docs/man_page.py"


@pytest.mark.referee
def test_the_man_page_is_one_that_man_takes() -> None:
    if shutil.which("mandoc") is None:
        not_tested("mandoc", "it is missing; apt-get install -y --no-install-recommends mandoc")
    page = str(DOCS / "man/gateway-console.1")
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    faults = [line for line in lint.stdout.splitlines() if "missing date" not in line]  # it is of a version, not a day
    assert faults == []


def test_every_verb_and_kind_has_examples_that_it_takes() -> None:
    commands = [each for each in program().walk() if not each.kinds]
    lacking = [each.name for each in commands if not examples_of(each.name)]
    assert lacking == [], "add rows to console/cli/examples.py"
    assert set(EXAMPLES) == {"", *(each.name for each in program().kinds)}
    for verb, rows in EXAMPLES.items():
        assert len(rows[:SHOWN_OF_VERB]) >= 2
        for words, what in rows:
            assert verb == "" or words.split()[0] == verb
            _, extra = build_parser().parse_known_args(shlex.split(words.partition(" > ")[0]))
            assert (extra, bool(what)) == ([], True), words
