"""A repository's config: it may name models, families and paths, and tighten the policy, but it is not trusted.

It never decides where a token of the operator's goes. A reference may be used if a profile of the operator's own config
has the same one for the same origin, or if it names a store and the stored token is bound to the origin.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.routes.gateway_address import account_part
from console.domain.routes.model_facts import ModelFacts
from console.domain.text.safe import safe
from console.services.config.load import BrokenProfile, profile_from, read_file, unknown_profile
from console.services.config.own_config import REPOSITORY_CONFIG, trust_of, why_shared_by
from console.services.config.settings import EMBEDDED, ConfigLayer, GatewaySettings, Profile
from console.services.config.toml_text import UNTRUSTED_LIMIT, ConfigError, Fault, KeyPath, TomlText, decoded
from console.services.gateway.address import base_address, canonical_origin, check_base_url
from console.services.system.os_reason import os_reason
from console.services.tokens.reference import Reference, Scheme

if TYPE_CHECKING:
    from console.services.config.model import GatewayModel, ProfileModel, RouteModel

_SAFELY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OWN_FILES = ("rubric", "operator_key", "allowed_signers", "revoked_signers")
"""Settings of the policy that name a file of this machine."""


_OWN_SETTINGS = {
    "ca_file": "which certificate authorities are trusted",
    "vault_passphrase_ref": "which file has your vault's passphrase",
    "documentation": "whose documentation decides which family is right",
    "support": "where failures are reported",
}
"""Settings of the gateway that only the operator decides."""


def repository_config(directory: Path) -> Path | None:
    """Return where a repository's config would be: at the root of the innermost working tree around a directory.

    Nothing above that root is looked at, so a submodule does not see the config of the repository around it.
    """
    for each in (directory, *directory.parents):
        if os.path.lexists(each / ".git"):
            return each / REPOSITORY_CONFIG
    return None


def read_repository_text(path: Path) -> str:
    """Read a repository's config.

    Raises:
        ConfigError: It is not a regular file of this user, others can write it, or it cannot be read as a config.

    """
    source = safe(str(path))
    try:
        folder = path.parent.stat()
        file = os.open(path, _SAFELY)
    except OSError as error:
        linked = "is a symbolic link; a repository's config must be a file"
        raise ConfigError(
            Fault(linked if path.is_symlink() else f"cannot be read: {os_reason(error)}", source)
        ) from None
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(Fault("is not a regular file", source))
        if folder.st_uid not in (os.geteuid(), 0):
            raise ConfigError(Fault("another user owns this repository; clone it yourself to use its config", source))
        if (words := why_shared_by(found, path)) is not None:
            raise ConfigError(Fault(f"a repository's config must be yours alone to write: {words}", source))
        try:
            return decoded(opened.read(UNTRUSTED_LIMIT + 1), source, UNTRUSTED_LIMIT)
        except OSError as error:
            raise ConfigError(Fault(f"cannot be read: {os_reason(error)}", source)) from None


def load_repository_profile(
    path: Path,
    name: str | None,
    own: Sequence[Profile | BrokenProfile],
    environment: Mapping[str, str],
    *,
    may_lend: bool = True,
    default: str = "",
    facts: ModelFacts | None = None,
) -> Profile:
    """Read one profile of a repository's config, as far as it is trusted.

    Args:
        path: The file.
        name: The profile; None means the file's default.
        own: The profiles of the operator's own config.
        environment: The environment variables, which hold the address of an own profile with `base_url_ref`.
        may_lend: Whether they may lend their gateways: no one else can have written them. Their policy holds anyway.
        default: The own profile whose policy holds if none of them has this profile's gateway.
        facts: The facts on models.

    Raises:
        ConfigError: The file cannot be used, or wants more than a repository's config may have. Or the own profile
            whose policy should hold cannot be used.

    """
    toml = TomlText(read_repository_text(path), safe(str(path)))
    file = read_file(toml, trust_of(path, None))
    chosen = file.default_profile if name is None else name
    if chosen not in file.profiles:
        raise unknown_profile(chosen, file.profiles, toml.source)
    model = file.profiles[chosen]
    usable = [each for each in own if isinstance(each, Profile)]
    alike = [each for each in usable if is_same_gateway(each, model.gateway, environment)]
    lenders = alike if may_lend else []
    wrong = [*_faults(model, lenders), *_foreign_accounts(model, lenders, environment)]
    faults = [toml.fault(("profiles", chosen, *steps), words) for steps, words in wrong]
    if file.team.model_fields_set:
        faults.append(toml.fault(("team",), "a repository's config says nothing of your team; put it into your own"))
    if faults:
        raise ConfigError(*faults)
    profile = profile_from(chosen, model, toml, is_built_in=False)
    profile = replace(profile, facts=facts, layer=ConfigLayer.REPOSITORY, is_of_repository=True)
    wanted = set(model.gateway.token_ref)
    lender = next((each for each in lenders if wanted & set(each.gateway.token_ref)), lenders[0] if lenders else None)
    basis = lender or next(iter(alike), None) or next((each for each in own if each.name == default), None)
    if isinstance(basis, BrokenProfile):
        raise basis.error
    profile = replace(profile, own_facts=lender.own_facts if lender is not None else ())
    return _tightened(_lent(profile, lender, lenders), model, basis)


def is_same_gateway(own: Profile, gateway: "GatewayModel", environment: Mapping[str, str]) -> bool:
    """Return whether a profile of the operator's has the gateway of a repository's profile: the same origin."""
    if own.is_embedded or gateway.base_url == "sim:":
        return own.gateway.base_url == gateway.base_url
    if gateway.base_url_ref is not None:
        return own.gateway.base_url_ref == gateway.base_url_ref
    mine = own.gateway.base_url
    if mine is None:
        mine = environment.get(str(own.gateway.base_url_ref).removeprefix("env:"), "")
        if check_base_url(mine) is not None:
            return False
    origin = canonical_origin(mine)
    return origin is not None and origin == canonical_origin(gateway.base_url or "")


def _faults(model: "ProfileModel", lenders: Sequence[Profile]) -> Iterator[tuple[KeyPath, str]]:
    """Yield what a repository's profile may not have."""
    gateway = model.gateway
    if gateway.base_url_ref is not None and not lenders:
        yield (
            ("gateway", "base_url_ref"),
            "a repository's config may name only a variable that your own config uses as a base_url_ref",
        )
    lent = {reference for each in lenders for reference in each.gateway.token_ref}
    for place, reference in enumerate(gateway.token_ref):
        if reference not in lent and not reference.scheme.is_store and reference.scheme is not Scheme.SIM:
            yield (
                ("gateway", "token_ref", place),
                f"{reference.scheme}: could send your token to a gateway that this repository chose. It may be used"
                " only if a profile of your own config has the same reference for the same origin",
            )
    for name, what in _OWN_SETTINGS.items():
        if getattr(gateway, name):
            yield ("gateway", name), f"only your own config may say {what}"
    for steps, route in _routes(model):
        if route.served_as or not route.retires_with_provider:
            key = "served_as" if route.served_as else "retires_with_provider"
            yield ("routes", *steps, key), "it would hide what really answers, so only your own config may say it"
    known = {(name.lower(), value) for each in lenders for name, value in each.gateway.headers.items()}
    for name, value in gateway.headers.items():
        if (name.lower(), value) not in known:
            yield (
                ("gateway", "headers", name),
                "a header can carry a secret or lead a call elsewhere: a repository's config may have only those that"
                " your own profile of this gateway has",
            )
    for name in _OWN_FILES:
        if getattr(model.policy, name) is not None:
            yield ("policy", name), "it names a file of this machine, so only your own config may set it"
    for name in ("webhook", "webhook_token_ref"):
        if getattr(model.watch, name):
            yield ("watch", name), "only your own config may say where changes are sent, and with which token"
    if model.family_facts:
        yield ("family_facts",), "only your own config may say which families serve a model"


