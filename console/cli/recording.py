"""What a command line shows the history: one recorder for the command, which says at the end if it kept nothing."""

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from console.cli import output
from console.cli.context import Context, current
from console.domain.probes.event import GatewayOpened, RoutesChecked
from console.services.history.file import HistoryFile
from console.services.history.recorder import Recorder, Recording

if TYPE_CHECKING:
    from console.domain.routes.contract import RouteCheck
    from console.services.config.settings import Profile

_RECORDERS: WeakKeyDictionary[Context, Recorder] = WeakKeyDictionary()
"""One for each command line in this process."""


def recording_of(profile: "Profile", *, is_read_only: bool = False) -> Recording:
    """Return what takes the events of a profile's session.

    Args:
        profile: The profile; of a built-in one nothing is kept, as it leaves nothing behind.
        is_read_only: Whether nothing may be written.

    """
    context = current()
    recorder = _RECORDERS.get(context)
    if recorder is None:
        recorder = _RECORDERS[context] = Recorder(HistoryFile(context.environment, clock=partial(unix_ms, context)))
        context.at_end.append(partial(_close, recorder))
    days = 0 if is_read_only or profile.is_built_in else profile.policy.history_days
    return Recording(recorder, profile.name, days, partial(unix_ms, context))


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


def unix_ms(context: Context) -> int:
    """Return the Unix time in ms, by a command line's clock."""
    return round(context.now().timestamp() * 1000)


def _close(recorder: Recorder) -> None:
    recorder.close()
    if recorder.words:
        output.note(recorder.words)
