"""The table without a gateway: a provider as it is, so that nothing hides the truth."""

import re

import pytest
from support.referees.lab.act import C, M, R
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.table import CASES, Column, try_cell
from support.referees.lab.upstream import Upstream

pytestmark = pytest.mark.referee


@pytest.mark.parametrize("case", CASES)
async def test_a_case_is_told_as_it_is(case: str, operator: Operator, direct: LabGateway, upstream: Upstream) -> None:
    await try_cell(operator, Column(direct, {R: R, M: M, C: C}), upstream, case)


async def test_a_drift_message_that_names_the_called_family_blames_who_bridged(
    operator: Operator, direct: LabGateway
) -> None:
    told = await operator.smoke(direct, on_all("bounced"))
    for said in told.by_family.values():
        assert (said["category"], said["blame"]) == ("endpoint_drift", "gateway")
        assert "endpoint_path" not in said["action"], "the route calls the very path that the message asks for"


async def test_a_key_that_was_sent_and_not_seen_points_at_the_setting_that_says_how_it_is_sent(
    operator: Operator, direct: LabGateway
) -> None:
    told = await operator.smoke(direct, on_all("no-key-seen"))
    for said in told.by_family.values():
        assert said["category"] == "account_auth"
        words = " ".join([said["action"], *(each["message"] for each in said["findings"])])
        assert re.search(r"\bauth\b", words)


async def test_an_error_without_a_body_is_an_error_and_no_answer_that_was_cut(
    operator: Operator, direct: LabGateway
) -> None:
    told = await operator.smoke(direct, on_all("e500-stream"))
    for said in told.by_family.values():
        assert (said["category"], said["http_status"]) == ("upstream_unavailable", 500)
        assert not [each["id"] for each in said["findings"] if "STREAM" in each["id"]]
