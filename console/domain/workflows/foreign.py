"""A pull request's code in a job with the repository's token and secrets: checkouts, fetches and artifacts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from console.domain.finding import Severity
from console.domain.workflows.action_output import downloads_artifact
from console.domain.workflows.fetch import FetchedUse, fetched_use, fetches
from console.domain.workflows.flow import Flow, Place
from console.domain.workflows.guard import (
    BY_DISPATCH,
    BY_READ_ONLY,
    BY_REVIEW_EVENT,
    BY_STEP,
    Access,
    Guards,
    Way,
    narrowest,
)
from console.domain.workflows.permissions import may_write, names_secret
from console.domain.workflows.rule import (
    CALLED_CODE,
    FOREIGN_ARTIFACT,
    FOREIGN_CODE,
    FOREIGN_FILES,
    UNFOLLOWED_CODE,
    Rule,
    Spot,
    guarded,
)
from console.domain.workflows.value import CODE, OUTSIDE_EVENTS, OWN_EVENTS, REVIEW_EVENTS, UNFOLLOWED, Kinds
from console.domain.workflows.workflow import Job, Step, TextNode

ONLY_COMPARED = "to compare it with git: no step puts it into the working directory"
_REF_INPUT = re.compile(r"ref|sha|commit|branch|head|checkout|repo", re.IGNORECASE)
_CHECKS_OUT = re.compile(r"checkout|clone", re.IGNORECASE)


_HARMLESS_IF_EMPTY = OWN_EVENTS | REVIEW_EVENTS | {"workflow_call"}
"""Events for which a job that holds nothing is left alone: they share no cache that an outsider could fill."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """Something that a step takes to the runner."""

    line: int
    kinds: Kinds
    is_fetched: bool = False
    """Whether a command of a script takes it."""
    is_checked: bool = False
    """Whether the script decides by who asks before."""


@dataclass(slots=True)
class _Work:
    """A job of a started workflow, with what it holds."""

    flow: Flow
    guards: Guards
    job: Job
    is_held: bool
    """Whether it holds a secret or a token that can write."""

    @classmethod
    def of(cls, flow: Flow, guards: Guards, job: Job) -> "_Work":
        """Return a job with what it holds."""
        return cls(flow, guards, job, names_secret(flow, job) or may_write(flow, job))

    def way_to(self, step: int) -> Way:
        """Return who reaches a step, with what limits the job whatever its conditions say."""
        way = self.guards.way_to(Place(self.job, step))
        if not self.is_held:
            return narrowest(BY_READ_ONLY, way)
        event = self.flow.start.event
        if event == "workflow_dispatch":
            return narrowest(BY_DISPATCH, way)
        return narrowest(BY_REVIEW_EVENT, way) if event in REVIEW_EVENTS else way

    def weighed(self, rule: Rule, step: int) -> Rule | None:
        """Return a rule as it applies at a step: as it is, as a warning that names a check, or not at all."""
        way = self.way_to(step)
        if way.access is Access.NO_ONE:
            return None
        event = self.flow.start.event
        if not self.is_held and (rule.severity is not Severity.FAIL or event in _HARMLESS_IF_EMPTY):
            return None
        if rule.severity is not Severity.FAIL:
            return None if event in OWN_EVENTS and rule is UNFOLLOWED_CODE else rule
        if event == "workflow_call":
            return CALLED_CODE
        return guarded(rule, way.check) if way.access is Access.TRUSTED else rule


def foreign_code(flow: Flow, guards: Guards) -> Iterator[tuple[Rule, Spot]]:
    """Yield where a start of a workflow takes a pull request's code, or what could not be followed, and how bad it is.

    A condition that no outsider gets past is silent, one with a check makes a warning that names the check.
    """
    event = flow.start.event
    if event not in OUTSIDE_EVENTS | OWN_EVENTS and event != "workflow_call":
        return
    for job in flow.jobs.values():
        work = _Work.of(flow, guards, job)
        hits = [*_of_steps(work), *_of_call(work)]
        hits += _of_artifacts(work) if event == "workflow_run" else []
        for rule, spot in hits:
            weighed = work.weighed(rule, spot.step - 1)
            if weighed is not None:
                yield weighed, spot


def _of_steps(work: _Work) -> Iterator[tuple[Rule, Spot]]:
    steps = work.job.steps
    uses = [fetched_use([script.text for script in step.scripts]) for step in steps]
    later = list(accumulate(reversed(uses), max, initial=FetchedUse.NONE))[:0:-1]
    for at, step in enumerate(steps):
        for taken in _taken_by(work.flow, Place(work.job, at), step):
            unfollowed = CALLED_CODE if work.flow.start.event == "workflow_call" else UNFOLLOWED_CODE
            rule = FOREIGN_CODE if taken.kinds & CODE else unfollowed
            if rule is FOREIGN_CODE and work.way_to(at).access is Access.ANYONE:
                if taken.is_checked:
                    rule = guarded(rule, BY_STEP.check)
                elif taken.is_fetched and later[at] is FetchedUse.COMPARED:
                    rule = guarded(rule, ONLY_COMPARED)
            yield rule, Spot(taken.line, work.job.id, at + 1)


def _taken_by(flow: Flow, place: Place, step: Step) -> Iterator[_Taken]:
    inside = flow.action_at(place)
    if inside is not None:
        for job in inside.jobs.values():
            for at, each in enumerate(job.steps):
                for taken in _taken_by(inside, Place(job, at), each):
                    yield replace(taken, line=step.node.line, is_fetched=False)
        return
    if step.is_checkout or _CHECKS_OUT.search(step.action) is not None:
        for name in ("ref", "repository"):
            node = step.inputs.text(name)
            if node is not None:
                yield from _taken(node, flow.of_text(node.text, place) & (CODE | UNFOLLOWED))
    elif step.action:
        for key, value in step.inputs.pairs:
            if isinstance(key, TextNode) and isinstance(value, TextNode) and key.text.strip().lower() == "ref":
                kinds = flow.of_text(value.text, place) & (CODE | UNFOLLOWED)
                yield from _taken(value, UNFOLLOWED if kinds else kinds)
    script = flow.script_at(place)
    if script is None:
        return
    for fetch in fetches(script):
        yield _Taken(step.scripts[0].line_at(fetch.offset), fetch.kinds, is_fetched=True, is_checked=fetch.is_checked)


def _taken(node: TextNode, kinds: Kinds) -> Iterator[_Taken]:
    if kinds:
        yield _Taken(node.line, kinds)


def _of_artifacts(work: _Work) -> Iterator[tuple[Rule, Spot]]:
    folders: list[str] = []
    for at, step in enumerate(work.job.steps):
        if downloads_artifact(step):
            folder = step.inputs.text("path")
            if folder is not None:
                folders.append(folder.text.strip().removeprefix("./").rstrip("/"))
            yield FOREIGN_ARTIFACT, Spot(step.node.line, work.job.id, at + 1)
        for script in step.scripts:
            for each in folders[:8]:
                if (line := _executed_line(script, step, each)) is not None:
                    yield FOREIGN_FILES, Spot(line, work.job.id, at + 1)


_RUNNERS = (
    r"(?:bash|sh|zsh|source|\.|node|python3?|ruby|perl|php|deno\s+run|chmod\s+\S+|cd|pushd|make\s+-C|npm\s+--prefix"
    r"|pip3?\s+install|npm\s+(?:i|ci|install|exec))"
)


def _executed_line(script: TextNode, step: Step, folder: str) -> int | None:
    """Return the line of a script that seems to execute something in a folder; None if none does."""
    if not folder or folder == ".":
        return None
    where = step.node.text("working-directory")
    if where is not None and where.text.strip().removeprefix("./").rstrip("/") == folder:
        return script.line
    name = r"[\"']?(?:\./)?" + re.escape(folder)
    command = re.compile(rf"(?:^|[\s;&|(]){_RUNNERS}\s{{1,8}}{name}(?:/|[\s\"';]|$)", re.MULTILINE)
    direct = re.compile(rf"(?:^|[;&|]|\bthen\s|\bdo\s)[ \t]{{0,40}}{name}/", re.MULTILINE)
    match = command.search(script.text) or direct.search(script.text)
    return script.line_at(match.start() + 1) if match is not None else None


def _of_call(work: _Work) -> Iterator[tuple[Rule, Spot]]:
    """Yield where a workflow that could not be read is given a pull request's commit."""
    uses = work.job.node.text("uses")
    if uses is None or work.flow.repository.called(uses.text) is not None:
        return
    for key, value in work.job.node.map("with").pairs:
        if isinstance(key, TextNode) and isinstance(value, TextNode) and _REF_INPUT.search(key.text) is not None:
            kinds = work.flow.of_text(value.text, Place(work.job, -1))
            if kinds & (CODE | UNFOLLOWED):
                yield UNFOLLOWED_CODE, Spot(value.line, work.job.id)
