"""What a probe sends, where a route's path has a query of its own."""

import pytest
from support.gateway.servers import answer_with, good_stream, raw_server
from support.probes.smoking import TOKEN, patient

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.probes.request import request_for

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def test_tokens_are_counted_below_the_path_and_before_its_query() -> None:
    route = Route(Role.CRITIC, "m", M, "/v1/messages?beta=true")
    assert request_for(route, Shape.AGENT, max_output_tokens=16).count_path == "/v1/messages/count_tokens?beta=true"


@pytest.mark.parametrize(
    "path",
    [
        "/openai/deployments/gpt-5/chat/completions?api-version=2025-04-01-preview",
        "/v1/chat/completions?a=b:c,d&e=~.-_",
        "/v1/chat/completions",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/", "/prefix/"])
async def test_a_query_is_sent_as_it_is_written_with_the_key_in_its_header(path: str, prefix: str) -> None:
    async with raw_server(answer_with(good_stream(C))) as server:
        options = patient(auth="api-key")
        async with Gateway(server.base_url + prefix, Secret(TOKEN), options) as gateway:
            async for _ in gateway.call(path, C, b"{}", stream=True):
                pass
    (request,) = server.requests
    assert request.path == prefix.rstrip("/") + path
    assert request.header("api-key") == TOKEN
