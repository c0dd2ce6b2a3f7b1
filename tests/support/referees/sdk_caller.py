"""The official SDKs as callers, and all that their user can see of an answer."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from support.relay.relays import MODEL_OF
from support.waiting import HANG_S

from console.domain.routes.family import EndpointFamily

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

_OF_A_HOP = {"date", "server", "connection", "transfer-encoding", "content-length", "keep-alive"}
BROKEN = "the connection broke"
"""The error of an answer that broke off: how the socket ended is not the same through any proxy."""
MESSAGES: Any = [{"role": "user", "content": "Say hello."}]


@dataclass
class Seen:
    """What the user of an SDK sees of one call."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    """Of an answer that is not a stream, and of an error."""
    values: list[Any] = field(default_factory=list)
    """The parsed answer, or each event of a stream."""
    error: str = ""
    """The name of the exception's type; empty if there was none."""
    told: tuple[Any, ...] = ()
    """What an exception says: its message, the parsed body, the code and the request's id."""

    def take_head(self, response: "httpx2.Response") -> None:
        self.status = response.status_code
        self.headers = {name: value for name, value in response.headers.items() if name not in _OF_A_HOP}

    def take(self, value: Any) -> None:
        """Note a parsed answer or event, also one that does not fit the SDK's own types."""
        is_model = hasattr(value, "model_dump")
        self.values.append(
            (value.model_dump(warnings=False), getattr(value, "_request_id", None)) if is_model else value
        )


@dataclass(frozen=True)
class Sdks:
    """Both SDKs, set to one address."""

    openai: "AsyncOpenAI"
    anthropic: "AsyncAnthropic"

    def resource(self, family: EndpointFamily) -> Any:
        match family:
            case EndpointFamily.RESPONSES:
                return self.openai.responses
            case EndpointFamily.ANTHROPIC_MESSAGES:
                return self.anthropic.messages
            case EndpointFamily.CHAT_COMPLETIONS:
                return self.openai.chat.completions


@contextlib.asynccontextmanager
async def sdks(base_url: str, key: str, *, retries: int = 0) -> AsyncIterator[Sdks]:
    """Open both SDKs on an address."""
    import anthropic
    import openai

    own_openai = openai.DefaultAsyncHttpxClient(verify=_trust())
    own_anthropic = anthropic.DefaultAsyncHttpxClient(verify=_trust())
    limits: Any = {"api_key": key, "max_retries": retries, "timeout": HANG_S}
    async with (
        openai.AsyncOpenAI(base_url=f"{base_url}/v1", http_client=own_openai, **limits) as for_openai,
        anthropic.AsyncAnthropic(base_url=base_url, http_client=own_anthropic, **limits) as for_anthropic,
    ):
        yield Sdks(for_openai, for_anthropic)


@lru_cache
def _trust() -> ssl.SSLContext:
    """Return one context for all: each client would load the authorities again."""
    return ssl.create_default_context()


def arguments(family: EndpointFamily, **more: Any) -> dict[str, Any]:
    """Return the arguments of a small call."""
    model = MODEL_OF[family]
    match family:
        case EndpointFamily.RESPONSES:
            return {"model": model, "input": "Say hello.", "max_output_tokens": 64, **more}
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return {"model": model, "messages": MESSAGES, "max_tokens": 64, **more}
        case EndpointFamily.CHAT_COMPLETIONS:
            return {"model": model, "messages": MESSAGES, "max_completion_tokens": 64, **more}


async def seen(call: Callable[[Seen], Awaitable[None]]) -> Seen:
    """Make a call and return what its user saw of it, whether it was answered, refused or broken off."""
    import anthropic
    import httpx2
    import openai

    found = Seen()
    try:
        await call(found)
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        found.take_head(error.response)
        found.error = type(error).__qualname__
        found.body = error.response.content if error.response.is_closed and not found.values else b""
        found.told = (str(error), error.body, getattr(error, "code", None), error.request_id)
    except (openai.APIConnectionError, anthropic.APIConnectionError, httpx2.TransportError):
        found.error = BROKEN
    except (openai.OpenAIError, anthropic.AnthropicError) as error:  # such as one told within a stream
        found.error, found.told = type(error).__qualname__, (str(error), getattr(error, "body", None))
    except ValueError as error:  # what the SDK cannot read
        found.error, found.told = type(error).__qualname__, (str(error),)
    return found


async def whole(sdks: Sdks, family: EndpointFamily, **more: Any) -> Seen:
    """Make a call without a stream."""

    async def call(found: Seen) -> None:
        raw = await sdks.resource(family).with_raw_response.create(**arguments(family, **more))
        found.take_head(raw.http_response)
        found.body = raw.http_response.content
        parsed = raw.parse()
        found.take(await parsed if isawaitable(parsed) else parsed)

    return await seen(call)


async def streamed(sdks: Sdks, family: EndpointFamily, **more: Any) -> Seen:
    """Make a call with a stream and read it to its end."""

    async def call(found: Seen) -> None:
        stream = await sdks.resource(family).create(stream=True, **arguments(family, **more))
        found.take_head(stream.response)
        async for event in stream:
            found.take(event)

    return await seen(call)
