"""A CI workflow as written in its file: nodes with lines, jobs, steps, and the references in expressions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_REFERENCE = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w*-]+)*")
_TEXT_INDEX = re.compile(r"\[\s*'([\w-]+)'\s*\]")
_ANY_INDEX = re.compile(r"\[\s*[0-9*]+\s*\]")
_QUOTED = re.compile(r"'[^']*'")
_TRUTH_CALL = re.compile(r"\b(?:contains|startswith|endswith)\([^()]*\)")
_COMPARED_AFTER = re.compile(r"\s*[!=]=")
_COMPARED_BEFORE = re.compile(r"[!=]=\s*\Z")


@dataclass(frozen=True, slots=True)
class TextNode:
    """A scalar as written: `on` stays `on`, and no word becomes a boolean or a number."""

    text: str
    line: int
    """The first line of the text, counted from 1."""
    keeps_lines: bool = False
    """Whether the text's lines are lines of the file."""

    def line_at(self, offset: int) -> int:
        """Return the file line of an offset in the text; the first line if the lines are folded."""
        return self.line + (self.text.count("\n", 0, offset) if self.keeps_lines else 0)


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, with its pairs in file order."""

    pairs: tuple[tuple["Node", "Node"], ...]
    line: int

    def get(self, key: str) -> "Node | None":
        """Return the first value of a key, or None."""
        return next((value for name, value in self.pairs if isinstance(name, TextNode) and name.text == key), None)

    def text(self, key: str) -> TextNode | None:
        """Return the first value of a key if it is text, or None."""
        value = self.get(key)
        return value if isinstance(value, TextNode) else None

    def map(self, key: str) -> "MapNode":
        """Return the first value of a key if it is a mapping, or an empty one."""
        value = self.get(key)
        return value if isinstance(value, MapNode) else MapNode((), self.line)


Node = TextNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file of a repository."""

    path: str
    """Its path in the repository."""
    text: str
    """Its full text, including comments; empty if it was not read."""
    root: MapNode | None
    """None if it could not be read as a workflow."""
    problem: str = ""
    """Why it could not, in our own words."""


@dataclass(frozen=True, slots=True)
class ContextReference:
    """A context that an expression refers to."""

    path: tuple[str, ...]
    """Its steps in lower case, such as `("github", "event", "issue", "title")`; an index is `*`."""
    is_compared: bool
    """Whether only the result of a comparison is used, not the value."""
    line: int


def references(node: TextNode) -> Iterator[ContextReference]:
    """Yield the references in the expressions of a text."""
    line, counted = node.line, 0
    for inner, offset in _expressions(node.text):
        if node.keeps_lines:
            line, counted = line + node.text.count("\n", counted, offset), offset
        plain = _ANY_INDEX.sub(".*", _TEXT_INDEX.sub(r".\1", inner.lower()))
        plain = _TRUTH_CALL.sub("", _QUOTED.sub("''", plain))
        for match in _REFERENCE.finditer(plain):
            is_compared = (
                _COMPARED_AFTER.match(plain, match.end()) is not None
                or _COMPARED_BEFORE.search(plain, max(0, match.start() - 40), match.start()) is not None
            )
            yield ContextReference(tuple(match.group().split(".")), is_compared, line)


def _expressions(text: str) -> Iterator[tuple[str, int]]:
    start = text.find("${{")
    while start >= 0:
        end = text.find("}}", start)
        if end < 0:
            return
        yield text[start + 3 : end], start
        start = text.find("${{", end)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a job."""

    node: MapNode

    @property
    def uses(self) -> TextNode | None:
        """The action that it runs."""
        return self.node.text("uses")

    @property
    def action(self) -> str:
        """The action's name in lower case, without its version; empty if the step runs none."""
        return self.uses.text.partition("@")[0].strip().lower() if self.uses is not None else ""

    @property
    def inputs(self) -> MapNode:
        """The action's inputs."""
        return self.node.map("with")

    @property
    def is_checkout(self) -> bool:
        """Whether it checks out a repository."""
        return self.action == "actions/checkout"

    @property
    def scripts(self) -> tuple[TextNode, ...]:
        """The texts that run as code after their expressions are filled in."""
        script = self.inputs.text("script") if self.action == "actions/github-script" else None
        return tuple(each for each in (self.node.text("run"), script) if each is not None)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a workflow."""

    node: MapNode
    line: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in order."""
        steps = self.node.get("steps")
        return (
            tuple(Step(each) for each in steps.items if isinstance(each, MapNode))
            if isinstance(steps, ListNode)
            else ()
        )


def jobs_of(root: MapNode) -> tuple[Job, ...]:
    """Return the jobs of a workflow, in order."""
    return tuple(Job(value, key.line) for key, value in root.map("jobs").pairs if isinstance(value, MapNode))


def triggers_of(root: MapNode) -> frozenset[str]:
    """Return the names of the events that start a workflow."""
    match root.get("on"):
        case TextNode(text=text):
            return frozenset({text})
        case ListNode(items=items):
            return frozenset(each.text for each in items if isinstance(each, TextNode))
        case MapNode(pairs=pairs):
            return frozenset(key.text for key, _ in pairs if isinstance(key, TextNode))
        case _:
            return frozenset()
