"""`token unlock`: unlock the keyring or the vault. Nothing else unlocks them."""

import argparse
import asyncio
from pathlib import Path

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.token.report import Report, failures_told, show
from console.cli.token.subject import Subject, SubjectError, parse_reference, private_file_reference
from console.domain.tokens.state import TokenState
from console.services.system.private_file import read_private
from console.services.tokens.reference import KEYRING_SERVICE, Reference, Scheme
from console.services.tokens.stores.secret_service import SecretServiceStore
from console.services.tokens.stores.store import Store, StoreError, file_errors_told
from console.services.tokens.stores.unlock import PROMPT_TIMEOUT_S, is_made, unlock_on_desktop, unlock_with_password
from console.services.tokens.stores.vault_store import UNLOCKED_S, VaultStore
from console.services.tokens.terminal import NoTerminalError, ask_on_terminal

_PASSWORD_LIMIT = 1024


def run(subject: Subject, arguments: argparse.Namespace) -> ExitCode:
    """Unlock the store of the reference; by default the profile's first keyring or vault, else the keyring."""
    reference = _reference(subject, arguments.reference)
    password = None if arguments.password_ref is None else private_file_reference(arguments.password_ref)
    store = subject.sources.store_of(reference)
    if not isinstance(store, VaultStore | SecretServiceStore):
        raise SubjectError(f"{reference}: the console cannot unlock this; use the system's own tool")
    with failures_told(subject, "unlock", reference):
        subject.audit.require()
        if isinstance(store, VaultStore):
            asyncio.run(store.unlock())
            words = f"unlocked; its key stays in memory for {UNLOCKED_S // 60} minutes"
        elif arguments.desktop:
            output.note(f"answer the desktop's prompt within {PROMPT_TIMEOUT_S:g} s; ctrl+c cancels it")
            asyncio.run(unlock_on_desktop())
            words = "unlocked"
        else:
            words = asyncio.run(_unlock_keyring(store, reference, _read_password(password)))
    report = Report("unlock", "unlocked", f"the {store.source} is {words}", reference, source=store.source)
    show(report, subject, as_json=arguments.json)
    return ExitCode.OK


@file_errors_told()
def _read_password(path: Path | None) -> bytes | None:
    given = None if path is None else read_private(path, _PASSWORD_LIMIT)
    if path is not None and given is None:
        raise StoreError(TokenState.LOCKED, "the file that --password-ref names does not exist")
    return given


def _reference(subject: Subject, text: str | None) -> Reference:
    if text is not None:
        return parse_reference(text)
    lockable = (each for each in subject.references if each.scheme in (Scheme.KEYRING, Scheme.VAULT))
    return next(lockable, Reference(Scheme.KEYRING, subject.profile.name, KEYRING_SERVICE))


async def _unlock_keyring(store: Store, reference: Reference, given: bytes | None) -> str:
    is_there = await is_made()
    if is_there:
        try:
            await store.origins(reference)
        except StoreError as error:
            if error.state is not TokenState.LOCKED:
                raise
        else:
            return "unlocked already"
    await unlock_with_password(_password(given, is_new=not is_there))
    return "unlocked" if is_there else "made and unlocked"


def _password(given: bytes | None, *, is_new: bool) -> bytes:
    if given is not None and given.strip():
        return given.removesuffix(b"\n")  # an editor adds it; a password that ends in one cannot be passed this way
    if given is not None:
        raise StoreError(TokenState.REFUSED, "the file that --password-ref names is empty")
    try:
        if not is_new:
            return ask_on_terminal("Password of the keyring").encode()
        password = ask_on_terminal("There is no keyring yet. Password for a new one").encode()
        if password != ask_on_terminal("The same password again").encode():
            raise StoreError(TokenState.REFUSED, "the two passwords differ; no keyring was made")
    except NoTerminalError as error:
        raise StoreError(
            TokenState.LOCKED,
            f"{error.reason}; run gateway-console token unlock at one (ssh -t), or with --password-ref file:/PATH",
        ) from None
    if not password:
        raise StoreError(TokenState.REFUSED, "an empty password would leave the keyring open; no keyring was made")
    return password
