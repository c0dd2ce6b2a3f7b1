"""Paths inside a repository: which are safe, which need a human's decision, which are tests, what a scope covers."""

import re
import unicodedata
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from itertools import cycle
from typing import TypeVar

from console.domain.facts.load import load_facts
from console.domain.text.safe import safe

_T = TypeVar("_T")
_DRIVE = re.compile(r"[A-Za-z]:")
_SHORT_GIT = re.compile(r"git~[0-9]+")


class Guarded(StrEnum):
    """What a path controls beyond its own content, so that a human has to decide about its change."""

    CI = "CI"
    INSTRUCTIONS = "instructions"
    GIT = "git"


_GUARDED: tuple[tuple[Guarded, tuple[str, ...]], ...] = (
    (
        Guarded.CI,
        (
            ".github/workflows/**",
            ".github/actions/**",
            "**/action.yml",
            "**/action.yaml",
            ".github/dependabot.yml",
            ".github/dependabot.yaml",
            "**/CODEOWNERS",
            ".gitlab-ci.yml",
            ".gitlab-ci.yaml",
            ".gitlab/**",
            ".gitea/workflows/**",
            ".forgejo/workflows/**",
            ".woodpecker.yml",
            ".woodpecker/**",
            ".circleci/**",
            ".buildkite/**",
            ".ci/**",
            ".travis.yml",
            ".drone.yml",
            ".cirrus.yml",
            "appveyor.yml",
            ".appveyor.yml",
            "**/azure-pipelines*.yml",
            "bitbucket-pipelines.yml",
            "cloudbuild.yaml",
            "**/Jenkinsfile*",
            ".pre-commit-config.yaml",
            ".husky/**",
        ),
    ),
    (
        Guarded.INSTRUCTIONS,
        (
            "**/AGENTS.md",
            "**/AGENTS.override.md",
            "**/CLAUDE.md",
            "**/CLAUDE.local.md",
            "**/GEMINI.md",
            "**/CONTEXT.md",
            "**/.claude/**",
            "**/.codex/**",
            "**/.gemini/**",
            "**/.cursor/**",
            "**/.cursorrules",
            "**/.windsurfrules",
            "**/.mcp.json",
            ".github/copilot-instructions.md",
            "**/.github/instructions/**",
            "**/*.instructions.md",
        ),
    ),
    (Guarded.GIT, ("**/.gitattributes", "**/.gitmodules", "**/.lfsconfig")),
)


def check_path(path: str) -> str | None:
    """Return why a path must not be written in a repository, or None if it may.

    A path is refused if it leaves the repository or reaches git's own directory on any file system, including one that
    folds case, drops trailing dots and spaces, or ignores characters.
    """
    if not path or path.startswith("/") or _DRIVE.match(path):
        return "it is not a path inside the repository"
    if "\\" in path:
        return "it has a backslash, which some systems read as a slash"
    if safe(path) != path:
        return "it has control, invisible or direction-changing characters"
    try:
        parts = [part.encode() for part in path.split("/")]
    except UnicodeEncodeError:
        return "it has characters that cannot be encoded"
    if len(path) > 1024 or any(len(part) > 255 for part in parts):
        return "it is too long for a file system"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "it has an empty step, or a step . or .."
        if part != part.strip(" "):
            return "a step of it begins or ends with a space"
        bare = _folded(part).partition(":")[0].rstrip(". ")
        if bare == ".git" or _SHORT_GIT.fullmatch(bare):
            return "it reaches into git's own directory"
    return None


def guarded_as(path: str) -> Guarded | None:
    """Return what a path controls; None for an ordinary path. Case and width of letters do not matter."""
    folded = _folded(path).split("/")
    for guarded, patterns in _GUARDED_STEPS:
        if any(_covers(pattern, folded) for pattern in patterns):
            return guarded
    return None


def is_test_file(path: str) -> bool:
    """Return whether a path names a test, what tests need, or what decides which tests run."""
    return _test_files().covers(path)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@dataclass(frozen=True, slots=True)
