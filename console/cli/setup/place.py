"""Where `init` writes."""

import argparse
from pathlib import Path
from shlex import quote

from console.cli.context import current
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.load import user_config_path
from console.services.setup.config_place import ConfigPlace, look_at

STDOUT = Path("-")


def place_of(arguments: argparse.Namespace) -> ConfigPlace | None:
    """Return the config that is appended to, or the new file; None for stdout.

    Raises:
        ConfigError: The config cannot be read as a whole.
        Problem: HOME is not set, or the file cannot be written.

    """
    if arguments.output == STDOUT:
        return None
    own = user_config_path(current().environment)
    path: Path | None = arguments.output or arguments.config or own
    if path is None:
        raise Problem("HOME is not set. Set it, or name the config with --config", ProblemKind.USAGE)
    if arguments.output is not None and (path.exists() or path.is_symlink()):
        words = "exists and was not changed; name another file with --output, or - for stdout"
        raise Problem(f"{safe(str(path))} {words}", ProblemKind.USAGE)
    return look_at(path, own)


def options_for(path: Path) -> str:
    """Return the options with which other commands read a config, each after a space; none if they find it."""
    return "" if path == user_config_path(current().environment) else f" --config {quote(safe(str(path)))}"
