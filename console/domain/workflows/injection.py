"""Text that anyone can choose, inserted into a script or into an agent's prompt."""

import re
from collections.abc import Iterator

from console.domain.workflows.expression import expressions_in
from console.domain.workflows.flow import Flow, Place
from console.domain.workflows.guard import Access, Guards
from console.domain.workflows.permissions import may_write, names_secret
from console.domain.workflows.rule import (
    CALLED_TEXT,
    PROMPT_INJECTION,
    SCRIPT_INJECTION,
    UNFOLLOWED_TEXT,
    UNREAD_TEXT,
    Rule,
    Spot,
    guarded,
)
from console.domain.workflows.unread import unread_calls
from console.domain.workflows.value import OUTSIDE_EVENTS, TEXTS, Kind
from console.domain.workflows.workflow import Job, Step, TextNode

_PROMPT = re.compile(r"prompt|instruction|(?:^|[_-])arg(?:s|uments)$", re.IGNORECASE)
_CODE = re.compile(r".*(?:script|commands?|cmd)|run", re.IGNORECASE)
"""Inputs that an action executes, as `script` of one that uses SSH and `command` of one that tries again."""


def injections(flow: Flow, guards: Guards) -> Iterator[tuple[Rule, Spot]]:
    """Yield where a start of a workflow inserts text that anyone can choose, or that could not be followed."""
    is_outside = flow.start.event in OUTSIDE_EVENTS
    for job in flow.jobs.values():
        is_held = is_outside and (names_secret(flow, job) or may_write(flow, job))
        hits = [(rule, Spot(line, job.id, at + 1)) for at in range(len(job.steps)) for rule, line in _at(flow, job, at)]
        hits += _given_to_unread(flow, job)
        for rule, spot in hits:
            way = guards.way_to(Place(job, spot.step - 1))
            if way.access is Access.NO_ONE or (rule in (UNFOLLOWED_TEXT, UNREAD_TEXT) and not is_held):
                continue
            is_checked = way.access is Access.TRUSTED and bool(rule.claim)
            yield (guarded(rule, way.check) if is_checked else rule), spot


def _at(flow: Flow, job: Job, at: int) -> Iterator[tuple[Rule, int]]:
    place, step = Place(job, at), job.steps[at]
    inside = flow.action_at(place)
    if inside is not None:
        for each in inside.jobs.values():
            for inner in range(len(each.steps)):
                yield from ((rule, step.node.line) for rule, _ in _at(inside, each, inner))
        return
    for rule, node in _texts_of(step):
        for expression, line in expressions_in(node):
            kinds = flow.of_parsed(expression, place)
            if kinds & TEXTS:
                yield rule, line
            elif Kind.UNKNOWN in kinds:
                yield CALLED_TEXT if flow.start.event == "workflow_call" else UNFOLLOWED_TEXT, line


def _texts_of(step: Step) -> Iterator[tuple[Rule, TextNode]]:
    """Yield the texts of a step that are executed, and those that an agent is told, each with its rule.

    An action's inputs say by their names what they are.
    """
    yield from ((SCRIPT_INJECTION, script) for script in step.scripts)
    if not step.action or step.action.startswith("./"):
        return
    for key, value in step.inputs.pairs:
        if isinstance(key, TextNode) and isinstance(value, TextNode):
            if _CODE.fullmatch(key.text.strip()) is not None:
                yield SCRIPT_INJECTION, value
            elif _PROMPT.search(key.text) is not None:
                yield PROMPT_INJECTION, value


def _given_to_unread(flow: Flow, job: Job) -> Iterator[tuple[Rule, Spot]]:
    for at in range(-1, len(job.steps)):
        for call in unread_calls(flow, Place(job, at)):
            if call.given & TEXTS:
                yield UNREAD_TEXT, Spot(call.line, job.id, at + 1)
