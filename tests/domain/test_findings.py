"""The ids of findings: each stands in one register once, and the code that words it is where the register says."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import console
from console.domain.facts.load import load_facts
from console.domain.probes.assertion import JudgedBy, assertions

PACKAGE = Path(console.__file__).parent
_ID = re.compile(r"[A-Z]{2,9}-(?:[A-Z]{1,9}-)?\d\d|I\d\d")
_TABLE = load_facts("findings")
_ROOMS: dict[str, dict[str, str]] = {room: rows for room, rows in _TABLE.items() if room != "retired"}
_BY_ROW = {"wire", "wire/judge", "domain/probes", "services/probes", "services/gateway"}
"""Where findings are made from a row of assertions.toml, which words them: one id may be found in several places."""


def _registered() -> list[tuple[str, set[str]]]:
    """Return each id as often as it is registered, with the packages that may word it."""
    own = [(each, {room}) for room, rows in _ROOMS.items() for each in rows]
    judged = [(row.id, {"domain/routes"} if row.judged_by is JudgedBy.TABLE else _BY_ROW) for row in assertions()]
    return own + judged


@cache
def _worded() -> frozenset[tuple[str, str]]:
    """Return each id that stands in code that could word a finding, with the package of the code.

    An id that is compared with, that a module gives a name to look for, or that is a table's key belongs to a finding
    that is made elsewhere.
    """
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        looked_for = {id(child) for node in ast.walk(tree) for child in _looked_for_in(node, is_top=node in tree.body)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and _ID.fullmatch(node.value) and id(node) not in looked_for:
                found.add((node.value, path.parent.relative_to(PACKAGE).as_posix()))
    return frozenset(found)


def _looked_for_in(node: ast.AST, *, is_top: bool) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            yield from ast.walk(node)
        case ast.Assign() if is_top:
            yield node.value
        case ast.Dict():
            yield from (key for key in node.keys if key is not None)


def test_an_id_is_registered_once_and_a_retired_one_never() -> None:
    times = Counter(each for each, _ in _registered())
    assert {each for each, count in times.items() if count > 1} == set()
    assert set(times) & set(_TABLE["retired"]) == set()


def test_every_id_of_the_code_is_registered_for_the_package_that_words_it() -> None:
    registered = dict(_registered())
    strangers = {(each, room) for each, room in _worded() if room not in registered.get(each, set())}
    assert strangers == set()


def test_every_registered_id_is_worded_somewhere() -> None:
    worded = {each for each, _ in _worded()}
    wordless = (JudgedBy.CLASSIFIER, JudgedBy.SETTINGS, JudgedBy.NOT_TESTED)
    without = {row.id for row in assertions() if row.judged_by in wordless}
    assert {each for each, _ in _registered()} - worded - without == set()


def test_every_meaning_is_one_sentence_of_its_own() -> None:
    meanings = [words for rows in _ROOMS.values() for words in rows.values()]
    assert [each for each in meanings if not each.endswith(".") or "\n" in each or len(each) > 120] == []
    assert [each for each, count in Counter(meanings).items() if count > 1] == []
