"""The embedded gateway answers every agent: each recorded call, over real HTTP, in both sizes."""

import httpx
import pytest
from support.gateway.calling import error_category, headers_for, read

from console.domain.errors.category import Category
from console.domain.probes.agent import Agent, AgentShape, agents
from console.wire.agent_body import AgentSize, agent_call

MODEL = "gpt-route-placeholder"
SHAPES = [(agent, shape) for agent in agents().values() for shape in agent.shapes]


@pytest.mark.parametrize("size", AgentSize)
@pytest.mark.parametrize(("agent", "shape"), SHAPES, ids=lambda each: getattr(each, "id", None))
async def test_every_recorded_call_is_answered(
    client: httpx.AsyncClient, agent: Agent, shape: AgentShape, size: AgentSize
) -> None:
    call = agent_call(shape, MODEL, "Reply with OK.", max_output_tokens=256, size=size)
    path = shape.family.standard_path + (f"?{call.query}" if call.query else "")
    headers = headers_for(shape.family) | dict(call.headers)
    response = await client.post(path, content=call.body, headers=headers)
    answer, text = read(shape.family, response)
    assert (response.status_code, answer.is_complete, answer.findings) == (200, True, ())
    assert text.startswith("OK.")


async def test_the_tokens_that_are_counted_are_those_that_are_used(client: httpx.AsyncClient) -> None:
    (shape,) = agents()["claude-code"].shapes
    call = agent_call(shape, MODEL, "Reply with OK.", max_output_tokens=256)
    path = shape.family.standard_path
    headers = headers_for(shape.family) | dict(call.headers)
    counted = await client.post(f"{path}/count_tokens?{call.query}", content=call.body, headers=headers)
    answer, _ = read(shape.family, await client.post(f"{path}?{call.query}", content=call.body, headers=headers))
    assert counted.status_code == 200
    assert counted.json() == {"input_tokens": answer.usage.input_tokens}


@pytest.mark.parametrize("bound", [2**53 - 1, -(2**53), 2**63 - 1])
async def test_the_bounds_that_schema_tools_write_are_accepted(client: httpx.AsyncClient, bound: int) -> None:
    schema = {"type": "object", "properties": {"offset": {"type": "integer", "maximum": bound}}}
    body = {"model": MODEL, "input": "Reply.", "tools": [{"type": "function", "name": "read", "parameters": schema}]}
    response = await client.post("/v1/responses", json=body)
    assert response.status_code == 200


async def test_a_bound_that_no_integer_has_is_refused(client: httpx.AsyncClient) -> None:
    schema = {"type": "object", "properties": {"offset": {"type": "integer", "maximum": 2**64}}}
    body = {"model": MODEL, "input": "Reply.", "tools": [{"type": "function", "name": "read", "parameters": schema}]}
    assert error_category(await client.post("/v1/responses", json=body)) is Category.INVALID_REQUEST
