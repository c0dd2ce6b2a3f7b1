"""Sources: everything that can answer a reference, one per scheme."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.system.directories import Directories
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.private_file import read_private
from console.services.tokens.command import ask_command
from console.services.tokens.environment import take_token
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.kernel_store import KernelStore
from console.services.tokens.stores.platform_keyring import open_keyring
from console.services.tokens.stores.store import OtherOriginError, Store, StoreError, file_errors_told, parsed
from console.services.tokens.stores.vault_store import VaultStore
from console.services.tokens.terminal import Ask, NoTerminalError

TOKEN_FILE_LIMIT = 8192
"""The maximum size of the file in a file: reference, in bytes."""

PASSPHRASE_LENGTH = 8
"""The minimum length of a new vault's passphrase, in characters."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A reference's answer: a token, or a state with the reason in our words."""

    state: TokenState
    secret: Secret | None = None
    reason: str = ""
    source: str = ""
    """The kind of source the token came from, as text."""
    origin: str | None = None
    """The origin that the token is bound to; None if its source binds none."""
    is_bound_elsewhere: bool = False
    """The token exists, but is bound to another origin."""


class Prompt:
    """Asks for a token on the terminal, once per process, and keeps it in memory only."""

    def __init__(self, ask: Ask | None) -> None:
        """Prepare the question; no one is asked yet.

        Args:
            ask: How to ask; None if it cannot, as on the screen.

        """
        self._ask = ask
        self._secret: Secret | None = None

    @property
    def can_ask(self) -> bool:
        """Whether a prompt is possible."""
        return self._ask is not None

    def answer(self) -> Secret | None:
        """Return the token; None if nothing was typed.

        Raises:
            StoreError: There is no terminal, or the typed text cannot be a token.

        """
        if self._secret is None:
            if self._ask is None:
                raise NoTerminalError("needs an interactive terminal; this command cannot ask for a token")
            line = self._ask("Token of this profile's gateway")
            self._secret = parsed(line.encode(errors="replace"), "typed line") if line else None
        return self._secret


@dataclass(frozen=True, slots=True)
class Sources:
    """Where tokens come from. Nothing is read until a reference is asked."""

    environment: Mapping[str, str]
    keyring: Store
    kernel: Store
    vault: Store
    prompt: Prompt
    embedded: Secret | None = None
    """The embedded gateway's token, if it is running."""

    def store_of(self, reference: Reference) -> Store | None:
        """Return the store that a reference names; None if it names another kind of source."""
        return {Scheme.KEYRING: self.keyring, Scheme.KERNEL: self.kernel, Scheme.VAULT: self.vault}.get(
            reference.scheme
        )

    async def ask(self, reference: Reference, origin: str | None) -> TokenAnswer:
        """Ask one reference for the token of an origin. Never raises a source's error."""
        answer = await self._ask(reference, origin)
        LEAK_GUARD.add(answer.secret)
        return answer

    async def _ask(self, reference: Reference, origin: str | None) -> TokenAnswer:
        try:
            if (store := self.store_of(reference)) is not None:
                stored = await store.read(reference, origin)
                if stored is None:
                    return TokenAnswer(TokenState.ABSENT, reason=f"the {store.source} has no such entry")
                return TokenAnswer(TokenState.FOUND, stored.secret, source=store.source, origin=stored.origin)
            return await self._ask_elsewhere(reference)
        except OtherOriginError as error:
            return TokenAnswer(error.state, reason=error.reason, is_bound_elsewhere=True)
        except StoreError as error:
            return TokenAnswer(error.state, reason=error.reason)

    async def _ask_elsewhere(self, reference: Reference) -> TokenAnswer:
        match reference.scheme:
            case Scheme.ENV:
                secret = take_token(reference.name, self.environment)
                return _found_or_absent(secret, "environment variable", f"{reference.name} is not set")
            case Scheme.FILE:
                data = _read_file(reference)
                if data is None or not data.strip():
                    return TokenAnswer(TokenState.ABSENT, reason="there is no such file, or it is empty")
                return TokenAnswer(TokenState.FOUND, parsed(data, "file"), source="file")
            case Scheme.CMD:
                secret = await ask_command(reference, self.environment)
                return _found_or_absent(secret, "program", "the program printed nothing")
            case Scheme.PROMPT:
                return _found_or_absent(self.prompt.answer(), "terminal", "nothing was typed")
            case _ if self.embedded is None:
                return TokenAnswer(TokenState.UNAVAILABLE, reason="the embedded gateway is not running")
            case _:
                return TokenAnswer(TokenState.FOUND, self.embedded, source="embedded gateway")


@file_errors_told()
def _read_file(reference: Reference) -> bytes | None:
    return read_private(Path(reference.name), TOKEN_FILE_LIMIT)


def _found_or_absent(secret: Secret | None, source: str, reason: str) -> TokenAnswer:
    if secret is None:
        return TokenAnswer(TokenState.ABSENT, reason=reason)
    return TokenAnswer(TokenState.FOUND, secret, source=source)


class SourceOptions(Protocol):
    """What sources need to know; the settings of a profile's gateway have this shape and document each field."""

    @property
    def keyring(self) -> Literal["platform", "kwallet"]:
        """The keyring that `keyring://` means."""

    @property
    def vault_passphrase_ref(self) -> Reference | None:
        """The file with the vault's passphrase; None if it is typed."""


def open_sources(
    options: SourceOptions,
    environment: Mapping[str, str],
    *,
    ask: Ask | None = None,
    embedded: Secret | None = None,
    keyring: Store | None = None,
) -> Sources:
    """Return the sources of a profile; nothing is asked yet.

    Args:
        options: Which keyring and which passphrase file, such as the settings of a profile's gateway.
        environment: The environment variables of this process.
        ask: How to ask a person; None if it cannot.
        embedded: The embedded gateway's token, if it is running.
        keyring: A keyring to use instead of this platform's.

    """
    passphrase = partial(vault_passphrase, options.vault_passphrase_ref, ask)
    return Sources(
        environment=environment,
        keyring=open_keyring(environment, options.keyring) if keyring is None else keyring,
        kernel=KernelStore(),
        vault=VaultStore(Directories.of(environment).vault, passphrase),
        prompt=Prompt(ask),
        embedded=embedded,
    )


def vault_passphrase(reference: Reference | None, ask: Ask | None, is_new: bool) -> bytes:
    """Return the vault's passphrase: from a private file if a reference names one, else typed.

    Raises:
        StoreError: There is none, or a new one is too short or was not repeated correctly.

    """
    if reference is not None:
        data = _read_file(reference)
        if data is None:
            raise StoreError(TokenState.LOCKED, "the file in vault_passphrase_ref does not exist")
        passphrase = data.removesuffix(b"\n").removesuffix(b"\r")
    elif ask is None:
        raise StoreError(TokenState.LOCKED, "the vault is locked, and this command cannot ask for its passphrase")
    else:
        try:
            passphrase = ask("Passphrase for a new vault" if is_new else "Passphrase of the vault").encode()
            if is_new and passphrase != ask("The same passphrase again").encode():
                raise StoreError(TokenState.REFUSED, "the two passphrases differ; no vault was created")
        except NoTerminalError as error:
            raise StoreError(TokenState.LOCKED, f"the vault is locked, and {error.reason}") from None
    if is_new and len(passphrase) < PASSPHRASE_LENGTH:
        raise StoreError(
            TokenState.REFUSED,
            f"a vault's passphrase needs at least {PASSPHRASE_LENGTH} characters; no vault was created",
        )
    return passphrase
