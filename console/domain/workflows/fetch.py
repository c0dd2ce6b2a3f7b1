"""The commands of a script that bring a pull request's code to the runner."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from console.domain.workflows.script import STATEMENT_LIMIT, Script, statement
from console.domain.workflows.value import CODE, UNFOLLOWED, Kind, Kinds

FETCH_LIMIT = 200
"""The most commands of one script that are read because they may fetch."""

CHECKED_LIMIT = 20
"""The most commands of one script for which it is read what the script decides before."""

PREFIX_LIMIT = 300
"""The most characters before a command that are read to see whether it is quoted."""

_FETCH = re.compile(
    r"\b(?:gh|hub)\s{1,8}(?:pr\s{1,8})?(?P<pr>checkout|co)\b|\bgh\s{1,8}repo\s{1,8}(?P<repo>clone)\b"
    r"|\bgit(?:\s{1,8}-[^\s]{1,60}(?:\s{1,8}[^\s-][^\s]{0,200})?){0,3}\s{1,8}"
    r"(?P<git>fetch|pull|clone|checkout|switch|worktree|reset|merge|rebase|cherry-pick|remote|restore|read-tree"
    r"|apply|am)\b"
    r"|\b(?P<web>curl|wget|gh\s{1,8}api)\b(?=[^\n]{0,300}(?:tarball|zipball|archive|codeload|raw\.githubusercontent))"
    r"|\b(?P<patch>patch)\s{1,8}-p"
)
_NEW_NAME = re.compile(r"\s-[bBcC]\s{1,8}(?:\"[^\"]*\"|'[^']*'|\$\{\{[^}]*\}\}|\S+)")
_DIFF_OF_PULL = re.compile(
    r"\bgh\s{1,8}pr\s{1,8}diff\b|\.(?:patch|diff)\b|application/vnd\.github\S{0,20}(?:diff|patch)"
)
_COMPARES = re.compile(r"\bgit\s[^\n]{0,80}\b(?:diff|log|show|rev-list|merge-base|diff-tree|cat-file)\b")
_TAKES = re.compile(
    r"\bgit\s[^\n]{0,80}\b(?:checkout|switch|reset|merge(?!-base)|rebase|worktree|restore|read-tree|cherry-pick|archive)\b"
)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A command that brings code of a pull request, or something that could not be followed, to the runner."""

    offset: int
    kinds: Kinds
    is_checked: bool = False
    """Whether the script decides by who asks before."""


def fetches(script: Script) -> Iterator[Fetch]:
    """Yield the commands of a script that fetch, check out or clone what a pull request may have chosen."""
    for at, fetch in enumerate(_fetches(script)):
        is_checked = at < CHECKED_LIMIT and script.looks_who_asks
        yield replace(fetch, is_checked=is_checked and script.beginning(fetch.offset).looks_who_asks)


def _fetches(script: Script) -> Iterator[Fetch]:
    for at, match in enumerate(_FETCH.finditer(script.text)):
        if at >= FETCH_LIMIT:
            yield Fetch(match.start(), UNFOLLOWED)
            return
        if not script.is_program and _is_said(script.text, match.start()):
            continue
        if match["pr"]:
            yield Fetch(match.start(), frozenset({Kind.HEAD}))
            continue
        rest = statement(script.text, match.end())
        if match["patch"] or match["git"] in ("apply", "am"):
            before = script.text[max(0, match.start() - STATEMENT_LIMIT) : match.start()]
            if _DIFF_OF_PULL.search(before) is not None:
                yield Fetch(match.start(), frozenset({Kind.HEAD}))
            continue
        kinds = script.fragment_kinds(_NEW_NAME.sub(" ", rest)) & (CODE | UNFOLLOWED)
        if kinds:
            yield Fetch(match.start(), kinds)


def _is_said(text: str, offset: int) -> bool:
    """Return whether a command is only a part of a text on its line: quoted, or what `echo` says."""
    before = text[max(text.rfind("\n", 0, offset) + 1, offset - PREFIX_LIMIT) : offset]
    command = re.split(r"[;|&(`]|\b(?:then|do|else)\b", before)[-1]
    if re.match(r"\s*(?:echo|printf)\b", command) is not None:
        return True
    quote = ""
    for sign in re.findall(r"['\"]", before):
        if quote in ("", sign):
            quote = "" if quote else sign
    if not quote or re.search(r"\$\(|`", before.rpartition(quote)[2]) is not None:
        return False
    return re.search(r"(?:\s-\w*c|\beval)\s*['\"]\s*$", before) is None


class FetchedUse(IntEnum):
    """What scripts do with what was fetched."""

    NONE = 0
    COMPARED = 1
    """git compares or prints it."""
    TAKEN = 2
    """git puts it into the working directory."""


def fetched_use(scripts: Iterable[str]) -> FetchedUse:
    """Return the most that scripts do with what was fetched before them, or in them."""
    use = FetchedUse.NONE
    for each in scripts:
        if _TAKES.search(each) is not None:
            return FetchedUse.TAKEN
        if _COMPARES.search(each) is not None:
            use = FetchedUse.COMPARED
    return use
