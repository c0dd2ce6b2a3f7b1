"""Resolving token references: the order, the five answers, and advice that helps without a value."""

import pytest

from console.domain.event import TokenState
from console.domain.secret import Secret
from console.services.tokens.keyring_reader import StoreAnswer
from console.services.tokens.reference import check_reference
from console.services.tokens.resolve import Resolution, resolve_token

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
FOUND = StoreAnswer(TokenState.FOUND, Secret(TOKEN))


class Keyring:
    """A keyring with one answer, which remembers what it was asked for."""

    def __init__(self, answer: StoreAnswer = FOUND) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    async def read(self, service: str, name: str) -> StoreAnswer:
        self.asked.append((service, name))
        return self.answer


async def resolve(*references: str, keyring: Keyring | None = None, **environment: str) -> Resolution:
    return await resolve_token(references, environment, keyring=(keyring or Keyring()).read)


async def test_a_token_of_the_environment_is_found() -> None:
    resolution = await resolve("env:GW", GW=TOKEN)
    assert (resolution.event.state, resolution.event.reference) == (TokenState.FOUND, "env:GW")
    assert resolution.event.advice == ""
    assert resolution.secret == Secret(TOKEN)
    assert resolution.is_usable


async def test_one_line_end_after_a_token_is_taken_off() -> None:
    assert (await resolve("env:GW", GW=TOKEN + "\n")).secret == Secret(TOKEN)


@pytest.mark.parametrize("value", ["has space", "two\nlines", "tab\t", "ünicode", "null\0", "\n", " ", "x" * 8193])
async def test_a_value_that_cannot_be_a_token_is_unavailable_and_not_repeated(value: str) -> None:
    resolution = await resolve("env:GW", GW=value)
    assert (resolution.event.state, resolution.secret) == (TokenState.UNAVAILABLE, None)
    assert "the value of GW cannot be a token" in resolution.event.advice
    assert value.strip() == "" or value not in resolution.event.advice


@pytest.mark.parametrize("environment", [{}, {"GW": ""}])
async def test_a_variable_that_is_not_set_or_empty_is_absent(environment: dict[str, str]) -> None:
    assert (await resolve("env:GW", **environment)).event.state is TokenState.ABSENT


async def test_a_keyring_reference_asks_for_its_service_and_name() -> None:
    keyring = Keyring()
    resolution = await resolve("keyring://gateway-console/acme", keyring=keyring)
    assert keyring.asked == [("gateway-console", "acme")]
    assert resolution.secret == Secret(TOKEN)


async def test_the_first_reference_that_answers_ends_the_search() -> None:
    keyring = Keyring()
    resolution = await resolve("env:ONE", "env:TWO", "keyring://s/n", keyring=keyring, TWO=TOKEN)
    assert resolution.event.reference == "env:TWO"
    assert keyring.asked == []


async def test_an_absent_token_moves_on_to_the_next_reference() -> None:
    keyring = Keyring(StoreAnswer(TokenState.ABSENT))
    resolution = await resolve("keyring://s/n", "env:GW", keyring=keyring, GW=TOKEN)
    assert keyring.asked == [("s", "n")]
    assert (resolution.event.state, resolution.event.reference) == (TokenState.FOUND, "env:GW")


@pytest.mark.parametrize("state", [TokenState.LOCKED, TokenState.UNAVAILABLE, TokenState.TIMEOUT])
async def test_a_store_that_does_not_answer_stops_the_search(state: TokenState) -> None:
    keyring = Keyring(StoreAnswer(state, reason="the reason"))
    resolution = await resolve("keyring://s/n", "env:GW", keyring=keyring, GW=TOKEN)
    assert (resolution.event.state, resolution.event.reference) == (state, "keyring://s/n")
    assert (resolution.secret, resolution.is_usable) == (None, False)


async def test_a_broken_value_stops_the_search_too() -> None:
    resolution = await resolve("env:ONE", "env:TWO", ONE="not a token", TWO=TOKEN)
    assert (resolution.event.state, resolution.event.reference) == (TokenState.UNAVAILABLE, "env:ONE")


async def test_no_reference_means_that_the_gateway_takes_no_token() -> None:
    resolution = await resolve()
    assert (resolution.event.state, resolution.event.reference, resolution.secret) == (TokenState.FOUND, "none", None)
    assert "no token" in resolution.event.advice
    assert resolution.is_usable


async def test_the_embedded_gateways_token_is_there_only_while_it_runs() -> None:
    assert (await resolve("sim:")).event.state is TokenState.UNAVAILABLE
    resolution = await resolve_token(["sim:"], {}, embedded=Secret(TOKEN))
    assert (resolution.event.state, resolution.secret) == (TokenState.FOUND, Secret(TOKEN))


@pytest.mark.parametrize(
    ("references", "answer", "parts"),
    [
        (["env:GW"], FOUND, ["env:GW", "read -rs GW && export GW"]),
        (["keyring://s/n"], StoreAnswer(TokenState.ABSENT), ["keyring://s/n", "keyring set s n"]),
        (
            ["env:GW", "keyring://s/n"],
            StoreAnswer(TokenState.ABSENT),
            ["env:GW or keyring://s/n", "keyring set s n"],
        ),
        (
            ["keyring://s/n"],
            StoreAnswer(TokenState.LOCKED, reason="the keyring is locked"),
            ["keyring://s/n", "the keyring is locked", "Unlock it", "env:"],
        ),
        (
            ["keyring://s/n"],
            StoreAnswer(TokenState.TIMEOUT, reason="the keyring did not answer within 2 s"),
            ["keyring://s/n", "within 2 s", "Check the keyring's daemon", "env:"],
        ),
        (
            ["keyring://s/n"],
            StoreAnswer(TokenState.UNAVAILABLE, reason="there is no session bus here"),
            ["keyring://s/n", "there is no session bus here", "Use an env: reference"],
        ),
    ],
)
async def test_the_advice_names_the_reference_the_reason_and_the_next_step(
    references: list[str], answer: StoreAnswer, parts: list[str]
) -> None:
    advice = (await resolve(*references, keyring=Keyring(answer))).event.advice
    assert [part for part in parts if part not in advice] == []


async def test_no_resolution_shows_its_token() -> None:
    for resolution in [await resolve("env:GW", GW=TOKEN), await resolve("env:GW", GW=TOKEN + " x")]:
        assert TOKEN not in repr(resolution)


@pytest.mark.parametrize(
    "reference",
    ["sim:", "env:GW", "env:_GW_2", "keyring://gateway-console/acme", "keyring://s/user@host", "keyring://a.b/c_d-e"],
)
def test_a_reference_is_taken(reference: str) -> None:
    assert check_reference(reference) is None


@pytest.mark.parametrize(
    "reference",
    [
        "", "sim", "sim://", "env:", "env:gw", "env:GW X", "env:GW\n", "env:" + "G" * 200, "keyring:", "keyring://",
        "keyring://s", "keyring://s/", "keyring:///n", "keyring://s/n/m", "keyring://s/n ", "keyring://s/n\n",
        "file:/x", "cmd:ls", TOKEN,
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(reference: str) -> None:
    assert check_reference(reference)


@pytest.mark.parametrize("before", ["", "env:", "keyring://", "keyring://s/n/", "file:"])
def test_the_words_on_what_is_no_reference_do_not_repeat_it(before: str) -> None:
    words = check_reference(before + TOKEN)
    assert words is not None
    assert TOKEN not in words
