"""Workflow files: untrusted input from a repository, read and parsed within limits."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.domain.text.safe import safe
from console.domain.workflows.workflow import ListNode, MapNode, Node, TextNode, Workflow, local_actions_of
from console.services.system.os_reason import os_reason

FOLDER = Path(".github", "workflows")

FILE_COUNT_LIMIT = 100
"""The most workflows to read from one repository."""

ACTION_COUNT_LIMIT = 50
"""The most local actions to read from one repository; what uses another one cannot be followed."""

FILE_SIZE_LIMIT = 512 * 1024
"""The most bytes of a workflow; real ones have a tenth of that."""

NODE_LIMIT = 50_000
"""The most nodes of a workflow; an alias counts with all its nodes."""

DEPTH_LIMIT = 64
"""The deepest nesting; the parser's time grows with its square."""


class WorkflowError(Exception):
    """A workflow cannot be read; the message says why, in our own words."""


def read_workflows(repository: Path) -> tuple[Workflow, ...]:
    """Read the workflows of a repository, sorted by name; one that cannot be read says why.

    Raises:
        OSError: The folder of workflows cannot be listed.

    """
    root = repository.resolve()
    folder = root / FOLDER
    if not folder.is_dir():
        return ()
    if not folder.resolve().is_relative_to(root):
        return (_unread(FOLDER.as_posix(), "the folder is a link that leaves the repository"),)
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name.lower().endswith((".yml", ".yaml")))
    workflows = [_read(root, FOLDER / name) for name in names[:FILE_COUNT_LIMIT]]
    if len(names) > FILE_COUNT_LIMIT:
        problem = f"only {FILE_COUNT_LIMIT} of the {len(names)} workflows are read"
        workflows.append(_unread(FOLDER.as_posix(), problem))
    return tuple(workflows)


def read_actions(repository: Path, workflows: Sequence[Workflow]) -> tuple[Workflow, ...]:
    """Read the local actions that workflows use, and those that these use; one that cannot be read is left out."""
    root = repository.resolve()
    waiting = sorted({uses for each in workflows if each.root is not None for uses in local_actions_of(each.root)})
    found: dict[str, Workflow] = {}
    seen: set[str] = set()
    while waiting and len(seen) < ACTION_COUNT_LIMIT:
        folder = waiting.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        for name in ("action.yml", "action.yaml"):
            action = _read(root, Path(folder, name))
            if action.root is not None:
                found[folder] = action
                waiting += sorted(set(local_actions_of(action.root)) - seen)
                break
    return tuple(found.values())


def _read(root: Path, name: Path) -> Workflow:
    path = safe(name.as_posix(), limit=200)
    try:
        data = _bytes_of(root, root / name)
    except WorkflowError as error:
        return _unread(path, str(error))
    except OSError as error:
        return _unread(path, os_reason(error))
    text = data.decode("utf-8-sig", errors="replace")
    try:
        return Workflow(path, text, parse_workflow(data))
    except WorkflowError as error:
        return Workflow(path, text, None, str(error))


def _unread(path: str, problem: str) -> Workflow:
    return Workflow(path, "", None, problem)


def _bytes_of(root: Path, path: Path) -> bytes:
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        raise WorkflowError("it is a link that leaves the repository")
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WorkflowError("it is not a regular file")
        data = file.read(FILE_SIZE_LIMIT + 1)
    if len(data) > FILE_SIZE_LIMIT:
        raise WorkflowError(f"it is larger than {FILE_SIZE_LIMIT // 1024} kB")
    return data


def parse_workflow(data: bytes) -> MapNode:
    """Parse a workflow.

    The nodes are built from the parser's events: a scalar stays as it is written, so that YAML 1.1 does not read `on`
    as a boolean; each node has its line; and the limits apply before a hostile file costs anything.

    Raises:
        WorkflowError: It is not YAML, exceeds the limits, or is not a mapping.

    """
    import yaml

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WorkflowError("it is not UTF-8") from None
    if "\0" in text:
        raise WorkflowError("it contains a NUL character")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = _Tree().grow(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise WorkflowError("it is not YAML" + (f", see line {mark.line + 1}" if mark is not None else "")) from None
    if not isinstance(root, MapNode):
        raise WorkflowError("it is not a mapping")
    return root


class _Tree:
    """A tree of nodes that grows event by event; an alias is the node that it names, and counts with all its nodes."""

    def __init__(self) -> None:
        self._open: list[tuple[Any, list[Node], int]] = []
        self._anchored: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._root: Node | None = None

    def grow(self, events: Any) -> Node | None:
        """Take all events of the first document and return its root; None if it is empty."""
        import yaml

        for event in events:
            match event:
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    if len(self._open) >= DEPTH_LIMIT:
                        raise WorkflowError(f"it is nested deeper than {DEPTH_LIMIT}")
                    self._count_in(1)
                    self._open.append((event, [], self._count))
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    start, children, before = self._open.pop()
                    self._place(_branch(start, children), start.anchor, 1 + self._count - before)
                case yaml.ScalarEvent():
                    self._count_in(1)
                    self._place(_leaf(event), event.anchor, 1)
                case yaml.AliasEvent():
                    if event.anchor not in self._anchored:
                        raise WorkflowError("it refers to an anchor that does not exist, or to itself")
                    node, size = self._anchored[event.anchor]
                    self._count_in(size)
                    self._place(node, None, size)
                case yaml.DocumentEndEvent():
                    break
                case _:
                    pass
        return self._root

    def _count_in(self, nodes: int) -> None:
        self._count += nodes
        if self._count > NODE_LIMIT:
            raise WorkflowError(f"it has more than {NODE_LIMIT} nodes, aliases counted in full")

    def _place(self, node: Node, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._anchored[anchor] = (node, size)
        if self._open:
            self._open[-1][1].append(node)
        else:
            self._root = node


def _branch(start: Any, children: list[Node]) -> Node:
    import yaml

    line = start.start_mark.line + 1
    if isinstance(start, yaml.SequenceStartEvent):
        return ListNode(tuple(children), line)
    return MapNode(tuple(zip(children[::2], children[1::2], strict=True)), line)


def _leaf(event: Any) -> TextNode:
    is_block = event.style in ("|", ">")
    return TextNode(event.value, event.start_mark.line + 1 + is_block, keeps_lines=event.style == "|")
