"""A new run on the screen: its task, and what the demo offers: a form filled from a prepared task, and a scenario."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.services.demo.place import make_sample, sample_repository
from console.services.demo.story import SCENARIOS_PROFILE, PreparedTask, Story, story
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from console.app.runs.form import RunForm, WriterChoice
    from console.domain.routes.route_key import RouteKey
    from console.services.config.settings import Profile
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
    from console.services.run.beginning import TASK_LIMIT, BeginError

    if not form.task_file.strip():
        return form.task.encode()
    if form.task.strip():
        raise BeginError("a task and a task file are both given; clear one of the two")
    return _read(form.task_file, "task", TASK_LIMIT)


def draft_of(form: "RunForm") -> bytes | None:
    """Return the draft that someone else made; None if the run makes its drafts. Raises `BeginError`."""
    from console.services.run.beginning import BeginError

    if form.draft_file.strip():
        if form.writer:
            raise BeginError("a draft that is made already needs no writer; clear its file, or choose the route")
        return read_draft(form.draft_file)
    if form.made_by.strip():
        raise BeginError("who made the draft is named, but not the draft's file; name it, or clear the line")
    return None


def read_draft(typed: str) -> bytes:
    """Read a draft from a path as it was typed. Raises `BeginError` if it cannot be read."""
    from console.domain.artifacts.artifact import SIZE_LIMIT_BYTES

    return _read(typed, "draft", SIZE_LIMIT_BYTES)


def _read(typed: str, what: str, limit: int) -> bytes:
    """Read at most one byte more than a limit."""
    from console.domain.text.safe import safe
    from console.services.run.beginning import BeginError
    from console.services.system.directories import absolute

    path = absolute(Path(typed.strip()))
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        shown = safe(str(path), limit=200)
        raise BeginError(f"the {what} {shown} cannot be read: {os_reason(error)}") from None


def writers(profile: "Profile", environment: Mapping[str, str]) -> tuple["WriterChoice", ...]:
    """Return who could write the drafts of a run: the route's model, each agent that is known to write, a command.

    An agent works on the first of the writer's routes whose family it speaks. One that is not installed, or that speaks
    none of them, says so, and is last.
    """
    from console.app.runs.form import WriterChoice
    from console.domain.routes.role import Role
    from console.domain.run.agent_event import OWN_COMMAND
    from console.services.coding_agent.choice import AgentError, find_agent, writing_agents

    route = profile.table.get(Role.WRITER)
    if route is None:
        return (WriterChoice("", "no one: the profile has no route for writer"),)
    found = [WriterChoice("", f"the route's model, {route.model}")]
    named = [(each.id, each.name) for each in writing_agents()]
    if profile.agent.command:
        named.append((OWN_COMMAND, "your own command, agent.command of the profile"))
    others = [each for each in profile.table if each.role is Role.WRITER and each.name]
    for id_, words in named:
        why_not = ""
        for each in (route, *others):
            try:
                find_agent(id_, profile.agent.command, each, environment)
            except AgentError as error:
                why_not = why_not or str(error)
                continue
            key = str(each.key) if each.name else ""
            found.append(WriterChoice(id_, f"{words}, a coding agent on {key and f'{key}, '}{each.model}", key))
            break
        else:
            found.append(WriterChoice(id_, f"{words}: not possible here", why_not=why_not))
    return tuple(sorted(found, key=lambda each: bool(each.why_not)))


def _from_home(path: Path, environment: Mapping[str, str]) -> str:
    """Return a path as an operator writes it, from the home directory on."""
    home = environment.get("HOME", "")
    inside = path.is_absolute() and home.startswith("/") and path.is_relative_to(home)
    return f"~/{path.relative_to(home)}" if inside and Path(home) == Path.home() else str(path)
