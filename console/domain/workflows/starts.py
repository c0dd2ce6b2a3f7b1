"""How a workflow may be started: by its events, and by the workflows of the repository that call it."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from console.domain.workflows.flow import Flow, Start
from console.domain.workflows.workflow import Workflow, jobs_of, triggers_of

CALL_DEPTH_LIMIT = 4
"""How many calls in a row are followed; GitHub allows a few more."""

START_LIMIT = 60
"""How many starts of one workflow are followed."""

OUTSIDE_EVENTS = frozenset(
    {
        "pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment",
        "pull_request_review", "pull_request_review_comment", "check_run", "check_suite", "status", "fork", "watch",
        "repository_dispatch", "gollum", "pull_request_comment", "commit_comment",
    }
)  # fmt: skip
"""Events that an outsider can cause and that run with the repository's own token and secrets.

A review of a fork's pull request gets no secrets; a guard says so. `repository_dispatch` is caused by someone who may
write, but what it passes on is often an outsider's.
"""

REVIEW_EVENTS = frozenset({"pull_request_review", "pull_request_review_comment"})


def flows_of(workflow: Workflow, others: Sequence[Workflow] = ()) -> tuple[Flow, ...]:
    """Return a workflow's values for each of its starts; an unknown caller is the event `workflow_call`."""
    flows = []
    for flow in _flows(workflow, others, 0):
        flows.append(flow)
        if len(flows) >= START_LIMIT:
            break
    return tuple(flows)


def _flows(workflow: Workflow, others: Sequence[Workflow], depth: int) -> Iterator[Flow]:
    root = workflow.root
    if root is None:
        return
    triggers = triggers_of(root)
    for event in sorted(triggers - {"workflow_call"}):
        yield Flow(workflow, root, Start(event))
    if "workflow_call" not in triggers:
        return
    is_called = False
    for other in others if depth < CALL_DEPTH_LIMIT else ():
        if other.root is None or other.path == workflow.path:
            continue
        for job in jobs_of(other.root):
            uses = job.node.text("uses")
            if uses is not None and is_local_call(uses.text, workflow.path):
                for caller in _flows(other, others, depth + 1):
                    is_called = True
                    yield Flow(workflow, root, Start(caller.start.event, caller, job))
    if not is_called:
        yield Flow(workflow, root, Start("workflow_call"))


def is_local_call(uses: str, path: str) -> bool:
    """Return whether a job's `uses:` names a workflow of the same repository by its path."""
    name = uses.strip()
    return name.startswith("./") and PurePosixPath(name.partition("@")[0]) == PurePosixPath(path)
