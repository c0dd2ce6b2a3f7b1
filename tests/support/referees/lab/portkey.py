"""Portkey's gateway: it keeps nothing, so each call names its upstream and carries the upstream's key."""

from support.referees.lab.gateway import LabGateway
from support.referees.lab.upstream import Upstream

SCRIPT = "@portkey-ai/gateway/build/start-server.js"


def before(upstream: Upstream, provider: str, base_url: str) -> LabGateway:
    """Return Portkey as an operator sets it up for one provider, which the scripted upstream plays."""
    headers = {"x-portkey-provider": provider, "x-portkey-custom-host": f"{upstream.base_url}/v1"}
    return LabGateway(f"portkey, {provider}", base_url, upstream.key, headers=headers)
