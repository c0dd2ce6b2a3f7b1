"""The table behind Portkey, once for each provider that it speaks to."""

import pytest
from support.referees.lab import portkey
from support.referees.lab.act import C, M, R
from support.referees.lab.operator import Operator
from support.referees.lab.table import CASES, Column, Hidden, try_cell
from support.referees.lab.upstream import Upstream

from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee

HIDDEN = (
    Hidden("cut", "ends-early"),  # it ends its own answer in good order
    Hidden("elsewhere", "drop"),  # it follows redirects
)
SENT_ON = {"openai": {R: R, C: C}, "anthropic": {M: M}}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("provider", SENT_ON)
async def test_a_case_is_told_as_it_is(
    provider: str, case: str, operator: Operator, portkey_url: str, upstream: Upstream
) -> None:
    gateway = portkey.before(upstream, provider, portkey_url)
    await try_cell(operator, Column(gateway, SENT_ON[provider], HIDDEN), upstream, case)


@pytest.mark.parametrize(("provider", "family"), [("openai", M), ("anthropic", R)])
async def test_a_family_that_a_provider_does_not_have_is_drift(
    provider: str, family: EndpointFamily, operator: Operator, portkey_url: str, upstream: Upstream
) -> None:
    """Portkey says so with an HTTP 500, and the upstream is not called."""
    since = len(upstream.journal)
    told = await operator.smoke(portkey.before(upstream, provider, portkey_url), {family: "healthy"})
    assert not upstream.calls(since)
    assert told.code == 6
    assert told.by_family[family]["category"] == "endpoint_drift"
