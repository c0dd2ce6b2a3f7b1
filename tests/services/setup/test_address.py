"""What is typed as a gateway: too long a path is cut, a token is refused and never repeated."""

import pytest

from console.domain.routes.family import EndpointFamily
from console.domain.setup.preset import Preset, preset_named
from console.services.setup.address import GatewayAddress, read_gateway, read_place

C = EndpointFamily.CHAT_COMPLETIONS
TOKEN = "-".join(["sk", "proj", "Qw3rTy7uIoPaSdFg8hJk2LzXcVbNm4QwErTy"])


@pytest.mark.parametrize(
    ("typed", "base", "chat"),
    [
        ("https://gw.example.com", "https://gw.example.com", "/v1/chat/completions"),
        ("https://gw.example.com/v1/", "https://gw.example.com", "/v1/chat/completions"),
        ("https://gw.example.com/v1/v1", "https://gw.example.com", "/v1/chat/completions"),
        ("https://gw.example.com/team/v1/chat/completions", "https://gw.example.com/team", "/v1/chat/completions"),
        ("https://gw.example.com/v1/models", "https://gw.example.com", "/v1/chat/completions"),
        ("gw.example.com/llm", "https://gw.example.com/llm", "/v1/chat/completions"),
        ("localhost:4000/v1/messages", "http://localhost:4000", "/v1/chat/completions"),
        ("HTTPS://OpenRouter.ai/api/v1", "https://OpenRouter.ai/api", "/v1/chat/completions"),
        ("https://openrouter.ai", "https://openrouter.ai", "/api/v1/chat/completions"),
        ("https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas", "/v4/chat/completions"),
    ],
)
def test_the_steps_of_the_routes_are_not_part_of_the_base(typed: str, base: str, chat: str) -> None:
    read = read_gateway(typed)
    assert isinstance(read, GatewayAddress)
    assert (read.base_url, read.paths[C]) == (base, chat)
    assert bool(read.notes) == (typed.removesuffix("/").lower() != base.lower())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (TOKEN, "this looks like"),
        (f"https://user:{TOKEN}@gw.example.com", "this looks like"),
        (f"https://gw.example.com/?key={TOKEN}", "this looks like"),
        ("http://gw.example.com", "must begin with https://"),
        ("http://0.0.0.0:4000", "127.0.0.1"),
        ("llamacppp", "neither an address nor the name"),
        ("ftp://gw.example.com", "must begin with https://"),
        ("sim:", "gateway-console demo"),
        ("https://", "name a host"),
        ("https://gw.example.com/a b", "space"),
        ("https://<your-host>", "placeholder|host"),
    ],
)
def test_what_cannot_be_a_gateway_is_refused_and_not_repeated(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        read_gateway(typed)
    assert TOKEN not in str(refused.value)


def test_a_preset_is_found_by_its_name_in_any_case() -> None:
    assert isinstance(read_gateway(" LiteLLM "), Preset)


def test_the_callers_own_steps_of_an_address_are_filled_in() -> None:
    cloudflare = preset_named("cloudflare")
    assert cloudflare is not None
    address = read_place("0123abcd/my-gw", cloudflare)
    assert address.base_url == "https://gateway.ai.cloudflare.com/v1/0123abcd/my-gw"
    assert address.paths == {
        EndpointFamily.RESPONSES: "/openai/responses",
        EndpointFamily.ANTHROPIC_MESSAGES: "/anthropic/v1/messages",
        C: "/compat/chat/completions",
    }
    assert read_place(address.base_url, cloudflare).base_url == address.base_url
    for wrong in ("only-one", "a/b/c", TOKEN):
        with pytest.raises(ValueError, match=r"this looks like|write ACCOUNT/GATEWAY") as refused:
            read_place(wrong, cloudflare)
        assert TOKEN not in str(refused.value)
