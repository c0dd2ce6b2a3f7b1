"""What stands in the settings of tools: globs of absolute paths, and JSON with comments."""

import json

import pytest

from console.domain.instructions.json_comments import without_json_comments
from console.domain.instructions.path_glob import matches


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("**/shop/CLAUDE.md", "/home/a/shop/CLAUDE.md", True),
        ("**/CLAUDE.md", "/CLAUDE.md", True),
        ("/home/a/**", "/home/a/b/c.md", True),
        ("**/.claude/rules/**", "/home/a/.claude/rules/x/y.md", True),
        ("**/{a,b}/*.md", "/x/b/c.md", True),
        ("CLAUDE.md", "/home/a/CLAUDE.md", False),
        ("/home/*/CLAUDE.md", "/home/a/b/CLAUDE.md", False),
        ("**/docs/*.md", "/home/a/docs/deep/b.md", False),
        ("", "/home/a", False),
    ],
)
def test_a_glob_matches_whole_paths(glob: str, path: str, *, is_match: bool) -> None:
    assert matches(glob, path) is is_match


def test_a_hostile_glob_ends() -> None:
    assert not matches("**/" * 200 + "x", "/a" * 200)
    assert not matches("{a,b}" * 60, "/a")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1 // one\n}', {"a": 1}),
        ('{/* two\nlines */"a": /**/ 1}', {"a": 1}),
        ('{"a": "http://b/c /* d */", "e": "\\"// f"}', {"a": "http://b/c /* d */", "e": '"// f'}),
        ('// first\r\n{"a": 1}\n// last', {"a": 1}),
    ],
)
def test_comments_are_removed_and_strings_are_not(text: str, value: object) -> None:
    assert json.loads(without_json_comments(text)) == value


@pytest.mark.parametrize("text", ['{"a": 1,}', "{/* never ends", '{"a": "never ends // }', ""])
def test_what_is_not_json_stays_so(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(without_json_comments(text))
