"""The document of `verify`, with the rows of the table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.verification import moment_of
from console.domain.finding import Finding
from console.domain.verification import Freshness, Mark, PageChecked, RowState, SourceOutcome

if TYPE_CHECKING:
    from console.services.config.settings import Profile


@dataclass(frozen=True, kw_only=True)
class MarkDocument:
    """A person read a row's source and says so."""

    checked_at: str
    """In UTC."""
    by: str
    """The operating system's name of the user."""
    note: str
    content_sha256: str | None
    """Of the source's text at that time; null where the page was not fetched."""

    @classmethod
    def of(cls, mark: Mark) -> Self:
        """Return a mark as the document names it."""
        return cls(checked_at=moment_of(mark), by=mark.by, note=mark.note, content_sha256=mark.content_sha256)


@dataclass(frozen=True, kw_only=True)
class PageDocument:
    """What fetching a row's source showed."""

    outcome: SourceOutcome
    reason: str
    http_status: int | None
    content_sha256: str | None

    @classmethod
    def of(cls, checked: PageChecked) -> Self:
        """Return what fetching a page showed."""
        return cls(
            outcome=checked.outcome,
            reason=checked.reason,
            http_status=checked.http_status,
            content_sha256=checked.content_sha256,
        )


@dataclass(frozen=True, kw_only=True)
class RowDocument:
    """One thing to verify, the public page that says how it is, and the newest mark."""

    id: str
    area: str
    what: str
    """What to find out from the source."""
    source_url: str
    safe_wording: str
    """What may be said without having verified more."""
    state: Freshness
    checked_at: str | None
    by: str | None
    note: str | None
    content_sha256: str | None
    expires_on: str | None
    """ISO date of the first day on which the mark no longer counts, in UTC."""

    @classmethod
    def of(cls, state: RowState) -> Self:
        """Return a row as the document names it."""
        mark = state.mark
        return cls(
            id=state.row.id,
            area=state.row.area,
            what=state.row.what,
            source_url=state.row.source_url,
            safe_wording=state.row.safe_wording,
            state=state.freshness,
            checked_at=moment_of(mark) if mark else None,
            by=mark.by if mark else None,
            note=mark.note if mark else None,
            content_sha256=mark.content_sha256 if mark else None,
            expires_on=state.expires_on.isoformat() if state.expires_on else None,
        )


@dataclass(frozen=True, kw_only=True)
class ShownRowDocument(RowDocument):
    """A row with all its marks, as `verify show` has it."""

    marks: tuple[MarkDocument, ...]
    """The newest first."""


@dataclass(frozen=True, kw_only=True)
class FetchedRowDocument(RowDocument):
    """A row whose source was fetched, as `verify --live` has it."""

    live: PageDocument


@dataclass(frozen=True, kw_only=True)
class VerificationPolicyDocument:
    """What the profile's policy says of the table."""

    verification_max_age_days: int
    require_verification: bool


@dataclass(frozen=True, kw_only=True)
class VerifyDocument:
    """The verification table, or one row of it."""

    schema: Literal["gateway-console/verify/v1"] = "gateway-console/verify/v1"
    profile: str
    config: str
    """Where the profile comes from: a path, or that it is built in."""
    policy: VerificationPolicyDocument
    rows: tuple[RowDocument | ShownRowDocument | FetchedRowDocument, ...]
    findings: tuple[FindingDocument, ...]

    @classmethod
    def of(cls, profile: "Profile", rows: Sequence[RowDocument], findings: Iterable[Finding] = ()) -> Self:
        """Return rows and findings as a document."""
        policy = profile.policy
        return cls(
            profile=profile.name,
            config=profile.source,
            policy=VerificationPolicyDocument(
                verification_max_age_days=policy.verification_max_age_days,
                require_verification=policy.require_verification,
            ),
            rows=tuple(rows),
            findings=tuple(FindingDocument.of(each, "verification") for each in findings),
        )
