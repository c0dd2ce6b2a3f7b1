"""The presets: each can be called, has its source, and says nothing that another table of facts says."""

from typing import get_args

import pytest

from console.domain.routes.family import EndpointFamily
from console.domain.routes.gateway_address import documented_at
from console.domain.setup.preset import Preset, presets
from console.services.gateway.address import base_address, check_base_url
from console.services.gateway.options import Auth
from console.services.setup.address import read_address

WANTED = {"cometapi", "openrouter", "litellm", "new-api", "portkey", "cloudflare", "ollama", "vllm", "llamacpp"}


def test_every_gateway_of_the_issue_has_one_preset() -> None:
    names = [each.name for each in presets()]
    assert len(set(names)) == len(names)
    assert set(names) >= WANTED


@pytest.mark.parametrize("preset", presets(), ids=lambda each: each.name)
def test_a_preset_leads_to_an_address_with_the_paths_of_its_families(preset: Preset) -> None:
    url = preset.filled({place: f"my-{place.lower()}" for place in preset.places})
    assert check_base_url(url) is None
    assert preset.auth in get_args(Auth)
    address = read_address(url, preset)
    assert address.base_url == url
    assert set(address.paths) == set(EndpointFamily)
    documented = documented_at(base_address(url))
    assert bool(documented) != bool(preset.paths), "its paths are said once: here, or as documented addresses"
