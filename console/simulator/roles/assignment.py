"""Assignments: what the embedded planner and writer make of a task, without a model.

A task of the sample repository has a prepared solution, in `prepared.toml`. Of any other task, the file that it names
is changed by a few lines which say that they are simulated. The same brief always gets the same draft.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from console.domain.artifacts.repository_path import check_path
from console.domain.text.safe import safe
from console.simulator.roles.brief import Brief

_ENDINGS = {
    "# ": ("bash", "cfg", "ini", "py", "rb", "sh", "toml", "yaml", "yml"),
    "// ": ("c", "cc", "cpp", "cs", "go", "h", "java", "js", "kt", "rs", "swift", "ts", "tsx"),
    "": ("md", "rst", "txt"),
}
"""How a line of words begins in a file, by the ending of the file's name."""
_COMMENTS = {ending: begins for begins, endings in _ENDINGS.items() for ending in endings}
_SEGMENT = r"\.?[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
_PATH = re.compile(rf"(?<![\w./:@-])(?:{_SEGMENT}/){{0,9}}{_SEGMENT}(?![\w/-])")
_NEW = re.compile(r"\b(?:add|create|write|new)\b", re.IGNORECASE)
_MORE = re.compile(r"\b(?:add|allow|also|include)\b", re.IGNORECASE)
_SENTENCE_LIMIT = 100
_PATH_LIMIT = 20
"""How many files of a task are read."""


@dataclass(frozen=True, slots=True)
class _Solution:
    path: str
    wide: Sequence[str]
    put: Sequence[str]
    find: Sequence[str] = ()
    revised: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    """What a draft does to one file."""

    path: str
    before: tuple[str, ...] | None
    """Its lines; None for a new file."""
    lines: tuple[str, ...]
    """Its lines in a good draft."""
    end: int
    """After how many of these lines more words fit."""
    wide: tuple[str, ...] = ()
    """What a first plan lets the draft touch; empty for the path alone."""


def named_paths(text: str) -> tuple[str, ...]:
    """Return the paths of files that a text names, in its order: those whose ending is known."""
    found = (match[0].rstrip(".") for match in _PATH.finditer(text))
    named = (each for each in found if "." in each and _ending(each) in _COMMENTS and check_path(each) is None)
    return tuple(dict.fromkeys(named))[:_PATH_LIMIT]


def scope_of(brief: Brief, default: Sequence[str]) -> tuple[str, ...]:
    """Return what a plan lets the draft touch.

    The first plan for the sample repository is wide. If it is asked for again, it names the file alone, and those that
    the findings name.

    Args:
        brief: The planner's brief.
        default: The scope for a task that names no file.

    """
    change = _change(brief)
    if change is None:
        named: tuple[str, ...] = named_paths(brief.text_of("TASK"))[:1] if brief.kind != "patch" else ()
        return tuple(dict.fromkeys([*(named or default), *_asked_for(brief)]))
    if not brief.text_of("FINDINGS"):
        return change.wide or (change.path,)
    return tuple(dict.fromkeys([change.path, *_asked_for(brief)]))


def patch_of(brief: Brief, told: Sequence[str]) -> str | None:
    """Return the patch for a task; None if the task names no file that can be changed.

    Args:
        brief: The writer's brief.
        told: What the draft says besides, a line each.

    """
    change = _change(brief)
    if change is None:
        return None
    lines = [*change.lines]
    lines[change.end : change.end] = _in_the_files_words(change.path, told)
    if change.before is None:
        return added_file(change.path, lines)
    return _edited_file(change.path, change.before, lines)


