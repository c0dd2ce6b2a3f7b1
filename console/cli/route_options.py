"""The options that choose routes of a profile."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey

if TYPE_CHECKING:
    from console.domain.routes.contract import RouteCheck


def add_route_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--role` and `--route`."""
    parser.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        metavar="ROLE",
        help="only this role's routes; may be repeated",
    )
    parser.add_argument(
        "--route",
        action="append",
        type=route_key,
        metavar="ROUTE",
        help="only this route: writer is the role's own, writer.fast the one with that name; may be repeated",
    )


def route_key(text: str) -> RouteKey:
    """Return the key that a word names. Raises `ArgumentTypeError`, whose message does not contain the word."""
    try:
        return RouteKey(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def is_chosen(check: "RouteCheck", roles: Sequence[str] | None, keys: Sequence[RouteKey] | None) -> bool:
    """Return whether a route is among those that the options choose; without options, every route is."""
    if roles is None and keys is None:
        return True
    return check.route.role in (roles or ()) or check.route.key in (keys or ())


def select_options(keys: Sequence[RouteKey], known: Sequence[RouteKey]) -> str:
    """Return the options that choose routes, each after a space.

    Args:
        keys: The routes to choose.
        known: All routes of the profile: `--role` chooses all routes of a role.

    """
    named_roles = {key.role for key in known if key.name}
    return "".join(f" --{'route' if key.role in named_roles else 'role'} {key}" for key in keys)
