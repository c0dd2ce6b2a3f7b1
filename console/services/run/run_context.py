"""The context of a run: what stepping it needs of this process and this machine, in one place."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from console.domain.ledger.actor import Actor
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations
from console.services.ledger.artifacts import Artifacts
from console.services.ledger.ledger import Ledger
from console.services.open_gateway import Target
from console.services.probes.last_catalogue import CatalogueMemory


class RunInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run works on this machine. Kept as an artifact, apart from the ledger: it names paths."""

    repository: str
    """The root of the repository, absolute."""
    directory: str
    """Where in it the coding agent would be started, relative to the root."""
    context: tuple[str, ...]
    """Patterns of the files that the writer is given."""
    profile: str
    config: str | None
    """The config file; None for the built-in sample."""
    task_sha256: str
    rubric_sha256: str
    """Of the rubric's text, an artifact too; empty for the built-in one."""
    are_checks_confirmed: bool
    """The operator confirmed that the policy's commands run in this run."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What stepping a run needs."""

    profile: Profile
    ledger: Ledger
    artifacts: Artifacts
    operator: Actor
    """Who decides in this process."""
    machine: Actor
    """The console itself, for what it measured."""
    environment: Mapping[str, str]
    catalogues: CatalogueMemory
    """What the preflight saw in the gateway's lists, so that no step has to read them again."""
    home: Path
    open_target: Callable[[], AbstractAsyncContextManager[Target]]
    """Opens the profile's gateway; called when the first call is due."""
    now_ms: Callable[[], int]
    """Unix time in milliseconds."""
    new_call_id: Callable[[], str]
    reservations: Reservations
    """The session's budget, with what its smoke tests, its checks and all its runs took."""
