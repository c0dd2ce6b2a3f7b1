"""Instruction text: what does not meet the eye."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.text.hostile_text import INSTRUCTIONS, Hostile

from console.domain.instructions.front_matter import front_matter
from console.domain.instructions.imports import imports_of, model_text
from console.domain.instructions.source import Tool
from console.domain.instructions.text import hidden_in


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffRules.\n\tIndented.\r\n\x0c",
        "Careful \u26a0\ufe0f, a family \U0001f468\u200d\U0001f469\u200d\U0001f467, press 1\ufe0f\u20e3 \u00a9\ufe0f",
        "a rainbow \U0001f3f3\ufe0f\u200d\U0001f308",
        "Persian \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, Hindi \u0915\u094d\u200d\u0937",
        "日本語とÄÖÜ",
    ],
)
def test_what_everyone_writes_is_not_hidden(text: str) -> None:
    assert hidden_in(text) == ()


@pytest.mark.parametrize(
    ("text", "kind", "line", "count"),
    [
        ("a\u202eb\n\u2069", "bidi", 1, 2),
        ("a\n\nb\u200bc", "zero-width", 3, 1),
        ("no\u200dt", "zero-width", 1, 1),
        ("a\ufeffb", "zero-width", 1, 1),
        ("soft\u00adhyphen", "zero-width", 1, 1),
        ("a\ufe0fb\ufe01", "variation selector", 1, 2),
        ("".join(chr(0xE0000 + ord(each)) for each in "ignore"), "tag", 1, 6),
        ("x\U000e0101\U000e0120", "variation selector", 1, 2),
        ("\U0001f3f4\U000e0067\U000e007f", "tag", 1, 2),
        ("a\x1b[2K", "control", 1, 1),
        ("U\0T\0F\0", "control", 1, 3),
    ],
)
def test_what_does_not_meet_the_eye_is_counted(text: str, kind: str, line: int, count: int) -> None:
    (hidden,) = hidden_in(text)
    assert (hidden.kind, hidden.first_line, hidden.count) == (kind, line, count)


@pytest.mark.parametrize("hostile", INSTRUCTIONS, ids=str)
def test_a_hostile_text_imports_nothing_and_has_no_front_matter(hostile: Hostile) -> None:
    text = hostile.of(100_000)
    assert all(imports_of(tool, text) == () for tool in Tool)
    assert front_matter(text) == {}
    assert sum(hidden.count for hidden in hidden_in(text)) == (1_000 if hostile.piece == "\0" else 0)


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    assert all(path and "\0" not in path for tool in Tool for path in imports_of(tool, text))
    assert len(model_text(Tool.CLAUDE_CODE, text)) <= len(text)
    assert all(hidden.count > 0 for hidden in hidden_in(text))
    assert all(isinstance(values, tuple) for values in front_matter(text).values())
