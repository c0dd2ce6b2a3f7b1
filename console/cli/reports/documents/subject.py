"""The documents of `run show --gate` and `--artifact`, of `run candidate` and of `run apply`.

What a decision is about is the domain's own type. It holds text from models, unlike a record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from console.cli.exit_code import ExitCode
from console.cli.reports.documents.finding import FindingDocument
from console.domain.answers.role_answer import Critique, Plan
from console.domain.finding import Finding
from console.domain.run.event import GateOpened, InstructionPinned
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.subject import DraftFile, DraftShown, PreflightNotes, ReviewShown, SourcesShown, Subject
from console.domain.run.turn import AgentTurn


@dataclass(frozen=True, kw_only=True)
class CheckOutputDocument:
    """The last output of a check that failed on a draft, or of an agent that made none."""

    name: str
    """As the record names the check; `the agent` for an agent."""
    last_lines: str
    """With secrets masked."""


@dataclass(frozen=True, kw_only=True)
class RunSubjectDocument:
    """What the decision at a gate is about; of the last nine fields, one is not null."""

    schema: Literal["gateway-console/run-subject/v1"] = "gateway-console/run-subject/v1"
    run_id: str
    gate: Gate | None
    """Null for the task."""
    attempt: int
    """The writer pass, from 1; at the planner, the number of the plan."""
    verdict: GateVerdict | None
    """What our code computed; null if the gate is not open yet."""
    findings: tuple[FindingDocument, ...]
    check_outputs: tuple[CheckOutputDocument, ...]
    """Of each failed check, and of an agent that made no draft, if it is still stored."""
    task: str | None
    instruction: InstructionPinned | None
    preflight: PreflightNotes | None
    plan: Plan | None
    draft: DraftShown | None
    """A draft, or the candidate."""
    turn: AgentTurn | None
    """The turn of a coding agent that made no draft."""
    sources: SourcesShown | None
    review: ReviewShown | None
    critique: Critique | None

    @classmethod
    def of(
        cls,
        subject: Subject | str,
        *,
        run_id: str,
        gate: Gate | None,
        attempt: int,
        opened: GateOpened | None,
        findings: Sequence[Finding],
        tails: Sequence[tuple[str, str]] = (),
    ) -> Self:
        """Return what a decision is about; a text is the task."""
        about = "the run" if gate is None else f"the gate {gate.words}"
        return cls(
            run_id=run_id,
            gate=gate,
            attempt=attempt,
            verdict=None if opened is None else opened.verdict,
            findings=tuple(FindingDocument.of(each, about) for each in findings),
            check_outputs=tuple(CheckOutputDocument(name=name, last_lines=tail) for name, tail in tails),
            task=subject if isinstance(subject, str) else None,
            instruction=subject if isinstance(subject, InstructionPinned) else None,
            preflight=subject if isinstance(subject, PreflightNotes) else None,
            plan=subject if isinstance(subject, Plan) else None,
            draft=subject if isinstance(subject, DraftShown) else None,
            turn=subject if isinstance(subject, AgentTurn) else None,
            sources=subject if isinstance(subject, SourcesShown) else None,
            review=subject if isinstance(subject, ReviewShown) else None,
            critique=subject if isinstance(subject, Critique) else None,
        )


@dataclass(frozen=True, kw_only=True)
class RunCandidateDocument:
    """A sealed candidate that was taken out."""

    schema: Literal["gateway-console/run-candidate/v1"] = "gateway-console/run-candidate/v1"
    run_id: str
    kind: str
    """`patch`, `article` or `plan`."""
    sha256: str
    """The hash that was sealed."""
    size: int
    """In bytes, as sealed."""
    is_line_feed_added: bool
    """Whether a line feed was added at the end, because git does not read a patch without one."""
    files: tuple[DraftFile, ...]
    """The files of a patch."""
    output: str | None
    """The file that was written; null if the text is in this document."""
    text: str | None
    next: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunApplyDocument:
    """A sealed patch that was applied to the run's repository."""

    schema: Literal["gateway-console/run-apply/v1"] = "gateway-console/run-apply/v1"
    run_id: str
    repository: str
    """The root of the working tree on this machine."""
    base: str
    """The commit that the run pinned, from which the branch begins."""
    branch: str
    branch_before: str | None
    """The branch that was checked out before; null if there was none."""
    commit: str | None
    """Null if nothing was committed: the changes are staged."""
    paths: tuple[str, ...]
    """The files that the patch changes."""
    next: tuple[str, ...]
    exit_code: ExitCode
