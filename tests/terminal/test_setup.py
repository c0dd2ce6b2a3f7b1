"""A stranger's path: `init` at a real terminal on an empty home, to a green check, with no editor opened."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.referees.lab import litellm
from support.referees.lab.upstream import run_upstream
from support.referees.llama_server import run_llama_server
from support.referees.not_tested import not_tested
from support.terminal.embedded import embedded
from support.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal

QUESTIONS = ("Which gateway?", "The profile's name", "Where is it?", "Enter takes these", "Write profile")
SECRET = "-".join(["sk", "proj", "Qw3rTy7uIoPaSdFg8hJk2LzXcVbNm4QwErTy"])
PLAIN = "a-gateways-own-form-of-a-key"
SIZES = pytest.mark.parametrize(("columns", "lines"), [(80, 24)])


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[str, str]]:
    with embedded() as running:
        yield running


def config_of(home: dict[str, str]) -> Path:
    return Path(home["HOME"]) / ".config" / "gateway-console" / "config.toml"


def init(home: dict[str, str], columns: int = 100, lines: int = 50, *options: str) -> Terminal:
    return Terminal(["-m", "console", "init", *options], columns, lines, home)


def answer(terminal: Terminal, question: str, typed: str = "") -> None:
    terminal.until(lambda _: terminal.has_shown(question))
    terminal.press(f"{typed}\r")


def walk(terminal: Terminal, base_url: str, token: str, preset: str = "") -> None:
    """Answer every question; a variable has the token."""
    if preset:
        answer(terminal, "Which gateway?", preset)
        answer(terminal, "listen?", base_url.removeprefix("http://"))
    else:
        answer(terminal, "Which gateway?", base_url.removeprefix("http://") + "/v1/responses")
    answer(terminal, "The profile's name")
    answer(terminal, "Where is it?", "vault:stranger")
    for question, typed in (
        ("Passphrase for a new vault", "correct horse"),
        ("The same passphrase again", "correct horse"),
        ("Token (it is not shown)", token),
    ):
        terminal.until(lambda _, question=question: terminal.has_shown(question))
        terminal.until(lambda _: not terminal.echoes)
        terminal.press(f"{typed}\r")
    answer(terminal, "Enter takes these")
    answer(terminal, "Write profile")
    terminal.until(lambda _: terminal.has_shown("✓ wrote profile"))
    assert terminal.end() == 0
    assert not terminal.has_shown(token)


@SIZES
def test_an_empty_home_becomes_a_green_check_and_a_second_set_up_is_appended(
    home: dict[str, str], gateway: tuple[str, str], columns: int, lines: int
) -> None:
    base_url, token = gateway
    with init(home, columns, lines) as terminal:
        walk(terminal, base_url, token)
        assert terminal.has_shown("✓ the free check holds for 6 routes")
        assert max(map(len, terminal.raw.decode().splitlines())) < columns + 60  # answers are typed behind prompts
    before = config_of(home).read_bytes()
    with init(home | {"MODEL_GATEWAY_TOKEN": token}, columns, lines) as terminal:
        answer(terminal, "Which gateway?", base_url)
        answer(terminal, "[local-2] > ", "second")
        answer(terminal, "env:MODEL_GATEWAY_TOKEN", "1")
        answer(terminal, "Enter takes these", "?review")
        terminal.until(lambda _: terminal.has_shown("gpt-review-revise-placeholder"))
        terminal.press("fallback=-\r")
        terminal.until(lambda text: text.rstrip().endswith("[ok] >") and "fallback=-" in text)
        terminal.press("\r")
        answer(terminal, "a backup is kept?")
        terminal.until(lambda _: terminal.has_shown("the config as it was"))
        assert terminal.end() == 0
    assert config_of(home).read_bytes().startswith(before)
    profiles = tomllib.loads(config_of(home).read_text())["profiles"]
    assert list(profiles) == ["local", "second"]
    assert "fallback" not in profiles["second"]["routes"]
    (backup,) = config_of(home).parent.glob("*.bak")
    assert backup.read_bytes() == before
    files = [path for path in Path(home["HOME"]).rglob("*") if path.is_file()]
    assert [path for path in files if token.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 2)], ids=["ctrl+c", "end of input"])
def test_leaving_at_any_question_writes_nothing(
    home: dict[str, str], gateway: tuple[str, str], question: str, key: str, code: int
) -> None:
    base_url, token = gateway
    answers = dict(zip(QUESTIONS, (base_url, "", "env:MODEL_GATEWAY_TOKEN", "", ""), strict=True))
    with init(home | {"MODEL_GATEWAY_TOKEN": token}) as terminal:
        for each in QUESTIONS[: QUESTIONS.index(question)]:
            answer(terminal, each, answers[each])
        terminal.until(lambda _: terminal.has_shown(question))
        terminal.press(key)
        terminal.until(lambda _: terminal.has_shown("nothing was written to the config"))
        assert terminal.end() == code
    assert not config_of(home).exists()


def test_a_token_in_the_wrong_place_is_refused_and_removed_from_the_terminal(home: dict[str, str]) -> None:
    with init(home) as terminal:
        answer(terminal, "Which gateway?", SECRET)
        terminal.until("this looks like")
        assert SECRET not in terminal.text
        terminal.press(f"{PLAIN}\r")
        terminal.until("neither an address nor the name")
        assert PLAIN not in terminal.text
        terminal.press("\x03")
        assert terminal.end() == 130
    assert not list(Path(home["HOME"]).rglob("*.toml"))


def test_a_gateway_that_is_down_keeps_what_was_typed_and_can_be_written_unchecked(home: dict[str, str]) -> None:
    with init(home) as terminal:
        answer(terminal, "Which gateway?", "http://127.0.0.1:9")
        answer(terminal, "What now?", "again")
        terminal.until(lambda text: text.count("What now?") == 2)
        terminal.press("unchecked\r")
        answer(terminal, "The profile's name", "later")
        answer(terminal, "Where is the token?", "env:GW_LATER")
        terminal.until(lambda _: terminal.has_shown("no token under env:GW_LATER"))
        terminal.press("none\r")
        answer(terminal, "No model is known", "writer=m:chat_completions")
        answer(terminal, "Enter takes these")
        answer(terminal, "It is UNCHECKED. Write profile later", "yes")
        assert terminal.end() == 10
    assert tomllib.loads(config_of(home).read_text())["default_profile"] == "later"


def test_the_wizard_on_the_screen_takes_the_token_at_the_terminal_and_writes_the_profile(
    home: dict[str, str], gateway: tuple[str, str]
) -> None:
    base_url, token = gateway
    with Terminal(["-m", "console"], 80, 24, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("I")
        answer(terminal, "Which gateway?", base_url)
        answer(terminal, "The profile's name", "mine")
        answer(terminal, "Where is it?", "vault:mine")
        for question, typed in (
            ("Passphrase for a new vault", "correct horse"),
            ("The same passphrase again", "correct horse"),
            ("Token (it is not shown)", token),
            ("Passphrase of the vault", "correct horse"),
        ):
            terminal.until(lambda _, question=question: terminal.has_shown(question))
            terminal.until(lambda _: not terminal.echoes)
            terminal.press(f"{typed}\r")
        answer(terminal, "Enter takes these")
        answer(terminal, "Write profile mine")
        terminal.until("wrote profile mine")
        terminal.press("\x1b")
        terminal.until("profile mine is in use")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert not terminal.has_shown(token)
    assert tomllib.loads(config_of(home).read_text())["profiles"]["mine"]["gateway"]["base_url"] == base_url


@pytest.mark.referee
@SIZES
def test_a_real_model_server_is_set_up_to_a_green_check(
    home: dict[str, str], tmp_path: Path, columns: int, lines: int
) -> None:
    with run_llama_server(tmp_path / "llama.log") as server:
        with init(home, columns, lines) as terminal:
            walk(terminal, server.base_url, server.key, "llamacpp")
            assert terminal.has_shown("the free check")
        assert green(home, "llamacpp")


@pytest.mark.referee
def test_a_real_litellm_is_set_up_to_a_green_check(home: dict[str, str], tmp_path: Path) -> None:
    python = litellm.installed()
    if python is None:
        not_tested("LiteLLM", litellm.HOW_TO_GET_IT, litellm.EXCUSE_VARIABLE)
    with run_upstream() as upstream, litellm.run_litellm(tmp_path, python, upstream) as gateway:
        with init(home, 80, 24) as terminal:
            walk(terminal, gateway.base_url, gateway.token, "litellm")
        assert green(home, "litellm")


def green(home: dict[str, str], profile: str) -> bool:
    """Check the profile for free as an operator does; the vault asks for its passphrase."""
    with Terminal(["-m", "console", "--profile", profile, "check"], 200, 60, home) as terminal:
        terminal.until(lambda _: terminal.has_shown("Passphrase of the vault"))
        terminal.until(lambda _: not terminal.echoes)
        terminal.press("correct horse\r")
        return terminal.end() == 0
