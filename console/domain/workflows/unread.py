"""Calls that cannot be followed: a local action or a called workflow whose steps could not be read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from console.domain.workflows.flow import Flow, Place, texts_in
from console.domain.workflows.value import Kind, Kinds
from console.domain.workflows.workflow import MapNode


@dataclass(frozen=True, slots=True)
class UnreadCall:
    """A call of something whose steps could not be read."""

    line: int
    step: int
    """The index of the step; -1 if a job calls a workflow."""
    given: Kinds
    """What its inputs may hold."""
    is_missing: bool
    """Whether not even its file could be read; an action that is a program has a file."""


def unread_calls(flow: Flow, place: Place) -> Iterator[UnreadCall]:
    """Yield the calls at a step, or of a job, that cannot be followed, those inside an action that was read too."""
    inside = flow.action_at(place) if place.step >= 0 else None
    if inside is not None:
        line = place.job.steps[place.step].node.line
        for job in inside.jobs.values():
            for at in range(len(job.steps)):
                for call in unread_calls(inside, Place(job, at)):
                    yield replace(call, line=line, step=place.step)
        return
    node = place.job.node if place.step < 0 else place.job.steps[place.step].node
    uses = node.text("uses")
    name = "" if uses is None else uses.text.strip()
    if uses is None or (place.step >= 0 and not name.startswith("./")):
        return
    if place.step < 0 and flow.repository.called(name) is not None:
        return
    is_missing = place.step < 0 or flow.is_action_missing(place)
    yield UnreadCall(uses.line, place.step, _given(flow, place, node.map("with")), is_missing)


def _given(flow: Flow, place: Place, inputs: MapNode) -> Kinds:
    kinds: set[Kind] = set()
    for text in texts_in(inputs):
        kinds |= flow.of_text(text.text, place)
    return frozenset(kinds)
