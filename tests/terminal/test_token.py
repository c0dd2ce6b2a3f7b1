"""`token` at a real terminal: what is typed is never shown, ctrl+c ends a question, and the echo comes back."""

import asyncio
import tomllib
from pathlib import Path

import pytest
from support.config import config_table, route, write_config
from support.terminal.embedded import embedded
from support.terminal.terminal import Terminal
from support.tokens.secret_service import SecretService, running_secret_service

from console.domain.tokens.secret import Secret
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.store import put
from console.services.tokens.stores.vault_store import VaultStore

pytestmark = pytest.mark.terminal

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
ORIGIN = "https://gw.example:443"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    (home / ".config" / "gateway-console").mkdir(parents=True)
    return {"HOME": str(home)}


def configure(
    home: dict[str, str],
    references: tuple[str, ...],
    more: str = "",
    *,
    base_url: str = "https://gw.example",
    model: str = "m",
) -> None:
    """Write a config whose profile has these references."""
    gateway = {"base_url": base_url, "token_ref": list(references), **tomllib.loads(more)}
    config = config_table(gateway, {"writer": route(model)})
    write_config(Path(home["HOME"]) / ".config" / "gateway-console" / "config.toml", config)


def token(home: dict[str, str], *arguments: str, references: tuple[str, ...] = ("vault:acme",)) -> Terminal:
    """Run a `token` command at a terminal, for a profile with these references."""
    configure(home, references)
    return Terminal(["-m", "console", "token", *arguments], 120, 30, home)


def type_in(terminal: Terminal, question: str, *lines: str) -> None:
    """Answer a question; its echo is off before the first key is pressed."""
    terminal.until(question)
    terminal.until(lambda _: not terminal.echoes)
    for line in lines:
        terminal.press(line + "\r")


def vault_of(home: dict[str, str]) -> VaultStore:
    """Return the home's vault; it is made at the least cost that the console opens, so that its questions take less."""
    path = Path(home["HOME"]) / ".local/share/gateway-console/vault.json"
    return VaultStore(path, lambda _: b"correct horse", cost=2**15)


def keep_token(home: dict[str, str], name: str = "acme") -> None:
    """Put a token into the vault without a terminal."""
    asyncio.run(put(vault_of(home), Reference(Scheme.VAULT, name), ORIGIN, Secret(TOKEN)))


def test_a_token_and_a_passphrase_are_typed_and_never_shown(home: dict[str, str]) -> None:
    with token(home, "set") as terminal:
        type_in(terminal, "Passphrase for a new vault", "correct horse")
        type_in(terminal, "The same passphrase again", "correct horse")
        type_in(terminal, "Token (it is not shown)", TOKEN)
        terminal.until(f"stored in the vault, bound to {ORIGIN}")
        assert terminal.end() == 0
        for text in (TOKEN.encode(), b"correct horse"):
            assert text not in terminal.raw
    files = [path for path in Path(home["HOME"]).rglob("*") if path.is_file()]
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def test_the_screen_steps_aside_for_a_token_and_comes_back_with_it(home: dict[str, str]) -> None:
    keep_token(home, "another")
    passphrase = Path(home["HOME"]) / "passphrase"
    passphrase.write_text("correct horse")
    passphrase.chmod(0o600)
    configure(home, ("vault:acme",), f'vault_passphrase_ref = "file:{passphrase}"\n')
    with Terminal(["-m", "console"], 80, 24, home) as terminal:
        terminal.until("key vault:acme × absent")
        terminal.press("K")
        terminal.until("T sets it")
        terminal.press("T")
        type_in(terminal, "Token (it is not shown)", TOKEN)
        terminal.until("key vault:acme ✓")
        terminal.press("K")
        terminal.until(f"bound to   {ORIGIN}")
        terminal.press("q")
        terminal.until(lambda text: "bound to" not in text)
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
    assert not terminal.has_shown(TOKEN)


def test_the_screen_says_that_no_token_was_stored(home: dict[str, str]) -> None:
    configure(home, ("env:GW_TOKEN",))
    with Terminal(["-m", "console"], 80, 24, home) as terminal:
        terminal.until("key env:GW_TOKEN × absent")
        terminal.press("T")
        terminal.until("no token was stored")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_two_passphrases_that_differ_make_no_vault(home: dict[str, str]) -> None:
    with token(home, "set") as terminal:
        type_in(terminal, "Passphrase for a new vault", "correct horse")
        type_in(terminal, "The same passphrase again", "correct hose")
        terminal.until("the two passphrases differ; no vault was created")
        assert terminal.end() == 11
    assert not (Path(home["HOME"]) / ".local/share/gateway-console/vault.json").exists()


def test_a_wrong_passphrase_is_said_before_the_token_is_asked_for(home: dict[str, str]) -> None:
    keep_token(home)
    with token(home, "set") as terminal:
        type_in(terminal, "Passphrase of the vault", "wrong")
        terminal.until("the vault's passphrase is wrong")
        assert terminal.end() == 4
        assert b"Token (it" not in terminal.raw


def test_check_asks_for_the_passphrase_and_list_does_not(home: dict[str, str]) -> None:
    keep_token(home)
    with token(home, "check") as terminal:
        type_in(terminal, "Passphrase of the vault", "correct horse")
        terminal.until("answers")
        assert terminal.end() == 0
    with token(home, "list") as terminal:
        terminal.until("! locked")
        assert terminal.end() == 0


