"""Streams that stop, break and stall: what is said of them, and of what they may have cost."""

import pytest
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.script import SCRIPTS

pytestmark = pytest.mark.referee


async def test_a_connection_that_broke_may_have_been_billed_and_may_work_next_time(
    operator: Operator, direct: LabGateway
) -> None:
    ended = await operator.read(direct, on_all("cut"), "smoke")
    assert ended.code == 10
    assert "the same call would end the same way" not in ended.stdout
    assert "may have been billed" in ended.stdout


async def test_a_stall_names_the_setting_that_ended_it(operator: Operator, direct: LabGateway) -> None:
    """The answer began and then nothing came: the idle deadline ends it, long before the total one."""
    told = await operator.smoke(direct, on_all("stalling"), idle_timeout_s=1.0)
    assert told.code == 10
    for said in told.by_family.values():
        assert (said["category"], said["blame"]) == ("timeout", "gateway")
        assert "idle_timeout_s" in f"{said['evidence']} {said['action']}"


async def test_a_deadline_that_ended_an_answer_on_its_way_names_its_setting(
    operator: Operator, direct: LabGateway
) -> None:
    """A piece comes five times a second: no one but the setting ends it."""
    told = await operator.smoke(direct, on_all("flowing"), deadline_s=1.0)
    assert told.code == 10
    for said in told.by_family.values():
        assert (said["category"], said["blame"]) == ("timeout", "config")
        assert "deadline_s" in f"{said['evidence']} {said['action']}"


async def test_a_usage_of_nothing_beside_words_is_told_and_not_believed(operator: Operator, direct: LabGateway) -> None:
    told = await operator.check(direct, on_all("counts-nothing"), "--level", "4")
    assert told.code == 0
    spent = told.ended.document["spent"]
    assert spent["tokens"] > 0
    assert not spent["is_exact"]
    for said in told.by_family.values():
        assert [each for each in said["findings"] if "usage" in each["message"] or "token" in each["message"]]


async def test_an_account_error_that_is_labelled_as_a_stream_is_an_account_error_on_every_rung(
    operator: Operator, direct: LabGateway
) -> None:
    told = await operator.check(direct, on_all("mislabelled"), "--level", "4")
    assert told.code == SCRIPTS["mislabelled"].exit_code
    for said in told.by_family.values():
        assert said["rungs"][-1]["category"] == "account_quota"