def _routes(model: "ProfileModel") -> Iterator[tuple[tuple[str, ...], "RouteModel"]]:
    for role, own in model.routes.items():
        yield (role.value,), own
        for name, route in own.named.items():
            yield (role.value, name), route


def _foreign_accounts(
    model: "ProfileModel", lenders: Sequence[Profile], environment: Mapping[str, str]
) -> Iterator[tuple[KeyPath, str]]:
    """Yield the routes that would send a token to an account which a path names, and no own profile does.

    On such a host the origin is everyone's: who has the account can read the calls, or pass them on with their token.
    """
    base_url = _base(model.gateway.base_url, model.gateway.base_url_ref, environment)
    if base_url is None or not model.gateway.token_ref:
        return
    known = {
        account_part(base_address(base), route.endpoint_path)
        for each in lenders
        if (base := _base(each.gateway.base_url, each.gateway.base_url_ref, environment)) is not None
        for route in each.table
    }
    for steps, route in _routes(model):
        part = account_part(base_address(base_url), route.endpoint_path)
        if part and part not in known:
            yield (
                ("routes", *steps, "endpoint_path"),
                "could send your token to an account that this repository chose: on this host the path names the"
                " account. It may be used only if a profile of your own config has a route of the same account",
            )


def _base(base_url: str | None, variable: str | None, environment: Mapping[str, str]) -> str | None:
    """Return a base URL, as far as it can be used."""
    found = environment.get(str(variable).removeprefix("env:"), "") if base_url is None else base_url
    return None if found == EMBEDDED or check_base_url(found) is not None else found


