"""A sweep: what was done for each of several profiles, and the exit code of all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.profile import NoRouteChosen
from console.domain.problem import Problem
from console.services.config.load import BrokenProfile

if TYPE_CHECKING:
    from console.services.config.settings import Profile

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Swept(Generic[Done]):
    """A profile of a sweep: what was done for it, or why nothing was."""

    name: str
    profile: "Profile | None"
    """None if its config is broken."""
    done: Done | None = None
    problem: Problem | None = None

    @property
    def is_passed_over(self) -> bool:
        """Whether nothing was done only because the options choose none of the profile's routes."""
        return isinstance(self.problem, NoRouteChosen)


def sweep_offline(
    profiles: "Sequence[Profile | BrokenProfile]", work: "Callable[[Profile], Done]"
) -> list[Swept[Done]]:
    """Do some work that needs no gateway for many profiles. What keeps one profile from it does not stop the others."""
    return [_swept(each, work) for each in profiles]


def _swept(profile: "Profile | BrokenProfile", work: "Callable[[Profile], Done]") -> Swept[Done]:
    if isinstance(profile, BrokenProfile):
        return Swept(profile.name, None, problem=profile.error)
    try:
        return Swept(profile.name, profile, work(profile))
    except Problem as problem:
        return Swept(profile.name, profile, problem=problem)


def codes_of(swept: Sequence[Swept[Done]], code_of: Callable[[Done], ExitCode]) -> list[ExitCode]:
    """Return the exit code that the command would have had for each profile alone."""
    return [_code(each, code_of) for each in swept]


def _code(each: Swept[Done], code_of: Callable[[Done], ExitCode]) -> ExitCode:
    if each.problem is not None:
        return code_of_problem(each.problem)
    return ExitCode.OK if each.done is None else code_of(each.done)


def code_of_sweep(swept: Sequence[Swept[Done]], codes: Sequence[ExitCode]) -> ExitCode:
    """Return the most actionable code; a profile that was passed over counts only if all were."""
    counted = [code for each, code in zip(swept, codes, strict=True) if not each.is_passed_over]
    return most_actionable(counted or codes)
