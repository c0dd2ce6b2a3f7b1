"""What an action leaves behind that is not a file of the repository: its outputs, and another run's artifacts."""

import re
from collections.abc import Mapping
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.workflows.value import NOTHING, UNFOLLOWED, Kind, Kinds, is_named_files, is_named_head
from console.domain.workflows.workflow import Step, TextNode

_DOWNLOADS = re.compile(r"download-?artifact|download-workflow-artifact", re.IGNORECASE)
_DOWNLOADS_BY_HAND = re.compile(r"\bgh\s{1,8}run\s{1,8}download\b|\bdownloadArtifact\b|/actions/artifacts/")
_ASKS_FOR_PULL = re.compile(r"/pulls/|\bpullRequest\(")
_CHECKS = re.compile(r"permission|collaborator|membership|\bmembers?\b|is-?member|authoriz|trusted", re.IGNORECASE)


def action_output_kinds(step: Step, name: str) -> Kinds:
    """Return what an output of an action may hold: from the facts, or from what its name and its inputs say."""
    fact = known_outputs().get(step.action)
    if fact is not None:
        return fact.get(name, fact.get("*", NOTHING))
    kinds = set(UNFOLLOWED)
    if _CHECKS.search(step.action) is not None:
        kinds.add(Kind.CHECKED)
    if is_named_head(name):
        kinds.add(Kind.HEAD)
    if is_named_files(name):
        kinds.add(Kind.TEXT)
    if any(isinstance(value, TextNode) and _ASKS_FOR_PULL.search(value.text) for _, value in step.inputs.pairs):
        kinds |= {Kind.PULL, Kind.TEXT}
    return frozenset(kinds)


@cache
def known_outputs() -> Mapping[str, Mapping[str, Kinds]]:
    """Return what the outputs of well-known actions hold, read once from `facts/action_outputs.toml`."""
    known: dict[str, Mapping[str, Kinds]] = {}
    for row in load_facts("action_outputs")["action"]:
        outputs = {name: frozenset(map(Kind, kinds)) for name, kinds in row["outputs"].items()}
        known.update(dict.fromkeys(row["names"], outputs))
    return known


def downloads_artifact(step: Step) -> bool:
    """Return whether a step downloads artifacts of another run."""
    if _DOWNLOADS.search(step.action) is not None:
        if step.action == "actions/download-artifact":
            return step.inputs.get("run-id") is not None
        return True
    return any(_DOWNLOADS_BY_HAND.search(each.text) is not None for each in step.scripts)
