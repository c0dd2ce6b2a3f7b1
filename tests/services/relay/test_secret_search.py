"""The search of requests: whatever is anywhere in a text is found, and what was found clean is not searched again."""

import random

import pytest

from console.services.relay.secret_search import SecretSearch, pieces

SECRET = "-".join(["sk", "proj", "Zq7Rt2" * 8])
WORDS = " ".join(f"word{each}" for each in range(20_000))


@pytest.mark.parametrize("at", [0, 16_300, 16_384, 28_600, 32_760, 100_000, len(WORDS)])
async def test_a_secret_is_found_wherever_it_is(at: int) -> None:
    assert await SecretSearch().first(f"{WORDS[:at]} {SECRET} {WORDS[at:]}") is not None


async def test_a_long_name_that_is_cut_between_two_pieces_is_not_taken_for_a_secret() -> None:
    name = "risk-" + "Zq7Rt2" * 8
    texts = ["x" * lead + " " + f"{name} " * 2000 for lead in range(0, 60, 3)]
    assert [await SecretSearch().first(text) for text in texts] == [None] * len(texts)


async def test_only_the_end_of_a_conversation_is_searched_again() -> None:
    search = SecretSearch()
    assert await search.first(WORDS) is None
    before = len(search)
    assert await search.first(WORDS + " and an answer") is None
    assert before == len(pieces(WORDS))
    assert len(search) - before <= 2


def test_every_run_of_characters_within_a_patterns_reach_is_whole_in_a_piece() -> None:
    text = "".join(random.Random(7).choices('ab "', k=60_000))
    cut = pieces(text)
    assert all(any(text[at : at + 12_000] in each for each in cut) for at in range(0, len(text), 997))
