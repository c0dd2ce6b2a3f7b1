"""Our own key, and a model that the gateway does not have: what one control shows is not lost for the others."""

import pytest
from support.referees.lab.act import C, M, R
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.upstream import FORM_FIRST, Upstream

pytestmark = pytest.mark.referee


@pytest.fixture
def form_first(upstream: Upstream) -> LabGateway:
    """Return the upstream as a gateway that looks at the form of a request before its key."""
    return LabGateway("form first", upstream.base_url + FORM_FIRST, upstream.key)


async def test_a_wrong_key_is_seen_where_the_form_is_looked_at_first(
    operator: Operator, form_first: LabGateway
) -> None:
    """The form without an input is refused with both keys alike: only the whole form shows which one is good."""
    wrong = LabGateway(form_first.name, form_first.base_url, f"{form_first.token}-wrong")
    told = await operator.check(wrong, on_all("healthy"))
    assert told.code == 5
    for said in told.by_family.values():
        assert said["verdict"] == "blocked"
        assert said["rungs"][-1]["category"] == "account_auth"


async def test_a_good_key_is_not_suspected_there(operator: Operator, form_first: LabGateway) -> None:
    told = await operator.check(form_first, on_all("healthy"))
    assert told.code == 0
    for said in told.by_family.values():
        assert said["verdict"] != "blocked"
        assert "account_auth" not in [rung["category"] for rung in said["rungs"]]


async def test_no_control_is_made_twice_for_one_family(
    operator: Operator, direct: LabGateway, upstream: Upstream
) -> None:
    """A form without an input, a wrong key and an unknown model show all, and none of them is generated."""
    since = len(upstream.journal)
    told = await operator.check(direct, on_all("healthy"), also={"writer": R, "reviewer": M, "revision": C})
    assert told.code == 0
    assert len(told.ended.document["routes"]) == 6
    posted = [each for each in upstream.journal[since:] if each.method == "POST"]
    assert len(posted) <= 3 * len(told.by_family)
    assert not [each for each in posted if each.is_streamed]
    with_form = [each for each in posted if {"input", "messages"} & each.keys]
    assert not [each for each in with_form if each.model == "healthy" and each.has_key], "a free check calls no model"


async def test_a_model_that_a_whole_list_does_not_have_is_not_green(operator: Operator, direct: LabGateway) -> None:
    """The gateway lists what it serves, and refuses every model that it does not know."""
    told = await operator.check(direct, on_all("not-on-the-list"))
    for said in told.by_family.values():
        assert said["verdict"] not in {"ok", "proven", "offline"}
