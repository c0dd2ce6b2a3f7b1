"""A CI workflow as written in its file: nodes with lines, jobs, steps and triggers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath


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

    @property
    def name(self) -> str:
        """Its name, by which another workflow follows its runs: its path if it has none."""
        named = self.root.text("name") if self.root is not None else None
        return self.path if named is None else named.text


@dataclass(frozen=True, slots=True)
class Repository:
    """What a workflow may use from its own repository."""

    workflows: tuple[Workflow, ...] = ()
    actions: tuple[Workflow, ...] = ()
    """The files of the local actions that were read."""

    def called(self, uses: str) -> Workflow | None:
        """Return the workflow that a job's `uses:` names by its path; None if it is not here or could not be read."""
        path = _local_path(uses)
        return next((each for each in self.workflows if each.path == path and each.root is not None), None)

    def action(self, uses: str) -> Workflow | None:
        """Return the action that a step's `uses:` names by its folder; None if it is not here or could not be read."""
        path = _local_path(uses)
        if path is None:
            return None
        found = (
            each for each in self.actions if (each.path.rpartition("/")[0] or ".") == path and each.root is not None
        )
        return next(found, None)


def _local_path(uses: str) -> str | None:
    name = uses.strip().partition("@")[0]
    return str(PurePosixPath(name)) if name.startswith("./") else None


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
    def id(self) -> str:
        """Its id in lower case, by which expressions name its outputs; empty if it has none."""
        node = self.node.text("id")
        return node.text.strip().lower() if node is not None else ""

    @property
    def is_javascript(self) -> bool:
        """Whether its script is JavaScript."""
        return self.action == "actions/github-script"

    @property
    def is_program(self) -> bool:
        """Whether its script is JavaScript or Python, and not a shell's."""
        shell = self.node.text("shell")
        return self.is_javascript or (shell is not None and shell.text.strip().startswith("python"))

    @property
    def scripts(self) -> tuple[TextNode, ...]:
        """The texts that run as code after their expressions are filled in."""
        script = self.inputs.text("script") if self.is_javascript else None
        return tuple(each for each in (self.node.text("run"), script) if each is not None)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a workflow."""

    id: str
    """Its key in the file."""
    node: MapNode
    line: int
    steps: tuple[Step, ...]
    """Its steps, in order."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of the jobs that it waits for."""
        return texts_of(self.node.get("needs"))


def jobs_of(root: MapNode) -> tuple[Job, ...]:
    """Return the jobs of a workflow, in order."""
    return tuple(
        Job(key.text if isinstance(key, TextNode) else "", value, key.line, _steps_of(value))
        for key, value in root.map("jobs").pairs
        if isinstance(value, MapNode)
    )


def composite_of(root: MapNode, name: str) -> Job | None:
    """Return the steps of a composite action as a job of a name; None if the file is not of one."""
    runs = root.map("runs")
    return Job(name, runs, runs.line, _steps_of(runs)) if runs.get("steps") is not None else None


def local_actions_of(root: MapNode) -> Iterator[str]:
    """Yield the folders of the local actions that a workflow or a composite action uses."""
    composite = composite_of(root, "")
    for job in (*jobs_of(root), *([composite] if composite is not None else [])):
        for step in job.steps:
            path = _local_path(step.uses.text) if step.uses is not None else None
            if path is not None:
                yield path


def _steps_of(job: MapNode) -> tuple[Step, ...]:
    """Return the steps of a job, those of a `parallel:` group one after the other."""
    steps: list[Step] = []
    for each in _maps_of(job.get("steps")):
        group = _maps_of(each.get("parallel"))
        steps += map(Step, group or [each])
    return tuple(steps)


def _maps_of(node: Node | None) -> list[MapNode]:
    return [each for each in node.items if isinstance(each, MapNode)] if isinstance(node, ListNode) else []


def texts_of(node: Node | None) -> tuple[str, ...]:
    """Return the texts of a text or of a list of texts."""
    match node:
        case TextNode(text=text):
            return (text,)
        case ListNode(items=items):
            return tuple(each.text for each in items if isinstance(each, TextNode))
        case _:
            return ()


def triggers_of(root: MapNode) -> frozenset[str]:
    """Return the names of the events that start a workflow."""
    on = root.get("on")
    if isinstance(on, MapNode):
        return frozenset(key.text for key, _ in on.pairs if isinstance(key, TextNode))
    return frozenset(texts_of(on))


def event_types_of(root: MapNode, event: str) -> frozenset[str]:
    """Return the activity types that an event is limited to; empty if it is not limited."""
    return frozenset(texts_of(root.map("on").map(event).get("types")))
