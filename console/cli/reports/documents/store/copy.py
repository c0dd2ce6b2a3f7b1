"""The document of `store copy`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, cast

from console.cli.exit_code import ExitCode

if TYPE_CHECKING:
    from console.services.store.copy import ArtifactsCopied, RunCopied

CopyWord = Literal["copied", "continued", "there", "ahead", "pruned", "refused"]


@dataclass(frozen=True, kw_only=True)
class CopiedRunDocument:
    """What became of a run."""

    run_id: str
    outcome: CopyWord
    """`continued`: the rest was added to an earlier copy. `ahead`: it went on in the store. `pruned`: it is pruned
    there."""
    lines: int
    reason: str
    """Why it was refused; empty if it was not."""


@dataclass(frozen=True, kw_only=True)
class StoreCopyDocument:
    """A copy of a state directory's runs into the store."""

    schema: Literal["gateway-console/store-copy/v1"] = "gateway-console/store-copy/v1"
    directory: str
    where: str
    """The database, without user and password."""
    is_dry_run: bool
    runs: tuple[CopiedRunDocument, ...]
    artifacts_copied: int
    artifacts_there: int
    problems: tuple[str, ...]
    """Artifacts that cannot be read here."""
    exit_code: ExitCode

    @classmethod
    def of(
        cls,
        directory: str,
        where: str,
        runs: "Sequence[RunCopied]",
        artifacts: "ArtifactsCopied",
        *,
        is_dry: bool,
        code: ExitCode,
    ) -> Self:
        """Return what was copied as the document names it."""
        made = tuple(
            CopiedRunDocument(
                run_id=each.run_id,
                outcome=_word(each),
                lines=each.lines,
                reason=each.why_not,
            )
            for each in runs
        )
        return cls(
            directory=directory,
            where=where,
            is_dry_run=is_dry,
            runs=made,
            artifacts_copied=artifacts.copied,
            artifacts_there=artifacts.there,
            problems=artifacts.problems,
            exit_code=code,
        )


def _word(run: "RunCopied") -> CopyWord:
    return "refused" if run.outcome is None or run.why_not else cast("CopyWord", run.outcome.value)
