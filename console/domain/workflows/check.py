"""Checks of a CI workflow: its token's permissions, who can inject text into its scripts, where secrets go."""

import re
from collections import defaultdict
from collections.abc import Iterator

from console.domain.finding import Finding, Severity
from console.domain.text.secret_scan import find_secrets
from console.domain.workflows.rule import (
    BROAD,
    BROAD_SCOPES,
    FOREIGN_CODE,
    INHERITED_SECRETS,
    KEPT_CREDENTIALS,
    LITERAL_SECRET,
    NO_PERMISSIONS,
    NOT_READ,
    SCRIPT_INJECTION,
    SECRET_IN_SCRIPT,
    SHARED_WRITE,
    UNPINNED,
    UNPINNED_OWN,
    UNSECURE_COMMANDS,
    WRITES_WITH_PULL_REQUEST,
    PlacedFinding,
    Rule,
    placed_finding,
)
from console.domain.workflows.workflow import (
    ContextReference,
    Job,
    MapNode,
    Step,
    TextNode,
    Workflow,
    jobs_of,
    references,
    triggers_of,
)

_POWERFUL = frozenset({"contents", "packages", "id-token"})
"""The scopes whose content others run or trust."""

_RUNS_WITH_SECRETS = frozenset({"pull_request_target", "workflow_run", "issue_comment"})
"""Events that an outsider can trigger and that run with the repository's own token and secrets."""


def check_workflow(workflow: Workflow) -> tuple[PlacedFinding, ...]:
    """Return a workflow's findings, one per rule with all its lines, most serious rules first."""
    lines: dict[Rule, set[int]] = defaultdict(set)
    for hit in find_secrets(workflow.text):
        lines[LITERAL_SECRET].add(hit.line)
    if workflow.root is not None:
        for rule, line in _hits(workflow.root):
            lines[rule].add(line)
    placed = [placed_finding(rule, found) for rule, found in sorted(lines.items(), key=lambda each: each[0].id)]
    if workflow.root is None:
        message = f"{NOT_READ.message}: {workflow.problem}."
        placed.append(PlacedFinding(Finding(NOT_READ.id, NOT_READ.severity, message), ()))
    weights = list(Severity)
    return tuple(sorted(placed, key=lambda each: weights.index(each.finding.severity)))


def _hits(root: MapNode) -> Iterator[tuple[Rule, int]]:
    jobs = jobs_of(root)
    yield from _permission_hits(root, jobs)
    yield from _unsecure(root)
    for job in jobs:
        yield from _unsecure(job.node)
        yield from _call_hits(job)
        for step in job.steps:
            yield from _unsecure(step.node)
            yield from _step_hits(step)


# --- The workflow's own token ----------------------------------------------------------------------------------------


def _permission_hits(root: MapNode, jobs: tuple[Job, ...]) -> Iterator[tuple[Rule, int]]:
    triggers = triggers_of(root)
    is_only_called = triggers == {"workflow_call"}  # it uses its caller's token
    top = root.get("permissions")
    if top is not None:
        writes = _writes(root)
        if writes is None or len(writes) >= BROAD_SCOPES:
            yield BROAD, top.line
        elif writes and len(jobs) > 1:
            yield SHARED_WRITE, top.line
    for job in jobs:
        own = job.node.get("permissions")
        if own is None and top is None and not is_only_called:
            yield NO_PERMISSIONS, job.line
        if own is not None and _writes(job.node) is None:
            yield BROAD, own.line
        yield from _foreign_code_hits(job, triggers, root if own is None else job.node)


def _writes(holder: MapNode) -> frozenset[str] | None:
    """Return the writable scopes, or None for all."""
    match holder.get("permissions"):
        case TextNode(text=text) if text.strip().lower() == "write-all":
            return None
        case MapNode(pairs=pairs):
            return frozenset(
                key.text.lower()
                for key, value in pairs
                if isinstance(key, TextNode) and isinstance(value, TextNode) and value.text.lower() == "write"
            )
        case _:
            return frozenset()


_PULL_REQUEST_REF = re.compile(r"refs/pull/|\bpull/[^\n]{0,80}/(?:head|merge)\b")
_PULL_REQUEST_FETCH = re.compile(
    r"\bgh\s{1,8}pr\s{1,8}checkout\b|\bgit\s{1,8}(?:fetch|pull|checkout)\b[^\n]{0,200}\bpull/"
)


