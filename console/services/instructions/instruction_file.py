"""An instruction file as found, before git is asked about it."""

from dataclasses import dataclass

from console.domain.instructions.source import Basis, Load, WhyNever
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
    basis: Basis
    """What the rule that led to it rests on."""
    has_imports: bool = True
    """Whether the tool follows imports in it."""
    is_users_own: bool = False
    """Whether it is from the tool's own directory of this user, which the tool trusts more."""
    imports: tuple[str, ...] = ()
    why_never: WhyNever | None = None
    """Why its text never reaches the model; None if it may."""

    def silence(self, why: WhyNever) -> None:
        """Record that nothing of it reaches the model."""
        self.load, self.effective_bytes, self.why_never = Load.SHADOWED, 0, why
