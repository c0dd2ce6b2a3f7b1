"""What a command line shows the history: one recorder for the command, which says at the end if it kept nothing."""

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from console.cli import output
from console.cli.context import Context, current
from console.domain.probes.event import GatewayOpened, RoutesChecked
from console.domain.problem import Problem
from console.services.history.file import HistoryFile
from console.services.history.recorder import Keeps, Recorder, Recording

if TYPE_CHECKING:
    from console.domain.fleet.state import LookerKind
    from console.domain.routes.contract import RouteCheck
    from console.services.config.settings import Profile

_RECORDERS: WeakKeyDictionary[Context, Keeps] = WeakKeyDictionary()
"""One for each command line in this process."""
_LOOKERS: "WeakKeyDictionary[Context, LookerKind]" = WeakKeyDictionary()


def recording_of(profile: "Profile", *, is_read_only: bool = False) -> Recording:
    """Return what takes the events of a profile's session.

    Args:
        profile: The profile; of a built-in one nothing is kept, as it leaves nothing behind.
        is_read_only: Whether nothing may be written.

    """
    context = current()
    recorder = _RECORDERS.get(context)
    if recorder is None:
        recorder = _RECORDERS[context] = _new_recorder(context)
        context.at_end.append(partial(_close, recorder))
    days = 0 if is_read_only or profile.is_built_in else profile.policy.history_days
    return Recording(recorder, profile.name, days, partial(unix_ms, context))


def look_as(kind: "LookerKind") -> None:
    """Say what this command line is to the store: a console, unless this says a worker."""
    _LOOKERS[current()] = kind


def _new_recorder(context: Context) -> Keeps:
    """Return what keeps facts: in this machine's history, and in the store if the operator's config names one."""
    from console.services.config.own_store import own_store

    recorder = Recorder(HistoryFile(context.environment, clock=partial(unix_ms, context)))
    if own_store(context.environment) is None:
        return recorder
    from console.domain.fleet.state import LookerKind
    from console.services.fleet.keeper import FleetKeeper, Recorders, this_looker

    looker = this_looker(_LOOKERS.get(context, LookerKind.CONSOLE))
    return Recorders(recorder, FleetKeeper(context.environment, looker, output.note))


def live_recording(
    profile: "Profile", checks: "tuple[RouteCheck, ...]", origin: str, *, is_read_only: bool = False
) -> Recording:
    """Return the same for an open gateway and the routes that are called through it."""
    recording = recording_of(profile, is_read_only=is_read_only)
    recording.see(GatewayOpened(origin, profile.is_embedded))
    recording.see(RoutesChecked(checks))
    return recording


def end_recording() -> None:
    """Write what the command line found until now, so that it can be read; what it finds later is not kept."""
    recorder = _RECORDERS.get(current())
    if recorder is not None:
        recorder.close()


def record_problem(profile: "Profile", problem: Problem, *, is_read_only: bool = False) -> None:
    """Show the store, if there is one, that a profile could not be used, and why: only the kind."""
    from console.services.fleet.keeper import Recorders
    from console.services.fleet.reading import owner_of

    recording = recording_of(profile, is_read_only=is_read_only)
    if isinstance(recording.recorder, Recorders):
        context = current()
        recording.recorder.put_problem(owner_of(profile, context.environment), unix_ms(context), problem.kind)


def unix_ms(context: Context) -> int:
    """Return the Unix time in ms, by a command line's clock."""
    return round(context.now().timestamp() * 1000)


def _close(recorder: Keeps) -> None:
    recorder.close()
    if recorder.words:
        output.note(recorder.words)
