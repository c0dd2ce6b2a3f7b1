"""The profile that a command line selects."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from console.domain.routes.contract import RouteCheck
    from console.domain.routes.model_facts import ModelFacts
    from console.services.config.load import BrokenProfile
    from console.services.config.precedence import Request
    from console.services.config.settings import Profile
    from console.services.setup.from_yaml import ConfigFromYaml


class NoRouteChosen(Problem):
    """The profile has none of the routes that the options choose; a sweep passes over it."""

    kind = ProblemKind.CONFIG


def chosen_profile(arguments: argparse.Namespace, *, uses_gateway: bool = True, is_noted: bool = True) -> "Profile":
    """Load the profile that flags, variables and config files select; print a note if it is not the operator's own.

    Args:
        arguments: The command line.
        uses_gateway: Whether to say too that the built-in gateway or installed facts are used.
        is_noted: Whether to print notes; a command that reads its config again has printed them.

    Raises:
        ConfigError: The config cannot be used.

    """
    from console.services.config.precedence import load_chosen
    from console.services.facts.installed import model_facts

    facts = model_facts(current().environment)
    profile = load_chosen(config_request(arguments), facts=facts)
    if not is_noted:
        return profile
    if uses_gateway:
        _note_facts(facts)
    if profile.is_built_in and uses_gateway:
        words = f"no config file: using the built-in profile {profile.name} on the embedded gateway"
        output.note(f"{words}. For yours: gateway-console init")
    _note_repository([profile])
    return profile


def config_request(arguments: argparse.Namespace) -> "Request":
    """Return what a command line says about the config and the profile."""
    from console.services.config.precedence import Request

    return Request.here(current().environment, arguments.config, arguments.profile)


def _note_repository(profiles: "Sequence[Profile | BrokenProfile]") -> None:
    """Say that a repository's config is in use, which no one may miss."""
    from console.services.config.settings import Profile

    of_repository = [each for each in profiles if isinstance(each, Profile) and each.is_of_repository]
    if not of_repository:
        return
    names = ", ".join(each.name for each in of_repository)
    lenders = ", ".join(dict.fromkeys(each.lender for each in of_repository if each.lender))
    lent = f"the gateway of your profile {lenders}" if lenders else "a gateway that none of your own profiles has"
    output.note(
        f"THIS REPOSITORY'S CONFIG IS IN USE: profile {names} of {of_repository[0].source}, with {lent}."
        " To see what it sets: gateway-console config show"
    )
    kept = dict.fromkeys(key for each in of_repository for key in each.kept)
    if kept:
        output.note(f"your own settings are stricter and hold: {', '.join(kept)}")


def profile_of_yaml(arguments: argparse.Namespace, path: "Path") -> "ConfigFromYaml":
    """Return the config that a YAML file describes, with the name that `--profile` gives to its profile.

    Raises:
        ConfigError: The file cannot be read or used.
        Problem: `--config` names a config beside it, or `--profile` is not a profile's name.

    """
    import re

    from console.services.facts.installed import model_facts
    from console.services.setup.from_yaml import config_from_yaml

    if arguments.config is not None:
        raise Problem("--config and a YAML file exclude each other; give one of them", ProblemKind.USAGE)
    name = "main" if arguments.profile is None else arguments.profile
    if re.fullmatch("[A-Za-z0-9_-]{1,40}", name) is None:
        raise Problem("--profile: a profile name has only letters, digits, - and _, at most 40", ProblemKind.USAGE)
    facts = model_facts(current().environment)
    _note_facts(facts)
    found = config_from_yaml(path, name, facts=facts)
    for note in found.notes:
        output.note(str(note))
    return found


def _note_facts(facts: "ModelFacts | None") -> None:
    if facts is not None and not facts.problem:
        output.note("facts: tables that you installed decide what is known of models; see: gateway-console facts show")


def add_sweep_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--all-profiles`."""
    parser.add_argument(
        "--all-profiles", action="store_true", help="all profiles of the config file; --profile A,B,C takes some"
    )


def is_sweep(arguments: argparse.Namespace) -> bool:
    """Return whether a command line is about several profiles. Raises `Problem` if it names some and wants all."""
    if arguments.all_profiles and arguments.profile is not None:
        raise Problem("--all-profiles and --profile exclude each other; give one of them", ProblemKind.USAGE)
    return arguments.all_profiles or "," in (arguments.profile or "")


def swept_profiles(arguments: argparse.Namespace, *, is_noted: bool = True) -> "tuple[Profile | BrokenProfile, ...]":
    """Load the profiles of a sweep, and print the notes that `chosen_profile` prints.

    Args:
        arguments: The command line.
        is_noted: As for `chosen_profile`.

    Raises:
        ConfigError: None of the config file can be used.
        Problem: A name between the commas of `--profile` is empty.

    """
    from console.services.config.precedence import load_sweep
    from console.services.config.settings import Profile
    from console.services.facts.installed import model_facts

    names = None if arguments.all_profiles else [name.strip() for name in arguments.profile.split(",")]
    if names is not None and not all(names):
        raise Problem("--profile has a comma with no name beside it; write it as in: --profile A,B", ProblemKind.USAGE)
    facts = model_facts(current().environment)
    profiles = load_sweep(config_request(arguments), names, facts=facts)
    if not is_noted:
        return profiles
    _note_facts(facts)
    if any(isinstance(each, Profile) and each.is_built_in for each in profiles):
        output.note("no config file: using the built-in profiles on the embedded gateway")
    _note_repository(profiles)
    return profiles


def same_profile(arguments: argparse.Namespace, name: str | None = None) -> str:
    """Return the options with which another command uses the same profile, quoted for a shell, each after a space.

    Args:
        arguments: The command line.
        name: The profile, if the command line is about several.

    """
    from shlex import quote

    given = (("--config", arguments.config), ("--profile", name or arguments.profile))
    return "".join(f" {option} {quote(str(value))}" for option, value in given if value is not None)


def offline_checks(profile: "Profile") -> "tuple[RouteCheck, ...]":
    """Return the offline checks of a profile's routes as of today, with the base URL that the environment holds.

    Raises:
        TargetError: The variable that the profile names holds no usable base URL.

    """
    environment = current().environment
    if environment.get((profile.gateway.base_url_ref or "").removeprefix("env:")):
        from console.services.open_gateway import require_base_url

        require_base_url(profile, environment)
    return profile.check(current().today(), environment)


def chosen_checks(arguments: argparse.Namespace, profile: "Profile") -> "tuple[RouteCheck, ...]":
    """Return the offline checks of the routes that `--role` and `--route` choose.

    Raises:
        NoRouteChosen: The profile lacks one of the routes; in a sweep, all of them.
        TargetError: As `offline_checks` raises it.

    """
    from console.cli.route_options import is_chosen

    roles, keys = arguments.role, arguments.route
    absent = [key for key in keys or () if profile.table.find(key) is None and not is_sweep(arguments)]
    checks = tuple(each for each in offline_checks(profile) if is_chosen(each, roles, keys))
    if absent or not checks:
        known = ", ".join(route.key for route in profile.table)
        what = f"route {(absent or keys)[0]}" if keys and (absent or not roles) else "route for this role"
        raise NoRouteChosen(f"{profile.source}: profile {profile.name} has no {what}; it has {known}")
    return checks
