"""A config of the operator's own, at the place where the console looks for it."""

import json
from pathlib import Path

from support.cli.console_process import Console


def write_config(
    console: Console, *references: str, base_url: str = "https://gw.example", more: str = "", name: str = "config.toml"
) -> Path:
    """Write the user's own config file."""
    folder = console.home / ".config" / "gateway-console"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(
        'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\n'
        f'base_url = "{base_url}"\ntoken_ref = {json.dumps(list(references))}\n{more}\n'
        '[profiles.p.routes.writer]\nmodel = "m"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'
    )
    return path
