"""Where a bundle is to be sent: never to the support of another gateway."""

from dataclasses import replace

import pytest

from console.domain.routes.role import Role
from console.services.config.load import load_profile
from console.services.escalation.gather import Surroundings, bundle_of_route

ROW = "https://apidoc.cometapi.com/support/help-center"


@pytest.mark.parametrize(
    ("base_url", "more", "address", "why"),
    [
        ("https://api.cometapi.com", {}, ROW, "verification row support-escalation"),
        ("https://proxy.example", {"documentation": "cometapi"}, ROW, "verification row support-escalation"),
        ("https://api.cometapi.com", {"support": "me@team.example"}, "me@team.example", "gateway.support"),
        ("https://gateway.example", {}, "", "Write the gateway's support address into gateway.support"),
        ("https://cometapi.com.example", {}, "", "Write the gateway's support address into gateway.support"),
        ("sim:", {}, "", "no one supports"),
    ],
)
def test_a_bundle_goes_to_the_support_of_its_own_gateway(
    base_url: str, more: dict[str, str], address: str, why: str
) -> None:
    profile = load_profile(name="demo")
    profile = replace(profile, gateway=replace(profile.gateway, base_url=base_url, **more))
    check = next(each for each in profile.check() if each.route.key == Role.WRITER.value)
    to = bundle_of_route(profile, check, Surroundings(0, (), {}), origin=base_url).destination
    assert to.address == address
    assert why in to.source
