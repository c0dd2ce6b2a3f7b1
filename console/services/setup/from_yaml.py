"""A config written from YAML: checked like any config, then written as TOML."""

from dataclasses import dataclass
from pathlib import Path

from console.domain.routes.model_facts import ModelFacts
from console.domain.text.safe import safe
from console.services.config.load import read_profile
from console.services.config.own_config import why_shared
from console.services.config.settings import Profile
from console.services.config.toml_text import ConfigError, read_text
from console.services.setup.yaml_text import YamlNote, YamlText

_NO_PROGRAMS = "put it into the config after it is written"


@dataclass(frozen=True, slots=True)
class ConfigFromYaml:
    """A config of one profile that a YAML file describes."""

    profile: Profile
    notes: tuple[YamlNote, ...]
    """What the config does not say as the YAML does."""
    toml: str
    """The config's text."""
    section: str
    """The profile's text, to be appended to a config."""


def config_from_yaml(path: Path, name: str, *, facts: ModelFacts | None = None) -> ConfigFromYaml:
    """Read a YAML file and return the config that it describes.

    Args:
        path: The file.
        name: The name of the config's profile.
        facts: The facts on models, if the operator installed tables; None means the built-in ones.

    Raises:
        ConfigError: The file cannot be read or used; the message has every fault with its line.

    """
    import tomli_w

    source = safe(str(path))
    text = YamlText(read_text(path, source, absent="name a YAML file that exists"), source, name)
    try:
        profile = read_profile(text, name, why_no_programs=_NO_PROGRAMS, why_no_tokens=why_shared(path), facts=facts)
    except ConfigError as error:
        found = (*text.faults, *(error.faults if text.has_routes else ()))
        raise ConfigError(*sorted(found, key=lambda fault: fault.line or 0)) from None
    if text.faults:
        raise ConfigError(*text.faults)
    notes = "".join(f"# Note: {note}\n" for note in text.notes)
    tables = text.parse()
    whole = f"# A gateway-console config, from {source}.\n{notes}\n{tomli_w.dumps(tables)}"
    section = f"# --- {name}, from {source}.\n{notes}\n{tomli_w.dumps({'profiles': tables['profiles']})}"
    return ConfigFromYaml(profile, tuple(text.notes), whole, section)
