"""`token` as a process of its own: every kind on real stores, its messages, its documents and its exit codes."""

import asyncio
import errno
import json
import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest
from support.cli.cheap_vault import lay_vault
from support.cli.console_process import Console, Ended
from support.cli.own_config import write_config
from support.gateway.servers import answer_with, good_stream, raw_server
from support.tokens.secret_service import SecretService

from console.domain.routes.family import EndpointFamily
from console.services.tokens.stores.kernel_call import SessionKeys

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
NEW_TOKEN = TOKEN + "-new"
ACME = "keyring://gateway-console/acme"
ORIGIN = "https://gw.example:443"


def private(console: Console, name: str, text: str) -> Path:
    path = console.home / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def audit_lines(console: Console) -> list[dict[str, object]]:
    path = console.home / ".local/state/gateway-console/token-audit.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def assert_in_no_file(console: Console, *folders: Path) -> None:
    """Search every file below the home and other folders for the tokens' bytes."""
    files = [path for folder in (console.home, *folders) for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def tells_nothing(*ended: Ended) -> bool:
    """Return whether neither stream holds a token or a part of one."""
    pieces = [TOKEN[start : start + 6] for start in range(len(TOKEN) - 5)]
    return not any(piece in each.stdout + each.stderr for each in ended for piece in pieces)


# --- On the real Secret Service --------------------------------------------------------------------------------------


@pytest.fixture
def keyring(console: Console, secret_service: SecretService) -> Console:
    console.environment["DBUS_SESSION_BUS_ADDRESS"] = secret_service.bus_address
    write_config(console, "env:GW", ACME)
    return console


@pytest.mark.referee
async def test_a_token_is_set_listed_checked_and_removed(keyring: Console, secret_service: SecretService) -> None:
    stored = await keyring.run("token", "set", "--json", given=f"{TOKEN}\n".encode())
    assert stored.code == 0
    document = stored.document
    assert document.pop("message").endswith(f"stored in the Secret Service, bound to {ORIGIN}")
    fingerprint = document.pop("fingerprint")
    assert document == {
        "schema": "gateway-console/token/v1",
        "action": "set",
        "profile": "p",
        "reference": ACME,
        "result": "stored",
        "origin": ORIGIN,
        "source": "Secret Service",
        "next": None,
    }
    assert secret_service.usernames("gateway-console") == [f"acme@{ORIGIN}"]
    assert secret_service.stored("gateway-console", f"acme@{ORIGIN}") == TOKEN

    listed = await keyring.run("token", "list")
    assert (listed.code, listed.stderr) == (0, "")
    assert "env:GW" in listed.stdout
    assert all(each in listed.stdout for each in ("✓ found", ORIGIN, "Secret Service", fingerprint))

    checked = await keyring.run("token", "check", "--json")
    assert checked.code == 0
    first, second = checked.document["references"]
    assert (first["state"], first["answers"]) == ("absent", False)
    assert (second["state"], second["answers"], second["fingerprint"]) == ("found", True, fingerprint)

    removed = await keyring.run("token", "remove", "--yes")
    assert removed.code == 0
    assert secret_service.usernames("gateway-console") == []
    again = await keyring.run("token", "remove", "--yes")
    assert again.code == 4
    assert tells_nothing(stored, listed, checked, removed, again)
    assert [(each["action"], each["result"]) for each in audit_lines(keyring)] == [
        ("set", "stored"),
        ("check", "found"),
        ("remove", "removed"),
        ("remove", "absent"),
    ]
    assert_in_no_file(keyring, secret_service.home)


@pytest.mark.referee
async def test_an_earlier_reference_answers_first_and_the_others_are_shown(keyring: Console) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    checked = await keyring.run("token", "check", GW=NEW_TOKEN)
    assert checked.code == 0
    env, stored = checked.stdout.splitlines()[1:]
    assert env.endswith("answers")
    assert "✓ found" in stored
    assert "answers" not in stored


@pytest.mark.referee
async def test_a_stored_token_is_used_at_its_origin_and_at_no_other(keyring: Console) -> None:
    async with raw_server(answer_with(good_stream(EndpointFamily.RESPONSES))) as server:
        write_config(keyring, ACME, base_url=server.base_url)
        assert (await keyring.run("token", "set", given=TOKEN.encode())).code == 0
        assert (await keyring.run("smoke")).code == 0
        async with raw_server(answer_with(good_stream(EndpointFamily.RESPONSES))) as other:
            write_config(keyring, ACME, base_url=other.base_url)
            refused = await keyring.run("smoke")
            assert refused.code == 11
            assert f"the token is bound to {server.base_url}" in refused.complaint
            assert other.connections == 0
            unsure = await keyring.run("token", "rebind")
            assert unsure.code == 2
            assert f"Next: gateway-console token rebind {ACME} --yes" in unsure.complaint
            assert (await keyring.run("token", "rebind", "--yes")).code == 0
            assert (await keyring.run("smoke")).code == 0
            assert [request.header("authorization") for request in other.requests] == [f"Bearer {TOKEN}"]
    assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}"]


