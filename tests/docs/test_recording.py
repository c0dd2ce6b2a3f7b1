"""The animated picture: what the program still shows, and a file that a page can load."""

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MOST_BYTES = 300_000


def test_the_picture_is_small_well_formed_and_names_no_machine() -> None:
    text = (DOCS / "demo.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert len(text.encode()) < MOST_BYTES
    assert {each.tag.rpartition("}")[2] for each in root.iter()} == {"svg", "style", "rect", "circle", "g", "text"}
    shown = "\n".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "drift" in shown
    assert "candidate sealed" in shown
    assert re.search(r"/tmp/|/root/|/home/", shown) is None


@pytest.mark.terminal
def test_the_program_can_be_recorded_to_the_end() -> None:
    made = runpy.run_path(str(DOCS / "recording.py"))
    film = made["recorded"]()
    last = "".join(text for row in film.frames[-1][0] for _, text, _ in row)
    assert "diff --git a/shop/basket.py" in last
    assert len(made["drawn"](film).encode()) < MOST_BYTES
