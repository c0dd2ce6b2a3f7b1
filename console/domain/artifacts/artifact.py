"""Artifacts: the writer's output, and the deterministic checks before any model reviews it."""

from collections.abc import Sequence
from enum import StrEnum

from console.domain.artifacts.command_plan import check_commands
from console.domain.artifacts.file_change import EXECUTABLE, SUBMODULE, SYMLINK, FileChange, FileChangeKind
from console.domain.artifacts.outcome import CheckOutcome, places
from console.domain.artifacts.repository_path import Guarded, Scope, check_path, guarded_as
from console.domain.artifacts.text_check import check_lines, read_artifact
from console.domain.artifacts.unified_diff import Patch, parse_patch
from console.domain.finding import Finding, Severity

SIZE_LIMIT_BYTES = 512_000
"""The largest artifact that is checked: more than anyone reviews in one piece."""


class ArtifactKind(StrEnum):
    """The kind of artifact that a run produces."""

    PATCH = "patch"
    """A unified diff against the pinned commit."""
    ARTICLE = "article"
    """A document."""
    PLAN = "plan"
    """A command plan: one command per line, run by people and never by the console."""


def check_artifact(
    kind: ArtifactKind, artifact: bytes, scope: Scope, *, limit_bytes: int = SIZE_LIMIT_BYTES
) -> CheckOutcome:
    """Check an artifact by its kind; only a patch has to stay in the scope."""
    match kind:
        case ArtifactKind.PATCH:
            return check_patch(artifact, scope, limit_bytes=limit_bytes)
        case ArtifactKind.ARTICLE:
            return check_document(artifact, limit_bytes=limit_bytes)
        case ArtifactKind.PLAN:
            return check_command_plan(artifact, limit_bytes=limit_bytes)


def check_document(document: bytes, *, limit_bytes: int = SIZE_LIMIT_BYTES) -> CheckOutcome:
    """Check a document: its size, its encoding, secrets, hidden characters."""
    text, findings = read_artifact(document, limit_bytes=limit_bytes)
    return CheckOutcome(findings or check_lines(_numbered(text)))


def check_command_plan(plan: bytes, *, limit_bytes: int = SIZE_LIMIT_BYTES) -> CheckOutcome:
    """Check a command plan: as a document, and each command for risks that a human has to decide."""
    text, findings = read_artifact(plan, limit_bytes=limit_bytes)
    if findings:
        return CheckOutcome(findings)
    lines = _numbered(text)
    return CheckOutcome((*check_lines(lines), *check_commands(lines)))


def check_patch(patch: bytes, scope: Scope, *, limit_bytes: int = SIZE_LIMIT_BYTES) -> CheckOutcome:
    """Check a unified diff without git: form, paths, scope, and changes that a human has to decide.

    Secrets and hidden characters are searched in the content that the patch brings: added lines, paths and text around
    the diff. Removed lines and existing content do not block it.

    Args:
        patch: The diff, in UTF-8.
        scope: The paths that the plan allows it to touch.
        limit_bytes: The largest patch that is checked.

    """
    text, findings = read_artifact(patch, limit_bytes=limit_bytes)
    if findings:
        return CheckOutcome(findings)
    parsed = parse_patch(text)
    return CheckOutcome(
        (*check_lines(parsed.brought), *_check_form(parsed), *check_changes(parsed.changes, scope)),
    )


