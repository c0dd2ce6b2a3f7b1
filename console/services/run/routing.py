"""Routing: the routes that a run begins with, and whether they are unchanged before each call."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.domain.ledger.canonical import canonical
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.call_event import CallRecorded
from console.domain.run.gate import Gate
from console.domain.run.independence import Served, is_proven, level
from console.domain.run.pinned import PinnedRoute
from console.domain.run.state import RunState
from console.services.config.settings import Profile


def pin_routes(profile: Profile, origin: str, chosen: Sequence[Route] = ()) -> tuple[PinnedRoute, ...]:
    """Return the routes of a run as it records them: each role's own, or the one that the operator chose for it."""
    instead = {route.role: route for route in chosen}
    return tuple(_pinned(instead.get(route.role, route), profile, origin) for route in profile.table if not route.name)


def _pinned(route: Route, profile: Profile, origin: str) -> PinnedRoute:
    return PinnedRoute(
        route.role,
        route.model,
        route.endpoint_family,
        route.endpoint_path,
        _fingerprint(route, profile, origin),
    )


def _fingerprint(route: Route, profile: Profile, origin: str) -> str:
    """Return the hash of everything that affects a call through a route.

    The embedded gateway's port changes at every start and is not part of the route.
    """
    behaviour = {
        "model": route.model,
        "endpoint_family": route.endpoint_family.value,
        "endpoint_path": route.endpoint_path,
        "origin": "sim:" if profile.is_embedded else origin,
        "auth": profile.gateway.auth,
        "anthropic_version": profile.gateway.anthropic_version,
        "headers": sorted(profile.gateway.headers),
        "max_output_tokens": profile.policy.run_max_output_tokens,
    }
    return hashlib.sha256(canonical(behaviour)).hexdigest()


def used_route(profile: Profile, state: RunState, role: Role) -> Route | None:
    """Return the profile's route that a run began with for a role: the chosen one, or the role's own."""
    chosen = () if state.created is None else state.created.chosen_routes
    named = (route for route in profile.table if route.role is role and route.key in chosen)
    return next(named, profile.table.get(role))


def route_of(profile: Profile, state: RunState, role: Role, origin: str) -> Route | None:
    """Return the profile's route that serves a role in a run, labelled with that role.

    It is the one that the run pinned, or the fallback's if an operator moved the role there. None if there is none, or
    if it has changed since the run began.
    """
    pinned = state.route(role)
    is_moved = any(move.role is role for move in state.moves)
    if pinned is None:
        return None
    route = used_route(profile, state, Role.FALLBACK if is_moved else role)
    if route is None or _fingerprint(route, profile, origin) != pinned.fingerprint:
        return None
    return replace(route, role=role)


@dataclass(frozen=True, slots=True)
class Independence:
    """How independent a gate's judge is of the roles before it."""

    levels: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer` with their level from 0 to 3."""
    unproven: tuple[str, ...] = ()
    """The pairs whose level rests on names that may be aliases."""


NO_JUDGE = Independence()


def independence(state: RunState, gate: Gate, probed: Mapping[Role, SmokeResult] | None = None) -> Independence:
    """Return how independent a gate's judge is of the roles before it, by the models requested and those that answered.

    Args:
        state: The run.
        gate: The reviewer's or the critic's gate; others have no pairs.
        probed: The answers of the preflight's own calls, for roles that have not answered in the run.

    """
    judge = state.role_at(gate)
    judging = None if judge is None else _served(state, judge, probed)
    if judge is None or judging is None:
        return NO_JUDGE
    writer = state.role_at(Gate.WRITER)  # none of the run's, if the draft came from outside
    writers = () if writer is None else (writer,)
    before = {Gate.REVIEWER: writers, Gate.CRITIC: (*writers, Role.REVIEWER)}.get(gate, ())
    found = [(f"{role}_vs_{judge}", served) for role in before if (served := _served(state, role, probed)) is not None]
    return Independence(
        tuple((pair, level(judged, judging)) for pair, judged in found),
        tuple(pair for pair, judged in found if not is_proven(judged, judging)),
    )


def _served(state: RunState, role: Role, probed: Mapping[Role, SmokeResult] | None) -> Served | None:
    """Return what is known of the model that serves a role: by its newest answer, or by a probe's."""
    route = state.route(role)
    if route is None:
        return None
    answers = (end for end in reversed(state.ends) if isinstance(end, CallRecorded) and end.role is role)
    answer = next(answers, None)
    if answer is not None:
        return Served(_plain(route), answer.model_reported, answer.model_behind)
    result = None if probed is None else probed.get(role)
    if result is None:
        return Served(_plain(route))
    return Served(_plain(route), result.model_reported, None if result.service is None else result.service.behind)


def _plain(pinned: PinnedRoute) -> Route:
    return Route(pinned.role, pinned.model, pinned.endpoint_family, pinned.endpoint_path)
