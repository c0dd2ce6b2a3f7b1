"""A role's call: what is sent for it is what rung 5 of the ladder proves, and its answer is read by the same form."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from support.gateway.scripted_gateway import route, scripted
from support.gateway.servers import (
    answer_with,
    chat_chunk,
    closing,
    content,
    good_stream,
    opening,
    raw_server,
    streamed,
)
from support.probes.smoking import FAMILIES, TOKEN, patient

from console.domain.answers.role_answer import Critique, Plan
from console.domain.errors.category import Blame, Category, Classification
from console.domain.money import Budget, BudgetScope
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.shape import Shape
from console.domain.run.answer_form import GATE_OF_ROLE
from console.domain.run.gate import Gate
from console.domain.run.rubric import default_rubric
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.smoke import SmokePlan, smoke
from console.services.run.briefs import BriefParts, build_brief
from console.services.run.call_end import failure_of, recorded_of, unread_of, unread_words
from console.services.run.role_call import RoleCall, RoleCallEnded, make_call, prepare_call, read_answer

pytestmark = pytest.mark.usefixtures("no_trust_store")

RUBRIC = default_rubric("patch")
ITS_OWN = {
    EndpointFamily.RESPONSES: ("instructions", "input", "max_output_tokens"),
    EndpointFamily.ANTHROPIC_MESSAGES: ("system", "messages", "max_tokens"),
    EndpointFamily.CHAT_COMPLETIONS: ("messages", "max_completion_tokens"),
}
"""What of a body belongs to the task and to the profile, and not to the role."""


def prepared(route: Route) -> RoleCall:
    """Return the call that a run of a patch makes for a route's role."""
    gate = GATE_OF_ROLE[route.role]
    parts = BriefParts("Note it.", "patch", (), (), RUBRIC)
    brief = build_brief(gate, route.role, parts, attempt=1, boundary="9c41f0a27be3d856", nonce="5f0c77ab")
    return prepare_call("call-1", gate, route, brief, criteria=RUBRIC.ids, max_output_tokens=4096, price=None)


async def probe(gateway: Gateway, route: Route) -> None:
    """Climb rung 5 of a route."""
    plan = SmokePlan(gateway, Reservations(Budget(BudgetScope.SESSION)), 256)
    events = smoke(check(RouteTable((route,))), plan, places=asyncio.Semaphore(1), shape=Shape.ROLE)
    async with contextlib.aclosing(events):
        assert [event async for event in events]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("role", Role)
async def test_rung_5_sends_what_a_run_sends_for_the_role(family: EndpointFamily, role: Role) -> None:
    asked = route(role, family)
    async with (
        scripted() as server,
        Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway,
    ):
        await probe(gateway, asked)
        async with contextlib.aclosing(make_call(prepared(asked), gateway)) as events:
            (ended,) = [event async for event in events if isinstance(event, RoleCallEnded)]
    probed, run = [json.loads(request.body) for request in server.requests]
    assert probed.keys() == run.keys() >= set(ITS_OWN[family])
    shapes: list[dict[str, Any]] = [
        {key: value for key, value in body.items() if key not in ITS_OWN[family]} for body in (probed, run)
    ]
    assert shapes[0] == shapes[1]
    assert "schema" in json.dumps(shapes[0])
    assert ended.result.status is SmokeStatus.PASSED
    assert not isinstance(read_answer(GATE_OF_ROLE[role], ended.text, RUBRIC.ids), Classification)


def test_an_answer_is_read_or_it_is_said_where_it_departs() -> None:
    plan = '{"instruction_source":"AGENTS.md","scope":["a"],"steps":["b"],"stop_conditions":["c"]}'
    assert read_answer(Gate.PLANNER, plan, ()) == Plan("AGENTS.md", ("a",), ("b",), ("c",))
    assert read_answer(Gate.CRITIC, '{"nonce": "n", "findings": []}', ()) == Critique("n", ())
    for text, why in (
        (plan.replace('["b"]', '["b", 1]'), "steps[1] has to be a text"),
        (plan[:-1], "it is not JSON"),
        (plan[:-1] + ',"scope":[]}', "an object has the same key twice"),
    ):
        refused = read_answer(Gate.PLANNER, text, ())
        assert isinstance(refused, Classification)
        assert refused.category is Category.CONTRACT_VIOLATION
        assert refused.evidence == f"the answer does not have the form that planner needs: {why}"


async def ended_with(answer: bytes, family: EndpointFamily) -> tuple[RoleCall, RoleCallEnded]:
    """Return a planner's call and its end, for a gateway that answers with these bytes."""
    call = prepared(route(Role.PLANNER, family))
    async with (
        raw_server(answer_with(answer)) as server,
        Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway,
        contextlib.aclosing(make_call(call, gateway)) as events,
    ):
        (ended,) = [event async for event in events if isinstance(event, RoleCallEnded)]
    return call, ended


C = EndpointFamily.CHAT_COMPLETIONS


async def test_a_plan_that_ends_at_its_token_limit_is_the_limits_fault_and_says_the_setting() -> None:
    ending = chat_chunk({}, finish="length")
    call, ended = await ended_with(streamed(*opening(C), content(C, '{"scope": ['), ending, *closing(C)[1:]), C)
    assert failure_of(call.made, ended.result) is None
    answer = read_answer(Gate.PLANNER, ended.text, RUBRIC.ids)
    assert isinstance(answer, Classification)
    assert unread_of(call.made, ended.result).blame is Blame.CONFIG
    why = unread_words(ended.result, answer.evidence)
    assert why.startswith("the answer ended at its token limit of 4096. Raise policy.run_max_output_tokens")
    assert answer.evidence in why


async def test_a_plan_of_another_form_is_the_contents_fault() -> None:
    call, ended = await ended_with(good_stream(C, "I would plan it so."), C)
    assert unread_of(call.made, ended.result).blame is Blame.CONTENT
    assert unread_words(ended.result, "why") == "why"


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_usage_of_zero_is_recorded_as_unnamed_with_what_was_counted(family: EndpointFamily) -> None:
    body = good_stream(family, "a plan " * 60)
    for name in (b"input_tokens", b"output_tokens", b"prompt_tokens", b"completion_tokens"):
        for figure in (b"1", b"2", b"3"):
            body = body.replace(b'"%b": %b' % (name, figure), b'"%b": 0' % name)
    call, ended = await ended_with(body, family)
    kept = recorded_of(call.made, ended.result)
    assert (kept.input_tokens, kept.output_tokens, kept.microusd) == (None, None, None)
    assert kept.counted_tokens == len(call.request.body) // 3 + 1 + 420 // 3 + 1
    assert unread_of(call.made, ended.result).counted_tokens == kept.counted_tokens


async def test_a_usage_that_is_named_is_recorded_and_nothing_is_counted() -> None:
    call, ended = await ended_with(good_stream(C), C)
    kept = recorded_of(call.made, ended.result)
    assert (kept.input_tokens, kept.output_tokens, kept.counted_tokens) == (3, 2, None)
