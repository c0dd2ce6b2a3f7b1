"""How a rotation tests a new token at the gateway: rung 3 of the probe ladder, on each path, generating nothing."""

from collections.abc import Sequence
from dataclasses import replace
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
        if canonical_origin(base_url) != origin:
            return Verification(None, "the profile's gateway is not at the token's origin")
        routes = _provable(profile, base_url)
        if not routes:
            words = "every route of the profile has drifted; run: gateway-console routes"
            return Verification(None, words)
        return await _ask(profile, base_url, secret, routes)

    return verify


def _provable(profile: Profile, base_url: str) -> list[Route]:
    """Return one route of each endpoint family and path that a gateway serves without drift, in the table's order."""
    reference = (profile.gateway.base_url_ref or "").removeprefix("env:")
    checks = profile.check(environment={reference: base_url})
    paths: dict[tuple[str, str], Route] = {}
    for each in checks:
        if each.verdict is not Verdict.DRIFT:
            paths.setdefault((each.route.endpoint_family, each.route.endpoint_path), each.route)
    return list(paths.values())


async def _ask(profile: Profile, base_url: str, secret: Secret, routes: Sequence[Route]) -> Verification:
    """Try the token on one path after the other, until one proves that it is accepted."""
    from console.services.gateway.client import Gateway
    from console.services.gateway.reservations import Reservations
    from console.services.probes.key_control import prove_key

    try:
        gateway = Gateway(base_url, secret, profile.gateway)
    except (OSError, RuntimeError, ValueError):  # ssl.SSLError is an OSError
        return Verification(None, "ca_file cannot be read, or holds no PEM certificate")
    tried: list[tuple[Route, Verification]] = []
    reservations = Reservations(profile.budget())  # one for all paths
    async with gateway:
        for route in routes:
            found = judge(await prove_key(gateway, route, reservations))
            if found.is_accepted:
                return replace(found, words=f"Proven on {_named(route)}: {found.words}")
            tried.append((route, found))
    return _together(tried)


def _together(tried: Sequence[tuple[Route, Verification]]) -> Verification:
    """Return what tries mean together of which none proves the token: a refusal counts, and then any answer."""
    refused = [(route, each) for route, each in tried if each.is_accepted is False]
    answered = [(route, each) for route, each in tried if not each.is_silent]
    told = refused or answered or list(tried)
    words = "; ".join(f"{_named(route)}: {each.words}" for route, each in told)
    return Verification(False if refused else None, words, is_silent=not answered)


def _named(route: Route) -> str:
    return f"the route {route.key} ({route.endpoint_path})"


def judge(proof: "KeyProof") -> Verification:
    """Say what a proof means for the token that it tested."""
    shown = ", ".join(proof.notes)
    takes_any = any(each.id == "COM-S-02" and each.severity is Severity.FAIL for each in proof.findings)
    if proof.status is RungStatus.PASSED and not takes_any:
        return Verification(True, shown)
    if takes_any:
        return Verification(None, f"the gateway also accepts a wrong key, so nothing is proven: {shown}")
    if proof.classification is None:
        return Verification(None, f"nothing is proven: {shown}")
    found = proof.classification
    words = f"{found.category}: {found.evidence}"
    if found.category.is_account:
        return Verification(False, f"{words}. {found.action}".rstrip("."))
    is_silent = all(": no reply" in note or ": not sent" in note for note in proof.notes)
    return Verification(None, words, is_silent=is_silent)
