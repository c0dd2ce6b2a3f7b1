"""The boundary of a repository and an environment, for the `boundary` verb and a run's preflight."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from console.domain.finding import Finding, Severity
from console.domain.workflows.boundary import Boundary, WorkflowCheck, check_tokens, check_workflows, seen_tokens
from console.domain.workflows.rule import PlacedFinding
from console.domain.workflows.token_kind import TokenKind
from console.domain.workflows.workflow import Workflow
from console.services.workflows.workflow_file import read_actions, read_workflows
from console.services.workflows.zizmor import Zizmor, ZizmorError


def names_set(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the variables that are not empty, without their values."""
    return frozenset(name for name, value in environment.items() if value)


async def check_boundary(
    repository: Path,
    names: frozenset[str],
    *,
    own_names: Sequence[str] = (),
    withheld: frozenset[TokenKind] = frozenset(),
    zizmor: Zizmor | None = None,
) -> Boundary:
    """Check the workflows of a repository, and which tokens are in the roles' environment.

    Args:
        repository: Its directory; it need not have workflows.
        names: The names of the variables that roles would see.
        own_names: More names, or patterns with `*`, that the profile's policy withholds from roles.
        withheld: The kinds of tokens that it withholds, besides publishers' and clouds'.
        zizmor: The installed zizmor, or None.

    Raises:
        OSError: The repository cannot be read.

    """
    workflows = read_workflows(repository)
    checks = check_workflows(workflows, read_actions(repository, workflows))
    tokens = seen_tokens(names, own_names)
    checks, findings = await _with_zizmor(repository, workflows, checks, zizmor)
    return Boundary(checks, tokens, (*check_tokens(tokens, withheld), *findings))


async def _with_zizmor(
    repository: Path, workflows: Sequence[Workflow], checks: tuple[WorkflowCheck, ...], zizmor: Zizmor | None
) -> tuple[tuple[WorkflowCheck, ...], tuple[Finding, ...]]:
    """Add zizmor's findings in the workflows that could be read."""
    if not workflows:
        return checks, ()
    if zizmor is None:
        message = "zizmor is not installed, so only our own rules were applied: pip install 'gateway-console[ci]'."
        return checks, (Finding("BND-30", Severity.INFO, message),)
    files = _files(repository, workflows)
    try:
        found = await zizmor.audit(tuple(files.values()))
    except ZizmorError as error:
        message = f"zizmor gave no result: {error}. Only our own rules were applied."
        return checks, (Finding("BND-31", Severity.WARN, message),)
    more = {path: found[file] for path, file in files.items() if file in found}
    return tuple(replace(each, findings=_merged(each, more.get(each.path, ()))) for each in checks), ()


def _files(repository: Path, workflows: Sequence[Workflow]) -> dict[str, Path]:
    root = repository.resolve()
    files = {each.path: Path(os.path.realpath(root / each.path)) for each in workflows if each.root is not None}
    return {path: file for path, file in files.items() if file.is_relative_to(root) and file.is_file()}


def _merged(check: WorkflowCheck, more: Sequence[PlacedFinding]) -> tuple[PlacedFinding, ...]:
    weights = list(Severity)
    return tuple(sorted((*check.findings, *more), key=lambda each: weights.index(each.finding.severity)))
