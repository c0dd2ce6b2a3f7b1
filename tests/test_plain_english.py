"""Plain English: what a person reads has none of the words on the list in CONTRIBUTING."""

import re
import tokenize
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "sample_config.toml")
WORD_LIST = re.compile(r"^\| `(?P<avoid>[^`]+)` \| (?P<write>[^|]+) \|$", re.MULTILINE)


def word_list() -> dict[str, re.Pattern[str]]:
    """Return each entry of CONTRIBUTING's list with the expression that finds it; `…` stands for any word."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    entries = [row["avoid"] for row in WORD_LIST.finditer(text)]
    assert len(entries) > 10
    return {entry: expression_of(entry) for entry in entries}


def expression_of(entry: str) -> re.Pattern[str]:
    """Return an entry as an expression; "there is no …" and "no longer" are plain English."""
    words = re.escape(entry).replace("…", r"(?!longer\b|more\b|such\b|other\b|one\b)\w+").replace(r"\ ", r"\s+")
    return re.compile(rf"(?<!here )\b{words}\b", re.IGNORECASE)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a file says to a person: of a module comments and texts, of another file every line."""
    content = path.read_bytes()
    if path.suffix != ".py":
        yield from enumerate(content.decode().splitlines(), 1)
        return
    for token in tokenize.tokenize(BytesIO(content).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], re.sub(r"\s+", " ", token.string)


def may_have(lowered: str, entry: str) -> bool:
    """Return whether a text has the letters of an entry, in whatever order: far quicker than its expression."""
    return all(word in lowered for word in entry.lower().replace("…", "").split())


def faults_of(path: Path, words: dict[str, re.Pattern[str]]) -> list[str]:
    text = path.read_text(encoding="utf-8")
    words = {entry: expression for entry, expression in words.items() if may_have(text.lower(), entry)}
    if not any(expression.search(text) for expression in words.values()):
        return []  # nor has any comment or text of it: it need not be read token by token
    return [
        f"{path.name}:{number}: {entry}"
        for number, text in prose_of(path)
        for entry, expression in words.items()
        if not WORD_LIST.match(text) and expression.search(text)
    ]


def test_what_a_person_reads_is_plain_english() -> None:
    words = word_list()
    pages = (REPOSITORY / "docs").rglob("*.md")
    paths = [*sorted((REPOSITORY / "console").rglob("*.py")), *map(REPOSITORY.joinpath, DOCUMENTS), *sorted(pages)]
    assert [fault for path in paths for fault in faults_of(path, words)] == []


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ('"""The path is no directory."""', "is no …"),
        ('raise ValueError(f"{name} is  no file")', "is no …"),
        ("# Nobody waits for it.", "nobody"),
    ],
)
def test_a_word_of_the_list_is_found(tmp_path: Path, text: str, entry: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text + "\n")
    assert faults_of(path, word_list()) == [f"module.py:1: {entry}"]


@pytest.mark.parametrize("text", ["# There is no route, and it is no longer read.", "is_no_word = nobody"])
def test_plain_english_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text + "\n")
    assert faults_of(path, word_list()) == []
