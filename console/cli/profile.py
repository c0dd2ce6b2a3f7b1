"""The profile that a command line means."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current

if TYPE_CHECKING:
    from console.services.config.settings import Profile


def chosen_profile(arguments: argparse.Namespace) -> "Profile":
    """Load the profile that `--config` and `--profile` name, and say where it comes from if that is not plain.

    Raises:
        ConfigError: The config cannot be used.

    """
    from console.services.config.load import default_config_path, load_profile
    from console.services.config.own_config import why_not_own

    own = default_config_path(current().environment)
    path = arguments.config or own
    profile = load_profile(path, arguments.profile, why_no_programs=why_not_own(path, own))
    if profile.is_built_in:
        output.note(f"no config file: using the built-in profile {profile.name} on the embedded gateway")
    return profile