@pytest.mark.parametrize("question", ["Passphrase for a new vault", "Token (it is not shown)"])
def test_ctrl_c_ends_a_question_at_once_and_the_echo_comes_back(home: dict[str, str], question: str) -> None:
    if question.startswith("Token"):
        keep_token(home)
    with token(home, "set") as terminal:
        if question.startswith("Token"):
            type_in(terminal, "Passphrase of the vault", "correct horse")
        terminal.until(question)
        terminal.until(lambda _: not terminal.echoes)
        terminal.press("half-a-tok\x03")
        terminal.until("interrupted")
        assert terminal.end() == 130
        assert terminal.echoes
        assert b"half-a-tok" not in terminal.raw


def test_a_line_that_the_terminal_would_cut_is_refused(home: dict[str, str]) -> None:
    keep_token(home)
    with token(home, "set") as terminal:
        type_in(terminal, "Passphrase of the vault", "correct horse")
        type_in(terminal, "Token (it is not shown)", "x" * 5000)
        terminal.until("a terminal cuts lines at 4095 characters")
        assert terminal.end() == 11


def test_what_is_typed_in_another_encoding_is_said(home: dict[str, str]) -> None:
    keep_token(home)
    with token(home | {"LANG": "C.UTF-8"}, "set") as terminal:
        type_in(terminal, "Passphrase of the vault", "correct horse")
        terminal.until("Token (it is not shown)")
        terminal.until(lambda _: not terminal.echoes)
        terminal.press(b"\xff\xfe\r")
        terminal.until("is not valid in this terminal's encoding")
        assert terminal.end() == 4


def test_a_token_is_forgotten_only_after_a_yes(home: dict[str, str]) -> None:
    keep_token(home)
    for answer, code, words in [("n", 2, "nothing was changed"), ("", 2, "nothing was changed"), ("y", 0, "removed")]:
        with token(home, "remove") as terminal:
            terminal.until("Forget the token vault:acme, bound to https://gw.example:443? [y/N]")
            terminal.press(f"{answer}\r")
            terminal.until(words)
            assert terminal.end() == code


def test_ctrl_c_at_a_yes_or_no_changes_nothing(home: dict[str, str]) -> None:
    keep_token(home)
    with token(home, "remove") as terminal:
        terminal.until("[y/N]")
        terminal.press("\x03")
        assert terminal.end() == 130
    assert asyncio.run(vault_of(home).origins(Reference(Scheme.VAULT, "acme"))) == (ORIGIN,)


def test_a_prompt_reference_is_asked_once_and_never_shown(home: dict[str, str]) -> None:
    with token(home, "check", references=("prompt:",)) as terminal:
        type_in(terminal, "Token of this profile's gateway", TOKEN)
        terminal.until("answers")
        assert terminal.end() == 0
        assert not terminal.has_shown(TOKEN)
        assert terminal.raw.count(b"Token of this profile's gateway") == 1


@pytest.mark.parametrize("verb", ["smoke", "check"])
def test_a_verb_that_makes_calls_asks_for_a_prompt_reference_once_and_never_shows_it(
    home: dict[str, str], verb: str
) -> None:
    with embedded() as (base_url, secret):
        configure(home, ("prompt:",), base_url=base_url, model="gpt-route-placeholder")
        with Terminal(["-m", "console", verb], 160, 60, home) as terminal:
            type_in(terminal, "Token of this profile's gateway", secret)
            terminal.until("✓ ")
            assert terminal.end() == 0
            assert not terminal.has_shown(secret)
            assert terminal.raw.count(b"Token of this profile's gateway") == 1


@pytest.mark.referee
def test_the_keyring_is_unlocked_with_its_password_and_no_display(
    home: dict[str, str], secret_service: SecretService
) -> None:
    home |= {"DBUS_SESSION_BUS_ADDRESS": secret_service.bus_address}
    acme = ("keyring://gateway-console/acme",)
    secret_service.lock()
    for password, code, words in [
        ("wrong", 4, "the password is wrong"),
        ("test-pass", 0, "Secret Service is unlocked"),
    ]:
        with token(home, "unlock", references=acme) as terminal:
            type_in(terminal, "Password of the keyring", password)
            terminal.until(words)
            assert terminal.end() == code
            assert password.encode() not in terminal.raw.replace(words.encode(), b"")
        assert secret_service.is_locked() == (code != 0)


@pytest.mark.referee
def test_a_servers_first_keyring_is_made_on_a_terminal_and_takes_a_token(
    home: dict[str, str], tmp_path: Path, secret_service: SecretService
) -> None:
    """The fixture sees to it that the programs are there; this one runs a daemon that has no keyring at all."""
    with running_secret_service(tmp_path / "first", is_unlocked=False) as service:
        home |= {"DBUS_SESSION_BUS_ADDRESS": service.bus_address}
        acme = ("keyring://gateway-console/acme",)
        with token(home, "doctor", references=acme) as terminal:
            terminal.until("gateway-console token unlock")
            assert terminal.end() == 4
        with token(home, "unlock", references=acme) as terminal:
            type_in(terminal, "There is no keyring yet. Password for a new one", "first-password")
            type_in(terminal, "The same password again", "first-password")
            terminal.until("the Secret Service is made and unlocked")
            assert terminal.end() == 0
        with token(home, "set", references=acme) as terminal:
            type_in(terminal, "Token (it is not shown)", TOKEN)
            terminal.until("stored in the Secret Service")
            assert terminal.end() == 0
            assert not terminal.has_shown(TOKEN)
        files = [path for path in service.home.rglob("*") if path.is_file()]
        assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
