"""Checks of an artifact's text: size, encoding, secrets and hidden characters."""

import unicodedata
from collections.abc import Iterable

from console.domain.artifacts.outcome import places
from console.domain.finding import Finding, Severity
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets

_EMOJI_STYLE = "\N{VARIATION SELECTOR-16}"


def read_artifact(artifact: bytes, *, limit_bytes: int) -> tuple[str, tuple[Finding, ...]]:
    """Return an artifact's text; empty if a finding says why it cannot be read."""
    if len(artifact) > limit_bytes:
        message = f"The artifact is larger than {limit_bytes // 1000:,} kB: split the work."
        return "", (Finding("ART-01", Severity.FAIL, message, evidence=f"{len(artifact):,} bytes"),)
    try:
        text = artifact.decode()
    except UnicodeDecodeError as error:
        message = "The artifact is not UTF-8 text."
        return "", (Finding("ART-02", Severity.FAIL, message, evidence=f"byte {error.start + 1:,}"),)
    if "\0" in text:
        message = "The artifact contains a NUL character, so it is not text."
        return "", (Finding("ART-02", Severity.FAIL, message, evidence=f"character {text.index(chr(0)) + 1:,}"),)
    if not text.strip():
        return "", (Finding("ART-03", Severity.FAIL, "The artifact is empty."),)
    return text, ()


def check_lines(lines: Iterable[tuple[int, str]]) -> tuple[Finding, ...]:
    """Search numbered lines for secrets and hidden characters; the message never repeats them.

    Args:
        lines: The lines without line feeds, each with its number.

    """
    numbered = list(lines)
    hidden = [number for number, line in numbered if _has_hidden(line)]
    hits = find_secrets("\n".join(line for _, line in numbered))
    findings = []
    if hits:
        message = f"The artifact seems to contain {' and '.join(sorted({hit.words for hit in hits}))}: it is withheld."
        seen = places([numbered[hit.line - 1][0] for hit in hits])
        findings.append(Finding("ART-04", Severity.FAIL, message, evidence=seen))
    if hidden:
        message = "The artifact has characters that hide, reorder or move text: a person has to look at them."
        findings.append(Finding("ART-05", Severity.WARN, message, evidence=places(hidden)))
    return tuple(findings)


def _has_hidden(line: str) -> bool:
    r"""Return whether a line has hidden characters; a tab, the \r of \r\n and an emoji's style do not count."""
    if line.isascii() and line.isprintable():
        return False
    line = line.removesuffix("\r").replace("\t", " ")
    if _EMOJI_STYLE in line:
        line = "".join(
            character
            for before, character in zip(" " + line, line, strict=False)
            if character != _EMOJI_STYLE or unicodedata.category(before) not in ("So", "Sm")
        )
    return safe(line) != line
