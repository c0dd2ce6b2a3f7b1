"""One usage shape for three families. A counter that the answer does not name is None, never 0."""

from dataclasses import dataclass

from console.wire.value import count_at


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call was counted with."""

    input_tokens: int | None = None
    """All input tokens, those read from and written to a cache included."""
    cached_tokens: int | None = None
    output_tokens: int | None = None
    """All output tokens, reasoning included."""
    reasoning_tokens: int | None = None


def responses_usage(usage: object) -> Usage:
    """Read the `usage` of a Responses answer."""
    return Usage(
        input_tokens=count_at(usage, "input_tokens"),
        cached_tokens=count_at(usage, "input_tokens_details", "cached_tokens"),
        output_tokens=count_at(usage, "output_tokens"),
        reasoning_tokens=count_at(usage, "output_tokens_details", "reasoning_tokens"),
    )


def chat_usage(usage: object) -> Usage:
    """Read the `usage` of a Chat Completions answer or of its usage chunk."""
    return Usage(
        input_tokens=count_at(usage, "prompt_tokens"),
        cached_tokens=count_at(usage, "prompt_tokens_details", "cached_tokens"),
        output_tokens=count_at(usage, "completion_tokens"),
        reasoning_tokens=count_at(usage, "completion_tokens_details", "reasoning_tokens"),
    )


def messages_usage(usage: object, before: Usage | None = None) -> Usage:
    """Read the `usage` of a Messages answer, `message_start` or `message_delta`.

    Messages counts cache reads and writes apart from `input_tokens`, so they are added here. The figures of a
    `message_delta` are cumulative: they replace those of `before`, and those that it leaves out stay.
    """
    fresh = count_at(usage, "input_tokens")
    read = count_at(usage, "cache_read_input_tokens")
    written = count_at(usage, "cache_creation_input_tokens")
    now = Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        cached_tokens=read,
        output_tokens=count_at(usage, "output_tokens"),
        reasoning_tokens=count_at(usage, "output_tokens_details", "thinking_tokens"),
    )
    if before is None:
        return now
    return Usage(
        input_tokens=before.input_tokens if now.input_tokens is None else now.input_tokens,
        cached_tokens=before.cached_tokens if now.cached_tokens is None else now.cached_tokens,
        output_tokens=before.output_tokens if now.output_tokens is None else now.output_tokens,
        reasoning_tokens=before.reasoning_tokens if now.reasoning_tokens is None else now.reasoning_tokens,
    )