class Scope:
    """The paths that a plan allows a draft to touch.

    A pattern is a path relative to the repository, matched step by step and case-sensitively:

    - `src/parser.py` or `src` without a wildcard is that file, or that directory and everything below it;
    - `src/` is everything below that directory;
    - `*` in a step is any characters but a slash, `?` is one;
    - `**` as a whole step is any number of steps, including none; at the end it is everything below;
    - `.` is the whole repository.

    A scope without patterns covers nothing.
    """

    patterns: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Return whether a path is within the scope."""
        steps = path.split("/")
        return any(_covers(pattern, steps) for pattern in map(_steps, self.patterns) if pattern)

    @property
    def bounds_nothing(self) -> bool:
        """Whether it covers, at some depth, at least half of a set of unrelated files.

        It is judged as a whole, by coverage: `./**`, `?*` with `*/**`, `**/*.*` and a pattern for each letter all cover
        everything, and there are endless such spellings.
        """
        patterns = [pattern for pattern in map(_steps, self.patterns) if pattern]
        return any(
            2 * sum(any(_covers(pattern, steps) for pattern in patterns) for steps in strangers) >= len(strangers)
            for strangers in _strangers()
        )


@cache
def _test_files() -> Scope:
    """Return the patterns of test files, read once from `facts/test_files.toml`."""
    return Scope(tuple(pattern for row in load_facts("test_files")["test_files"] for pattern in row["patterns"]))


_STRANGERS = 60
_DEEPEST = 5
_ENDINGS = (".py", ".js", ".ts", ".go", ".rs", ".java", ".md", ".json", ".toml", ".yaml", ".txt", "")


@cache
def _strangers() -> tuple[tuple[list[str], ...], ...]:
    """Return, for each depth, the steps of files with arbitrary names; most have an extension, as files do."""
    return tuple(
        tuple(
            [*(_name(depth, number, step) for step in range(depth)), _name(depth, number, depth) + ending]
            for number, ending in zip(range(_STRANGERS), cycle(_ENDINGS), strict=False)
        )
        for depth in range(_DEEPEST)
    )


def _name(*place: int) -> str:
    """Return a name of 1 to 10 letters and digits that depends only on its position in the list."""
    digest = sha256(repr(place).encode()).digest()
    return b32encode(digest).decode().lower()[: 1 + digest[-1] % 10]


def check_pattern(pattern: str) -> str | None:
    """Return why a pattern of a scope cannot be used, or None."""
    if pattern in (".", "./"):
        return None
    bare = pattern.removeprefix("./").removesuffix("/")
    if any("**" in step and step != "**" for step in bare.split("/")):
        return "** has to be a whole step"
    return check_path(bare)


def _steps(pattern: str) -> list[str]:
    """Return a pattern's steps, normalised so that only wildcards are special; none for an unusable pattern."""
    if check_pattern(pattern) is not None:
        return []
    if pattern in (".", "./"):
        return ["**"]
    steps = pattern.removeprefix("./").split("/")
    if steps[-1] == "":
        return [*steps[:-1], "*", "**"]
    if steps[-1] == "**":
        return [*steps[:-1], "*", "**"] if len(steps) > 1 else steps
    return steps if any(wildcard in pattern for wildcard in "*?") else [*steps, "**"]


def _covers(pattern: Sequence[str], steps: Sequence[str]) -> bool:
    return _matches(pattern, steps, "**", _step_matches)


def _step_matches(pattern: str, step: str) -> bool:
    return pattern == step or _matches(pattern, step, "*", lambda sign, character: sign in ("?", character))


def _matches(pattern: Sequence[_T], items: Sequence[_T], star: _T, is_match: Callable[[_T, _T], bool]) -> bool:
    """Match items against a pattern in which `star` is any number of items, in O(n·m) time."""
    at_pattern = at_item = resume_item = 0
    resume_pattern = -1
    while at_item < len(items):
        if at_pattern < len(pattern) and pattern[at_pattern] == star:
            resume_pattern, resume_item = at_pattern, at_item
            at_pattern += 1
        elif at_pattern < len(pattern) and is_match(pattern[at_pattern], items[at_item]):
            at_pattern, at_item = at_pattern + 1, at_item + 1
        elif resume_pattern >= 0:
            resume_item += 1
            at_pattern, at_item = resume_pattern + 1, resume_item
        else:
            return False
    return all(sign == star for sign in pattern[at_pattern:])


_GUARDED_STEPS = tuple(
    (guarded, tuple(_steps(_folded(pattern)) for pattern in patterns)) for guarded, patterns in _GUARDED
)
