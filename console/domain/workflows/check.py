"""Checks of a CI workflow: its token's permissions, who can inject text into its scripts, where secrets go."""

import re
from collections import defaultdict
from collections.abc import Iterator

from console.domain.finding import Finding, Severity
from console.domain.text.secret_scan import find_secrets
from console.domain.workflows.expression import contexts, expressions_in
from console.domain.workflows.foreign import foreign_code
from console.domain.workflows.guard import Guards
from console.domain.workflows.injection import injections
from console.domain.workflows.permissions import inheriting_jobs, scopes_of
from console.domain.workflows.rule import (
    BROAD,
    INHERITED_SECRETS,
    KEPT_CREDENTIALS,
    LITERAL_SECRET,
    NO_PERMISSIONS,
    NOT_READ,
    SECRET_IN_SCRIPT,
    SHARED_WRITE,
    UNPINNED,
    UNPINNED_OWN,
    UNSECURE_COMMANDS,
    WRITES_WITH_PULL_REQUEST,
    PlacedFinding,
    Rule,
    Spot,
    placed_finding,
)
from console.domain.workflows.starts import flows_of
from console.domain.workflows.workflow import (
    Job,
    MapNode,
    Repository,
    Step,
    TextNode,
    Workflow,
    jobs_of,
    triggers_of,
)

_POWERFUL = frozenset({"contents", "packages", "id-token"})
"""The scopes whose content others run or trust."""


def check_workflow(workflow: Workflow, repository: Repository | None = None) -> tuple[PlacedFinding, ...]:
    """Return a workflow's findings, one per rule and message with all its lines, most serious rules first.

    Args:
        workflow: The workflow.
        repository: What it may call or be called by; it may be one of the repository's workflows.

    """
    spots: dict[Rule, set[Spot]] = defaultdict(set)
    for hit in find_secrets(workflow.text):
        spots[LITERAL_SECRET].add(Spot(hit.line))
    if workflow.root is not None:
        for rule, spot in _hits(workflow.root):
            spots[rule].add(spot)
        for rule, spot in _worst(_followed_hits(workflow, repository or Repository())):
            spots[rule].add(spot)
    placed = [placed_finding(rule, found) for rule, found in sorted(spots.items(), key=lambda each: each[0].id)]
    if workflow.root is None:
        message = f"{NOT_READ.message}: {workflow.problem}."
        placed.append(PlacedFinding(Finding(NOT_READ.id, NOT_READ.severity, message), ()))
    weights = list(Severity)
    return tuple(sorted(placed, key=lambda each: weights.index(each.finding.severity)))


def _followed_hits(workflow: Workflow, repository: Repository) -> Iterator[tuple[Rule, Spot]]:
    for flow in flows_of(workflow, repository):
        guards = Guards(flow)
        yield from foreign_code(flow, guards)
        yield from injections(flow, guards)


def _worst(hits: Iterator[tuple[Rule, Spot]]) -> Iterator[tuple[Rule, Spot]]:
    """Yield for each id and spot its most serious rule: one start may be guarded and another not."""
    weights = list(Severity)
    worst: dict[tuple[str, Spot], Rule] = {}
    for rule, spot in hits:
        known = worst.get((rule.id, spot))
        if known is None or weights.index(rule.severity) < weights.index(known.severity):
            worst[rule.id, spot] = rule
    for (_, spot), rule in worst.items():
        yield rule, spot


def _hits(root: MapNode) -> Iterator[tuple[Rule, Spot]]:
    jobs = jobs_of(root)
    yield from _permission_hits(root, jobs)
    yield from _unsecure(root, Spot(root.line))
    for job in jobs:
        yield from _unsecure(job.node, Spot(job.line, job.id))
        yield from _call_hits(job)
        for number, step in enumerate(job.steps, start=1):
            spot = Spot(step.node.line, job.id, number)
            yield from _unsecure(step.node, spot)
            yield from _step_hits(step, spot)


# --- The workflow's own token ----------------------------------------------------------------------------------------


def _permission_hits(root: MapNode, jobs: tuple[Job, ...]) -> Iterator[tuple[Rule, Spot]]:
    triggers = triggers_of(root)
    is_only_called = triggers == {"workflow_call"}  # it uses its caller's token
    top = root.get("permissions")
    granted = scopes_of(top)
    inheriting = inheriting_jobs(root)
    if top is not None and granted is not None and inheriting:
        if granted.is_broad:
            yield BROAD, Spot(top.line)
        elif granted.writes and len(inheriting) > 1:
            yield SHARED_WRITE, Spot(top.line)
    for job in jobs:
        own = job.node.get("permissions")
        scopes = scopes_of(own)
        if own is None and top is None and not is_only_called:
            yield NO_PERMISSIONS, Spot(job.line, job.id)
        if own is not None and scopes is not None and scopes.is_all:
            yield BROAD, Spot(own.line, job.id)
        held = granted if own is None else scopes
        is_powerful = held is not None and (held.is_all or not _POWERFUL.isdisjoint(held.writes))
        if "pull_request" in triggers and is_powerful and not _is_kept_from_pull_requests(job):
            for number, step in enumerate(job.steps, start=1):
                if step.is_checkout:
                    yield WRITES_WITH_PULL_REQUEST, Spot(step.node.line, job.id, number)


def _is_kept_from_pull_requests(job: Job) -> bool:
    condition = job.node.text("if")
    return condition is not None and re.search(r"github\.(?:event_name|ref)\b", condition.text) is not None


# --- Steps and calls -------------------------------------------------------------------------------------------------


def _step_hits(step: Step, spot: Spot) -> Iterator[tuple[Rule, Spot]]:
    for script in step.scripts:
        for expression, line in expressions_in(script):
            if any(path[0] == "secrets" or path == ("github", "token") for path in contexts(expression)):
                yield SECRET_IN_SCRIPT, Spot(line, spot.job, spot.step)
    if step.uses is not None:
        yield from _pin_hits(step.uses, spot)
    keeps = step.inputs.text("persist-credentials")
    if step.is_checkout and (keeps is None or keeps.text.strip().lower() != "false"):
        yield KEPT_CREDENTIALS, spot


def _call_hits(job: Job) -> Iterator[tuple[Rule, Spot]]:
    if (uses := job.node.text("uses")) is not None:
        yield from _pin_hits(uses, Spot(job.line, job.id))
    secrets = job.node.text("secrets")
    if secrets is not None and secrets.text.strip() == "inherit":
        yield INHERITED_SECRETS, Spot(secrets.line, job.id)


_FULL_SHA = re.compile(r"@(?:[0-9a-f]{40}|[0-9a-f]{64}|sha256:[0-9a-f]{64})\Z")


def _pin_hits(uses: TextNode, spot: Spot) -> Iterator[tuple[Rule, Spot]]:
    name = uses.text.strip()
    if name.startswith(("./", "../")) or not name or _FULL_SHA.search(name):
        return
    is_own = name.lower().startswith(("actions/", "github/"))
    yield (UNPINNED_OWN if is_own else UNPINNED), Spot(uses.line, spot.job, spot.step)


def _unsecure(holder: MapNode, spot: Spot) -> Iterator[tuple[Rule, Spot]]:
    setting = holder.map("env").text("ACTIONS_ALLOW_UNSECURE_COMMANDS")
    if setting is not None and setting.text.strip().lower() not in ("", "false"):
        yield UNSECURE_COMMANDS, Spot(setting.line, spot.job, spot.step)
