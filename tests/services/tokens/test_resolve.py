"""Resolving token references: the order, the answers, and advice that helps without a value."""

from collections.abc import Mapping

import pytest
from support.tokens.token_store import ORIGIN, OTHER_ORIGIN, MemoryStore

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import GatewaySettings
from console.services.tokens.advice import next_step
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.resolve import Resolution, resolve_token
from console.services.tokens.sources import Prompt, Sources, TokenAnswer, open_sources
from console.services.tokens.stores.store import StoreError
from console.services.tokens.terminal import NoTerminalError

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
BOUND = {("n", ORIGIN): TOKEN.encode()}


def keyring_with(state: TokenState, reason: str = "the reason") -> MemoryStore:
    return MemoryStore(error=StoreError(state, reason))


def sources_of(
    environment: Mapping[str, str], *, keyring: MemoryStore | None = None, prompt: Prompt | None = None
) -> Sources:
    empty = MemoryStore()
    return Sources(environment, keyring or MemoryStore(dict(BOUND)), empty, empty, prompt or Prompt(None))


async def resolve(*references: str, keyring: MemoryStore | None = None, **environment: str) -> Resolution:
    return await resolve_token(
        tuple(map(Reference.parse, references)), sources_of(environment, keyring=keyring), ORIGIN
    )


async def test_a_token_of_the_environment_is_found() -> None:
    resolution = await resolve("env:GW", GW=TOKEN)
    assert (resolution.event.state, resolution.event.reference) == (TokenState.FOUND, "env:GW")
    assert (resolution.event.advice, resolution.event.source) == ("", "environment variable")
    assert resolution.secret == Secret(TOKEN)
    assert resolution.is_usable


async def test_a_token_of_the_environment_is_bound_to_no_origin() -> None:
    assert (await resolve("env:GW", GW=TOKEN)).bound_origin is None


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


async def test_a_keyrings_token_says_where_it_came_from_and_what_it_is_bound_to() -> None:
    resolution = await resolve("keyring://gateway-console/n")
    assert resolution.secret == Secret(TOKEN)
    assert (resolution.event.source, resolution.bound_origin) == ("memory", ORIGIN)
    assert resolution.event.advice == ""


async def test_a_token_that_another_tool_stored_is_bound_to_no_origin() -> None:
    resolution = await resolve("keyring://s/n", keyring=MemoryStore({("n", None): TOKEN.encode()}))
    assert (resolution.event.state, resolution.bound_origin) == (TokenState.FOUND, None)
    assert "not bound to an origin: another tool stored it" in resolution.event.advice
    assert "gateway-console token rebind keyring://s/n" in resolution.event.advice


async def test_a_token_that_is_bound_elsewhere_is_refused_and_stops_the_search() -> None:
    keyring = MemoryStore({("n", OTHER_ORIGIN): TOKEN.encode(), ("n", None): TOKEN.encode()})
    resolution = await resolve("keyring://s/n", "env:GW", keyring=keyring, GW=TOKEN)
    assert (resolution.event.state, resolution.secret) == (TokenState.REFUSED, None)
    assert OTHER_ORIGIN in resolution.event.advice
    assert "token rebind keyring://s/n" in resolution.event.advice


def test_a_store_of_one_token_a_name_is_told_to_use_another_name_and_not_to_store_it_there_again() -> None:
    bound_elsewhere = TokenAnswer(TokenState.REFUSED, is_bound_elsewhere=True)
    advised = next_step(bound_elsewhere, Reference.parse("kernel:n"))
    assert advised.endswith("use another name, such as kernel:n-2")
    assert "token set" not in advised


async def test_the_first_reference_that_answers_ends_the_search() -> None:
    keyring = MemoryStore()
    resolution = await resolve("env:ONE", "env:TWO", "keyring://s/n", keyring=keyring, TWO=TOKEN)
    assert resolution.event.reference == "env:TWO"
    assert keyring.log == []


async def test_an_absent_token_moves_on_to_the_next_reference() -> None:
    keyring = MemoryStore()
    resolution = await resolve("keyring://s/n", "env:GW", keyring=keyring, GW=TOKEN)
    assert keyring.log == ["read n"]
    assert (resolution.event.state, resolution.event.reference) == (TokenState.FOUND, "env:GW")