@pytest.mark.referee
async def test_a_token_that_keyring_stored_is_used_shown_as_unbound_and_can_be_bound(
    keyring: Console, secret_service: SecretService
) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    checked = await keyring.run("token", "check")
    assert checked.code == 0
    assert "answers; not bound to an origin: another tool stored it; bind it with token rebind" in checked.stdout
    refused = await keyring.run("token", "rotate", "--unverified", given=NEW_TOKEN.encode())
    assert refused.code == 11
    assert (await keyring.run("token", "rebind", "--yes")).code == 0
    assert secret_service.usernames("gateway-console") == [f"acme@{ORIGIN}"]
    again = await keyring.run("token", "rebind", "--yes", "--json")
    assert (again.code, again.document["result"]) == (0, "unchanged")


@pytest.mark.referee
async def test_a_token_is_rotated_confirmed_and_taken_back(keyring: Console, secret_service: SecretService) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    before = (await keyring.run("token", "check", "--json")).document["references"][1]["fingerprint"]
    rotated = await keyring.run("token", "rotate", "--unverified", "--json", given=NEW_TOKEN.encode())
    assert (rotated.code, rotated.document["result"]) == (0, "swapped")
    assert rotated.document["fingerprint"] != before
    assert secret_service.stored("gateway-console", f"acme@{ORIGIN}") == NEW_TOKEN
    assert (await keyring.run("token", "rotate", "--unverified", given=b"third")).code == 11
    back = await keyring.run("token", "rotate", "--back", "--json")
    assert (back.code, back.document["fingerprint"]) == (0, before)
    await keyring.run("token", "rotate", "--unverified", given=NEW_TOKEN.encode())
    confirmed = await keyring.run("token", "rotate", "--confirm", "--json")
    assert (confirmed.code, confirmed.document["result"]) == (0, "confirmed")
    nothing = await keyring.run("token", "rotate", "--confirm", "--json")
    assert (nothing.code, nothing.document["result"]) == (0, "nothing")
    assert secret_service.usernames("gateway-console") == [f"acme@{ORIGIN}"]
    assert tells_nothing(rotated, back, confirmed)


@pytest.mark.referee
async def test_removing_takes_what_a_rotation_left_with_it(keyring: Console, secret_service: SecretService) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    await keyring.run("token", "rotate", "--unverified", given=NEW_TOKEN.encode())
    assert (await keyring.run("token", "remove", "--yes")).code == 0
    assert secret_service.usernames("gateway-console") == []


@pytest.mark.referee
async def test_a_token_of_another_origin_is_removed_by_that_origin_only(
    keyring: Console, secret_service: SecretService
) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    write_config(keyring, ACME, base_url="https://moved.example")
    refused = await keyring.run("token", "remove", "--yes")
    assert refused.code == 4
    assert f"it has one for {ORIGIN}: name it with --origin" in refused.complaint
    assert (await keyring.run("token", "remove", "--yes", "--origin", ORIGIN)).code == 0
    assert secret_service.usernames("gateway-console") == []


@pytest.mark.referee
async def test_a_locked_keyring_is_exit_code_4_for_every_kind_and_is_unlocked_with_a_password_file(
    keyring: Console, secret_service: SecretService
) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    secret_service.lock()
    runs = await keyring.run_all(
        [("token", "check"), ("token", "doctor"), ("token", "set"), ("token", "remove", "--yes"), ("token", "unlock"),
         ("token", "rebind", "--yes"), ("token", "rotate", "--unverified"), ("token", "rotate", "--confirm")]
    )  # fmt: skip
    assert {command: ended.code for command, ended in runs.items()} == dict.fromkeys(runs, 4)
    assert "at one (ssh -t), or with --password-ref file:/PATH" in runs["token", "unlock"].complaint
    assert "gateway-console token unlock" in runs["token", "doctor"].stdout

    wrong = private(keyring, "wrong", "wrong")
    refused = await keyring.run("token", "unlock", "--password-ref", f"file:{wrong}")
    assert refused.code == 4
    assert refused.complaint.endswith("the password is wrong")
    assert secret_service.is_locked()
    right = private(keyring, "right", "test-pass\n")
    assert (await keyring.run("token", "unlock", "--password-ref", f"file:{right}")).code == 0
    assert not secret_service.is_locked()
    assert (await keyring.run("token", "unlock")).stdout == "the Secret Service is unlocked already\n"
    assert (await keyring.run("token", "check")).code == 0
    for line in audit_lines(keyring):
        assert "test-pass" not in json.dumps(line)


