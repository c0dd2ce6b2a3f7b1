"""The table behind LiteLLM, once for each kind of provider, and what LiteLLM says itself of who answered and how."""

from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.git.repositories import Repository
from support.referees.console_command import PATIENT
from support.referees.lab import litellm
from support.referees.lab.act import C, M, R
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.table import CASES, PROVIDER_ACCOUNT, Column, Hidden, try_cell
from support.referees.lab.upstream import Upstream
from support.run.desks import FILES, TASK

from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee

SENT_ON = {"": {R: R, M: R, C: C}, litellm.ANTHROPIC: {R: M, M: M, C: M}}
"""On which family LiteLLM calls its two providers, by the prefix of a model's name."""
HIDDEN = {
    "": (
        Hidden("elsewhere", "drop"),  # it follows redirects
        Hidden("mislabelled", "empty"),  # it looks for events alone
        Hidden("ends-early", "healthy", (C,)),  # it makes up the end
        Hidden("bounced", "family-m", (M,)),  # the provider names the family that LiteLLM called, not ours
        Hidden("family-m", "bounced", (M,)),  # and here ours, which LiteLLM did not call
    ),
    litellm.ANTHROPIC: (
        Hidden("elsewhere", "drop"),
        Hidden("mislabelled", "empty", (R, C)),
        Hidden("ends-early", "healthy", (R, C)),
        Hidden("bounced", "family-c", (R, C)),
        Hidden("family-r", "bounced", (R,)),
        Hidden("family-c", "bounced", (C,)),
    ),
}
BRIDGED = [(prefix, asked) for prefix, ways in SENT_ON.items() for asked, sent in ways.items() if asked is not sent]
UNBRIDGED = [(prefix, asked) for prefix, ways in SENT_ON.items() for asked, sent in ways.items() if asked is sent]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("prefix", SENT_ON, ids=["openai", "anthropic"])
async def test_a_case_is_told_as_it_is(
    prefix: str, case: str, operator: Operator, lite: LabGateway, upstream: Upstream
) -> None:
    column = Column(lite, SENT_ON[prefix], HIDDEN[prefix], prefix, PROVIDER_ACCOUNT, drops_wait=(M,))
    await try_cell(operator, column, upstream, case)


# --- Who answered, and on which family -------------------------------------------------------------------------------


def bridging_in(said: dict[str, Any]) -> list[str]:
    """Return the findings on a bridge to another family."""
    return [found["id"] for found in said["findings"] if found["id"] == "SRV-02"]


@pytest.mark.parametrize(("prefix", "family"), BRIDGED)
async def test_a_call_that_reached_the_provider_on_another_family_is_told_to_be_bridged(
    prefix: str, family: EndpointFamily, operator: Operator, lite: LabGateway, upstream: Upstream
) -> None:
    since = len(upstream.journal)
    told = await operator.smoke(lite, {family: f"{prefix}healthy"})
    assert {call.path for call in upstream.calls(since)} == {SENT_ON[prefix][family].standard_path}
    assert bridging_in(told.by_family[family])


@pytest.mark.parametrize(("prefix", "family"), UNBRIDGED)
async def test_a_call_that_reached_the_provider_on_its_own_family_is_not_told_to_be_bridged(
    prefix: str, family: EndpointFamily, operator: Operator, lite: LabGateway
) -> None:
    told = await operator.smoke(lite, {family: f"{prefix}healthy"})
    assert not bridging_in(told.by_family[family])


async def test_an_alias_is_told_with_the_model_behind_it_and_is_not_a_swap(
    operator: Operator, lite: LabGateway
) -> None:
    """LiteLLM names the provider's model on Responses, and its own alias elsewhere; its head names both."""
    told = await operator.smoke(lite, {R: litellm.ALIASES[0]})
    said = told.by_family[R]
    assert (said["served_as"], said["model_behind"]) == ("alias", "openai/healthy")
    found = {found["id"] for found in said["findings"]}
    assert ("SRV-03" in found, "COM-B-01" in found) == (True, False)
    allowed = await operator.smoke(lite, {R: litellm.ALIASES[0]}, served_as={R: ["healthy"]})
    assert allowed.by_family[R]["served_as"] == "itself"


async def test_two_names_of_one_deployment_are_no_independent_judges(
    operator: Operator, lite: LabGateway, tmp_path: Path
) -> None:
    """Writer, reviewer and critic have a name each, and LiteLLM's config says that all are one deployment."""
    gateway = {"base_url": lite.base_url, "token_ref": ["env:LAB_TOKEN"], **PATIENT}
    routes = {role: route(alias, "chat_completions") for role, alias in litellm.ROLE_ALIASES.items()}
    table = config_table(gateway, routes, policy={"independence": 2})
    config = write_config(operator.home / "config.toml", table)
    (tmp_path / "task.md").write_text(TASK, "utf-8")
    repository = Repository(tmp_path / "repository", FILES)
    start = ("run", "start", "--auto", "--json", "--task-file", "task.md", "--repo", repository.root)
    ended = await Console(operator.home).run("--config", config, *start, LAB_TOKEN=lite.token)
    assert ended.code != 0, "a candidate is sealed whose judges are the writer itself"
    assert "independen" in ended.stdout + ended.stderr


# --- Whose refusal it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", SENT_ON, ids=["openai", "anthropic"])
async def test_a_refusal_of_the_provider_does_not_blame_the_gateways_own_key(
    prefix: str, operator: Operator, lite: LabGateway
) -> None:
    told = await operator.check(lite, on_all(f"{prefix}e401"), "--level", "4")
    assert told.code == 5
    for route_said in told.by_family.values():
        *_, key, call = route_said["rungs"]
        assert (key["rung"], key["status"]) == (3, "passed"), "rung 3 proves the gateway's own key"
        assert (call["rung"], call["category"]) == (4, "account_auth")
        assert "token_ref" not in call["action"]
        assert "provider" in call["action"] or "upstream" in call["action"]


async def test_a_wrong_key_of_the_gateway_is_told_as_its_own(operator: Operator, lite: LabGateway) -> None:
    wrong = LabGateway(lite.name, lite.base_url, f"{lite.token}-wrong")
    told = await operator.smoke(wrong, on_all("healthy"))
    assert told.code == 5
    for said in told.by_family.values():
        assert said["category"] == "account_auth"
        assert "token_ref" in said["action"]


async def test_a_deployment_that_cools_down_is_a_limit_and_no_missing_route(
    operator: Operator, lite: LabGateway
) -> None:
    await operator.smoke(lite, {C: litellm.LIMITED})
    told = await operator.smoke(lite, {C: litellm.LIMITED})
    said = told.by_family[C]
    assert said["http_status"] == 429
    assert (said["category"], said["retryable"]) == ("rate_limit", True)
    assert told.code == 1


# --- What no protocol can show ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "code", "is_whole"), [("counting", 0, True), ("counting-halfway", 1, False)])
async def test_a_cut_answer_with_an_end_that_was_made_up_is_found_by_its_content(
    model: str, code: int, is_whole: bool, operator: Operator, lite: LabGateway
) -> None:
    """The stream says in both cases that the answer is complete."""
    told = await operator.check(lite, {C: model}, "--level", "4", "--content")
    assert told.code == code
    said = told.by_family[C]
    assert "contract_violation" not in [rung["category"] for rung in said["rungs"]], "no rule of a stream is broken"
    assert bool([found for found in said["findings"] if found["severity"] == "fail"]) == (not is_whole)
    assert is_whole or said["verdict"] not in {"ok", "proven", "offline"}
