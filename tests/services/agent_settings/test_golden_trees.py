"""Each tree of settings is read as its agent reads it, and what is wrong in it is found."""

import json
from pathlib import Path

import pytest
from support.agent_settings.golden import KEY, Golden, below, described, golden_trees, lay_out

from console.domain.agent_settings.agents import READERS


@pytest.mark.parametrize("golden", golden_trees(), ids=str)
async def test_what_is_said_of_a_tree(golden: Golden, tmp_path: Path) -> None:
    checked = await lay_out(golden, tmp_path).checked()
    assert below(tmp_path, described(checked)) == json.loads((golden.folder / "expected.json").read_text())
    assert KEY not in repr(described(checked))
    assert all(KEY not in each.finding.message for each in checked.findings)


def test_every_agent_has_trees() -> None:
    assert {each.agent for each in golden_trees()} == set(READERS)