@pytest.mark.referee
async def test_a_frozen_daemon_has_its_message_for_every_kind(keyring: Console, secret_service: SecretService) -> None:
    secret_service.freeze()
    kinds = ("check", "doctor", "set", "list", "unlock")
    runs = dict(zip(kinds, await asyncio.gather(*(keyring.run_process("token", kind) for kind in kinds)), strict=True))
    assert {kind: ended.code for kind, ended in runs.items()} == dict.fromkeys(kinds, 4) | {"list": 0}
    assert [kind for kind, ended in runs.items() if "did not answer within" not in ended.stdout + ended.stderr] == []


@pytest.mark.referee
async def test_a_killed_daemon_is_an_answer_without_a_token(keyring: Console, secret_service: SecretService) -> None:
    await keyring.run("token", "set", given=TOKEN.encode())
    secret_service.kill()
    ended = await keyring.run("token", "check")
    assert ended.code == 4


@pytest.mark.referee
async def test_each_trouble_of_the_keyring_has_a_message_of_its_own(
    console: Console, secret_service: SecretService, tmp_path: Path
) -> None:
    write_config(console, ACME)
    there = {"DBUS_SESSION_BUS_ADDRESS": secret_service.bus_address}
    seen: dict[str, Ended] = {"absent": await console.run_process("token", "check", **there)}
    secret_service.lock()
    seen["locked"] = await console.run_process("token", "check", **there)
    secret_service.freeze()
    seen["frozen"] = await console.run_process("token", "check", **there)
    seen["no bus"] = await console.run_process("token", "check")
    path = tmp_path / "bus"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen(8)
        seen["tarpit"] = await console.run_process("token", "check", DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}")
    seen["stale"] = await console.run_process("token", "check", DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}")
    assert {name: ended.code for name, ended in seen.items()} == dict.fromkeys(seen, 4)
    words = {
        "absent": "no token under",
        "locked": "the keyring is locked. Unlock it",
        "frozen": "the keyring did not answer within 2 s",
        "tarpit": "the keyring did not answer within 2 s",
        "no bus": "DBUS_SESSION_BUS_ADDRESS is not set",
        "stale": "the Secret Service cannot be reached (ConnectionRefusedError)",
    }
    assert {name: each in seen[name].stderr for name, each in words.items()} == dict.fromkeys(words, True)
    assert not [ended.stderr for ended in seen.values() if "Traceback" in ended.stderr]


# --- Without a keyring -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["check", "set"])
async def test_without_a_bus_the_next_command_is_named(console: Console, kind: str) -> None:
    write_config(console, ACME)
    ended = await console.run("token", kind)
    assert ended.code == 4
    assert "there is no session bus here" in ended.stderr
    assert "gateway-console token doctor" in ended.stderr


