"""Operators' keys: each kind signs, and a key that cannot sign ends with what to do, asks nothing, and never hangs."""

import base64
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.run.desks import Office, say, walk_to
from support.run.signing_keys import list_signers, make_key
from support.terminal.terminal import Terminal

from console.domain.ledger.signature import RUN_NAMESPACE
from console.domain.run.event import GateDecided
from console.domain.run.state import Phase
from console.services.ledger.codec import entry_of
from console.services.record.signing import Signers, SigningError, sign, verify
from console.services.record.verify_chain import Against, verify_run

STATEMENT = b"a statement\n"
PASSPHRASE = "correct horse"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give what signing needs, and no agent."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


def _generate(place: Path, name: str, *options: str) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-N", "", "-C", name, *options, "-f", place / name], check=True, capture_output=True
    )
    return place / f"{name}.pub"


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _fido(place: Path) -> Path:
    """Write the files of a key that is in a security key, as `ssh-keygen -t ed25519-sk` does, but of no device."""
    kind, check = b"sk-ssh-ed25519@openssh.com", b"1234"
    public = _string(kind) + _string(bytes(range(32))) + _string(b"ssh:")
    held = check * 2 + public + b"\x01" + _string(b"handle" * 10) + _string(b"") + _string(b"fido")
    held += bytes(range(1, 1 + -len(held) % 8))
    whole = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + (1).to_bytes(4, "big")
    text = base64.encodebytes(whole + _string(public) + _string(held)).decode()
    private = place / "fido"
    private.touch(mode=0o600)
    private.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n")
    path = private.with_suffix(".pub")
    path.write_text(f"{kind.decode()} {base64.b64encode(public).decode()} fido\n")
    return path


def _without_private(key: Path) -> Path:
    """Return a copy of the public key alone."""
    (key.parent / "alone").mkdir()
    return Path(shutil.copy(key, key.parent / "alone" / key.name))


@contextmanager
def _agent(place: Path, *keys: Path) -> Iterator[str]:
    """Run an agent that has these keys, and yield its socket."""
    place.mkdir()
    listens = str(place / "agent")
    ask = place / "ask"
    ask.write_text(f"#!/bin/sh\necho {PASSPHRASE}\n")
    ask.chmod(0o700)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", listens], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()  # it listens
        for key in keys:
            subprocess.run(
                ["ssh-add", "-q", key.with_suffix("")],
                env={"PATH": os.environ["PATH"], "SSH_AUTH_SOCK": listens, "SSH_ASKPASS": str(ask),
                     "SSH_ASKPASS_REQUIRE": "force"},
                stdin=subprocess.DEVNULL, check=True, capture_output=True,
            )  # fmt: skip
        yield listens
    finally:
        agent.kill()
        agent.wait()
        assert agent.stdout is not None
        agent.stdout.close()


async def _signs(key: Path, environment: Mapping[str, str]) -> None:
    signers = list_signers(key.parent, key)
    signature = await sign(STATEMENT, key, environment, RUN_NAMESPACE)
    name = await verify(STATEMENT, signature, Signers(signers), environment, namespace=RUN_NAMESPACE)
    assert name == f"{key.stem}@example.com"
    with pytest.raises(SigningError, match="the signature is not valid"):
        await verify(STATEMENT + b"x", signature, Signers(signers), environment, namespace=RUN_NAMESPACE)


@pytest.mark.parametrize(
    "options",
    [("-t", "ed25519"), ("-t", "rsa", "-b", "3072"), ("-t", "ecdsa", "-b", "256"), ("-t", "ecdsa", "-b", "521")],
    ids="-".join,
)
async def test_each_kind_of_key_signs_and_verifies(
    tmp_path: Path, environment: dict[str, str], options: tuple[str, ...]
) -> None:
    await _signs(_generate(tmp_path, "ann", *options), environment)


async def test_an_agent_signs_where_only_the_public_key_is_left(tmp_path: Path, environment: dict[str, str]) -> None:
    ann = make_key(tmp_path, "ann", PASSPHRASE)
    rsa = _generate(tmp_path, "rsa", "-t", "rsa", "-b", "3072")
    with _agent(tmp_path / "agent", ann, rsa) as listens:
        for key in (ann, rsa):
            key.with_suffix("").unlink()
            await _signs(key, environment | {"SSH_AUTH_SOCK": listens})
        cat = make_key(tmp_path, "cat", PASSPHRASE)
        with pytest.raises(SigningError, match="has a passphrase, and the agent does not have it; run: ssh-add"):
            await sign(STATEMENT, cat, environment | {"SSH_AUTH_SOCK": listens})


