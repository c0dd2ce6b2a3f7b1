"""Paths of a repository: what leaves it, what steers more than itself, and what a scope covers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.text.hostile_text import STARS, STEPS_OF_STARS

from console.domain.artifacts.repository_path import Guarded, Scope, check_path, check_pattern, guarded_as, is_test_file

_MANY = examples(300)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "..", "../x", "a/../b", "a/..", "./x", "a//b", "a/", "C:/x", "c:x", "a\\b", "..\\x"),
        *(".git", ".git/config", ".GIT/hooks/x", "a/.Git/x", ".git./x", ".git /x", ".git::$INDEX_ALLOCATION/x"),
        *(
            "git~1/x",
            "GIT~2",
            ".g\u200cit/x",
            "．git/x",
            "a\x00b",
            "a\nb",
            "a\x1bb",
            "a\u202eb",
            "a\x7fb",
            " a",
            "a /b",
        ),
        *("a" * 256, "é" * 128, "/".join(["a"] * 600), "a\ud800b"),
    ],
)
def test_what_is_unsafe_is_refused(path: str) -> None:
    assert check_path(path)


@pytest.mark.parametrize(
    "path", ["/marked", "../marked", "marked\x00", "marked\\", " marked", ".git/marked", "marked" * 99]
)
def test_why_is_said_in_our_words(path: str) -> None:
    assert "marked" not in (check_path(path) or "")


@pytest.mark.parametrize(
    "path", ["a", "src/a.py", "my file", "grüße/ß", ".gitignore", "git/x", ".github/x", "a..b", "日本", "~x"]
)
def test_ordinary_paths_are_not(path: str) -> None:
    assert check_path(path) is None


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        (".github/workflows/ci.yml", Guarded.CI),
        (".GitHub/Workflows/CI.yml", Guarded.CI),
        (".github/actions/x/action.yml", Guarded.CI),
        (".gitlab-ci.yml", Guarded.CI),
        (".circleci/config.yml", Guarded.CI),
        ("deploy/Jenkinsfile", Guarded.CI),
        ("docs/CODEOWNERS", Guarded.CI),
        ("AGENTS.md", Guarded.INSTRUCTIONS),
        ("agents.md", Guarded.INSTRUCTIONS),
        ("deep/down/CLAUDE.md", Guarded.INSTRUCTIONS),
        ("GEMINI.md", Guarded.INSTRUCTIONS),
        (".cursor/rules/a.mdc", Guarded.INSTRUCTIONS),
        (".github/copilot-instructions.md", Guarded.INSTRUCTIONS),
        (".github/instructions/a.instructions.md", Guarded.INSTRUCTIONS),
        (".claude/settings.json", Guarded.INSTRUCTIONS),
        ("lib/.gitattributes", Guarded.GIT),
        (".gitmodules", Guarded.GIT),
        ("src/workflows/ci.yml", None),
        ("docs/agents.markdown", None),
        ("README.md", None),
    ],
)
def test_what_steers_more_than_itself(path: str, guarded: Guarded | None) -> None:
    assert guarded_as(path) is guarded


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("src", ["src", "src/a", "src/a/b"], ["srcs", "a/src", "SRC/a"]),
        ("src/", ["src/a", "src/a/b"], ["src", "srcs/a"]),
        ("src/a.py", ["src/a.py"], ["src/a_py", "src/b.py"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "doc/a"]),
        ("docs/*.md", ["docs/a.md", "docs/.md"], ["docs/a/b.md", "docs/a.mdx"]),
        ("**/*.md", ["a.md", "docs/a.md", "a/b/c.md"], ["a.py"]),
        ("**/test_?.py", ["test_a.py", "x/test_b.py"], ["test_ab.py"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/x", "b"]),
        (".", ["a", "a/b"], []),
        ("**", ["a", "a/b"], []),
        ("./src", ["src/a"], ["a"]),
        ("a[b]", ["a[b]"], ["ab"]),
        ("*", ["a"], ["a/b"]),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, inside: list[str], outside: list[str]) -> None:
    scope = Scope((pattern,))
    assert [path for path in inside if not scope.covers(path)] == []
    assert [path for path in outside if scope.covers(path)] == []


@pytest.mark.parametrize("pattern", ["", "/", "/src", "../x", "a/../b", "a**", "**.py", ".git", "a\\b", "a//b"])
def test_a_pattern_that_cannot_be_used_covers_nothing_and_says_why(pattern: str) -> None:
    assert check_pattern(pattern)
    assert not any(Scope((pattern,)).covers(path) for path in ("a", "src", "src/x", "a/b", "x"))


def test_no_pattern_covers_nothing() -> None:
    assert not Scope(()).covers("a")


_STEP = st.text(alphabet="ab.", min_size=1, max_size=4).filter(lambda step: step not in (".", ".."))
_PATH = st.lists(_STEP, min_size=1, max_size=5).map("/".join)


@_MANY
@given(_PATH, _PATH)
def test_a_directory_covers_itself_and_what_is_beneath_and_no_more(directory: str, path: str) -> None:
    assert Scope((directory,)).covers(path) is (path == directory or path.startswith(directory + "/"))


@_MANY
@given(st.text(), st.text())
def test_nothing_makes_it_raise(pattern: str, path: str) -> None:
    assert Scope((pattern,)).covers(path) in (True, False)
    assert check_path(path) is None or check_path(path)
    guarded_as(path)


def test_stars_do_not_make_matching_explode() -> None:
    for pattern, piece in ((STARS, "a"), (STEPS_OF_STARS, "a/")):
        assert not Scope((pattern,)).covers(piece * 400)
        assert Scope((pattern,)).covers(piece * 400 + "b")


@pytest.mark.parametrize(
    "patterns",
    [[each] for each in (".", "./", "**", "./**", "**/**", "**/?*", "?*", "*", "*/**", "*/*", "?*/?*", "**/*.*", "*.*")]
    + [
        ["?*", "*/**"],
        ["docs/**", "**/*"],
        [f"{letter}*/**" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"],
        [f"**/*{letter}*" for letter in "aeiourst"],
        [f"**/*.{ending}" for ending in ("py", "js", "ts", "go", "rs", "java", "md", "json", "toml", "yaml")],
        ["?", "??", "???", "????", "?????", "??????*"],
    ],
)  # fmt: skip
def test_a_scope_that_covers_what_it_does_not_name_bounds_nothing(patterns: list[str]) -> None:
    assert Scope(tuple(patterns)).bounds_nothing


@pytest.mark.parametrize(
    "patterns",
    [
        [], ["README.md"], ["docs/**"], ["src", "tests"], ["**/*.py"], ["src/**/*.ts", "**/*.md"], ["*.md", "docs/*"],
        ["**/test_*"], ["packages/*/src/**"], ["**/README.md"], ["../x"], ["?"], ["a/b/c/d/e/f/*"],
        ["console/**", "tests/**", "docs/**", "README.md", "pyproject.toml", "*.toml", ".github/workflows/ci.yml"],
    ],
)  # fmt: skip
def test_a_scope_that_names_directories_files_or_endings_is_bounded(patterns: list[str]) -> None:
    assert not Scope(tuple(patterns)).bounds_nothing


def test_what_is_a_test_in_many_languages_is_told_from_what_only_sounds_like_one() -> None:
    tests = [
        *("tests/data/a.json", "test_a.py", "src/a_test.py", "conftest.py", "pkg/conftest.py", "a/b_test.go"),
        *("src/a.test.ts", "src/a.spec.tsx", "a.test.mjs", "src/__tests__/a.js", "src/test/java/A.java", "ATest.java"),
        *("spec/a_spec.rb", "tests/integration.rs", "jest.config.js", "Tests/ATests/A.swift", "a/__snapshots__/a.snap"),
    ]
    others = [
        *("latest.py", "contest.py", "attest/a.py", "src/testing.py", "api.spec.yaml", "spec/openapi.yaml"),
        *("Latest.java", "protest.go", "docs/tests.md", "src/test.py", "pyproject.toml"),
    ]
    assert [each for each in tests if not is_test_file(each)] == []
    assert [each for each in others if is_test_file(each)] == []
