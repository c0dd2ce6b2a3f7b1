"""The rules for CI workflows: the problem, its severity, the remedy and the source of each."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.finding import Finding, Severity

_READ_ON = "2026-11-22"
_SYNTAX = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"
_SECRETS = "https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets"
_INJECTIONS = "https://docs.github.com/en/actions/concepts/security/script-injections"
_SECURE_USE = "https://docs.github.com/en/actions/reference/security/secure-use"
_CHECKOUT = "https://github.blog/changelog/2026-06-18-safer-pull_request_target-defaults-for-github-actions-checkout"
_AUDITS = "https://docs.zizmor.sh/audits/"

BROAD_SCOPES = 3
"""This many write permissions for a whole workflow are broad, however few jobs it has."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its finding without the location."""

    id: str
    severity: Severity
    message: str
    source_url: str = ""


NO_PERMISSIONS = Rule(
    "BND-01",
    Severity.WARN,
    "No permissions are declared: the token gets the repository's default, which may include write access."
    " Declare them, for example permissions: {contents: read}.",
    _SYNTAX,
)
BROAD = Rule(
    "BND-02",
    Severity.FAIL,
    f"The token can write nearly everything: write-all, or {BROAD_SCOPES} or more write permissions for the whole"
    " workflow. Give each job only what it needs.",
    _SYNTAX,
)
SHARED_WRITE = Rule(
    "BND-03",
    Severity.WARN,
    "A write permission is declared for the whole workflow, so every job has it. Move it to the job that needs it.",
    _SYNTAX,
)
FOREIGN_CODE = Rule(
    "BND-04",
    Severity.FAIL,
    "A pull request's code is checked out in a job with the repository's own token and secrets: anyone who opens one"
    " can steal them. Use the pull_request event, or do not check out its code.",
    _CHECKOUT,
)
WRITES_WITH_PULL_REQUEST = Rule(
    "BND-05",
    Severity.WARN,
    "A job that checks out a pull request's code can write contents, packages or id-token."
    " Write them in a job that pull requests do not start.",
    _SYNTAX,
)
SECRET_IN_SCRIPT = Rule(
    "BND-06",
    Severity.FAIL,
    "A secret is inserted into a script, where other processes can read it on a command line."
    " Pass it to the step in env: and use the variable.",
    _SECRETS,
)
SCRIPT_INJECTION = Rule(
    "BND-07",
    Severity.FAIL,
    "Text that anyone can choose, such as a title or a branch name, is inserted into a script and would run as code."
    " Pass it to the step in env: and quote the variable.",
    _INJECTIONS,
)
LITERAL_SECRET = Rule(
    "BND-08",
    Severity.FAIL,
    "The file seems to contain a secret. Revoke it, store a new one as a secret and refer to it by name.",
    _SECRETS,
)
INHERITED_SECRETS = Rule(
    "BND-09",
    Severity.WARN,
    "A called workflow inherits every secret. Pass only the ones that it needs.",
    f"{_AUDITS}#secrets-inherit",
)
UNSECURE_COMMANDS = Rule(
    "BND-10",
    Severity.FAIL,
    "ACTIONS_ALLOW_UNSECURE_COMMANDS lets a step's output set variables and the PATH. Remove it.",
    f"{_AUDITS}#insecure-commands",
)
UNPINNED = Rule(
    "BND-11",
    Severity.WARN,
    "A third-party action is not pinned to a full commit SHA: its code can change without a change here.",
    _SECURE_USE,
)
UNPINNED_OWN = Rule(
    "BND-12",
    Severity.INFO,
    "One of GitHub's own actions is not pinned to a full commit SHA.",
    _SECURE_USE,
)
KEPT_CREDENTIALS = Rule(
    "BND-13",
    Severity.INFO,
    "A checkout leaves the token in .git/config for every later step. Set persist-credentials: false.",
    f"{_AUDITS}#artipacked",
)
NOT_READ = Rule("BND-14", Severity.FAIL, "The workflow could not be read, so nothing is known about it")

RULES = (
    NO_PERMISSIONS, BROAD, SHARED_WRITE, FOREIGN_CODE, WRITES_WITH_PULL_REQUEST, SECRET_IN_SCRIPT, SCRIPT_INJECTION,
    LITERAL_SECRET, INHERITED_SECRETS, UNSECURE_COMMANDS, UNPINNED, UNPINNED_OWN, KEPT_CREDENTIALS, NOT_READ,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and its lines in the file."""

    finding: Finding
    lines: tuple[int, ...]


def placed_finding(rule: Rule, lines: Iterable[int]) -> PlacedFinding:
    """Return a rule's finding with its lines."""
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
