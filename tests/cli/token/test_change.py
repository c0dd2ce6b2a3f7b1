"""`token rotate` with a verifier, as whoever can ask a gateway gives it one, and keyrings that list nothing."""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.config import config_table, write_config
from support.tokens.token_store import CHEAP, ORIGIN, MemoryStore, answer_of
from support.waiting import HANG_S

from console.cli.exit_code import ExitCode
from console.cli.token.change import Change, run
from console.cli.token.input import InputError
from console.cli.token.subject import Subject, load_subject
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.rotation import Verification, Verifier
from console.services.tokens.stores.store import StoreError
from console.services.tokens.stores.vault_store import VaultStore

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
NEW_TOKEN = TOKEN + "-new"

Give = Callable[[str], None]


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Give]:
    """Return a way to put a text on stdin."""
    with contextlib.ExitStack() as stack:

        def put(text: str) -> None:
            path = tmp_path / "stdin"
            path.write_text(text)
            monkeypatch.setattr(sys, "stdin", stack.enter_context(path.open()))

        yield put


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """Return a profile whose token is in a vault, a cheap one, in a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    gateway = {"base_url": "https://gw.example", "token_ref": ["vault:acme"]}
    config = write_config(tmp_path / "config.toml", config_table(gateway))
    subject = load_subject(argparse.Namespace(config=config, profile=None))
    vault = VaultStore(subject.directories.vault, lambda is_new: b"correct horse", cost=CHEAP, lock_timeout_s=HANG_S)
    return replace(subject, sources=replace(subject.sources, vault=vault))


def typed(kind: str, **options: object) -> argparse.Namespace:
    known = {"reference": None, "json": True, "expires_h": None, "confirm": False, "back": False, "unverified": False}
    return argparse.Namespace(kind=kind, **(known | options))


def verifier(*, accepts: bool | None, seen: list[tuple[Secret, str]]) -> Verifier:
    async def verify(secret: Secret, origin: str) -> Verification:
        seen.append((secret, origin))
        return Verification(accepts, "the catalogue answered 401")

    return verify


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [
        (True, (ExitCode.OK, "swapped", NEW_TOKEN)),
        (False, (ExitCode.ACCOUNT, "rejected", TOKEN)),
        (None, (ExitCode.UNREACHABLE, "unproven", TOKEN)),
    ],
)
def test_a_new_token_is_shown_to_the_gateway_before_it_counts(
    subject: Subject,
    give: Give,
    capsys: pytest.CaptureFixture[str],
    accepts: bool | None,
    expected: tuple[ExitCode, str, str],
) -> None:
    code, result, in_use = expected
    give(TOKEN)
    assert run(subject, typed("set")) is ExitCode.OK
    capsys.readouterr()
    give(NEW_TOKEN)
    seen: list[tuple[Secret, str]] = []
    assert run(subject, typed("rotate"), verify=verifier(accepts=accepts, seen=seen)) is code
    assert seen == [(Secret(NEW_TOKEN), ORIGIN)]
    shown = capsys.readouterr().out
    assert json.loads(shown)["result"] == result
    assert "the catalogue answered 401" in shown
    assert ("--unverified" in shown) == (accepts is None)
    assert TOKEN not in shown
    acme = Reference(Scheme.VAULT, "acme")
    assert asyncio.run(answer_of(subject.sources.vault, acme)).secret == Secret(in_use)


def test_a_token_that_waits_is_shown_again_and_not_asked_for_again(
    subject: Subject, give: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    give(TOKEN)
    run(subject, typed("set"))
    give(NEW_TOKEN)
    seen: list[tuple[Secret, str]] = []
    run(subject, typed("rotate"), verify=verifier(accepts=None, seen=seen))
    capsys.readouterr()
    give("")
    assert run(subject, typed("rotate"), verify=verifier(accepts=True, seen=seen)) is ExitCode.OK
    assert seen == [(Secret(NEW_TOKEN), ORIGIN)] * 2
    assert "resumed the interrupted rotation" in json.loads(capsys.readouterr().out)["message"]


class Unlisted(MemoryStore):
    """A keyring that cannot list what it holds, as those that only a backend reaches."""

    async def origins(self, reference: Reference) -> None:  # type: ignore[override]
        return None


ACME = Reference(Scheme.KEYRING, "acme", "gateway-console")


@pytest.mark.parametrize("bound", [ORIGIN, None])
async def test_a_token_is_removed_from_a_keyring_that_lists_nothing(subject: Subject, bound: str | None) -> None:
    store = Unlisted({("acme", bound): TOKEN.encode()})
    change = Change(subject, ACME, store, ORIGIN, as_json=True)
    assert await change.remove(None, is_sure=True) is ExitCode.OK
    assert store.kept == {}
    with pytest.raises(StoreError) as caught:
        await change.remove(None, is_sure=True)
    assert caught.value.state is TokenState.ABSENT


async def test_a_token_is_not_moved_in_a_keyring_that_lists_nothing(subject: Subject) -> None:
    change = Change(subject, ACME, Unlisted({("acme", ORIGIN): TOKEN.encode()}), ORIGIN, as_json=True)
    with pytest.raises(StoreError, match="cannot list what it holds; store the token again with token set"):
        await change.rebind(None, is_sure=True)


@pytest.mark.parametrize("text", ["gw.example", "https://u:p@gw.example", "ftp://gw.example", ""])
def test_an_origin_that_is_none_is_refused(subject: Subject, text: str) -> None:
    with pytest.raises(InputError, match="--origin wants the origin of a gateway"):
        run(subject, typed("remove", origin=text, yes=True))


async def test_a_life_in_hours_is_for_the_kernel_only(subject: Subject) -> None:
    with pytest.raises(InputError, match="for kernel: only"):
        await Change(subject, ACME, MemoryStore(), ORIGIN, as_json=True).set(2)
