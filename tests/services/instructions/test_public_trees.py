"""Trees from public reports: each says how its files are loaded, decided from its source and before any run."""

from pathlib import Path
from typing import Any

import pytest
from support.instructions.cases import CASES, contents
from support.instructions.tree import Tree, codes

from console.domain.instructions.source import InstructionSource, Load, Tool


def put(tree: Tree, folder: Path, files: dict[str, str]) -> None:
    """Write a case's files: `->X` is a link to X."""
    for name, text in files.items():
        path = folder / name
        if text.startswith("->"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(text[2:])
        else:
            tree.put(path, contents(text))


def as_written(source: InstructionSource | None) -> str:
    """Return how a file is loaded, in the words of the cases."""
    return "none" if source is None or source.load in (Load.SHADOWED, Load.ABSENT) else source.load.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_a_public_tree_is_read_as_its_source_says(tmp_path: Path, case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    tree = Tree(tmp_path)
    put(tree, tree.root, given["files"])
    put(tree, tree.home, given["home"])
    if given["git"]:
        tree.commit()
    found = await tree.find(Tool(given["tool"]), given["cwd"], **given["env"])
    by_path = {source.path: source for source in found.sources}
    for path, wanted in expected["load"].items():
        source = by_path.get(path)
        if isinstance(wanted, list) and isinstance(wanted[-1], int):
            assert (as_written(source), source and source.effective_bytes) == tuple(wanted), path
        else:
            assert as_written(source) in ([wanted] if isinstance(wanted, str) else wanted), path
    assert set(expected["codes"]) <= set(codes(found))
    assert not set(expected["no_codes"]) & set(codes(found))


def test_a_case_that_can_be_argued_about_says_how_it_was_decided() -> None:
    assert CASES
    assert all(case.get("decided") for case in CASES if "arguable" in case["note"])
