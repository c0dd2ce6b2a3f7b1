"""A new run on the screen: its task, and what the demo offers: a form filled from a prepared task, and a scenario."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.services.demo.place import make_sample, sample_repository
from console.services.demo.story import SCENARIOS_PROFILE, PreparedTask, Story, story
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from console.app.runs.form import RunForm
    from console.domain.routes.route_key import RouteKey
    from console.services.run.run_context import RunContext


def filled(form: "RunForm", task: PreparedTask, environment: Mapping[str, str]) -> "RunForm":
    """Return a form filled from a prepared task. Raises `PrivateFileError` without a state directory."""
    return replace(
        form,
        task=task.text.strip(),
        task_file="",
        repository=_from_home(sample_repository(environment), environment),
        kind=task.kind,
        context=" ".join(task.context),
        prepared=task.name,
        scenario=task.scenario,
    )


def offered() -> Story:
    """Return what the demo offers."""
    return story()


def in_scenario(context: "RunContext", name: str) -> "tuple[RunContext, tuple[RouteKey, ...]]":
    """Return the context and the routes of a run in a scenario; without a name, those of the session's profile."""
    from console.domain.routes.route_key import RouteKey
    from console.services.config.load import load_profile

    routes = story().scenario(name).routes if name else ()
    if not routes:
        return context, ()
    return replace(context, profile=load_profile(name=SCENARIOS_PROFILE)), tuple(RouteKey(each) for each in routes)


async def made_sample(directory: Path, environment: Mapping[str, str]) -> Path:
    """Return a directory, after the demo's sample repository was made if it is that. Raises as `make_sample` does."""
    if directory != sample_repository(environment):
        return directory
    return await make_sample(environment)


def task_of(form: "RunForm") -> bytes:
    """Return the task: the file's if one is named, else the typed one. Raises `BeginError`."""
    from console.domain.text.safe import safe
    from console.services.run.beginning import TASK_LIMIT, BeginError
    from console.services.system.directories import absolute

    if not form.task_file.strip():
        return form.task.encode()
    if form.task.strip():
        raise BeginError("a task and a task file are both given; clear one of the two")
    path = absolute(Path(form.task_file.strip()))
    try:
        with path.open("rb") as file:
            return file.read(TASK_LIMIT + 1)
    except OSError as error:
        shown = safe(str(path), limit=200)
        raise BeginError(f"the task {shown} cannot be read: {os_reason(error)}") from None


def _from_home(path: Path, environment: Mapping[str, str]) -> str:
    """Return a path as an operator writes it, from the home directory on."""
    home = environment.get("HOME", "")
    inside = path.is_absolute() and home.startswith("/") and path.is_relative_to(home)
    return f"~/{path.relative_to(home)}" if inside and Path(home) == Path.home() else str(path)
