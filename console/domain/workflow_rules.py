"""Rules over a CI workflow: what its token may do, who can put words into its scripts, where secrets go."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.domain.contract import Finding, Severity
from console.domain.guard import find_secrets
from console.domain.workflow import Job, MapNode, Reference, Step, TextNode, Workflow, jobs_of, references, triggers_of

_READ_ON = "2026-11-22"
_SYNTAX = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"
_SECRETS = "https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets"
_INJECTIONS = "https://docs.github.com/en/actions/concepts/security/script-injections"
_SECURE_USE = "https://docs.github.com/en/actions/reference/security/secure-use"
_CHECKOUT = "https://github.blog/changelog/2026-06-18-safer-pull_request_target-defaults-for-github-actions-checkout"
_AUDITS = "https://docs.zizmor.sh/audits/"

BROAD_SCOPES = 3
"""So many write permissions for a whole workflow are broad, however few jobs it has."""

_POWERFUL = frozenset({"contents", "packages", "id-token"})
"""What a token writes that others then run or trust."""

_RUNS_WITH_SECRETS = frozenset({"pull_request_target", "workflow_run", "issue_comment"})
"""Events that an outsider causes, and that run with the repository's own token and secrets."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its finding without the place."""

    id: str
    severity: Severity
    message: str
    source_url: str = ""


NO_PERMISSIONS = Rule(
    "BND-01",
    Severity.WARN,
    "No permissions are declared: the token gets the repository's default, which may be to write."
    " Declare them, such as permissions: {contents: read}.",
    _SYNTAX,
)
BROAD = Rule(
    "BND-02",
    Severity.FAIL,
    f"The token may write nearly everything: write-all, or {BROAD_SCOPES} or more write permissions for the whole"
    " workflow. Declare for each job only what it needs.",
    _SYNTAX,
)
SHARED_WRITE = Rule(
    "BND-03",
    Severity.WARN,
    "A write permission is declared for the whole workflow, so every job has it. Declare it at the job that needs it.",
    _SYNTAX,
)
FOREIGN_CODE = Rule(
    "BND-04",
    Severity.FAIL,
    "Code of a pull request is checked out where the repository's own token and secrets are at hand: whoever opens one"
    " can take them. Use the pull_request event, or do not check its code out.",
    _CHECKOUT,
)
WRITES_WITH_PULL_REQUEST = Rule(
    "BND-05",
    Severity.WARN,
    "A job that checks out a pull request's code may write contents, packages or id-token."
    " Do that in a job that pull requests do not start.",
    _SYNTAX,
)
SECRET_IN_SCRIPT = Rule(
    "BND-06",
    Severity.FAIL,
    "A secret is put into a script, where other processes can read it on a command line."
    " Give it to the step in env: and use the variable.",
    _SECRETS,
)
SCRIPT_INJECTION = Rule(
    "BND-07",
    Severity.FAIL,
    "Text that anybody may choose, such as a title or a branch's name, is put into a script and would run as code."
    " Give it to the step in env: and quote the variable.",
    _INJECTIONS,
)
LITERAL_SECRET = Rule(
    "BND-08",
    Severity.FAIL,
    "What looks like a secret stands in the file. Revoke it, store a new one as a secret and refer to it by name.",
    _SECRETS,
)
INHERITED_SECRETS = Rule(
    "BND-09",
    Severity.WARN,
    "A called workflow inherits every secret. Name the ones that it needs.",
    f"{_AUDITS}#secrets-inherit",
)
UNSECURE_COMMANDS = Rule(
    "BND-10",
    Severity.FAIL,
    "ACTIONS_ALLOW_UNSECURE_COMMANDS lets whatever a step prints set variables and the PATH. Take it out.",
    f"{_AUDITS}#insecure-commands",
)
UNPINNED = Rule(
    "BND-11",
    Severity.WARN,
    "An action of others is not pinned to a full commit SHA: what runs can change without a change here.",
    _SECURE_USE,
)
UNPINNED_OWN = Rule(
    "BND-12",
    Severity.INFO,
    "An action of GitHub's own is not pinned to a full commit SHA.",
    _SECURE_USE,
)
KEPT_CREDENTIALS = Rule(
    "BND-13",
    Severity.INFO,
    "A checkout leaves the token in .git/config for every later step. Set persist-credentials: false.",
    f"{_AUDITS}#artipacked",
)
NOT_READ = Rule("BND-14", Severity.WARN, "The workflow could not be read, so nothing is known of it")

RULES = (
    NO_PERMISSIONS, BROAD, SHARED_WRITE, FOREIGN_CODE, WRITES_WITH_PULL_REQUEST, SECRET_IN_SCRIPT, SCRIPT_INJECTION,
    LITERAL_SECRET, INHERITED_SECRETS, UNSECURE_COMMANDS, UNPINNED, UNPINNED_OWN, KEPT_CREDENTIALS, NOT_READ,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and the lines of its file."""

    finding: Finding
    lines: tuple[int, ...]


def check_workflow(workflow: Workflow) -> tuple[PlacedFinding, ...]:
    """Find what a workflow leaves open, one finding a rule with all its lines, the gravest rules first."""
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


def placed_finding(rule: Rule, lines: Iterable[int]) -> PlacedFinding:
    """Return a rule's finding at its lines."""
    ordered = tuple(sorted(lines))
    read_on = _READ_ON if rule.source_url else ""
    return PlacedFinding(
        Finding(rule.id, rule.severity, rule.message, rule.source_url, read_on, _line_words(ordered)), ordered
    )


def _line_words(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:8]))
    more = f" and {len(lines) - 8} more" if len(lines) > 8 else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"


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
    is_only_called = triggers == {"workflow_call"}  # its token is its caller's
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
    """Return the scopes that may be written, or None where all may."""
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


def _is_secret(reference: Reference) -> bool:
    is_named = reference.path[0] == "secrets" or reference.path == ("github", "token")
    return is_named and not reference.is_compared


def _is_free_text(reference: Reference) -> bool:
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
