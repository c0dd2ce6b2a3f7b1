"""What a value of a workflow may hold, by the context it is from: a pull request's commit, an outsider's text."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What a value may hold, as far as it matters to who is trusted."""

    HEAD = "head"
    """A commit or a branch of a pull request."""
    HEAD_REPOSITORY = "head repository"
    """The repository that a pull request comes from, or its owner."""
    PULL = "pull"
    """All that GitHub tells about a pull request, of which a part may be selected."""
    TEXT = "text"
    """Text that anyone can choose."""
    FILE = "file"
    """What a file from another run's artifact says: both text and commits may be anyone's."""
    ASSOCIATION = "association"
    """How an author stands to the repository."""
    ACTOR = "actor"
    """The name of an account."""
    PERMISSION = "permission"
    """What an account may do, as GitHub's API says."""
    FORK = "fork"
    """Whether a pull request comes from another repository."""
    LABEL = "label"
    """The labels of an issue or pull request."""
    CHECKED = "checked"
    """The result of a script that looks up who asks."""
    UNKNOWN = "unknown"
    """It could not be followed where it comes from."""


Kinds = frozenset[Kind]

NOTHING: Kinds = frozenset()
"""What the repository itself chose: a fixed text, a variable of its settings, its own commit."""
UNFOLLOWED: Kinds = frozenset({Kind.UNKNOWN})
CODE: Kinds = frozenset({Kind.HEAD, Kind.HEAD_REPOSITORY, Kind.PULL, Kind.FILE, Kind.TEXT})
"""Kinds that make a checkout one of a pull request's code; who chooses the text of a ref can choose `refs/pull/…`."""
TEXTS: Kinds = frozenset({Kind.TEXT, Kind.PULL, Kind.FILE})
"""Kinds that make an inserted value text that anyone can choose."""

OUTSIDE_EVENTS = frozenset(
    {
        "pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment",
        "pull_request_review", "pull_request_review_comment", "check_run", "check_suite", "status", "fork", "watch",
        "repository_dispatch", "gollum", "pull_request_comment", "commit_comment",
    }
)  # fmt: skip
"""Events that an outsider can cause and that run with the repository's own token and secrets.

A review of a fork's pull request gets no secrets; a guard says so. `repository_dispatch` is caused by someone who may
write, but what it passes on is often an outsider's.
"""

REVIEW_EVENTS = frozenset({"pull_request_review", "pull_request_review_comment"})
OWN_EVENTS = frozenset({"schedule", "workflow_dispatch"})
"""Events that the repository causes itself; a job of theirs may still take a pull request's code, chosen or in turn."""


_WHOLE = frozenset({Kind.PULL, Kind.TEXT})
_BRANCH = frozenset({Kind.HEAD, Kind.TEXT})

_ANYBODYS = frozenset(
    {
        "issue", "pull_request", "comment", "review", "review_comment", "discussion", "head_commit", "commits",
        "pages", "workflow_run", "answer", "check_suite", "check_run",
    }
)  # fmt: skip
_FREE_TEXT = frozenset(
    {
        "body", "title", "message", "page_name", "head_branch", "display_title", "label", "ref", "email",
        "default_branch", "description", "homepage",
    }
)  # fmt: skip


_OF_PULL_REQUESTS = frozenset({"pull_request", "pull_request_target"})
_WITH_PULL_REQUEST = _OF_PULL_REQUESTS | {"pull_request_review", "pull_request_review_comment"}
_PAYLOADS = {
    "pull_request": _WITH_PULL_REQUEST,
    "issue": frozenset({"issues", "issue_comment"}),
    "comment": frozenset({"issue_comment", "pull_request_review_comment", "discussion_comment", "commit_comment"}),
    "review": frozenset({"pull_request_review"}),
    "discussion": frozenset({"discussion", "discussion_comment"}),
    "workflow_run": frozenset({"workflow_run"}),
    "client_payload": frozenset({"repository_dispatch"}),
    "label": _OF_PULL_REQUESTS | {"issues", "discussion", "label"},
}
"""The events whose payload has a part."""


def is_in_payload(path: tuple[str, ...], event: str) -> bool | None:
    """Return whether an event fills a path in the context `github`; None if that is not known."""
    if event == "workflow_call":
        return None
    if path[:2] == ("github", "head_ref"):
        return event in _OF_PULL_REQUESTS
    if path[:2] != ("github", "event") or len(path) < 3 or path[2] not in _PAYLOADS:
        return None
    if path[2:4] == ("issue", "pull_request"):
        return None if event == "issue_comment" else False
    return event in _PAYLOADS[path[2]]


def kinds_of_event(path: tuple[str, ...]) -> Kinds:
    """Return what a path in the context `github` may hold."""
    match path[1:]:
        case () | ("event",):
            return _WHOLE
        case ("head_ref",):
            return _BRANCH
        case ("actor",) | ("triggering_actor",):
            return frozenset({Kind.ACTOR})
        case ("event", "client_payload", *_):
            return UNFOLLOWED
        case ("event", *rest):
            return _of_payload(rest)
    return NOTHING