def check_changes(changes: Sequence[FileChange], scope: Scope) -> tuple[Finding, ...]:
    """Check the changes, as the patch or git describes them."""
    findings: list[Finding] = []

    def found(finding_id: str, severity: Severity, message: str, seen: list[int]) -> None:
        if seen:
            findings.append(Finding(finding_id, severity, message, evidence=places(seen, "file")))

    numbered = list(enumerate(changes, 1))
    named = [(number, path) for number, change in numbered for path in {change.path, change.old_path or change.path}]
    unsafe = {path: reason for _, path in named if (reason := check_path(path)) is not None}
    for reason in sorted(set(unsafe.values())):
        message = f"A path is not allowed: {reason}."
        found("PAT-02", Severity.FAIL, message, [number for number, path in named if unsafe.get(path) == reason])
    touched = [(number, path) for number, change in numbered for path in change.touched if path not in unsafe]
    message = "A file is outside the scope of the plan: keep to the scope, or plan again."
    found("PAT-03", Severity.FAIL, message, [number for number, path in touched if not scope.covers(path)])
    guarded = [(number, guarded_as(path)) for number, path in touched]
    for finding_id, kind, message in _GUARDED_FINDINGS:
        found(finding_id, Severity.WARN, message, [number for number, steered in guarded if steered is kind])
    for finding_id, mode, message in _MODE_FINDINGS:
        made = [n for n, change in numbered if mode in (change.old_mode, change.new_mode) and _is_of_note(change, mode)]
        found(finding_id, Severity.WARN, message, made)
    message = "A file is binary: the patch does not show its new content."
    found("PAT-09", Severity.WARN, message, [n for n, c in numbered if c.is_binary and c.has_binary_content])
    message = (
        "A file is binary and its content is missing: create the patch with git diff --binary, or leave the file out."
    )
    found("PAT-11", Severity.FAIL, message, [n for n, c in numbered if c.is_binary and not c.has_binary_content])
    found("PAT-12", Severity.FAIL, "A path is changed twice.", _again(touched))
    message = "A file is below a symbolic link or another file of the same patch."
    found("PAT-13", Severity.FAIL, message, _beneath(numbered))
    return tuple(findings)


_GUARDED_FINDINGS = (
    ("PAT-04", Guarded.CI, "A file controls CI, which has access to secrets: a human has to decide."),
    ("PAT-05", Guarded.INSTRUCTIONS, "A file instructs coding agents: a human has to decide."),
    ("PAT-10", Guarded.GIT, "A file controls git itself: a human has to decide."),
)
_MODE_FINDINGS = (
    ("PAT-06", SYMLINK, "A symbolic link is created, changed or removed: a human has to check its target."),
    ("PAT-07", EXECUTABLE, "A file becomes executable: a human has to decide."),
    ("PAT-08", SUBMODULE, "A submodule is changed, and with it the code of another repository: a human has to decide."),
)


def _is_of_note(change: FileChange, mode: int) -> bool:
    return mode != EXECUTABLE or (change.new_mode == EXECUTABLE and change.old_mode != EXECUTABLE)


def _check_form(patch: Patch) -> tuple[Finding, ...]:
    findings = []
    if patch.faults:
        fault = patch.faults[0]
        message = f"The patch is not a well-formed unified diff: {fault.words}."
        findings.append(Finding("PAT-01", Severity.FAIL, message, evidence=places([fault.line])))
    elif not patch.changes:
        findings.append(Finding("PAT-14", Severity.FAIL, "The artifact contains no diff."))
    if patch.stray and patch.changes:
        message = "There is text around the diff; git skips it, and a reader may too."
        findings.append(Finding("ART-06", Severity.WARN, message, evidence=places(patch.stray)))
    return tuple(findings)


def _again(touched: Sequence[tuple[int, str]]) -> list[int]:
    seen: set[str] = set()
    again = []
    for number, path in touched:
        folded = path.casefold()  # on some file systems, names that differ only in case are one file
        if folded in seen:
            again.append(number)
        seen.add(folded)
    return again


def _beneath(changes: Sequence[tuple[int, FileChange]]) -> list[int]:
    staying = [(n, change.path.casefold()) for n, change in changes if change.kind is not FileChangeKind.DELETED]
    files = {path for _, path in staying}
    return [number for number, path in staying if any(above in files for above in _directories(path))]


def _directories(path: str) -> list[str]:
    steps = path.split("/")[:65]  # deeper than any repository; keeps this linear
    return ["/".join(steps[:depth]) for depth in range(1, len(steps))]


def _numbered(text: str) -> list[tuple[int, str]]:
    return list(enumerate(text.removesuffix("\n").split("\n"), 1))
