"""An agent's settings as lines: what a shell makes of them is what the agent needs."""

import subprocess

import pytest

from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_choice import choices
from console.domain.relay.agent_settings import AgentSettings, Place, agent_settings
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.view.relay.setting_lines import setting_lines

DESK = RouteDesk(
    check(
        RouteTable(
            tuple(
                Route(role, "a-model", family, family.standard_path)
                for role, family in zip((Role.PLANNER, Role.CRITIC, Role.FALLBACK), EndpointFamily, strict=True)
            )
        )
    )
)
HOME = "/home/o p"


@pytest.mark.parametrize("agent", agent_settings().values(), ids=agent_settings().keys())
def test_a_shell_exports_what_the_agent_needs_in_the_operators_own_home(agent: AgentSettings) -> None:
    for chosen in choices(agent, DESK):
        own = Place("http://127.0.0.1:9", "gwc-k", chosen.model, home="~")
        lines = [each for each in setting_lines(chosen, own) if each.startswith("export ")]
        wanted = {name: text for name, text in chosen.settings.variables.items() if text != "<home>"}
        shown = "; ".join((*lines, *(f'printf "%s\\n" "${name}"' for name in wanted)))
        found = subprocess.run(["sh", "-c", shown], env={"HOME": HOME}, capture_output=True, text=True, check=True)
        there = Place(own.origin, own.key, own.model, home=HOME)
        assert found.stdout.splitlines() == [there.fill(text) for text in wanted.values()]


def test_an_agent_works_on_each_route_that_it_speaks_in_its_own_order() -> None:
    found = choices(agent_settings()["copilot"], DESK)
    assert [each.route.role for each in found] == [Role.PLANNER, Role.FALLBACK, Role.CRITIC]
    assert {each.model for each in found} == {"planner", "fallback", "critic"}, "three routes share the model's name"
    assert [each.route.role for each in choices(agent_settings()["claude_code"], DESK)] == [Role.CRITIC]
