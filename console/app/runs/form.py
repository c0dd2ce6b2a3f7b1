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
