"""A config of the operator's own, at the place where the console looks for it."""

import tomllib
from pathlib import Path

from support.cli.console_process import Console
from support.config import config_table
from support.config import write_config as write_table


def write_config(
    console: Console, *references: str, base_url: str = "https://gw.example", more: str = "", name: str = "config.toml"
) -> Path:
    """Write the operator's own config file."""
    gateway = {"base_url": base_url, "token_ref": list(references), **tomllib.loads(more)}
    return write_table(console.home / ".config" / "gateway-console" / name, config_table(gateway))
