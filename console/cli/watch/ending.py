"""How a watch ended: what it says at last, and its exit code."""

from collections.abc import Iterator

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_kind, most_actionable
from console.cli.reports.code import code_of
from console.cli.reports.sweep import counted
from console.cli.watch.follower import Follower
from console.domain.probes.standing import Standing
from console.domain.watch.profile_watch import ProfileWatch


def end_of(follower: Follower, *, is_stopped: bool) -> ExitCode:
    """Say how the watch ended, and return the exit code of its last round."""
    last = follower.last
    if last is None:
        output.note("ended before the first round was over: nothing is known")
        return ExitCode.INTERRUPTED if is_stopped else ExitCode.FAILED
    profiles = list(last.profiles.values())
    code = most_actionable(code for each in profiles for code in _codes(each, is_paid=follower.order.top.is_paid))
    routes = [route for each in profiles for route in each.routes.values()]
    red = [route for route in routes if route.red is not None]
    waiting = sum(not route.is_confirmed for route in red)
    unproven = sum(route.standing is not Standing.PROVEN for route in routes if route.red is None)
    parts = [f"{counted(last.number, 'round')}, {counted(len(routes), 'route')}: {len(red)} red"]
    parts[0] += f" ({waiting} not confirmed yet)" if waiting else ""
    parts[0] += f", {len(routes) - len(red)} green as far as tried"
    if unproven:
        parts.append(f"{unproven} not proven to the rung that the role needs")
    if unusable := sum(each.problem is not None for each in profiles):
        parts.append(f"{counted(unusable, 'profile')} not usable")
    output.note("; ".join([*parts, f"exit code {int(code)}"]))
    return code


def _codes(profile: ProfileWatch, *, is_paid: bool) -> Iterator[ExitCode]:
    if profile.problem is not None:
        yield code_of_kind(profile.problem)
    if profile.is_budget_told and is_paid:
        yield ExitCode.FAILED
    for route in profile.routes.values():
        red = route.red
        if red is None:
            yield ExitCode.OK
        elif red.standing is Standing.DRIFT:
            yield ExitCode.DRIFT
        else:
            yield ExitCode.FAILED if red.category is None else code_of(red.category)
