"""An outage is one in every command: nothing that failed is green, and nothing that could not be read is gone."""

from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.gateway.servers import HOST, unused_port
from support.git.repositories import Repository
from support.referees.lab import nginx
from support.referees.lab.act import M
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator, on_all
from support.referees.lab.script import SCRIPTS
from support.referees.lab.table import SHORT
from support.referees.lab.upstream import Upstream
from support.run.desks import FILES, TASK, config_text

pytestmark = pytest.mark.referee

GREEN = {"ok", "proven", "offline"}
"""Verdicts that let a reader think that a route works, or that nothing speaks against it."""
OUTAGES = [nginx.OUTAGE, nginx.LOADING]
"""A proxy without its upstream, and a model server that still loads its model: all that is asked gets 502 or 503."""
FAILING = [name for name, script in SCRIPTS.items() if script.category is not None and not script.serves]


@pytest.mark.parametrize("level", ["1", "2", "3", "4"])
@pytest.mark.parametrize("prefix", OUTAGES)
async def test_a_check_of_a_gateway_that_is_down_is_not_green(
    prefix: str, level: str, operator: Operator, nginx_url: str, upstream: Upstream
) -> None:
    gateway = LabGateway("nginx", nginx_url + prefix, upstream.key)
    told = await operator.check(gateway, on_all("healthy"), "--level", level)
    assert told.code == (10 if int(level) >= 3 else told.code)
    for said in told.by_family.values():
        assert said["verdict"] not in GREEN
        assert int(said["rung_reached"]) < 3
        assert int(level) < 3 or said["rungs"][-1]["category"] == "upstream_unavailable"


async def test_a_list_of_models_that_could_not_be_read_makes_no_model_gone(
    operator: Operator, nginx_url: str, direct: LabGateway, upstream: Upstream
) -> None:
    """The first check reads the list while all is well, the next one while the same gateway is down."""
    await operator.check(LabGateway("nginx", nginx_url + nginx.PASSING, upstream.key), on_all("healthy"))
    down = LabGateway("nginx", nginx_url + nginx.OUTAGE, upstream.key)
    told = await operator.check(down, on_all("healthy"))
    catalogue = told.ended.document["catalogue"]
    assert catalogue is None or not [each for each in catalogue["changes"] if each["kind"] == "gone"]
    assert "healthy gone" not in (await operator.read(down, on_all("healthy"), "check")).stderr


@pytest.mark.parametrize("prefix", OUTAGES)
async def test_a_run_does_not_begin_on_a_gateway_that_is_down(
    prefix: str, nginx_url: str, upstream: Upstream, tmp_path: Path
) -> None:
    console = Console(tmp_path / "home")
    console.home.mkdir()
    config = console.write_config(config_text(base_url=nginx_url + prefix, token_ref="env:LAB_TOKEN"))
    (console.home / "task.md").write_text(TASK, "utf-8")
    repository = Repository(tmp_path / "repository", FILES)
    start = ("run", "start", "--auto", "--task-file", "task.md", "--repo", repository.root)
    ended = await console.run("--config", config, *start, LAB_TOKEN=upstream.key)
    assert ended.code not in (0, 7)
    shown = await console.run("--config", config, "run", "show", "last", "--json", LAB_TOKEN=upstream.key)
    assert shown.code != 0 or not shown.document["calls"], "the preflight has to see what would cost a call"


@pytest.mark.parametrize("case", FAILING)
async def test_a_call_that_failed_is_the_verdict_on_its_route(
    case: str, operator: Operator, direct: LabGateway
) -> None:
    """Rung 4 is the last word: the offline verdict of a route is not repeated over it."""
    told = await operator.check(direct, {M: case}, "--level", "4", **(SHORT if case == "stalling" else {}))
    assert told.code == SCRIPTS[case].exit_code
    (said,) = told.by_family.values()
    assert said["verdict"] not in GREEN
    assert said["rungs"][-1]["category"] == SCRIPTS[case].category


async def test_a_gateway_that_no_one_listens_for_is_not_green(operator: Operator, direct: LabGateway) -> None:
    with unused_port() as port:
        gone = LabGateway("gone", f"http://{HOST}:{port.getsockname()[1]}", direct.token)
        told = await operator.check(gone, on_all("healthy"))
    assert told.code == 10
    for said in told.by_family.values():
        assert said["verdict"] not in GREEN
