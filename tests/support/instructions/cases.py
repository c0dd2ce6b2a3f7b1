"""Trees from public reports, each with how its files are loaded: decided from its source and before any run."""

import json
from pathlib import Path
from typing import Any

from support.instructions.marked_tree import MARK, Shape

CASES: tuple[dict[str, Any], ...] = tuple(
    json.loads(line)
    for name in ("public_instruction_trees", "fresh_instruction_trees")
    for line in (Path(__file__).parents[2] / f"data/{name}.jsonl").read_text("utf-8").splitlines()
)
_WORD = len("word0zzz")
"""How long a file's own word is."""


def contents(text: str) -> str:
    """Return what a case's file contains; `@repeat:C:N` is N times C and a line end."""
    if not text.startswith("@repeat:"):
        return text
    _, character, times = text.split(":")
    return character * int(times) + "\n"


def shapes_of(tool: str) -> list[Shape]:
    """Return a tool's cases with a word in every file that it may read and that has text; sizes stay as they are."""
    return [
        Shape(
            case["id"],
            _marked(case["input"]["files"], "", case["expected"]["load"]),
            case["input"]["cwd"],
            _marked(case["input"]["home"], "~/", case["expected"]["load"]),
            is_repository=case["input"]["git"],
        )
        for case in CASES
        if case["input"]["tool"] == tool and not case["input"]["env"]
    ]


def _marked(files: dict[str, str], prefix: str, named: dict[str, Any]) -> dict[str, str]:
    return {name: _with_mark(text) if prefix + name in named else text for name, text in files.items()}


def _with_mark(text: str) -> str:
    if text.startswith("@repeat:"):
        return MARK + contents(text)[_WORD:]
    return text if text.startswith("->") or not text.strip() else f"{MARK} {text}"
