"""An instruction file as found, before git is asked about it."""

from dataclasses import dataclass

from console.domain.instructions.source import Load
from console.services.instructions.file_cache import ReadFile

ADVICE = "Move it away, or replace it with a readable file"


@dataclass(slots=True)
class InstructionFile:
    """A file that a rule or an import led to."""

    file: ReadFile
    label: str
    scope: str
    load: Load
    effective_bytes: int
    is_from_inside: bool
    """Whether the repository itself leads to it, by name or by an import."""
    imports: tuple[str, ...] = ()