async def test_the_doctor_gives_the_commands_for_a_headless_server(console: Console) -> None:
    write_config(console, ACME)
    ended = await console.run("token", "doctor", "--json", SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22")
    assert ended.code == 4
    document = ended.document
    assert (document["state"], document["machine"]["display"], document["machine"]["ssh"]) == (
        "unavailable",
        "none",
        "yes",
    )
    assert document["next"][:2] == ["dbus-run-session -- sh", "gateway-console token unlock"]
    assert document["next"][2] in (
        "gateway-console token set kernel:acme",
        "gateway-console token set vault:acme",
    )
    spoken = await console.run("token", "doctor")
    assert "    dbus-run-session -- sh\n" in spoken.stdout


@pytest.mark.parametrize("argument", [("token", "list"), ("token", "check"), ("token", "doctor")])
async def test_the_demo_profile_needs_no_token(console: Console, argument: tuple[str, ...]) -> None:
    ended = await console.run(*argument)
    assert ended.code == 0
    assert "embedded gateway" in ended.stdout


@pytest.mark.parametrize("kind", ["set", "rotate", "remove", "rebind"])
async def test_the_demo_profile_has_nothing_to_store(console: Console, kind: str) -> None:
    ended = await console.run("token", kind, "vault:x")
    assert ended.code == 2
    assert "runs on the embedded gateway, which makes its own token" in ended.stderr


# --- The vault -------------------------------------------------------------------------------------------------------


async def test_a_vault_under_a_passphrase_file_is_made_read_and_moved(console: Console) -> None:
    passphrase = private(console, "passphrase", "correct horse battery\n")
    more = f'vault_passphrase_ref = "file:{passphrase}"'
    write_config(console, "vault:acme", more=more)
    stored = await console.run("token", "set", "--json", given=TOKEN.encode())
    assert (stored.code, stored.document["source"]) == (0, "vault")
    assert (await console.run("token", "check")).code == 0
    assert_in_no_file(console)
    vault = console.home / ".local/share/gateway-console/vault.json"
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    assert b"battery" not in vault.read_bytes()

    write_config(console, "vault:acme", more=more, base_url="https://moved.example")
    assert (await console.run("token", "check")).code == 11
    occupied = await console.run("token", "set", given=NEW_TOKEN.encode())
    assert occupied.code == 11
    assert f"the name holds the token of {ORIGIN}" in occupied.complaint
    assert (await console.run("token", "rebind", "--yes")).code == 0
    assert (await console.run("token", "check")).code == 0

    vault.chmod(0o644)
    unsafe = await console.run("token", "check")
    assert unsafe.code == 11
    assert f"chmod 600 {vault}" in unsafe.stderr


async def test_a_vault_without_passphrase_and_terminal_stays_locked(console: Console) -> None:
    write_config(console, "vault:acme")
    ended = await console.run("token", "set", given=TOKEN.encode())
    assert ended.code == 4
    assert "no terminal to ask on" in ended.complaint
    assert not (console.home / ".local/share/gateway-console/vault.json").exists()


# --- The kernel ------------------------------------------------------------------------------------------------------


def kernel_keeps_keys() -> bool:
    try:
        SessionKeys().search("gateway-console:none")
    except OSError as error:
        return error.errno == errno.ENOKEY
    return True


@pytest.mark.skipif(not kernel_keeps_keys(), reason="NOT TESTED: this machine's kernel keeps no keys")
async def test_a_token_in_the_kernel_is_there_for_the_next_command(console: Console) -> None:
    name = f"kernel:test-{os.getpid()}"
    write_config(console, name)
    try:
        stored = await console.run("token", "set", "--expires-h", "1", given=TOKEN.encode())
        assert stored.code == 0
        assert "for 1 h at most" in stored.stdout
        assert (await console.run("token", "check")).code == 0
        assert_in_no_file(console)
    finally:
        assert (await console.run("token", "remove", "--yes")).code == 0
    assert (await console.run("token", "check")).code == 4


# --- What is typed and given -----------------------------------------------------------------------------------------


async def test_what_cannot_be_a_token_is_not_stored(console: Console) -> None:
    passphrase = private(console, "passphrase", "correct horse")
    write_config(console, "vault:acme", more=f'vault_passphrase_ref = "file:{passphrase}"')
    await lay_vault(console, "correct horse")
    for given, words in (
        (None, "stdin has no token"),
        ("", "stdin has no token"),
        ("\n", "stdin has no token"),
        ("two words", "cannot be a token: the token has a space"),
        ("one\ntwo", "cannot be a token: the token has a space, a line break"),
        ("schlüssel", "has a character outside ASCII"),
        ("x" * 9000, "longer than 8,192 characters"),
    ):
        ended = await console.run("token", "set", given=None if given is None else given.encode())
        assert ended.code == 2
        assert words in ended.complaint
        assert given is None or len(given.strip()) < 4 or given.strip() not in ended.complaint
    checked = await console.run("token", "check")
    assert "× absent" in checked.stdout


async def test_a_store_that_cannot_write_is_noticed_before_the_token_is_read(console: Console) -> None:
    write_config(console, ACME)
    async with console.start("token", "set", stdin=-1) as child:  # a pipe that stays open and says nothing
        assert await child.wait() == 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("token",), 2, "KIND"),
        (("token", "sett"), 2, "invalid choice: 'sett'"),
        (("token", "set", "env:GW"), 2, "env: is not a store"),
        (("token", "set", "keyrin://a/b"), 2, "did you mean keyring:?"),
        (("token", "set", "vault:acme.next"), 2, "are reserved"),
        (("token", "set", f"vault:sk-{'Qw3rTy7uIoPaSdFg8hJkLz'}"), 11, "an argument looks like an API key"),
        (("token", TOKEN), 2, "is not known (choose from"),
        (("token", "set", "--token", "x"), 2, "unknown option --token"),
        (("token", "set", "vault:x", "--expires-h", "2"), 2, "--expires-h is for kernel: only"),
        (("token", "set", "kernel:x", "--expires-h", "0"), 2, "from 1 to 168"),
        (("token", "unlock", "env:GW"), 2, "the console cannot unlock this"),
        (("token", "unlock", "--password-ref", "env:GW"), 2, "a password comes from a terminal or from file:/PATH"),
        (
            ("token", "unlock", "--password-ref", "file:/no/such"),
            4,
            "the file that --password-ref names does not exist",
        ),
        (("--profile", "nope", "token", "list"), 3, "unknown profile"),
        (("token", "set", "--read-only"), 11, "--read-only: token set changes what is stored"),
        (("--read-only", "token", "rotate"), 11, "--read-only"),
    ],
)
async def test_what_does_not_fit_is_one_line_and_its_exit_code(
    console: Console, arguments: tuple[str, ...], code: int, words: str
) -> None:
    write_config(console, "env:GW")
    ended = await console.run(*arguments, given=b"a-token")
    assert ended.code == code
    assert words in ended.complaint


