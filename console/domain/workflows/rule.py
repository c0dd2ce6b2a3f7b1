"""The rules for CI workflows: the problem, its severity, the remedy and the source of each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from console.domain.finding import Finding, Severity
from console.domain.text.secret_scan import looks_like_secret
from console.domain.workflows.permissions import BROAD_SCOPES

_READ_ON = "2026-11-22"
_SYNTAX = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"
_SECRETS = "https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets"
_INJECTIONS = "https://docs.github.com/en/actions/concepts/security/script-injections"
_SECURE_USE = "https://docs.github.com/en/actions/reference/security/secure-use"
_CHECKOUT = "https://github.blog/changelog/2026-06-18-safer-pull_request_target-defaults-for-github-actions-checkout"
_AUDITS = "https://docs.zizmor.sh/audits/"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its finding without the location."""

    id: str
    severity: Severity
    message: str
    source_url: str = ""
    claim: str = ""
    """What is so, without what follows from it; a warning that names a check says only this."""


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
    "A pull request's code is checked out",
)
FOREIGN_FILES = Rule(
    "BND-04",
    Severity.FAIL,
    "Files that a pull request's run made are executed in a job with the repository's own token and secrets: anyone"
    " who opens one can steal them. Use such files as data only.",
    _CHECKOUT,
    "Files that a pull request's run made are executed",
)
UNFOLLOWED_CODE = Rule(
    "BND-04",
    Severity.WARN,
    "It could not be followed which commit is checked out in a job that outsiders can start and that has a secret or a"
    " token that can write. Make sure that it cannot be a pull request's.",
    _CHECKOUT,
)
CALLED_CODE = Rule(
    "BND-04",
    Severity.WARN,
    "A called workflow checks out what its caller or a pull request chooses, and no caller of it could be read. Make"
    " sure that no workflow with secrets that outsiders can start calls it.",
    _CHECKOUT,
)
FOREIGN_ARTIFACT = Rule(
    "BND-04",
    Severity.WARN,
    "Files of the run that started this one are downloaded in a job with a secret or a token that can write: a pull"
    " request may have made them. Do not execute them, and check every value that is read from them.",
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
    "Text that anyone can choose is inserted into a script",
)
PROMPT_INJECTION = Rule(
    "BND-07",
    Severity.FAIL,
    "Text that anyone can choose, such as a title or a comment, is inserted into an agent's prompt and reads like an"
    " instruction. Give the agent its number only, and start it for trusted authors only.",
    _INJECTIONS,
    "Text that anyone can choose is inserted into an agent's prompt",
)
UNFOLLOWED_TEXT = Rule(
    "BND-07",
    Severity.WARN,
    "It could not be followed whose text is inserted into a script or a prompt of a job that outsiders can start. Pass"
    " it to the step in env: and quote the variable.",
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


def guarded(rule: Rule, check: str) -> Rule:
    """Return a failing rule as a warning, because a check, in our own words, decides who gets that far."""
    return replace(rule, severity=Severity.WARN, message=f"{rule.claim}, but only {check}. Make sure that this holds.")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a rule hits: a line, with the job and the step if it is in one."""

    line: int
    job: str = ""
    """The job's id."""
    step: int = 0
    """The step's number from 1; 0 is the job itself."""


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and its lines in the file."""

    finding: Finding
    lines: tuple[int, ...]


def placed_finding(rule: Rule, spots: Iterable[Spot]) -> PlacedFinding:
    """Return a rule's finding with its lines."""
    ordered = sorted(spots)
    lines = tuple(sorted({each.line for each in ordered}))
    read_on = _READ_ON if rule.source_url else ""
    evidence = " in ".join(filter(None, (_line_words(lines), _subject(ordered))))
    return PlacedFinding(Finding(rule.id, rule.severity, rule.message, rule.source_url, read_on, evidence), lines)


def _line_words(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:8]))
    more = f" and {len(lines) - 8} more" if len(lines) > 8 else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"


_PLAIN_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")


def _subject(spots: list[Spot]) -> str:
    """Return the jobs, and the step if there is one spot only; a job's id only if it is a plain name."""
    jobs = list(dict.fromkeys(each.job for each in spots if each.job))
    if not jobs:
        return ""
    plain = [each for each in jobs if _PLAIN_ID.fullmatch(each) is not None and looks_like_secret(each) is None]
    if len(plain) < len(jobs) or len(plain) > 4:
        named = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
    else:
        named = f"job{'s' if len(jobs) > 1 else ''} {', '.join(plain)}"
    steps = {each.step for each in spots}
    (step,) = steps if len(steps) == 1 and len(jobs) == 1 else (0,)
    return f"step {step} of {named}" if step else named