@pytest.mark.parametrize(
    "state", sorted(set(TokenState) - {TokenState.UNASKED, TokenState.FOUND, TokenState.ABSENT}, key=str)
)
async def test_a_store_that_does_not_answer_stops_the_search(state: TokenState) -> None:
    resolution = await resolve("keyring://s/n", "env:GW", keyring=keyring_with(state), GW=TOKEN)
    assert (resolution.event.state, resolution.event.reference) == (state, "keyring://s/n")
    assert (resolution.secret, resolution.is_usable) == (None, False)
    assert "keyring://s/n: the reason." in resolution.event.advice


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
    running = open_sources(GatewaySettings(), {}, embedded=Secret(TOKEN))
    resolution = await resolve_token([Reference(Scheme.SIM)], running, "http://127.0.0.1:1234")
    assert (resolution.event.state, resolution.secret) == (TokenState.FOUND, Secret(TOKEN))


@pytest.mark.parametrize(
    ("references", "keyring", "parts"),
    [
        (["env:GW"], MemoryStore(), ["env:GW", "read -rs GW && export GW"]),
        (["keyring://s/n"], MemoryStore(), ["keyring://s/n", "gateway-console token set keyring://s/n"]),
        (["env:GW", "keyring://s/n"], MemoryStore(), ["env:GW or keyring://s/n", "token set keyring://s/n"]),
        (["vault:n"], MemoryStore(), ["no token under vault:n", "token set vault:n"]),
        (
            ["prompt:"],
            MemoryStore(),
            ["prompt: needs an interactive terminal; this command cannot ask for a token", "needs no prompt"],
        ),
        (["file:/no/such"], MemoryStore(), ["no token under file:/no/such", "mode 600"]),
        (
            ["keyring://s/n"],
            keyring_with(TokenState.LOCKED, "the keyring is locked"),
            ["keyring://s/n", "the keyring is locked", "Unlock it", "gateway-console token unlock", "env:"],
        ),
        (
            ["keyring://s/n"],
            keyring_with(TokenState.TIMEOUT, "the keyring did not answer within 2 s"),
            ["keyring://s/n", "within 2 s", "Check the keyring's daemon", "env:"],
        ),
        (
            ["keyring://s/n"],
            keyring_with(TokenState.UNAVAILABLE, "there is no session bus here"),
            ["keyring://s/n", "there is no session bus here", "Use an env: reference", "token doctor"],
        ),
    ],
)
async def test_the_advice_names_the_reference_the_reason_and_the_next_step(
    references: list[str], keyring: MemoryStore, parts: list[str]
) -> None:
    advice = (await resolve(*references, keyring=keyring)).event.advice
    assert [part for part in parts if part not in advice] == []


async def test_every_state_of_every_scheme_has_advice_of_its_own() -> None:
    texts = ["keyring://s/n", "vault:n", "kernel:n", "cmd:['x']", "file:/x", "prompt:", "env:X"]
    for text in texts:
        seen = set()
        for state in set(TokenState) - {TokenState.FOUND, TokenState.UNASKED}:
            from console.services.tokens.advice import next_step
            from console.services.tokens.sources import TokenAnswer

            words = next_step(TokenAnswer(state, reason="r"), Reference.parse(text))
            assert words, (text, state)
            seen.add(words)
        assert len(seen) >= 3, text


async def test_no_resolution_shows_its_token() -> None:
    for resolution in [await resolve("env:GW", GW=TOKEN), await resolve("env:GW", GW=TOKEN + " x")]:
        assert TOKEN not in repr(resolution)


# --- prompt: ---------------------------------------------------------------------------------------------------------


async def test_a_prompt_is_asked_once_in_the_life_of_a_process() -> None:
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return TOKEN

    sources = sources_of({}, prompt=Prompt(ask))
    for _ in range(3):
        assert (await resolve_token([Reference(Scheme.PROMPT)], sources, ORIGIN)).secret == Secret(TOKEN)
    assert len(questions) == 1


@pytest.mark.parametrize(
    ("typed", "state"),
    [("", TokenState.ABSENT), ("two words", TokenState.UNAVAILABLE), ("schlüssel", TokenState.UNAVAILABLE)],
)
async def test_what_is_typed_at_a_prompt_must_be_a_token(typed: str, state: TokenState) -> None:
    sources = sources_of({}, prompt=Prompt(lambda _: typed))
    resolution = await resolve_token([Reference(Scheme.PROMPT)], sources, ORIGIN)
    assert resolution.event.state is state
    assert typed == "" or typed not in resolution.event.advice


async def test_a_prompt_without_a_terminal_fails_closed() -> None:
    def ask(question: str) -> str:
        raise NoTerminalError

    for prompt in (Prompt(None), Prompt(ask)):
        references = (Reference(Scheme.PROMPT), Reference.parse("env:GW"))
        resolution = await resolve_token(references, sources_of({"GW": TOKEN}, prompt=prompt), ORIGIN)
        assert (resolution.event.state, resolution.event.reference) == (TokenState.UNAVAILABLE, "prompt:")
