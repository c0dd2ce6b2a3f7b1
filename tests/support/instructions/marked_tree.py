"""Trees whose files each hold a word of their own, so that what reaches a model can be seen in what is sent."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.instructions.tree import Tree

from console.domain.instructions.source import InstructionSet, Load

MARK = "{M}"
"""Stands for the file's own word."""
_END = "zzz"


@dataclass(frozen=True, slots=True)
class Shape:
    """A tree of instruction files, and where the agent is started."""

    name: str
    files: Mapping[str, str | bytes]
    """By path; `{M}` is the file's word, and `->X` a link to X."""
    at: str = "."
    home: Mapping[str, str | bytes] = field(default_factory=dict)
    above: Mapping[str, str | bytes] = field(default_factory=dict)
    """In the directory above the repository."""
    is_repository: bool = True
    reads: str = ""
    """A file that the model reads before it ends."""

    def __str__(self) -> str:
        """Return the name, for pytest."""
        return self.name


@dataclass(slots=True)
class MarkedTree:
    """A shape on disk."""

    tree: Tree
    words: dict[str, str]
    """The word of each file, by the label that the console has for it."""

    def sent(self, body: str) -> set[str]:
        """Return the words in what was sent."""
        return {word for word in self.words.values() if word in body}

    def expected(self, found: InstructionSet, *loads: Load) -> set[str]:
        """Return the words of the files that the console says are loaded so."""
        read = {source.path for source in found.sources if source.load in loads and source.effective_bytes}
        return {word for path, word in self.words.items() if path in read}


def lay_out(base: Path, shape: Shape) -> MarkedTree:
    """Write a shape's files, each with its word."""
    tree = Tree(base)
    marked = MarkedTree(tree, {})
    for folder, prefix, files in (
        (tree.root, "", shape.files),
        (tree.home, "~/", shape.home),
        (tree.root.parent, "~/projects/", shape.above),
    ):
        for name, text in sorted(files.items(), key=lambda each: str(each[1]).startswith("->")):  # links come last
            _put(marked, folder / name, prefix + name, text)
    (tree.root / shape.at).mkdir(parents=True, exist_ok=True)
    if shape.is_repository:
        tree.commit()
    return marked


def _put(marked: MarkedTree, path: Path, label: str, text: str | bytes) -> None:
    if isinstance(text, str) and text.startswith("->"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(text[2:])
        target = os.path.normpath(Path(label).parent / text[2:])
        if target in marked.words:
            marked.words[label] = marked.words[target]
        return
    if isinstance(text, str) and MARK in text:
        word = f"word{len(marked.words)}{_END}"
        marked.words[label] = word
        text = text.replace(MARK, word)
    marked.tree.put(path, text)
