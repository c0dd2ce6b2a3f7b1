"""Conditions of jobs and steps: whether an outsider's event gets past them, and if not, by which check."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from console.domain.workflows.expression import Binary, Call, Expression, Literal, Member, Not, Path, parse_condition
from console.domain.workflows.flow import Flow, Place
from console.domain.workflows.value import OWN_EVENTS, Kind, Kinds, is_in_payload
from console.domain.workflows.workflow import Job, MapNode, TextNode, event_types_of, texts_of, triggers_of

DEPTH_LIMIT = 20
"""How many jobs in a row are followed that wait for each other."""


class Access(IntEnum):
    """Who gets past a condition, for one event."""

    NO_ONE = 0
    """The condition is false for this event."""
    TRUSTED = 1
    """Only those whom a check accepts; the check itself is not proven."""
    ANYONE = 2
    """The condition does not look at who asks."""


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """Who gets past a condition, and which check decides it."""

    access: Access
    check: str = ""
    """The check, in our own words, after "only": `for …` or `if …`."""


CLOSED = Way(Access.NO_ONE)
OPEN = Way(Access.ANYONE)

_NOT_OUTSIDE = OWN_EVENTS | {"push", "release", "workflow_call"}
"""Events that no outsider can cause, or that only another of these events passes on."""
_ROLES = frozenset({"owner", "member", "collaborator"})
_WRITING = frozenset({"admin", "maintain", "write", "push", "true"})

BY_ASSOCIATION = Way(Access.TRUSTED, "for an author with a trusted author_association")
BY_NAME = Way(Access.TRUSTED, "for accounts that the workflow names")
BY_PERMISSION = Way(Access.TRUSTED, "for accounts whose permission is looked up")
BY_STEP = Way(Access.TRUSTED, "after a step that looks at who asks")
BY_REPOSITORY = Way(Access.TRUSTED, "for a branch of the repository itself, not for a fork")
BY_LABEL = Way(Access.TRUSTED, "if a label is set, which needs someone with triage access")
BY_ENVIRONMENT = Way(Access.TRUSTED, "in an environment, which may require a reviewer")
BY_MERGE = Way(Access.TRUSTED, "if the pull request was merged")
BY_REVIEW_EVENT = Way(Access.TRUSTED, "for a branch of the repository itself: a fork's review gets no secret")
BY_READ_ONLY = Way(Access.TRUSTED, "with a token that cannot write and without a secret that the job names")
BY_DISPATCH = Way(Access.TRUSTED, "when someone who may write to the repository starts it")
BY_UNREAD_ACTION = Way(Access.TRUSTED, "after an action that seems to look at who asks and could not be read")


@dataclass(slots=True)
class Guards:
    """The conditions of one workflow for one start."""

    flow: Flow
    _jobs: dict[str, Way] = field(default_factory=dict)
    _steps: dict[str, list[Way]] = field(default_factory=dict)
    _depth: int = 0

    def way_to(self, place: Place) -> Way:
        """Return who reaches a step of a job, or a job."""
        job = self._way_to_job(place.job)
        if place.step < 0:
            return job
        if place.job.id not in self._steps:
            self._steps[place.job.id] = list(self._ways_to_steps(place.job))
        return narrowest(job, self._steps[place.job.id][place.step])

    def _way_to_job(self, job: Job) -> Way:
        if job.id not in self._jobs:
            if self._depth >= DEPTH_LIMIT:
                return OPEN
            self._jobs[job.id] = OPEN  # a job that waits for itself never runs
            self._depth += 1
            self._jobs[job.id] = self._seen_way_to_job(job)
            self._depth -= 1
        return self._jobs[job.id]

    def _seen_way_to_job(self, job: Job) -> Way:
        ways = [self._way_of_start()]
        own = job.node.text("if")
        condition = parse_condition(own.text) if own is not None else None
        if condition is not None:
            ways.append(self.when(condition, Place(job, -1)))
        if job.node.get("environment") is not None:
            ways.append(BY_ENVIRONMENT)
        if condition is None or not _runs_anyway(condition):
            for job_id in job.needs[:40]:
                needed = self.flow.jobs.get(job_id.lower())
                if needed is not None:
                    ways += [self._way_to_job(needed), *self._aborting_ways(needed)]
        return narrowest(*ways)

    def _way_of_start(self) -> Way:
        start = self.flow.start
        if start.caller is not None and start.job is not None:
            return Guards(start.caller).way_to(Place(start.job, -1))
        if start.event == "workflow_run" and _follows_own_runs(self.flow):
            return CLOSED
        types = event_types_of(self.flow.root, start.event)
        if types and types <= {"labeled"}:
            return BY_LABEL
        return OPEN

    def _ways_to_steps(self, job: Job) -> Iterable[Way]:
        aborted: list[Way] = []
        for at, step in enumerate(job.steps):
            own = step.node.text("if")
            condition = parse_condition(own.text) if own is not None else None
            ways = [OPEN] if condition is None else [self.when(condition, Place(job, at))]
            if condition is None or not _runs_anyway(condition):
                ways += aborted
            yield narrowest(*ways)
            aborted = (
                [min([*aborted, *self._aborting_ways(job, [at])], key=_rank)]
                if aborted
                else list(self._aborting_ways(job, [at]))
            )

    def _aborting_ways(self, job: Job, places: Iterable[int] | None = None) -> list[Way]:
        """Return the checks of steps, of all by default, that fail for others, so that nothing after them runs."""
        ways = []
        for at in range(len(job.steps)) if places is None else places:
            step = job.steps[at]
            forgives = step.node.text("continue-on-error")
            if forgives is not None and forgives.text.strip().lower() != "false":
                continue
            script = self.flow.script_at(Place(job, at))
            own = step.node.text("if")
            if script is not None and script.aborts:
                if own is not None:
                    ways.append(self.when(parse_condition(own.text), Place(job, at), wanted=False))
                elif script.looks_who_asks:
                    ways.append(BY_STEP)
            elif script is None and own is None and _requires_permission(step.inputs):
                ways.append(BY_UNREAD_ACTION)
        return [each for each in ways if each.access is not Access.ANYONE]

    # --- Conditions --------------------------------------------------------------------------------------------------

    def when(self, condition: Expression, place: Place, *, wanted: bool = True) -> Way:
        """Return who can make a condition true, or false if that is wanted."""
        match condition:
            case Not(operand=operand):
                return self.when(operand, place, wanted=not wanted)
            case Binary(operator="&&" | "||" as operator, left=left, right=right):
                ways = (self.when(left, place, wanted=wanted), self.when(right, place, wanted=wanted))
                return (min if (operator == "&&") is wanted else max)(ways, key=_rank)
            case Binary(operator="==" | "!=" as operator, left=left, right=right):
                return self._when_equal(left, right, place, wanted=wanted is (operator == "=="))
            case Literal(text=text, is_text=is_text):
                is_true = bool(text) if is_text else text not in ("false", "null", "0", "nan")
                return OPEN if is_true is wanted else CLOSED
            case Call(name="contains", arguments=(held, item)):
                return self._when_contained(held, item, place, wanted=wanted)
            case Call(name="startswith", arguments=(Path(steps=steps), Literal(text=text))):
                is_own = steps == ("github", "event_name")
                return self._when_event(text, is_start=True, wanted=wanted) if is_own else OPEN
            case Call(name="failure" | "cancelled"):
                return OPEN
            case Call(name="fromjson" | "", arguments=(operand,)):
                return self.when(operand, place, wanted=wanted)
            case Member():
                return self._when_of(self._kinds(condition, place), wanted=wanted)
            case Path():
                return self._when_true(condition, place, wanted=wanted)
        return OPEN

    def _when_equal(self, left: Expression, right: Expression, place: Place, *, wanted: bool) -> Way:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right = right, left
        if isinstance(right, Literal):
            text = right.text.lower()
            if text in ("", "null", "false"):
                return self.when(left, place, wanted=not wanted)
            if isinstance(left, Path) and self._is_in_payload(left.steps) is False:
                return CLOSED if wanted else OPEN
            if (
                isinstance(left, Path)
                and (known := self._when_known(left.steps, text, place, wanted=wanted)) is not None
            ):
                return known
            if text == "true":
                return self.when(left, place, wanted=wanted)
        return self._when_same(self._kinds(left, place), right, self._kinds(right, place), wanted=wanted)

    def _when_known(self, steps: tuple[str, ...], text: str, place: Place, *, wanted: bool) -> Way | None:
        """Judge a comparison with a fixed text, where the context alone says what it means."""
        match steps:
            case ("github", "event_name"):
                return self._when_event(text, is_start=False, wanted=wanted)
            case ("needs", job_id, "result") if text == "success" and wanted:
                needed = self.flow.jobs.get(job_id)
                return OPEN if needed is None else narrowest(self._way_to_job(needed), *self._aborting_ways(needed))
            case ("steps", step_id, "outcome" | "conclusion") if text == "success" and wanted:
                earlier = [at for at in self.flow.steps_called(place.job, step_id) if at < place.step]
                return narrowest(OPEN, *self._aborting_ways(place.job, earlier))
            case ("github", "event", "workflow_run", "event"):
                is_outside = text.startswith("pull_request") or text in ("issue_comment", "issues")
                if wanted:
                    return OPEN if is_outside else CLOSED
                return BY_REPOSITORY if text == "pull_request" else OPEN
            case ("github", "event", "action"):
                return BY_LABEL if text == "labeled" and wanted else OPEN
            case ("github", "event", "label", "name"):
                return BY_LABEL if wanted else OPEN
            case ("github", "event", "pull_request", "user", "login"):
                return BY_NAME if wanted else OPEN  # its author never changes, whoever pushes or comments later
        return None

    def _when_event(self, text: str, *, is_start: bool, wanted: bool) -> Way:
        event = self.flow.start.event
        if event == "workflow_call":
            return OPEN
        is_so = event.startswith(text.lower()) if is_start else event == text.lower()
        return OPEN if is_so is wanted else CLOSED

    def _when_same(self, kinds: Kinds, other: Expression, others: Kinds, *, wanted: bool) -> Way:
        is_fixed = isinstance(other, Literal)
        text = other.text.lower() if isinstance(other, Literal) else ""
        both = kinds | others
        if Kind.HEAD_REPOSITORY in both and kinds != others:
            return BY_REPOSITORY if wanted else OPEN
        if Kind.ASSOCIATION in kinds and is_fixed:
            return BY_ASSOCIATION if wanted and text in _ROLES else OPEN
        if Kind.PERMISSION in kinds and is_fixed:
            return BY_PERMISSION if wanted and text in _WRITING else OPEN
        if Kind.ACTOR in both and kinds != others:
            return BY_NAME if wanted and not text.endswith("[bot]") else OPEN
        if Kind.CHECKED in kinds and wanted:
            return BY_STEP if Kind.UNKNOWN not in kinds else BY_UNREAD_ACTION
        return OPEN

    def _when_contained(self, held: Expression, item: Expression, place: Place, *, wanted: bool) -> Way:
        if not wanted:
            return OPEN
        kinds = self._kinds(item, place)
        listed = _fixed_list(held)
        if isinstance(item, Literal) and Kind.ASSOCIATION in self._kinds(held, place):
            return BY_ASSOCIATION if item.text.lower() in _ROLES else OPEN
        if listed is not None and isinstance(item, Path) and item.steps == ("github", "event_name"):
            ways = [self._when_event(text, is_start=False, wanted=True) for text in listed]
            return max(ways, key=_rank, default=CLOSED)
        if listed is None and isinstance(held, Literal):
            # A part of a text, not an entry of a list: an account may be called like a part, a missing field is one.
            words = set(_words(held.text))
            is_there = isinstance(item, Path) and self._is_in_payload(item.steps) is not False
            if Kind.ASSOCIATION in kinds and words and words <= _ROLES and is_there:
                return BY_ASSOCIATION
            return BY_PERMISSION if Kind.PERMISSION in kinds and words and words <= _WRITING else OPEN
        if Kind.ASSOCIATION in kinds:
            return BY_ASSOCIATION if listed and all(each in _ROLES for each in listed) else OPEN
        if Kind.PERMISSION in kinds:
            return BY_PERMISSION if listed and all(each in _WRITING for each in listed) else OPEN
        if Kind.ACTOR in kinds:
            is_named = not any(each.endswith("[bot]") for each in listed or ()) and _is_list(held)
            return BY_NAME if is_named else OPEN
        return BY_LABEL if Kind.LABEL in self._kinds(held, place) else OPEN

    def _when_true(self, path: Path, place: Place, *, wanted: bool) -> Way:
        if self._is_in_payload(path.steps) is False:
            return CLOSED if wanted else OPEN
        if path.steps == ("github", "event", "pull_request", "merged"):
            return BY_MERGE if wanted else OPEN
        if path.steps[:4] == ("github", "event", "workflow_run", "pull_requests"):
            return BY_REPOSITORY if wanted else OPEN  # GitHub leaves a fork's pull requests out
        return self._when_of(self.flow.of_path(path.steps, place), wanted=wanted)

    def _when_of(self, kinds: Kinds, *, wanted: bool) -> Way:
        if Kind.FORK in kinds:
            return OPEN if wanted else BY_REPOSITORY
        if wanted and Kind.PERMISSION in kinds:
            return BY_PERMISSION
        if wanted and Kind.CHECKED in kinds:
            return BY_STEP if Kind.UNKNOWN not in kinds else BY_UNREAD_ACTION
        return OPEN

    def _is_in_payload(self, steps: tuple[str, ...]) -> bool | None:
        return is_in_payload(steps, self.flow.start.event)

    def _kinds(self, expression: Expression, place: Place) -> Kinds:
        return self.flow.of_parsed(expression, place)


def narrowest(*ways: Way) -> Way:
    """Return the way that the fewest get past."""
    return min(ways, key=_rank)


def _rank(way: Way) -> int:
    return int(way.access)


def _follows_own_runs(flow: Flow) -> bool:
    """Return whether a workflow follows only runs that the repository's own events start, as its files say."""
    names = set(texts_of(flow.root.map("on").map("workflow_run").get("workflows")))
    followed = [each.root for each in flow.repository.workflows if each.root is not None and each.name in names]
    return len(followed) >= len(names) > 0 and all(triggers_of(root) <= _NOT_OUTSIDE for root in followed)


def _runs_anyway(condition: Expression) -> bool:
    """Return whether a condition lets a job or a step run although what was before it failed or was skipped."""
    match condition:
        case Call(name="always" | "failure" | "cancelled"):
            return True
        case Not(operand=operand):
            return _runs_anyway(operand)
        case Binary(left=left, right=right):
            return _runs_anyway(left) or _runs_anyway(right)
        case Call(arguments=arguments):
            return any(map(_runs_anyway, arguments))
    return False


def _requires_permission(inputs: MapNode) -> bool:
    """Return whether an action is told which permission it must require."""
    return any(
        isinstance(key, TextNode)
        and isinstance(value, TextNode)
        and key.text.lower() in ("require", "permission", "permissions", "required-permission", "minimum-permission")
        and value.text.strip().lower() in _WRITING
        for key, value in inputs.pairs
    )


def _is_list(held: Expression) -> bool:
    return isinstance(held, Call) and held.name == "fromjson"


def _fixed_list(held: Expression) -> Sequence[str] | None:
    """Return the entries of a fixed JSON list, in lower case; None if it is not one."""
    match held:
        case Call(name="fromjson", arguments=(Literal(text=text),)):
            return _words(text)
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"[\w-]+(?:\[bot\])?", text.lower())
