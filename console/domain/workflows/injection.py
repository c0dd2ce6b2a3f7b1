"""Text that anyone can choose, inserted into a script or into an agent's prompt."""

import re
from collections.abc import Iterator

from console.domain.workflows.expression import expressions_in
from console.domain.workflows.flow import Flow, Place
from console.domain.workflows.guard import Access, Guards
from console.domain.workflows.permissions import may_write, names_secret
from console.domain.workflows.rule import PROMPT_INJECTION, SCRIPT_INJECTION, UNFOLLOWED_TEXT, Rule, Spot, guarded
from console.domain.workflows.value import OUTSIDE_EVENTS, TEXTS, Kind
from console.domain.workflows.workflow import Step, TextNode

_PROMPT = re.compile(r"prompt|instruction", re.IGNORECASE)


def prompts_of(step: Step) -> Iterator[TextNode]:
    """Yield the texts that a step gives to a model as instructions: the inputs of actions that say so by their name."""
    if step.action:
        for key, value in step.inputs.pairs:
            if isinstance(key, TextNode) and isinstance(value, TextNode) and _PROMPT.search(key.text) is not None:
                yield value


def injections(flow: Flow, guards: Guards) -> Iterator[tuple[Rule, Spot]]:
    """Yield where a start of a workflow inserts text that anyone can choose, or that could not be followed."""
    is_outside = flow.start.event in OUTSIDE_EVENTS
    for job in flow.jobs.values():
        is_held = is_outside and (names_secret(flow, job) or may_write(flow, job))
        for at, step in enumerate(job.steps):
            place = Place(job, at)
            for rule, line in _inserted(flow, place, step):
                way = guards.way_to(place)
                if way.access is Access.NO_ONE or (rule is UNFOLLOWED_TEXT and not is_held):
                    continue
                is_checked = way.access is Access.TRUSTED and rule is not UNFOLLOWED_TEXT
                yield (guarded(rule, way.check) if is_checked else rule), Spot(line, job.id, at + 1)


def _inserted(flow: Flow, place: Place, step: Step) -> Iterator[tuple[Rule, int]]:
    inside = flow.action_at(place)
    if inside is not None:
        for job in inside.jobs.values():
            for at, each in enumerate(job.steps):
                yield from ((rule, step.node.line) for rule, _ in _inserted(inside, Place(job, at), each))
        return
    inserted = [(SCRIPT_INJECTION, node) for node in step.scripts]
    inserted += [(PROMPT_INJECTION, node) for node in prompts_of(step)]
    for rule, node in inserted:
        for expression, line in expressions_in(node):
            kinds = flow.of_parsed(expression, place)
            if kinds & TEXTS:
                yield rule, line
            elif Kind.UNKNOWN in kinds:
                yield UNFOLLOWED_TEXT, line
