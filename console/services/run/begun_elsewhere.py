"""A run that another operator or machine of the team began: which profile counts here, and why it cannot be stepped.

The inputs of a run name a config file and a repository where it began. In a store that others write to, such a path is
not followed: it could lead to a config that sends this operator's token elsewhere. What counts is this operator's own.
"""

from collections.abc import Mapping
from pathlib import Path

from console.domain.ledger.actor import Actor
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.services.config.load import default_config_path
from console.services.config.precedence import load_at
from console.services.config.settings import EMBEDDED, Profile
from console.services.config.toml_text import ConfigError
from console.services.facts.installed import model_facts
from console.services.gateway.address import canonical_origin
from console.services.open_gateway import TargetError, require_base_url
from console.services.run.routing import route_of
from console.services.run.run_context import RunInputs


def profile_here(inputs: RunInputs, session: Profile, environment: Mapping[str, str], *, is_shared: bool) -> Profile:
    """Return the profile of a run: the one that it began with, or this operator's own of that name.

    Args:
        inputs: The run's inputs.
        session: The profile in use. It counts if it has that name, or if this operator's config has none of that name.
        environment: The environment variables.
        is_shared: Whether others write to the store.

    Raises:
        ConfigError: The profile that the run began with can no longer be used.

    """
    facts = model_facts(environment)
    own = default_config_path(environment)
    begun = None if inputs.config is None else Path(inputs.config)
    if not is_shared or begun in (None, own) or inputs.config == session.source:
        return load_at(begun, inputs.profile, environment, facts=facts)
    if own is None or session.name == inputs.profile:
        return session
    try:
        return load_at(own, inputs.profile, environment, facts=facts)
    except ConfigError:
        return session


def why_not_stepped(
    state: RunState,
    inputs: RunInputs,
    profile: Profile,
    operator: Actor,
    environment: Mapping[str, str],
    *,
    is_shared: bool,
) -> str:
    """Return why a run of a team cannot be stepped here; nothing if it can. To decide is always possible.

    Args:
        state: The run.
        inputs: Its inputs.
        profile: The profile that counts here.
        operator: The operator of this process.
        environment: The environment variables, which may hold the gateway's address.
        is_shared: Whether others write to the store.

    """
    creator, created = state.creator, state.created
    if not is_shared or creator is None or created is None:
        return ""
    if (creator.kind, creator.id, creator.host) == (operator.kind, operator.id, operator.host):
        return ""  # the kind counts: a store holds lines of operators alone to who wrote them
    who = f"{safe(creator.id, limit=64)} began this run elsewhere"
    if inputs.writer_command:
        return f"{who}, and its writer is a command of theirs: you may decide here, and they step it"
    if not _is_alike(state, profile, environment):
        named = safe(created.profile, limit=64)
        return f"{who}, and your profile {named} is not as theirs: you may decide here; they or a worker step it"
    if not Path(inputs.repository).is_dir():
        return f"{who}, and its repository is not here: you may decide here; they or a worker step it"
    return ""


def _is_alike(state: RunState, profile: Profile, environment: Mapping[str, str]) -> bool:
    """Return whether a profile has the gateway and the routes that a run pinned; the rest is each operator's own."""
    try:
        base_url = "" if profile.is_embedded else require_base_url(profile, environment)
    except TargetError:
        return False
    origin = EMBEDDED if profile.is_embedded else canonical_origin(base_url) or ""
    if state.created is None or origin != state.created.gateway_origin:
        return False
    return all(route_of(profile, state, pinned.role, origin) is not None for pinned in state.routes)
