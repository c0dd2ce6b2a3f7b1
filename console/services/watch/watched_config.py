"""The config of a watch: read again for every round; what cannot be used does not replace what could."""

from collections.abc import Sequence

from console.domain.problem import Problem
from console.domain.watch.told import Told, ToldKind
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile
from console.services.watch.desk import Desk


class WatchedConfig:
    """The profiles to watch, as the config named them last without a fault."""

    def __init__(self, desk: Desk) -> None:
        """Read the config for the first time. Raises `Problem` if none of it can be used."""
        self._desk = desk
        self.profiles: tuple[Profile | BrokenProfile, ...] = tuple(desk.profiles())
        self._fault = ""
        self._faulty: dict[str, str] = {}

    def read(self, at: float) -> Sequence[Told]:
        """Read the config again, and return what to tell of it: each fault once, and that a change was taken.

        Args:
            at: Unix time in seconds.

        """
        try:
            found = self._desk.profiles()
        except Problem as problem:
            if str(problem) == self._fault:
                return ()
            self._fault = str(problem)
            return (_broken(problem, at),)
        told: list[Told] = []
        before = {each.name: each for each in self.profiles}
        taken: list[Profile | BrokenProfile] = []
        faulty: dict[str, str] = {}
        for each in found:
            old = before.get(each.name)
            if not (isinstance(each, BrokenProfile) and isinstance(old, Profile)):
                taken.append(each)
                continue
            taken.append(old)
            faulty[each.name] = str(each.error)
            if self._faulty.get(each.name) != faulty[each.name]:
                told.append(_broken(each.error, at, each.name))
        is_fixed = bool(self._fault) or bool(set(self._faulty) - set(faulty))
        if is_fixed or _texts(taken) != _texts(self.profiles):
            told.append(Told(ToldKind.CONFIG_TAKEN, at))
        self._fault, self._faulty, self.profiles = "", faulty, tuple(taken)
        return told


def _texts(profiles: Sequence[Profile | BrokenProfile]) -> list[object]:
    """Return profiles so that equal ones compare as equal: of a broken one, its faults."""
    return [(each.name, str(each.error)) if isinstance(each, BrokenProfile) else each for each in profiles]


def _broken(problem: Problem, at: float, profile: str = "") -> Told:
    return Told(ToldKind.CONFIG_BROKEN, at, profile, problem=problem.kind, words=str(problem))
