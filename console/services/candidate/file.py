"""Writing a candidate to a file of the operator's: a new one, whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.system.hardening import operators_umask
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.os_reason import os_reason


class CandidateFileError(Problem):
    """The file was not written, and what was there is as before; the message says why and what to do."""


def save_candidate(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet. Its mode is the one that the operator's umask leaves.

    Raises:
        CandidateFileError: The name is taken, the data holds a token of this process, or it cannot be written.

    """
    shown = safe(str(path))
    if LEAK_GUARD.is_hit(data.decode("utf-8", "replace")):
        raise CandidateFileError(f"{shown} was not written: it would hold a token", is_unsafe=True)
    draft = path.parent / f".gateway-console-{secrets.token_hex(8)}"
    try:
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                os.fchmod(file.fileno(), 0o666 & ~operators_umask())
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails if the name is taken, also by a link that leads nowhere
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
    except FileExistsError:
        raise CandidateFileError(f"{shown} exists and was not changed; name another file", ProblemKind.USAGE) from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
        raise CandidateFileError(f"{shown} cannot be written: {reason}; name another file") from None
