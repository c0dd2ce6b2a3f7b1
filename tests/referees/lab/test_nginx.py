"""The table behind nginx, with its proxy's buffer and without it, and what a buffer does to the picture of a call."""

import pytest
from support.referees.lab import nginx
from support.referees.lab.act import C, M, R
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.table import CASES, Column, try_cell
from support.referees.lab.upstream import Upstream

pytestmark = pytest.mark.referee

ON_THE_WAY = ["healthy", "cut", "ends-early", "stalling", "e500-stream", "drop"]
"""The cases on which a proxy that passes everything on could have an effect."""


@pytest.mark.parametrize("case", CASES)
async def test_a_case_is_told_as_it_is_behind_a_buffer(
    case: str, operator: Operator, nginx_url: str, upstream: Upstream
) -> None:
    gateway = LabGateway("nginx", nginx_url + nginx.BUFFERING, upstream.key)
    await try_cell(operator, Column(gateway, {R: R, M: M, C: C}), upstream, case)


@pytest.mark.parametrize("case", ON_THE_WAY)
async def test_a_case_is_told_as_it_is_behind_a_proxy_that_passes_all_on(
    case: str, operator: Operator, nginx_url: str, upstream: Upstream
) -> None:
    gateway = LabGateway("nginx", nginx_url + nginx.PASSING, upstream.key)
    await try_cell(operator, Column(gateway, {R: R, M: M, C: C}), upstream, case)


@pytest.mark.parametrize(("prefix", "is_buffered"), [(nginx.BUFFERING, True), (nginx.PASSING, False)])
async def test_a_stream_that_came_in_one_piece_is_told_to_show_no_time_to_first_token(
    prefix: str, is_buffered: bool, operator: Operator, nginx_url: str, upstream: Upstream
) -> None:
    told = await operator.smoke(LabGateway("nginx", nginx_url + prefix, upstream.key), on_all("flowing"))
    assert told.code == 0
    for said in told.by_family.values():
        found = [each for each in said["findings"] if "time to first token" in each["message"]]
        assert bool(found) == is_buffered
        assert {each["severity"] for each in found} <= {"info", "warn"}, "the answer is whole"


async def test_an_error_page_of_a_proxy_is_an_outage_and_says_nothing_against_the_address(
    operator: Operator, nginx_url: str, upstream: Upstream
) -> None:
    told = await operator.smoke(LabGateway("nginx", nginx_url + nginx.OUTAGE, upstream.key), on_all("healthy"))
    assert told.code == 10
    for said in told.by_family.values():
        assert (said["category"], said["blame"], said["http_status"]) == ("upstream_unavailable", "gateway", 502)
        assert not [each for each in said["findings"] if "web site" in each["message"] or "website" in each["message"]]
