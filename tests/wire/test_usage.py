from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.usage import Usage, chat_usage, messages_usage, responses_usage

_READERS = [responses_usage, chat_usage, messages_usage]
_FIELDS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


def test_responses_counts_are_mapped() -> None:
    usage = {
        "input_tokens": 12,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 21,
    }
    assert responses_usage(usage) == Usage(input_tokens=12, cached_tokens=4, output_tokens=9, reasoning_tokens=5)


def test_chat_counts_are_mapped() -> None:
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 3,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    assert chat_usage(usage) == Usage(input_tokens=11, cached_tokens=2, output_tokens=3, reasoning_tokens=1)


@pytest.mark.parametrize(
    ("usage", "seen"),
    [
        ({"input_tokens": 10, "output_tokens": 2}, Usage(input_tokens=10, output_tokens=2)),
        (
            {"input_tokens": 3, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 2},
            Usage(input_tokens=108, cached_tokens=100, output_tokens=2),
        ),
        ({"input_tokens": 3, "cache_creation_input_tokens": 5}, Usage(input_tokens=8)),
        ({"input_tokens": 3, "cache_read_input_tokens": None}, Usage(input_tokens=3)),
        (
            {"output_tokens": 2, "output_tokens_details": {"thinking_tokens": 1}},
            Usage(output_tokens=2, reasoning_tokens=1),
        ),
        ({}, Usage()),
    ],
)
def test_messages_counts_its_cache_apart_so_it_is_added(usage: dict[str, object], seen: Usage) -> None:
    assert messages_usage(usage) == seen


@pytest.mark.parametrize("read", _READERS)
@pytest.mark.parametrize("usage", [None, [], "7", 7, True, {}, {"input_tokens": "7", "prompt_tokens": "7"}])
def test_a_counter_that_is_not_named_is_none_and_never_zero(read: Callable[[object], Usage], usage: object) -> None:
    assert read(usage) == Usage()


_COUNT = st.one_of(st.none(), st.integers(-3, 2**60), st.floats(allow_nan=False), st.text(max_size=3), st.booleans())
_DETAILS = st.one_of(
    _COUNT,
    st.dictionaries(st.sampled_from(["cached_tokens", "reasoning_tokens", "thinking_tokens"]), _COUNT, max_size=3),
)
_KEYS = [
    "input_tokens",
    "output_tokens",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "input_tokens_details",
    "output_tokens_details",
    "prompt_tokens_details",
    "completion_tokens_details",
]


@examples(150)
@given(read=st.sampled_from(_READERS), usage=st.dictionaries(st.sampled_from(_KEYS), _DETAILS, max_size=8))
def test_a_count_is_a_whole_number_from_zero_on_or_none(
    read: Callable[[object], Usage], usage: dict[str, object]
) -> None:
    seen = read(usage)
    for field in _FIELDS:
        count = getattr(seen, field)
        assert count is None or (type(count) is int and count >= 0)
