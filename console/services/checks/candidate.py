"""The deterministic checks of a candidate, before any model reviews it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.domain.artifacts.artifact import SIZE_LIMIT_BYTES, ArtifactKind, check_artifact, check_changes
from console.domain.artifacts.file_change import FileChange
from console.domain.artifacts.outcome import CheckOutcome, places
from console.domain.artifacts.repository_path import Scope, is_test_file
from console.domain.artifacts.unified_diff import Patch, parse_patch
from console.domain.finding import Finding, Severity
from console.domain.text.safe import safe
from console.services.checks.policy_command import CommandEnd, CommandEnding, CommandResult, run_command, shown_tail
from console.services.checks.throwaway import Applied, Throwaway, ThrowawayError, throwaway


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """The limits of a check."""

    artifact_bytes: int = SIZE_LIMIT_BYTES
    command_s: float = 600.0
    """The longest that one command may take, in seconds."""
    output_bytes: int = 8_000_000
    """The most that one command may write."""


@dataclass(frozen=True, slots=True)
class CandidateCheck:
    """The result of checking a candidate."""

    outcome: CheckOutcome
    commands: tuple[CommandResult, ...] = ()
    """The results of the operator's commands, in the policy's order; those with the base's tests follow."""
    output_tail: tuple[str, ...] = field(default=(), repr=False)
    """The last output of each command, or of git if the patch does not apply; scrubbed and safe to show."""

    @property
    def needs_human(self) -> bool:
        """Whether the run has to wait for a person's decision."""
        return self.outcome.needs_human or any(each.id in _NEEDS_A_HUMAN for each in self.outcome.findings)


_NEEDS_A_HUMAN = ("CHK-11", "CHK-12")


