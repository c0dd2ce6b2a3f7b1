"""The boundary: the tokens that roles could reach, and the permissions of CI's own token; names only, never values."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.domain.workflows.check import check_workflow
from console.domain.workflows.permissions import CiPermissions, ci_permissions
from console.domain.workflows.rule import LITERAL_SECRET, PlacedFinding
from console.domain.workflows.token_kind import TokenKind
from console.domain.workflows.workflow import Repository, Workflow


@dataclass(frozen=True, slots=True)
class TokenName:
    """A variable name, or a pattern of names, that indicates a token."""

    kind: TokenKind
    pattern: str
    source_url: str
    """Where the name is documented; empty for a name that users choose."""

    def matches(self, name: str) -> bool:
        """Return whether a variable's name matches."""
        return _expression(self.pattern.upper()).fullmatch(name.upper()) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.sub(r"\*+", "*", pattern).split("*"))), re.DOTALL)


@cache
def token_names() -> tuple[TokenName, ...]:
    """Return the known names, read once from `facts/boundary_tokens.toml`."""
    table = load_facts("boundary_tokens")
    return tuple(
        TokenName(TokenKind(row["kind"]), name, row.get("source_url", ""))
        for row in table["token"]
        for name in row["names"]
    )


@dataclass(frozen=True, slots=True)
class SeenToken:
    """A token in an environment."""

    name: str
    """The variable's name; a fixed text if it is not a plain name."""
    kind: TokenKind
    source_url: str


@dataclass(frozen=True, slots=True)
class WorkflowCheck:
    """The findings in one workflow."""

    path: str
    permissions: CiPermissions
    findings: tuple[PlacedFinding, ...]


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary of one repository and one environment."""

    workflows: tuple[WorkflowCheck, ...]
    tokens: tuple[SeenToken, ...]
    findings: tuple[Finding, ...]
    """Findings on the environment and on the check itself."""

    @property
    def publisher_token_available(self) -> bool:
        """Whether roles could reach a token that publishes."""
        return any(token.kind is TokenKind.PUBLISHER for token in self.tokens)

    @property
    def cloud_token_available(self) -> bool:
        """Whether roles could reach a cloud token."""
        return any(token.kind is TokenKind.CLOUD for token in self.tokens)

    @property
    def ci_token_permissions(self) -> CiPermissions:
        """The permissions of the workflows' own token: the widest of all workflows."""
        order = list(CiPermissions)
        return max((each.permissions for each in self.workflows), key=order.index, default=CiPermissions.NONE_DECLARED)

    @property
    def has_literal_secret(self) -> bool:
        """Whether a workflow seems to contain a secret."""
        return any(finding.id == LITERAL_SECRET.id for finding in self.all_findings)

    @property
    def workflow_findings(self) -> tuple[Finding, ...]:
        """The findings in workflows, each with its file's path at the head of its message."""
        return tuple(
            each.finding.about(safe(check.path, limit=120)) for check in self.workflows for each in check.findings
        )

    def check_permissions(self) -> tuple[Finding, ...]:
        """Return a finding for each workflow whose own token may do more than its jobs declare that they need."""
        return tuple(
            Finding("BND-25", Severity.FAIL, _wide_words(each.permissions)).about(safe(each.path, limit=120))
            for each in self.workflows
            if each.permissions is not CiPermissions.LEAST_PRIVILEGE
        )

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, workflows first."""
        return (*(each.finding for check in self.workflows for each in check.findings), *self.findings)


def check_workflows(workflows: Sequence[Workflow], actions: Sequence[Workflow] = ()) -> tuple[WorkflowCheck, ...]:
    """Check every workflow of a repository, in order, with the local actions that they use."""
    repository = Repository(tuple(workflows), tuple(actions))
    return tuple(
        WorkflowCheck(each.path, ci_permissions(each.root), check_workflow(each, repository)) for each in workflows
    )


def seen_tokens(names: Iterable[str], own: Sequence[str] = ()) -> tuple[SeenToken, ...]:
    """Return the tokens in an environment, by name.

    Args:
        names: The names of the non-empty variables that roles would see.
        own: Names or patterns from the profile's policy; they count as publisher tokens.

    """
    known = (*(TokenName(TokenKind.PUBLISHER, name, "") for name in own), *token_names())
    seen = []
    for name in sorted(set(names)):
        row = next((each for each in known if each.matches(name)), None)
        if row is not None:
            seen.append(SeenToken(_shown(name), row.kind, row.source_url))
    return tuple(seen)


def _shown(name: str) -> str:
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", name) is not None and looks_like_secret(name) is None
    return name if is_plain else "a name that is not shown"


def _wide_words(permissions: CiPermissions) -> str:
    return (
        f"the policy declares least privilege for the job, but the permissions of the token are {permissions}."
        " Declare for each job the permissions that it needs, and no others."
    )


_TOKEN_FINDINGS = {
    TokenKind.PUBLISHER: (Severity.FAIL, "a publisher's token"),
    TokenKind.CLOUD: (Severity.FAIL, "a cloud's token"),
    TokenKind.CI: (Severity.WARN, "a CI service's token"),
    TokenKind.REPOSITORY: (Severity.WARN, "a repository host's token"),
    TokenKind.AGENT: (Severity.INFO, "a coding agent's credential"),
}


def check_tokens(tokens: Iterable[SeenToken], withheld: frozenset[TokenKind] = frozenset()) -> tuple[Finding, ...]:
    """Return a finding for each token that roles could reach.

    Args:
        tokens: The tokens in the environment.
        withheld: The kinds that fail because a policy withholds them, besides those that always do.

    """
    findings = []
    for token in tokens:
        usual, words = _TOKEN_FINDINGS[token.kind]
        severity = Severity.FAIL if token.kind in withheld else usual
        message = (
            f"{token.name} is set, {words}: roles do not need it. Start the console without it (env -u {token.name})."
        )
        if not token.name.isidentifier():
            message = f"A variable contains {words}: roles do not need it. Start the console without it."
        findings.append(Finding(token.kind.finding_id, severity, message))
    return tuple(findings)
