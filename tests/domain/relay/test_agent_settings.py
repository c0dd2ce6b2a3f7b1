"""An agent's files: whatever a model is called, they are read as meant, and a name sets nothing else."""

import json
import tomllib
from typing import Any

import pytest
import yaml

from console.domain.relay.agent_settings import FamilySettings, Place, agent_settings

READERS = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}
FILES = [
    pytest.param(settings, path, id=f"{agent.id} {settings.family}")
    for agent in agent_settings().values()
    for settings in agent.settings
    for path, text in settings.files.items()
    if "<model" in text  # OpenCode's list of the world's models names none
]
ODD = "a\"b\\c: #$(id)'<key>{}é\N{GRINNING FACE}"


def read(settings: FamilySettings, path: str, model: str) -> Any:
    place = Place("http://127.0.0.1:1", "gwc-k", model, "/h", "t")
    return READERS[path.rpartition(".")[2]](place.fill(settings.files[path]))


@pytest.mark.parametrize(("settings", "path"), FILES)
def test_a_models_name_is_read_back_as_it_is_and_sets_nothing_else(settings: FamilySettings, path: str) -> None:
    plain = json.dumps(read(settings, path, "NAME"))
    assert "NAME" in plain
    assert read(settings, path, ODD) == json.loads(plain.replace("NAME", json.dumps(ODD)[1:-1]))