async def check_candidate(
    kind: ArtifactKind,
    artifact: bytes,
    scope: Scope,
    *,
    repository: Path,
    commit: str,
    environment: Mapping[str, str],
    commands: Sequence[str] = (),
    is_confirmed: bool = False,
    limits: CheckLimits = CheckLimits(),
    place: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> CandidateCheck:
    """Check a writer's artifact; never raises for faults in it, in the repository or in a command.

    A patch that parses is applied to the pinned commit in a throwaway repository (see `throwaway`). Git's resulting
    changes must obey the same rules as the patch's text: our diff parser must not decide alone where it differs from
    git. Then the operator's commands run one after the other in the same tree, even if a human still has to decide.
    They do not run on a patch that fails. If the patch touches test files, they run once more in another tree, which
    has the commit's copy of those files: what passes only with the draft's own tests needs a person.

    Args:
        kind: What the artifact is.
        artifact: Its bytes.
        scope: What the plan allows a patch to touch.
        repository: The operator's working tree; nothing is written to it.
        commit: The full id of the run's pinned commit.
        environment: The console's environment; no child gets the tokens in it.
        commands: The policy's checks, each split into words as a shell would, but run without one.
        is_confirmed: Whether the operator confirmed for this run that the commands may run code that a model wrote. We
            cannot promise network isolation: see `policy_command`.
        limits: The limits of the check.
        place: Where to create the temporary directory; by default in the system's.
        clock: A monotonic clock in seconds.
        sleep: Sleeps for a number of seconds: the longest a command may take.

    """
    outcome = await asyncio.to_thread(check_artifact, kind, artifact, scope, limit_bytes=limits.artifact_bytes)
    if kind is not ArtifactKind.PATCH or not outcome.is_passed:
        return CandidateCheck(outcome)

    async def run_all(tree: Throwaway) -> list[CommandEnd]:
        await tree.write_files()
        return [
            await run_command(
                number,
                command,
                directory=tree.files,
                home=tree.home,
                temporary=tree.temporary,
                environment=environment,
                timeout_s=limits.command_s,
                limit_bytes=limits.output_bytes,
                clock=clock,
                sleep=sleep,
            )
            for number, command in enumerate(commands, 1)
        ]

    said = await asyncio.to_thread(parse_patch, artifact.decode())
    try:
        async with throwaway(repository, commit, environment=environment, place=place) as tree:
            applied = await _apply(tree, artifact, said)
            if not applied.is_applied:
                message = "The patch does not apply to the pinned commit."
                finding = Finding("PAT-15", Severity.FAIL, message, evidence=places(applied.failed_at))
                return CandidateCheck(outcome.with_findings((finding,)), output_tail=(shown_tail(applied.said),))
            changes = await tree.changes()
            outcome = outcome.with_findings(_check_as_applied(changes, said, scope))
            if not commands or not outcome.is_passed:
                return CandidateCheck(outcome)
            if not is_confirmed:
                message = "The policy's checks were not run, because you did not confirm them for this run."
                return CandidateCheck(outcome.with_findings((Finding("CHK-09", Severity.INFO, message),)))
            runs = await run_all(tree)
    except ThrowawayError as error:
        return CandidateCheck(outcome.with_findings((error.finding,)))
    findings, again = [*_check_runs(runs)], list[CommandEnd]()
    tests = [change.path for change in changes if is_test_file(change.path)]
    if tests:
        try:
            async with throwaway(repository, commit, environment=environment, place=place) as tree:
                await _apply(tree, artifact, said)
                await tree.take_back(is_test_file)
                again = [_with_base_tests(run) for run in await run_all(tree)]
        except ThrowawayError as error:
            findings.append(_not_tried(tests, error))
        findings += _compare(runs, again, tests)
    return CandidateCheck(
        outcome.with_findings(findings),
        tuple(run.result for run in (*runs, *again)),
        tuple(run.tail for run in (*runs, *again)),
    )


async def _apply(tree: Throwaway, artifact: bytes, said: Patch) -> Applied:
    return await tree.apply(artifact, {*said.paths, *(each.old_path or each.path for each in said.changes)})


def _check_as_applied(changes: Sequence[FileChange], said: Patch, scope: Scope) -> tuple[Finding, ...]:
    paths = frozenset(said.paths)
    findings = list(check_changes(changes, scope))
    if not changes:
        findings.append(Finding("PAT-17", Severity.FAIL, "The patch changes no file."))
    if any(change.path not in paths for change in changes):
        message = "git changes a file that, as we read the patch, it does not change."
        findings.append(Finding("PAT-16", Severity.FAIL, message))
    return tuple(findings)


# --- The tests of the base -------------------------------------------------------------------------------------------


def _with_base_tests(run: CommandEnd) -> CommandEnd:
    return replace(run, result=replace(run.result, with_base_tests=True))


def _not_tried(tests: Sequence[str], error: ThrowawayError) -> Finding:
    message = (
        f"Not tried: the checks with the repository's own copy of {_listed(tests)}, which the draft touches."
        f" {error.finding.message}"
    )
    return Finding("CHK-12", Severity.WARN, message)


def _compare(own: Sequence[CommandEnd], base: Sequence[CommandEnd], tests: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding if a check passes with the draft's tests and not with the repository's."""
    numbers = [
        run.result.number
        for run, again in zip(own, base, strict=False)
        if run.result.is_passed and not again.result.is_passed
    ]
    if not numbers:
        return ()
    message = (
        f"A check passes with the draft's own copy of {_listed(tests)} and fails with the repository's. Compare the two"
        " outputs, and decide whether the tests had to change."
    )
    return (Finding("CHK-11", Severity.WARN, message, evidence=places(numbers, "command")),)


_NAMED = 3
"""The most test files that a message names."""


def _listed(paths: Sequence[str]) -> str:
    shown = [f"`{safe(path, limit=120)}`" for path in paths[:_NAMED]]
    rest = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {rest} more test file{'s' if rest > 1 else ''}" if rest else "")


# --- The commands ----------------------------------------------------------------------------------------------------

_ENDINGS = {
    CommandEnding.EXITED: ("CHK-05", "A check of the policy failed on the patched tree."),
    CommandEnding.TIMED_OUT: ("CHK-06", "A check of the policy ran too long and was killed."),
    CommandEnding.FLOODED: ("CHK-07", "A check of the policy wrote too much output and was killed."),
    CommandEnding.NOT_FOUND: ("CHK-08", "A check of the policy names a program that cannot be started."),
    CommandEnding.UNREADABLE: (
        "CHK-10",
        "A check of the policy is not a command: it is empty, or its quotes do not match.",
    ),
}


def _check_runs(runs: Sequence[CommandEnd]) -> tuple[Finding, ...]:
    findings = []
    for ending, (finding_id, message) in _ENDINGS.items():
        numbers = [run.result.number for run in runs if run.result.ending is ending and not run.result.is_passed]
        if numbers:
            findings.append(Finding(finding_id, Severity.FAIL, message, evidence=places(numbers, "command")))
    return tuple(findings)
