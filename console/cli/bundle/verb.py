"""The two kinds of bundles: of a run, from its record, and of a route, with or without a live call."""

import argparse

from console.cli.bundle.hand_over import hand_over, hand_over_scenario
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile
from console.cli.run.ledger import run_id_of, store_to_read
from console.cli.token.symptoms import examined, examined_machine
from console.domain.escalation.kept_exchange import kept_of
from console.domain.problem import Problem, ProblemKind
from console.services.config.settings import Profile
from console.services.doctor import Symptom
from console.services.escalation.gather import (
    Surroundings,
    bundle_of_route,
    bundle_of_run,
    failed_call,
    route_that_failed,
)
from console.services.ledger.ledger import LedgerError
from console.services.run.beginning import read_inputs
from console.services.run.begun_elsewhere import profile_here
from console.services.run.call_end import read_exchange
from console.services.run.opening import origin_of
from console.services.run.run_log import RunLog
from console.services.store.door import Store


async def escalate_run(arguments: argparse.Namespace) -> ExitCode:
    """Bundle a run. Raises any kind of `Problem`."""
    async with store_to_read() as store:
        log = await RunLog.open(store.ledger, await run_id_of(store.ledger, arguments.run))
        kept = await read_exchange(store.artifacts, failed_call(log.state))
        profile = None if arguments.scenario else await _profile_of_run(log, store, arguments)
    if arguments.scenario:
        return hand_over_scenario(arguments, route_that_failed(log.state), kept)
    return hand_over(arguments, bundle_of_run(log, profile, _around(examined_machine()), kept))


async def _profile_of_run(log: RunLog, store: Store, arguments: argparse.Namespace) -> Profile | None:
    """Return the profile that a run was begun with; None if it cannot be loaded here, which the bundle then says."""
    try:
        return profile_here(
            await read_inputs(store.artifacts, log.state),
            chosen_profile(arguments, uses_gateway=False),
            current().environment,
            is_shared=store.database is not None,
        )
    except LedgerError:
        return None
    except Problem as problem:
        if problem.kind is not ProblemKind.CONFIG:
            raise
        return None


async def escalate_route(arguments: argparse.Namespace) -> ExitCode:
    """Bundle a route; with --smoke, make one call of it first. Raises any kind of `Problem`."""
    profile = chosen_profile(arguments, uses_gateway=False)
    checks = profile.check(current().today(), current().environment)
    check = next((each for each in checks if each.route.key == arguments.route), None)
    if check is None:
        known = ", ".join(str(each.route.key) for each in checks)
        raise Problem(f"profile {profile.name} has no route {arguments.route}; it has {known}", ProblemKind.USAGE)
    symptoms, _ = await examined(arguments)
    around = _around(symptoms)
    if not arguments.smoke:
        if arguments.scenario:
            raise Problem("a scenario repeats a call, and none was made: add --smoke", ProblemKind.USAGE)
        return hand_over(arguments, bundle_of_route(profile, check, around, origin=_origin_of(profile)))
    from console.cli.live.smoke import SmokeOrder, smoke_gateway

    begun_at_ms = around.made_at_ms
    smoked = await smoke_gateway(profile, (check,), SmokeOrder(as_json=True))
    if arguments.scenario:
        return hand_over_scenario(arguments, check.route, kept_of(smoked.results[0]))
    bundle = bundle_of_route(
        profile, check, around, origin=smoked.origin, result=smoked.results[0], begun_at_ms=begun_at_ms
    )
    return hand_over(arguments, bundle)


def _origin_of(profile: Profile) -> str | None:
    """Return the origin of a profile's gateway; None if its address is in a variable that is not set."""
    if not profile.is_embedded and profile.gateway.base(current().environment) is None:
        return None
    return origin_of(profile, current().environment)


def _around(symptoms: list[Symptom]) -> Surroundings:
    return Surroundings(int(current().now().timestamp() * 1000), tuple(symptoms), current().environment)