def _of_payload(rest: list[str]) -> Kinds:
    if rest[-1] == "author_association":
        return frozenset({Kind.ASSOCIATION})
    if rest[-1] == "login" and rest[-2:-1] in (["user"], ["sender"], ["actor"], ["triggering_actor"]):
        return frozenset({Kind.ACTOR})
    if "labels" in rest or rest[:1] == ["label"]:
        return frozenset({Kind.LABEL})
    if rest[0] not in _ANYBODYS:
        return NOTHING
    match rest:
        case [_]:
            return _WHOLE
        case ["pull_request", "head"]:
            return _WHOLE
        case ["pull_request", "head", "sha"] | ["pull_request", "merge_commit_sha"]:
            return frozenset({Kind.HEAD})
        case ["pull_request", "head", "ref" | "label"]:
            return _BRANCH
        case ["pull_request", "head", "repo", "fork"] | ["workflow_run", "head_repository", "fork"]:
            return frozenset({Kind.FORK})
        case ["pull_request", "head", "repo", *last] | ["workflow_run", "head_repository", *last]:
            is_text = bool(last) and last[-1] in _FREE_TEXT
            return frozenset({Kind.TEXT if is_text else Kind.HEAD_REPOSITORY})
        case ["pull_request", "head", "user", *_]:
            return frozenset({Kind.ACTOR})
        case ["pull_request", "base", *_]:
            return NOTHING
        case ["workflow_run" | "check_suite" | "check_run", "head_sha"] | ["workflow_run", "head_commit", "id"]:
            return frozenset({Kind.HEAD})
        case ["workflow_run" | "check_suite" | "check_run", *_, "head_branch"]:
            return _BRANCH
        case ["workflow_run" | "check_suite" | "check_run", *_, "pull_requests", "*", "head", "sha" | "ref"]:
            return _BRANCH
    is_text = rest[-1] in _FREE_TEXT or rest[-2:] in (["author", "name"], ["committer", "name"])
    return frozenset({Kind.TEXT}) if is_text else NOTHING


_PULL_REQUEST_REF = re.compile(r"refs/pull/|\bpull/[^\n]{0,80}/(?:head|merge)\b")


def names_pull_request(text: str) -> bool:
    """Return whether a text contains the git ref of a pull request, with or without an expression for its number."""
    return _PULL_REQUEST_REF.search(text) is not None


DEFAULT_VARIABLES = {
    "GITHUB_HEAD_REF": ("github", "head_ref"),
    "GITHUB_ACTOR": ("github", "actor"),
    "GITHUB_TRIGGERING_ACTOR": ("github", "triggering_actor"),
}
"""Variables that every step has, where they hold more than the repository's own, with their context."""

_SAYS_HEAD = re.compile(r"head[_-]?(?:sha|ref|branch|oid|commit)?|pr[_-]?(?:head[_-]?)?(?:sha|ref|branch|commit)")


_SAYS_FILES = re.compile(r"(?:.*[_-])?(?:changed|modified|added|deleted|renamed|copied)(?:[_-].*)?[_-]files")


def is_named_files(name: str) -> bool:
    """Return whether an output of an action that cannot be read says by its name that it lists a change's files."""
    return _SAYS_FILES.fullmatch(name) is not None


def is_named_head(name: str) -> bool:
    """Return whether an output of an action that cannot be read says by its name that it is a pull request's commit."""
    return _SAYS_HEAD.fullmatch(name) is not None


_SELECTORS: tuple[tuple[str, Kinds], ...] = (
    (r"\bbase\s*\.\s*\w+|\bbaseRef\w*|\bbase_ref\b", NOTHING),
    (r"\bhead\s*\.\s*repo\s*\.\s*fork\b|\bis_?cross_?repository\b", frozenset({Kind.FORK})),
    (r"\bhead\s*\.\s*(?:repo|user)\b|\bheadRepository\w*|\bhead_repository\b", frozenset({Kind.HEAD_REPOSITORY})),
    (r"\bhead\s*\.\s*sha\b|\bheadRefOid\b|\bmerge_commit_sha\b|\bhead_sha\b|\bheadSha\b", frozenset({Kind.HEAD})),
    (r"\bhead\s*\.\s*(?:ref|label)\b|\bheadRefName\b|\bhead_?ref\b|\bhead_?branch\b", _BRANCH),
    (r"\bauthor_?association\b", frozenset({Kind.ASSOCIATION})),
    (r"\.\s*permissions?\b|\brole_name\b", frozenset({Kind.PERMISSION})),
    (r"\b(?:user|author|sender)\s*\.\s*login\b", frozenset({Kind.ACTOR})),
    (r"\.\s*(?:title|body|message|filename|path|description|headline|messageHeadline)\b", frozenset({Kind.TEXT})),
    (r"\.\s*labels?\b", frozenset({Kind.LABEL})),
    (r"\.\s*(?:number|state|draft|merged|mergeable|id|node_id|html_url|url|changed_files|additions)\b", NOTHING),
)
_SELECTOR = re.compile("|".join(f"(?P<s{at}>{words})" for at, (words, _) in enumerate(_SELECTORS)), re.IGNORECASE)


def selected(text: str) -> tuple[Kinds, bool]:
    """Return what the fields named in a program text may hold, and whether it names any."""
    found: set[Kind] = set()
    is_any = False
    for match in _SELECTOR.finditer(text):
        is_any = True
        found |= _SELECTORS[int((match.lastgroup or "s0")[1:])][1]
    return frozenset(found), is_any
