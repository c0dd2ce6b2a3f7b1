"""`fleet check`: climb the ladder of every profile, side by side, with bounds for each gateway and for all."""

import argparse
import asyncio

from console.cli import output
from console.cli.context import current
from console.cli.fleet.reading import Profiles, fleet_now
from console.cli.live.climb import ClimbOrder, climb_opened
from console.cli.live.sweep import Opened, sweep
from console.cli.profile import chosen_checks
from console.cli.recording import end_recording, record_problem, unix_ms
from console.cli.reports.sweep import counted
from console.cli.sweep import Swept
from console.domain.fleet.filter import Filter
from console.domain.fleet.state import Looker, LookerKind, ProfileLook
from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.services.config.settings import Profile
from console.services.fleet.reading import owner_of
from console.view.console_state import ConsoleState

PER_ORIGIN = 4
"""The most calls in flight to one gateway, unless the options say another number."""


def check_fleet(arguments: argparse.Namespace, profiles: Profiles, wanted: Filter) -> tuple[ProfileLook, ...]:
    """Climb for every wanted profile, and return what was seen of each.

    What keeps one profile from it stops no other, and is told on stderr.

    Args:
        arguments: The command line.
        profiles: The profiles of the config.
        wanted: Which of them to check, by what is known of them before.

    Raises:
        Problem: The options do not go together; nothing was sent.

    """
    top = Rung(arguments.level)
    if arguments.read_only and top > Rung.CATALOGUE:
        raise Problem(
            f"--read-only: rung {int(top)} sends calls that may cost money; nothing was sent. Next: --level 2",
            ProblemKind.REFUSED,
        )
    order = ClimbOrder(top, False, False, as_json=arguments.json, is_read_only=arguments.read_only)
    blank = argparse.Namespace(**vars(arguments) | {"role": None, "route": None, "all_profiles": True})
    if wanted.tests:
        fleet, _ = fleet_now(profiles)
        names = {row.name for row in fleet.rows if wanted.takes(row, fleet.now_ms)}
        profiles = [each for each in profiles if each.name in names]
    output.note(f"checking {counted(len(profiles), 'profile')}, to rung {int(top)}")

    async def work(profile: Profile, opened: Opened) -> ConsoleState:
        return await climb_opened(profile, chosen_checks(blank, profile), order, opened)

    looks: list[ProfileLook] = []

    def tell(each: Swept[ConsoleState]) -> None:
        if each.profile is not None:
            looks.append(_look(each, each.profile))
        if each.problem is not None:
            if each.profile is not None:
                record_problem(each.profile, each.problem, is_read_only=arguments.read_only)
            output.note(f"{each.name}: not checked: {str(each.problem).splitlines()[0]}")

    asyncio.run(
        sweep(
            profiles, work, concurrency=arguments.per_origin, most=PER_ORIGIN, within=arguments.parallel, told=tell,
            is_silent=False,
        )
    )  # fmt: skip
    end_recording()
    return tuple(looks)


def _look(each: Swept[ConsoleState], profile: Profile) -> ProfileLook:
    problem = None if each.problem is None else each.problem.kind
    context = current()
    looker = Looker(LookerKind.CONSOLE, "")
    return ProfileLook(owner_of(profile, context.environment), unix_ms(context), looker, problem)