async def test_a_profile_without_a_store_says_what_to_name(console: Console) -> None:
    write_config(console, "env:GW")
    ended = await console.run("token", "set", given=TOKEN.encode())
    assert ended.code == 2
    assert "names no store in token_ref" in ended.complaint


async def test_looking_read_only_writes_no_file_but_the_audit_log(console: Console) -> None:
    write_config(console, "env:GW")
    ended = await console.run("token", "check", "--read-only", "--json", GW=TOKEN)
    assert ended.code == 0
    assert ended.document["references"][0]["fingerprint"] is None
    assert not (console.home / ".local" / "share").exists()


# --- Programs --------------------------------------------------------------------------------------------------------


async def test_a_program_of_the_users_own_config_gives_the_token(console: Console) -> None:
    write_config(console, f"cmd:['printf', '%s', '{TOKEN}']")
    checked = await console.run("token", "check")
    assert checked.code == 0
    assert "cmd:[printf …]" in checked.stdout
    assert "program" in checked.stdout
    assert tells_nothing(checked)


async def test_a_program_of_any_other_config_is_never_run(console: Console) -> None:
    ran = console.home / "ran"
    reference = f"cmd:['touch', '{ran}']"
    own = write_config(console, reference)
    other = console.write_config(own.read_text())
    named = await console.run("token", "check", "--config", other)
    assert named.code == 3
    assert "cmd: runs a program, so only your own config file may use it" in named.complaint
    (console.home / ".config" / ".git").mkdir()
    in_repository = await console.run("token", "check")
    assert in_repository.code == 3
    assert "inside a git repository" in in_repository.complaint
    (console.home / ".config" / ".git").rmdir()
    own.chmod(0o666)
    writable = await console.run("token", "check")
    assert writable.code == 3
    assert f"others can write this file; run: chmod go-w {own}" in writable.complaint
    assert not ran.exists()
    own.chmod(0o600)
    await console.run("token", "check")
    assert ran.exists()


# --- The places where things are kept --------------------------------------------------------------------------------


async def test_an_audit_log_that_others_may_write_stops_a_change(console: Console) -> None:
    passphrase = private(console, "passphrase", "correct horse")
    write_config(console, "vault:acme", more=f'vault_passphrase_ref = "file:{passphrase}"')
    assert (await console.run("token", "set", given=TOKEN.encode())).code == 0
    (console.home / ".local/state/gateway-console/token-audit.jsonl").chmod(0o666)
    ended = await console.run("token", "set", given=NEW_TOKEN.encode())
    assert ended.code == 11
    assert "is open to other users; run: chmod 600" in ended.stderr


async def test_an_audit_log_holds_no_value_and_no_length(console: Console) -> None:
    passphrase = private(console, "passphrase", "correct horse")
    write_config(console, "vault:acme", more=f'vault_passphrase_ref = "file:{passphrase}"')
    await console.run("token", "set", given=TOKEN.encode())
    (line,) = audit_lines(console)
    assert set(line) == {"time", "action", "reference", "origin", "source", "result", "fingerprint"}
    assert not {len(TOKEN), str(len(TOKEN))} & set(line.values())
