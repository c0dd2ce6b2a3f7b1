"""The form of a new run, as the operator left it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunForm:
    """The operator's input for a new run."""

    task: str = ""
    task_file: str = ""
    repository: str = ""
    kind: str = "patch"
    context: str = ""
    """Patterns, separated by spaces."""
    are_checks_confirmed: bool = False
    prepared: str = ""
    """The name of the demo's prepared task that the fields were filled from; empty for a task of one's own."""
    scenario: str = ""
    """The demo's scenario; empty for the profile's own routes."""
    writer: str = ""
    """The id of the coding agent that writes; empty for the writer's route."""
    writer_route: str = ""
    """The key of the route on which it works; empty for the writer's own."""
    draft_file: str = ""
    """The file of a draft that someone else made; empty if the run makes its drafts."""
    made_by: str = ""
    """Who made that draft."""


@dataclass(frozen=True, slots=True)
class WriterChoice:
    """Who could write the drafts of a new run."""

    id: str
    """As in `RunForm.writer`."""
    words: str
    route: str = ""
    """As in `RunForm.writer_route`."""
    why_not: str = ""
    """Why it cannot; empty if it can."""