@pytest.mark.parametrize("is_left_behind", [True, False])
async def test_a_key_with_a_passphrase_and_no_agent_says_to_add_it(
    tmp_path: Path, environment: dict[str, str], is_left_behind: bool
) -> None:
    key = make_key(tmp_path, "ann", PASSPHRASE)
    if is_left_behind:
        with _agent(tmp_path / "agent", key) as listens:
            environment["SSH_AUTH_SOCK"] = listens
        assert Path(listens).exists(), "the agent was killed and left its socket"
    agent = "the agent that SSH_AUTH_SOCK names is gone" if is_left_behind else r"no agent runs here \(SSH_AUTH_SOCK"
    for each, what in ((key, "has a passphrase"), (_without_private(key), "has no private key for")):
        with pytest.raises(SigningError, match=rf"^nothing was signed: .*{what}.*{agent}.*; run: ssh-add /"):
            await sign(STATEMENT, each, environment)


async def test_files_that_are_missing_or_unfit_are_named(tmp_path: Path, environment: dict[str, str]) -> None:
    key = make_key(tmp_path, "ann")
    empty = tmp_path / "empty.pub"
    empty.touch()
    for each, words in (
        (tmp_path / "absent.pub", f"operator_key {tmp_path}/absent.pub does not exist"),
        (_without_private(key), f"{tmp_path}/alone/ann has no private key for"),
        (empty, f"operator_key {empty} is not a public key; name the file"),
        (tmp_path, f"operator_key {tmp_path} is not a public key; name the file"),
    ):
        with pytest.raises(SigningError, match=f"^nothing was signed: .*{words}"):
            await sign(STATEMENT, each, environment)
    key.with_suffix("").chmod(0o644)
    with pytest.raises(SigningError, match=f"run: chmod 600 {tmp_path}/ann$"):
        await sign(STATEMENT, key, environment)
    for path in (str(tmp_path), "/nonexistent"):
        with pytest.raises(SigningError, match=r"^ssh-keygen is not on PATH, .* install OpenSSH's client$"):
            await sign(STATEMENT, key, {"PATH": path})


async def test_a_security_key_that_is_not_connected_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    key = _fido(tmp_path)
    with pytest.raises(SigningError, match=f"^nothing was signed: the security key of {key} is not connected; connect"):
        await sign(STATEMENT, key, environment)


@pytest.mark.parametrize("is_accepting", [True, False])
async def test_an_agent_that_never_answers_ends_with_the_time_limit(
    tmp_path: Path, environment: dict[str, str], is_accepting: bool
) -> None:
    key = _without_private(make_key(tmp_path, "ann"))
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen(1 if is_accepting else 0)
        environment["SSH_AUTH_SOCK"] = str(tmp_path / "silent")
        with pytest.raises(SigningError, match=r"did not answer within 0 s; unlock the agent or touch the key"):
            await sign(STATEMENT, key, environment, timeout_s=0.2)


async def test_a_decision_stands_if_its_checkpoint_cannot_be_signed(office: Office) -> None:
    key = make_key(office.directory, "ann", PASSPHRASE)
    office.configure(policy=f'operator_key = "{key}"')
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "planner", Phase.WAITING)
        before = len(await desk.ledger.checkpoints(log.state.run_id))
        await say(desk, log)
        assert desk.checkpoints.problem.startswith(f"nothing was signed: the private key of {key} has a passphrase")
        assert desk.checkpoints.problem.endswith(f"gateway-console record checkpoint {log.state.run_id}")
        stored = await desk.ledger.checkpoints(log.state.run_id)
        decided = [entry_of(line).event for line in await desk.ledger.read(log.state.run_id)]
        verified = await verify_run(desk.ledger, log.state.run_id, Against())
    assert (len(stored), stored[-1].signature, stored[-1].head) == (before + 1, None, log.state.head)
    assert isinstance(decided[-1], GateDecided)
    assert decided[-1].gate == "planner"
    assert (verified.holds, verified.checkpoints, verified.is_signed) == (True, before + 1, False)


SIGNS = """
import asyncio, sys
from pathlib import Path
from console.services.record.signing import SigningError, sign
try:
    asyncio.run(sign(b"a statement", Path(sys.argv[1]), dict(PATH=sys.argv[2], HOME="/nonexistent")))
except SigningError as error:
    print(f"<{error}>")
"""


@pytest.mark.terminal
def test_nothing_is_asked_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "signs.py").write_text(SIGNS)
    for key in (make_key(tmp_path, "ann", PASSPHRASE), _fido(tmp_path)):
        arguments = [str(tmp_path / "signs.py"), str(key), os.environ["PATH"]]
        assert sys.executable
        with Terminal(arguments, 250, 10, {}) as terminal:
            assert terminal.end() == 0
        shown = terminal.raw.decode().strip()
        assert shown.startswith("<nothing was signed: "), shown
        assert shown.endswith(">"), shown
        assert "passphrase for" not in shown
