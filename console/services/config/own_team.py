"""Whom the operator's own config tells what happens to runs. No repository's config and no profile decides that."""

from collections.abc import Mapping

from console.domain.text.safe import safe
from console.services.config.load import default_config_path, read_file
from console.services.config.own_config import trust_of
from console.services.config.settings import TeamSettings
from console.services.config.toml_text import TomlText, read_text


def own_team(environment: Mapping[str, str]) -> TeamSettings:
    """Return what the operator's own config says of the team. Raises `ConfigError` if it cannot be read."""
    path = default_config_path(environment)
    if path is None:
        return TeamSettings()
    source = safe(str(path))
    text = TomlText(read_text(path, source), source)
    if "team" not in text.parse():  # most configs have none, and the models take a while to load
        return TeamSettings()
    team = read_file(text, trust_of(path, path)).team
    return TeamSettings(team.webhook, team.webhook_token_ref)
