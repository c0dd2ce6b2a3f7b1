"""How a workflow may be started: by its events, and by the workflows of the repository that call it."""

from collections.abc import Iterator
from itertools import islice

from console.domain.workflows.flow import CALL_DEPTH_LIMIT, Flow, Start
from console.domain.workflows.workflow import Repository, Workflow, jobs_of, triggers_of

START_LIMIT = 60
"""How many starts of one workflow are followed."""


def flows_of(workflow: Workflow, repository: Repository) -> tuple[Flow, ...]:
    """Return a workflow's values for each of its starts; an unknown caller is the event `workflow_call`."""
    return tuple(islice(_flows(workflow, repository, 0), START_LIMIT))


def _flows(workflow: Workflow, repository: Repository, depth: int) -> Iterator[Flow]:
    root = workflow.root
    if root is None:
        return
    triggers = triggers_of(root)
    for event in sorted(triggers - {"workflow_call"}):
        yield Flow(workflow, root, Start(event), repository)
    if "workflow_call" not in triggers:
        return
    is_called = False
    for other in repository.workflows if depth < CALL_DEPTH_LIMIT else ():
        for job in jobs_of(other.root) if other.root is not None and other.path != workflow.path else ():
            uses = job.node.text("uses")
            called = repository.called(uses.text) if uses is not None else None
            if called is not None and called.path == workflow.path:
                for caller in _flows(other, repository, depth + 1):
                    is_called = True
                    yield Flow(workflow, root, Start(caller.start.event, caller, job), repository)
    if not is_called:
        yield Flow(workflow, root, Start("workflow_call"), repository)
