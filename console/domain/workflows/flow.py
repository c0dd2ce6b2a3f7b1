"""Where a value of a workflow comes from: followed through outputs, variables, inputs and scripts, for one start."""

from collections import defaultdict
from dataclasses import dataclass, field

from console.domain.workflows.action_output import action_output_kinds, downloads_artifact
from console.domain.workflows.expression import Expression, Member, Path, parse_expression, spans, values
from console.domain.workflows.script import Script, without_comments
from console.domain.workflows.value import (
    DEFAULT_VARIABLES,
    NOTHING,
    OUTSIDE_EVENTS,
    UNFOLLOWED,
    Kind,
    Kinds,
    is_in_payload,
    kinds_of_event,
    names_pull_request,
    selected,
)
from console.domain.workflows.workflow import (
    Job,
    ListNode,
    MapNode,
    Node,
    Repository,
    Step,
    TextNode,
    Workflow,
    composite_of,
    jobs_of,
)

DEPTH_LIMIT = 10
"""How many outputs, variables and inputs in a row are followed."""

CALL_DEPTH_LIMIT = 4
"""How many calls of workflows and actions in a row are followed; GitHub allows a few more."""


SAME_ID_LIMIT = 8
"""How many steps of one id, or that set one variable, are followed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step of a job, or the job itself before its first step."""

    job: Job
    step: int
    """Its index from 0; -1 stands for the job itself."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a workflow is started."""

    event: str
    caller: "Flow | None" = None
    """The flow of the workflow that calls this one; None if an event starts it."""
    job: Job | None = None
    """The caller's job."""
    step: int = -1
    """The index of the caller's step, if this is an action; -1 if it is a workflow."""

    @property
    def depth(self) -> int:
        """How many calls lead here."""
        return 0 if self.caller is None else 1 + self.caller.start.depth


@dataclass(slots=True)
class _Known:
    """What is looked up in a job again and again."""

    ids: dict[str, list[int]]
    """The indices of the steps of an id."""
    first_download: int | None
    """The index of the first step that downloads another run's artifacts."""
    exports: dict[str, list[int]] | None = None
    """The indices of the scripts that may set a variable for later steps, by its name in lower case."""