def agent_change(brief: Brief, path: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Return what a coding agent does to a file: its path, the line that makes way (None: at the end), and the lines.

    Args:
        brief: The agent's task.
        path: The file.

    """
    solution = _solutions().get(path)
    if solution is not None and brief.kind == "patch":
        put = tuple(solution.revised if brief.attempt > 1 and solution.revised else solution.put)
        if brief.attempt == 1:
            return path, solution.find[0] if solution.find else None, put
        if solution.revised:  # the file has what the first attempt put there
            return path, solution.put[-1], (solution.revised[-1],)
    attempt = f" (attempt {brief.attempt})" if brief.attempt > 1 else ""
    words = (f"Task: {first_sentence(brief.text_of('TASK'))}{attempt}", "The embedded gateway simulated this change.")
    return path, None, tuple(_in_the_files_words(path, words))


def first_sentence(task: str) -> str:
    """Return the beginning of a task in one safe line; empty if it has no words."""
    words = " ".join(task.split())
    return safe(re.split(r"(?<=[.!?]) |: ", words, maxsplit=1)[0], limit=_SENTENCE_LIMIT).rstrip(".:")


def _change(brief: Brief) -> _Change | None:
    """Return what a patch does; None for another kind of draft, or if the task names no file that can be changed."""
    if brief.kind != "patch":
        return None
    given = {block.path: block.text for block in brief.blocks if block.kind == "CONTEXT"}
    task = brief.text_of("TASK")
    paths = named_paths(task)
    for path in paths:
        if (solution := _solutions().get(path)) is not None:
            change = _solved(solution, given.get(path), brief.attempt)
            if change is not None:
                return change
    return next(_plain_changes(paths, given, task), None)


def _solved(solution: _Solution, text: str | None, attempt: int) -> _Change | None:
    """Return the prepared change; None if the file is not as the solution expects it."""
    put = tuple(solution.revised if attempt > 1 and solution.revised else solution.put)
    if not solution.find:
        return None if text is not None else _Change(solution.path, None, put, len(put), tuple(solution.wide))
    lines, find = tuple((text or "").split("\n")), tuple(solution.find)
    for start in range(len(lines) - len(find) + 1):
        if lines[start : start + len(find)] == find:
            changed = (*lines[:start], *put, *lines[start + len(find) :])
            return _Change(solution.path, lines, changed, start + len(put), tuple(solution.wide))
    return None


def _plain_changes(paths: Sequence[str], given: Mapping[str, str], task: str) -> Iterator[_Change]:
    """Yield the changes of named files: those whose text is given, then those that the task wants to be new."""
    words = (f"Task: {first_sentence(task)}", "The embedded gateway simulated this change; no model wrote it.")
    for path in paths:
        text = given.get(path, "").removeprefix("\ufeff")
        if not text or text != given[path] or "\r" in text:
            continue
        lines = tuple(text.split("\n"))
        start = _where_words_fit(path, lines)
        put = _in_the_files_words(path, words)
        yield _Change(path, lines, (*lines[:start], *put, *lines[start:]), start + len(put))
    for path in paths:
        if path not in given and _NEW.search(task):
            title = () if _begins(path) else (f"# {first_sentence(task)}",)
            new = (*title, *_in_the_files_words(path, words[len(title) :]))
            yield _Change(path, None, new, len(new))


def _where_words_fit(path: str, lines: Sequence[str]) -> int:
    """Return after how many lines of a file a comment or paragraph fits: after its first line, or at its beginning."""
    has_first = lines[0].startswith(("#!", "# ")) or (path.endswith(".md") and lines[0].startswith("#"))
    if not _begins(path) and lines[0].startswith("---"):
        return len(lines)  # after front matter, which has to come first
    return 1 if has_first else 0


def _in_the_files_words(path: str, words: Sequence[str]) -> list[str]:
    """Return lines as a comment of the file's language; as a paragraph of a text."""
    begins = _begins(path)
    return [f"{begins}{each}" for each in words] if begins or not words else ["", *words]


def _begins(path: str) -> str:
    return _COMMENTS.get(_ending(path), "")


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _asked_for(brief: Brief) -> tuple[str, ...]:
    """Return the files that someone asked the plan to allow too."""
    reason = brief.text_of("FINDINGS")
    instructions = {block.path for block in brief.blocks if block.kind == "INSTRUCTIONS"}
    return tuple(path for path in named_paths(reason) if path not in instructions) if _MORE.search(reason) else ()


@cache
def _solutions() -> Mapping[str, _Solution]:
    table = tomllib.loads(files(__package__).joinpath("prepared.toml").read_text(encoding="utf-8"))
    return {row["path"]: _Solution(**row) for row in table["solution"]}


# --- Diffs, as `git apply` accepts them ------------------------------------------------------------------------------


def added_file(path: str, lines: Sequence[str]) -> str:
    """Return the diff that adds a file."""
    head = [f"diff --git a/{path} b/{path}", "new file mode 100644", "--- /dev/null", f"+++ b/{path}"]
    return text_of([*head, f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])


def _edited_file(path: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return the diff that turns a file's lines into others; the file ends with one line break."""
    hunks = list(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""))
    return text_of([f"diff --git a/{path} b/{path}", *hunks])


def text_of(lines: Sequence[str]) -> str:
    """Return lines as a text that ends with a line break."""
    return "".join(f"{line}\n" for line in lines)