def _foreign_code_hits(job: Job, triggers: frozenset[str], holder: MapNode) -> Iterator[tuple[Rule, int]]:
    if triggers & _RUNS_WITH_SECRETS:
        for step in job.steps:
            yield from ((FOREIGN_CODE, line) for line in _foreign_lines(step))
    if "pull_request" in triggers and not _is_kept_from_pull_requests(job):
        writes = _writes(holder)
        if writes is None or writes & _POWERFUL:
            yield from ((WRITES_WITH_PULL_REQUEST, step.node.line) for step in job.steps if step.is_checkout)


def _foreign_lines(step: Step) -> Iterator[int]:
    if step.is_checkout:
        for node in (step.inputs.text("ref"), step.inputs.text("repository")):
            if node is not None and (
                any(_is_pull_request_head(each.path) for each in references(node))
                or _PULL_REQUEST_REF.search(node.text)
            ):
                yield node.line
    for script in step.scripts:
        yield from (script.line_at(match.start()) for match in _PULL_REQUEST_FETCH.finditer(script.text))


_WORKFLOW_RUN_HEAD = frozenset({"head_sha", "head_branch", "head_commit", "head_repository"})


def _is_pull_request_head(path: tuple[str, ...]) -> bool:
    return (
        path[:2] == ("github", "head_ref")
        or path[:4] == ("github", "event", "pull_request", "head")
        or path == ("github", "event", "pull_request", "merge_commit_sha")
        or (path[:3] == ("github", "event", "workflow_run") and not _WORKFLOW_RUN_HEAD.isdisjoint(path[3:4]))
    )


def _is_kept_from_pull_requests(job: Job) -> bool:
    condition = job.node.text("if")
    return condition is not None and re.search(r"github\.(?:event_name|ref)\b", condition.text) is not None


# --- Steps and calls -------------------------------------------------------------------------------------------------

_ANYBODYS = frozenset(
    {
        "issue", "pull_request", "comment", "review", "review_comment", "discussion", "head_commit", "commits",
        "pages", "workflow_run",
    }
)  # fmt: skip
_FREE_TEXT = frozenset(
    {
        "body", "title", "message", "page_name", "head_branch", "display_title", "label", "ref", "email",
        "default_branch",
    }
)  # fmt: skip


def _step_hits(step: Step) -> Iterator[tuple[Rule, int]]:
    for script in step.scripts:
        for each in references(script):
            if _is_secret(each):
                yield SECRET_IN_SCRIPT, each.line
            elif _is_free_text(each):
                yield SCRIPT_INJECTION, each.line
    if step.uses is not None:
        yield from _pin_hits(step.uses)
    keeps = step.inputs.text("persist-credentials")
    if step.is_checkout and (keeps is None or keeps.text.strip().lower() != "false"):
        yield KEPT_CREDENTIALS, step.node.line


def _call_hits(job: Job) -> Iterator[tuple[Rule, int]]:
    if (uses := job.node.text("uses")) is not None:
        yield from _pin_hits(uses)
    secrets = job.node.text("secrets")
    if secrets is not None and secrets.text.strip() == "inherit":
        yield INHERITED_SECRETS, secrets.line


def _is_secret(reference: ContextReference) -> bool:
    is_named = reference.path[0] == "secrets" or reference.path == ("github", "token")
    return is_named and not reference.is_compared


def _is_free_text(reference: ContextReference) -> bool:
    path = reference.path
    if reference.is_compared or path[0] != "github":
        return False
    if path[1:] == ("head_ref",) or path in (("github",), ("github", "event")):
        return True
    if path[1:2] != ("event",) or path[2:3] == () or path[2] not in _ANYBODYS:
        return False
    if path[2:4] == ("pull_request", "base"):
        return False
    return len(path) == 3 or path[-1] in _FREE_TEXT or path[-2:] in (("author", "name"), ("committer", "name"))


_FULL_SHA = re.compile(r"@(?:[0-9a-f]{40}|[0-9a-f]{64}|sha256:[0-9a-f]{64})\Z")


def _pin_hits(uses: TextNode) -> Iterator[tuple[Rule, int]]:
    name = uses.text.strip()
    if name.startswith(("./", "../")) or not name or _FULL_SHA.search(name):
        return
    is_own = name.lower().startswith(("actions/", "github/"))
    yield (UNPINNED_OWN if is_own else UNPINNED), uses.line


def _unsecure(holder: MapNode) -> Iterator[tuple[Rule, int]]:
    setting = holder.map("env").text("ACTIONS_ALLOW_UNSECURE_COMMANDS")
    if setting is not None and setting.text.strip().lower() not in ("", "false"):
        yield UNSECURE_COMMANDS, setting.line
