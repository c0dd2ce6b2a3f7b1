"""`init --from`: a profile from a YAML file of routes and references."""

import argparse
from dataclasses import replace

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import profile_of_yaml
from console.cli.setup.place import options_for, place_of
from console.cli.setup.report import show_setup
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.setup.config_place import ConfigPlace, Placed, append
from console.services.setup.from_yaml import ConfigFromYaml


def run_yaml(arguments: argparse.Namespace) -> ExitCode:
    """Write the profile that a YAML file describes."""
    named = [name for name in ("preset", "url", "token_ref", "role", "auth", "ca_file") if getattr(arguments, name)]
    if named:
        option = named[0].replace("_", "-")
        raise Problem(f"--from and --{option} exclude each other: the YAML says all of it", ProblemKind.USAGE)
    place = place_of(arguments)
    found = profile_of_yaml(argparse.Namespace(**{**vars(arguments), "config": None}), arguments.yaml)
    placed = None if place is None else _append(arguments, place, found)
    notes = tuple(map(str, found.notes))
    toml = found.toml if place is None or place.is_empty else found.section
    show_setup(found.profile, toml, placed, as_json=arguments.json, is_shown=place is None, notes=notes)
    if placed is not None and not arguments.json:
        options = options_for(placed.path)
        default = "" if placed.default == found.profile.name else f" --profile {found.profile.name}"
        kept = "" if placed.backup is None else f"; the config as it was: {safe(str(placed.backup))}"
        output.note(
            f"wrote {safe(str(placed.path))}{kept}. See its routes with: gateway-console{options}{default} routes"
        )
    return ExitCode.OK


def _append(arguments: argparse.Namespace, place: ConfigPlace, found: ConfigFromYaml) -> Placed:
    profile = found.profile
    if (fault := place.why_not_named(profile.name)) is not None:
        raise Problem(f"{fault} with --profile", ProblemKind.USAGE)

    def is_meant(read: Profile) -> bool:
        routes = [[replace(route, config_line=None) for route in each.table] for each in (read, profile)]
        return read.gateway == profile.gateway and routes[0] == routes[1] and read.policy == profile.policy

    return append(
        place,
        profile.name,
        found.section,
        found.toml,
        makes_default=arguments.default,
        now=current().now(),
        is_meant=is_meant,
    )
