"""Opening the context of a run: the ledger, the artifacts and the operator, for one profile in this process."""

import base64
import contextlib
import hashlib
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from console.domain.ledger.actor import Actor, ActorKind, actor_id
from console.domain.problem import Problem, ProblemKind
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.services.config.settings import EMBEDDED, Profile
from console.services.config.toml_text import ConfigError
from console.services.gateway.address import canonical_origin
from console.services.gateway.reservations import Reservations
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import LedgerError
from console.services.open_gateway import Target, require_base_url
from console.services.probes.last_catalogue import CatalogueMemory
from console.services.record.checkpoints import Checkpoints
from console.services.record.signing import key_of
from console.services.run.beginning import read_inputs
from console.services.run.begun_elsewhere import profile_here
from console.services.run.run_context import RunContext, as_they_are
from console.services.run.run_log import Appended, unnoted, untold
from console.services.store.door import Store, open_store
from console.services.system.clock import boot_ms, unix_ms
from console.services.system.os_reason import os_reason
from console.services.verification_marks import user_name

_KEY_TYPE = re.compile(r"[a-z0-9@.-]{4,60}")


class OperatorError(Problem):
    """The operator cannot be identified; the message says why and what to do."""

    kind = ProblemKind.CONFIG


Identifies = Callable[[Store], Awaitable[Callable[[Actor], Actor]]]
"""Returns what names the operators of a store; asked once, when it is opened."""


async def no_names(_: Store) -> Callable[[Actor], Actor]:
    """Return operators as this machine names them."""
    return as_they_are


@contextlib.asynccontextmanager
async def open_context(
    profile: Profile,
    open_target: Callable[[], AbstractAsyncContextManager[Target]],
    *,
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
    now_ms: Callable[[], int] = unix_ms,
    boot_clock: Callable[[], int] = boot_ms,
    reservations: Reservations | None = None,
    ended: Callable[[RunState], None] = unnoted,
    appended: Appended = untold,
    identify: Identifies = no_names,
) -> AsyncIterator[RunContext]:
    """Open the store for one profile.

    Args:
        profile: A checked profile.
        open_target: Opens its gateway.
        environment: The environment variables of this process.
        home: The user's home directory.
        now_ms: The wall clock.
        boot_clock: Milliseconds since boot, for the expiry of leases.
        reservations: The session's budget; None starts a session.
        ended: Called with each run that a command of this process ended.
        appended: Called with each run that a command of this process changed, and how.
        identify: Finds out under which names the store knows operators.

    Raises:
        ConfigError: The config that may name a store cannot be read.
        StoreUrlError: The store's URL cannot be had.
        LedgerError: The store cannot be used.
        OperatorError: The policy's operator_key cannot be read.

    """
    operator = operator_of(profile)
    async with open_store(environment, now_ms=now_ms, boot_clock=boot_clock) as store:
        named = await identify(store)
        yield RunContext(
            profile,
            store,
            store.ledger,
            store.artifacts,
            named(operator),
            Actor(ActorKind.CONSOLE, "gateway-console", host=operator.host),
            environment,
            catalogues_of(profile, environment),
            home or Path.home(),
            open_target,
            now_ms,
            lambda: secrets.token_hex(16),
            reservations or Reservations(profile.budget()),
            Checkpoints(store.ledger, profile.policy, environment, now_ms),
            ended,
            appended,
            named,
        )


def catalogues_of(profile: Profile, environment: Mapping[str, str]) -> CatalogueMemory:
    """Return the memory of a gateway's catalogue; a built-in profile stores nothing."""
    return CatalogueMemory(profile.name, environment, is_kept=not profile.is_built_in)


def origin_of(profile: Profile, environment: Mapping[str, str]) -> str:
    """Return the origin of a profile's gateway; nothing is sent. Raises `TargetError`."""
    if profile.is_embedded:
        return EMBEDDED
    return canonical_origin(require_base_url(profile, environment)) or ""


def operator_of(profile: Profile) -> Actor:
    """Return the operator in this process: the operating system's user, with the policy's key.

    Raises:
        OperatorError: The key file cannot be read, or is not a public SSH key.

    """
    host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]
    key = key_of(profile.policy)
    return Actor(ActorKind.OPERATOR, actor_id(user_name()), None if key is None else fingerprint_of(key), host)


class Operators:
    """Who the operator of this process is in each of many runs: a run's own profile names the key."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        profile: Profile,
        environment: Mapping[str, str],
        named: Callable[[Actor], Actor] = as_they_are,
        *,
        is_shared: bool = False,
    ) -> None:
        """Prepare to ask.

        Args:
            artifacts: Where the runs' inputs are.
            profile: The profile for runs whose own one is not on this machine, or can no longer be used.
            environment: The environment variables.
            named: Returns an operator under the name that the store has for their key.
            is_shared: Whether others write to the store.

        """
        self._is_shared = is_shared
        self._named = named
        self._artifacts = artifacts
        self._profile = profile
        self._environment = environment
        self._known: dict[tuple[str | None, str], Actor] = {}

    async def of(self, state: RunState) -> Actor:
        """Return the operator of a run. Raises `OperatorError` if the policy's key cannot be read."""
        try:
            inputs = await read_inputs(self._artifacts, state)
        except LedgerError:
            return self._named(operator_of(self._profile))
        key = (inputs.config, inputs.profile)
        if key not in self._known:
            try:
                profile = profile_here(inputs, self._profile, self._environment, is_shared=self._is_shared)
            except ConfigError:
                profile = self._profile
            self._known[key] = self._named(operator_of(profile))
        return self._known[key]


def fingerprint_of(path: Path) -> str:
    """Return a public SSH key's fingerprint, as `ssh-keygen -l` shows it.

    Raises:
        OperatorError: It cannot be read, or is not a public key.

    """
    shown = safe(str(path), limit=200)
    try:
        with path.open("rb") as file:
            text = file.read(16_384).decode("ascii")
    except OSError as error:
        raise OperatorError(f"operator_key {shown} cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        text = ""
    kind, _, rest = text.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True) if _KEY_TYPE.fullmatch(kind) else b""
    except ValueError:
        blob = b""
    length = int.from_bytes(blob[:4], "big")
    if not blob or blob[4 : 4 + length] != kind.encode():
        raise OperatorError(f"operator_key {shown} is not a public SSH key; name the file that ends in .pub")
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