def _lent(profile: Profile, lender: Profile | None, lenders: Sequence[Profile]) -> Profile:
    """Return the profile with what the operator's own one of that gateway needs to reach it."""
    lent: set[Reference] = {reference for each in lenders for reference in each.gateway.token_ref}
    must_be_bound = tuple(each for each in profile.gateway.token_ref if each.scheme.is_store and each not in lent)
    most = (GatewaySettings() if lender is None else lender.gateway).smoke_max_output_tokens
    tokens = min(profile.gateway.smoke_max_output_tokens, most)
    if lender is None:
        bare = replace(profile.gateway, smoke_max_output_tokens=tokens)
        return replace(profile, gateway=bare, must_be_bound=must_be_bound)
    gateway = replace(
        profile.gateway,
        documentation=lender.gateway.documentation,
        support=lender.gateway.support,
        ca_file=lender.gateway.ca_file,
        headers=lender.gateway.headers,
        keyring=lender.gateway.keyring,
        concurrency=min(profile.gateway.concurrency, lender.gateway.concurrency),
        smoke_max_output_tokens=tokens,
        vault_passphrase_ref=lender.gateway.vault_passphrase_ref,
    )
    return replace(profile, gateway=gateway, must_be_bound=must_be_bound, lender=lender.name)


def _tightened(profile: Profile, model: "ProfileModel", basis: Profile | None) -> Profile:
    """Return the profile with the operator's own policy where that is stricter, or the repository's says nothing."""
    from console.services.config.stricter import stricter  # it loads the rubric, which other configs do not need

    own = basis or Profile(profile.name, profile.gateway, profile.table, profile.source, is_built_in=False)
    policy, kept = stricter(own.policy, profile.policy, model.policy.model_fields_set)
    instructions, more = stricter(own.instructions, profile.instructions, model.instructions.model_fields_set)
    relay, relay_kept = stricter(own.relay, profile.relay, model.relay.model_fields_set)
    agent, agent_kept = stricter(own.agent, profile.agent, model.agent.model_fields_set)
    watch, watch_kept = stricter(own.watch, profile.watch, model.watch.model_fields_set)
    return replace(
        profile,
        policy=policy,
        instructions=instructions,
        relay=relay,
        agent=agent,
        watch=watch,
        kept=(
            *(f"policy.{each}" for each in kept),
            *(f"instructions.{each}" for each in more),
            *(f"relay.{each}" for each in relay_kept),
            *(f"agent.{each}" for each in agent_kept),
            *(f"watch.{each}" for each in watch_kept),
        ),
    )
