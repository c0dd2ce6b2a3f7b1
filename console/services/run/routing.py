"""Routing: the routes that a run begins with, and whether they are unchanged before each call."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from console.domain.ledger.canonical import canonical
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.event import CallRecorded, PinnedRoute
from console.domain.run.gate import Gate, role_at
from console.domain.run.independence import Served, level
from console.domain.run.state import RunState
from console.services.config.settings import Profile


def pin_routes(profile: Profile, origin: str) -> tuple[PinnedRoute, ...]:
    """Return a profile's routes as a run records them."""
    return tuple(_pinned(route, profile, origin) for route in profile.table)


def _pinned(route: Route, profile: Profile, origin: str) -> PinnedRoute:
    return PinnedRoute(
        route.role, route.model, route.endpoint_family, route.endpoint_path, _fingerprint(route, profile, origin)
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


def route_of(profile: Profile, state: RunState, role: Role, origin: str) -> Route | None:
    """Return the profile's route that serves a role in a run, labelled with that role.

    It is the role's own, or the fallback's if an operator moved the role there. None if there is none, or if it has
    changed since the run began.
    """
    pinned = state.route(role)
    is_moved = any(move.role is role for move in state.moves)
    route = profile.table.get(Role.FALLBACK if is_moved else role)
    if pinned is None or route is None or _fingerprint(route, profile, origin) != pinned.fingerprint:
        return None
    return replace(route, role=role)


def independence(state: RunState, gate: Gate, judge_reported: str | None = None) -> tuple[tuple[str, int], ...]:
    """Return how independent a gate's judge is of the roles before it, by the models requested and those that answered.

    Args:
        state: The run.
        gate: The reviewer's or the critic's gate; others have no pairs.
        judge_reported: The model that the judge's answer named, if it has answered.

    """
    judge = role_at(gate, state.attempt)
    route = None if judge is None else state.route(judge)
    if judge is None or route is None:
        return ()
    judging = Served(_plain(route), judge_reported)
    return tuple((f"{who}_vs_{judge}", level(judged, judging)) for who, judged in _judged(state, gate))


def _judged(state: RunState, gate: Gate) -> Iterator[tuple[str, Served]]:
    writer = role_at(Gate.WRITER, state.attempt) or Role.WRITER
    before = {Gate.REVIEWER: (writer,), Gate.CRITIC: (writer, Role.REVIEWER)}.get(gate, ())
    for role in before:
        route = state.route(role)
        if route is not None:
            yield role.value, Served(_plain(route), reported_by(state, role))


def reported_by(state: RunState, role: Role) -> str | None:
    """Return the model that a role's newest answer named."""
    answers = (end for end in reversed(state.ends) if isinstance(end, CallRecorded) and end.role is role)
    return next((end.model_reported for end in answers), None)


def _plain(pinned: PinnedRoute) -> Route:
    return Route(pinned.role, pinned.model, pinned.endpoint_family, pinned.endpoint_path)
