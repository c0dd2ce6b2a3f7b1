"""How a rotation tests a new token at the gateway: rung 3 of the probe ladder, on one route, generating nothing."""

from typing import TYPE_CHECKING

from console.domain.finding import Severity
from console.domain.probes.ladder import RungStatus
from console.domain.routes.contract import Verdict
from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.config.settings import Profile
from console.services.gateway.address import canonical_origin
from console.services.tokens.rotation import Verification, Verifier

if TYPE_CHECKING:
    from console.services.probes.key_control import KeyProof


def gateway_verifier(profile: Profile, base_url: str) -> Verifier:
    """Return a verifier that tests a new token at a profile's gateway.

    Args:
        profile: A checked profile.
        base_url: Its gateway's base URL.

    """

    async def verify(secret: Secret, origin: str) -> Verification:
        route = _first_route(profile, base_url)
        if route is None:
            return Verification(None, "every route of the profile has drifted; run: gateway-console routes")
        if canonical_origin(base_url) != origin:
            return Verification(None, "the profile's gateway is not at the token's origin")
        return await _ask(profile, base_url, secret, route)

    return verify


def _first_route(profile: Profile, base_url: str) -> Route | None:
    """Return the first route that does not drift at a gateway, or None."""
    reference = (profile.gateway.base_url_ref or "").removeprefix("env:")
    checks = profile.check(environment={reference: base_url})
    return next((each.route for each in checks if each.verdict is not Verdict.DRIFT), None)


async def _ask(profile: Profile, base_url: str, secret: Secret, route: Route) -> Verification:
    from console.services.gateway.client import Gateway
    from console.services.gateway.reservations import Reservations
    from console.services.probes.key_control import prove_key

    try:
        gateway = Gateway(base_url, secret, profile.gateway)
    except (OSError, RuntimeError, ValueError):  # ssl.SSLError is an OSError
        return Verification(None, "ca_file cannot be read, or holds no PEM certificate")
    async with gateway:
        return judge(await prove_key(gateway, route, Reservations(profile.budget())))


def judge(proof: "KeyProof") -> Verification:
    """Say what a proof means for the token that it tested."""
    shown = "; ".join(proof.notes)
    takes_any = any(each.id == "COM-S-02" and each.severity is Severity.FAIL for each in proof.findings)
    if proof.status is RungStatus.PASSED and not takes_any:
        return Verification(True, shown)
    if proof.classification is not None and proof.classification.category.is_account:
        return Verification(False, f"{proof.classification.category}: {proof.classification.evidence}")
    if takes_any:
        return Verification(None, f"the gateway also accepts a wrong key, so nothing is proven: {shown}")
    if proof.classification is not None:
        return Verification(None, f"{proof.classification.category}: {proof.classification.evidence}")
    return Verification(None, f"nothing is proven: {shown}")
