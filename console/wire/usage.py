"""One usage type for all three families. A counter that is missing in the answer is None, never 0."""

from dataclasses import dataclass, replace

from console.wire.json_value import count_at


@dataclass(frozen=True, slots=True)
class Usage:
    """The token counts of a call."""

    input_tokens: int | None = None
    """All input tokens, including those read from and written to a cache."""
    cached_tokens: int | None = None
    output_tokens: int | None = None
    """All output tokens, including reasoning."""
    reasoning_tokens: int | None = None

    @property
    def total(self) -> int | None:
        """Input and output together; None if one of them is missing."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    def is_naught(self, *, has_content: bool) -> bool:
        """Return whether a counter is 0 that cannot be: every prompt has tokens, and so has all content."""
        return has_content and 0 in (self.input_tokens, self.output_tokens)

    def named(self, *, has_content: bool) -> "Usage":
        """Return the usage without counters that cannot be: a 0 beside content names nothing."""
        if not self.is_naught(has_content=has_content):
            return self
        return replace(
            self,
            input_tokens=self.input_tokens or None,
            cached_tokens=self.cached_tokens if self.input_tokens else None,
            output_tokens=self.output_tokens or None,
            reasoning_tokens=self.reasoning_tokens if self.output_tokens else None,
        )


def counts_nothing(usage: object) -> bool:
    """Return whether an answer's usage, of whichever family, says that nothing was read and nothing written."""
    pairs = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
    return any(count_at(usage, read) == 0 == count_at(usage, written) for read, written in pairs)


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


def messages_usage(usage: object) -> Usage:
    """Read the `usage` of a Messages answer; the family does not count cache reads and writes in `input_tokens`."""
    fresh = count_at(usage, "input_tokens")
    read = count_at(usage, "cache_read_input_tokens")
    written = count_at(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        cached_tokens=read,
        output_tokens=count_at(usage, "output_tokens"),
        reasoning_tokens=count_at(usage, "output_tokens_details", "thinking_tokens"),
    )
