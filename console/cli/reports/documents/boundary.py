"""The document of `boundary`."""

from dataclasses import dataclass
from typing import Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.finding import boundary_subject
from console.domain.workflows.boundary import Boundary, WorkflowCheck
from console.domain.workflows.permissions import CiPermissions
from console.domain.workflows.rule import PlacedFinding
from console.domain.workflows.token_kind import TokenKind


@dataclass(frozen=True, kw_only=True)
class PlacedFindingDocument(FindingDocument):
    """A finding in a workflow's file."""

    lines: tuple[int, ...]
    """Numbers of lines, from 1."""

    @classmethod
    def of_placed(cls, placed: PlacedFinding, path: str) -> Self:
        """Return a finding with its lines in a file."""
        return cls(**vars(FindingDocument.of(placed.finding, path)), lines=tuple(placed.lines))


@dataclass(frozen=True, kw_only=True)
class WorkflowDocument:
    """What was found in one workflow."""

    path: str
    ci_token_permissions: CiPermissions
    findings: tuple[PlacedFindingDocument, ...]

    @classmethod
    def of(cls, check: WorkflowCheck) -> Self:
        """Return a workflow as the document names it."""
        findings = tuple(PlacedFindingDocument.of_placed(each, check.path) for each in check.findings)
        return cls(path=check.path, ci_token_permissions=check.permissions, findings=findings)


@dataclass(frozen=True, kw_only=True)
class SeenTokenDocument:
    """A token that is set in the environment; never its value."""

    name: str
    """The variable's name; words of the console's own where it is not a plain name."""
    kind: TokenKind
    source_url: str | None
    """Where the name is documented."""


@dataclass(frozen=True, kw_only=True)
class BoundaryDocument:
    """What a repository's workflows may do, and which tokens roles could reach."""

    schema: Literal["gateway-console/boundary/v1"] = "gateway-console/boundary/v1"
    profile: str
    publisher_token_available: bool
    cloud_token_available: bool
    ci_token_permissions: CiPermissions
    workflows: tuple[WorkflowDocument, ...]
    tokens: tuple[SeenTokenDocument, ...]
    findings: tuple[FindingDocument, ...]
    """Of the environment and of the check itself."""

    @classmethod
    def of(cls, boundary: Boundary, profile: str) -> Self:
        """Return a boundary as a document."""
        return cls(
            profile=profile,
            publisher_token_available=boundary.publisher_token_available,
            cloud_token_available=boundary.cloud_token_available,
            ci_token_permissions=boundary.ci_token_permissions,
            workflows=tuple(map(WorkflowDocument.of, boundary.workflows)),
            tokens=tuple(
                SeenTokenDocument(name=token.name, kind=token.kind, source_url=token.source_url or None)
                for token in boundary.tokens
            ),
            findings=tuple(FindingDocument.of(each, boundary_subject(each)) for each in boundary.findings),
        )