@dataclass(slots=True)
class Flow:
    """The values of one workflow for one start."""

    workflow: Workflow
    root: MapNode
    start: Start
    repository: Repository
    jobs: dict[str, Job] = field(init=False)
    _actions: dict[tuple[str, int], "Flow | None"] = field(default_factory=dict)
    _known: dict[tuple[str, int, str], Kinds] = field(default_factory=dict)
    _scripts: dict[tuple[str, int], Script | None] = field(default_factory=dict)
    _jobs: dict[str, _Known] = field(default_factory=dict)
    _depth: int = 0

    def __post_init__(self) -> None:
        jobs: tuple[Job | None, ...] = jobs_of(self.root)
        if self.start.job is not None and self.start.step >= 0:
            jobs = (composite_of(self.root, self.start.job.id),)
        self.jobs = {job.id.lower(): job for job in jobs if job is not None}

    def of_text(self, text: str, place: Place) -> Kinds:
        """Return what a text may hold when its expressions are filled in."""
        kinds: set[Kind] = {Kind.HEAD} if names_pull_request(text) else set()
        for inner, _ in spans(text):
            kinds |= self.of_expression(inner, place)
        return frozenset(kinds)

    def of_expression(self, text: str, place: Place) -> Kinds:
        """Return what the value of an expression may hold."""
        return self.of_parsed(parse_expression(text), place)

    def of_parsed(self, expression: Expression, place: Place) -> Kinds:
        """Return what the value of a parsed expression may hold."""
        kinds: set[Kind] = set()
        for each in values(expression, "" if self.start.event == "workflow_call" else self.start.event):
            match each:
                case Path(steps=steps):
                    kinds |= self.of_path(steps, place)
                case Member(operand=operand, steps=steps):
                    whole = self.of_parsed(operand, place)
                    fields, is_any = selected("." + ".".join(steps))
                    kinds |= (whole - {Kind.PULL, Kind.TEXT}) | fields if is_any and Kind.PULL in whole else whole
        return frozenset(kinds)

    def of_path(self, path: tuple[str, ...], place: Place) -> Kinds:
        """Return what the value of a context may hold."""
        if path[0] == "github":
            return self._of_github(path)
        if path[0] not in ("steps", "needs", "jobs", "env", "inputs", "matrix"):
            return NOTHING
        key = (place.job.id, place.step, ".".join(path))
        if key not in self._known:
            if self._depth >= DEPTH_LIMIT:
                return UNFOLLOWED
            self._known[key] = NOTHING  # what a value is made of itself adds nothing
            self._depth += 1
            self._known[key] = self._of_own(path, place)
            self._depth -= 1
        return self._known[key]

    def _of_github(self, path: tuple[str, ...]) -> Kinds:
        if path[1:3] == ("event", "inputs"):
            return NOTHING  # who starts a workflow by hand may write to the repository
        is_judged = self.start.event in OUTSIDE_EVENTS
        return NOTHING if is_judged and is_in_payload(path, self.start.event) is False else kinds_of_event(path)

    def _of_own(self, path: tuple[str, ...], place: Place) -> Kinds:
        match path:
            case ("steps", step_id, "outputs", name):
                return self._of_output(place, step_id, name)
            case ("steps", step_id, "outputs"):
                return self._of_output(place, step_id, "")
            case ("needs", job_id, "outputs", name) | ("jobs", job_id, "outputs", name):
                return self._of_job_output(job_id, name)
            case ("env", name):
                return self.of_variable(name, place) or NOTHING
            case ("inputs", name):
                return self._of_input(name)
            case ("matrix", name, *_):
                return self._of_matrix(place, name)
            case ("steps" | "needs", _, "outcome" | "conclusion" | "result"):
                return NOTHING
        return UNFOLLOWED if path[0] in ("steps", "needs", "matrix") else NOTHING

    # --- Outputs -----------------------------------------------------------------------------------------------------

    def _of_output(self, place: Place, step_id: str, name: str) -> Kinds:
        kinds: set[Kind] = set()
        for at in self.steps_called(place.job, step_id):
            if place.step < 0 or at < place.step:
                kinds |= self._of_step_output(Place(place.job, at), place.job.steps[at], name)
        return frozenset(kinds)

    def _of_step_output(self, place: Place, step: Step, name: str) -> Kinds:
        script = self.script_at(place)
        if script is not None:
            return script.output_kinds(name) if name else UNFOLLOWED
        inside = self.action_at(place)
        if inside is not None:
            return inside.of_declared_output(name)
        return action_output_kinds(step, name)

    def _of_job_output(self, job_id: str, name: str) -> Kinds:
        job = self.jobs.get(job_id)
        if job is None:
            return UNFOLLOWED
        node = get_any_case(job.node.map("outputs"), name)
        if isinstance(node, TextNode):
            return self.of_text(node.text, Place(job, -1))
        uses = job.node.text("uses")
        if uses is None:
            return NOTHING
        called = self.repository.called(uses.text)
        if called is None or called.root is None or self.start.depth >= CALL_DEPTH_LIMIT:
            return UNFOLLOWED
        inside = Flow(called, called.root, Start(self.start.event, self, job), self.repository, _depth=self._depth + 1)
        return inside.of_declared_output(name)

    def of_declared_output(self, name: str) -> Kinds:
        """Return what an output may hold that this called workflow or action declares."""
        is_action = self.start.step >= 0
        declared = self.root if is_action else self.root.map("on").map("workflow_call")
        output = get_any_case(declared.map("outputs"), name)
        node = output.text("value") if isinstance(output, MapNode) else None
        job = next(iter(self.jobs.values()), None)
        return NOTHING if node is None or job is None else self.of_text(node.text, Place(job, -1))

    def action_at(self, place: Place) -> "Flow | None":
        """Return the values inside the local action that a step uses; None if it uses none that could be read."""
        key = (place.job.id, place.step)
        if key not in self._actions:
            uses = place.job.steps[place.step].uses
            action = self.repository.action(uses.text) if uses is not None else None
            inside = None
            if action is not None and action.root is not None and self.start.depth < CALL_DEPTH_LIMIT:
                start = Start(self.start.event, self, place.job, place.step)
                inside = Flow(action, action.root, start, self.repository, _depth=self._depth + 1)
            self._actions[key] = inside if inside is not None and inside.jobs else None
        return self._actions[key]

    # --- Variables and scripts ---------------------------------------------------------------------------------------

    def of_variable(self, name: str, place: Place) -> Kinds | None:
        """Return what a variable of the environment may hold; None if nothing visible sets it."""
        holders: list[tuple[MapNode, Place]] = [(place.job.node, Place(place.job, -1)), (self.root, place)]
        steps = place.job.steps
        if 0 <= place.step < len(steps):
            holders.insert(0, (steps[place.step].node, Place(place.job, place.step)))
        kinds: set[Kind] | None = None
        for holder, where in holders:
            node = get_any_case(holder.map("env"), name)
            if node is not None:
                kinds = set(self.of_text(node.text, where)) if isinstance(node, TextNode) else set()
                break
        for at in self._exports_of(place.job).get(name.lower(), [])[:SAME_ID_LIMIT]:
            script = self.script_at(Place(place.job, at)) if place.step < 0 or at < place.step else None
            if script is not None:
                kinds = (kinds or set()) | (script.assigned_kinds(name.lower()) or NOTHING)
                kinds |= {Kind.CHECKED} if script.looks_who_asks else NOTHING
        start = self.start
        if kinds is None and start.caller is not None and start.job is not None and start.step >= 0:
            return start.caller.of_variable(name, Place(start.job, start.step))
        if kinds is None and name in DEFAULT_VARIABLES:
            return self.of_path(DEFAULT_VARIABLES[name], place)
        return None if kinds is None else frozenset(kinds)

    def script_at(self, place: Place) -> Script | None:
        """Return the script of a step; None if it has none."""
        key = (place.job.id, place.step)
        if key not in self._scripts:
            step = place.job.steps[place.step]
            texts = step.scripts
            self._scripts[key] = (
                Script(
                    without_comments(texts[0].text, is_javascript=step.is_javascript),
                    step.is_program,
                    lambda inner: self.of_expression(inner, place),
                    lambda name: self.of_variable(name, place),
                    has_foreign_files=self.has_foreign_files(place),
                )
                if texts
                else None
            )
        return self._scripts[key]

    def has_foreign_files(self, place: Place) -> bool:
        """Return whether this step or an earlier one downloaded files of the run that started this one."""
        first = self._about(place.job).first_download
        return self.start.event == "workflow_run" and first is not None and first <= place.step

    def steps_called(self, job: Job, step_id: str) -> list[int]:
        """Return the indices of the steps of an id, which GitHub wants to be one; of more only the first."""
        return self._about(job).ids.get(step_id, [])[:SAME_ID_LIMIT]

    def _about(self, job: Job) -> _Known:
        if job.id not in self._jobs:
            ids: dict[str, list[int]] = defaultdict(list)
            for at, step in enumerate(job.steps):
                ids[step.id].append(at)
            first = next((at for at, step in enumerate(job.steps) if downloads_artifact(step)), None)
            self._jobs[job.id] = _Known(ids, first)
        return self._jobs[job.id]

    def _exports_of(self, job: Job) -> dict[str, list[int]]:
        about = self._about(job)
        if about.exports is None:
            about.exports = defaultdict(list)
            for at in range(len(job.steps)):
                script = self.script_at(Place(job, at))
                if script is not None and script.exports:
                    for name in script.exported_names():
                        about.exports[name].append(at)
        return about.exports

    # --- Inputs and matrices -----------------------------------------------------------------------------------------

    def _of_input(self, name: str) -> Kinds:
        caller, job, step = self.start.caller, self.start.job, self.start.step
        if caller is None or job is None:
            return UNFOLLOWED if self.start.event == "workflow_call" else NOTHING
        given = job.steps[step].inputs if step >= 0 else job.node.map("with")
        node = get_any_case(given, name)
        return caller.of_text(node.text, Place(job, step)) if isinstance(node, TextNode) else NOTHING

    def _of_matrix(self, place: Place, name: str) -> Kinds:
        matrix = place.job.node.map("strategy").get("matrix")
        if isinstance(matrix, MapNode):
            own = get_any_case(matrix, name)
            parts = [each for each in (own, matrix.get("include")) if each is not None]
        else:
            parts = [matrix] if matrix is not None else []
        kinds: set[Kind] = set()
        for part in parts:
            for text in texts_in(part):
                kinds |= self.of_text(text.text, Place(place.job, -1))
        return frozenset(kinds)


def get_any_case(holder: MapNode, name: str) -> Node | None:
    """Return the first value of a key, however it is capitalised; None if there is none."""
    wanted = name.lower()
    return next(
        (value for key, value in holder.pairs if isinstance(key, TextNode) and key.text.lower() == wanted), None
    )


def texts_in(node: Node) -> list[TextNode]:
    """Return all texts of a node, keys left out."""
    texts: list[TextNode] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case TextNode() as text:
                texts.append(text)
            case ListNode(items=items):
                waiting.extend(items)
            case MapNode(pairs=pairs):
                waiting.extend(value for _, value in pairs)
    return texts
