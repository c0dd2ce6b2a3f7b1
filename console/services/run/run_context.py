"""The context of a run: what stepping it needs from this process and machine, in one place."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from console.domain.ledger.actor import Actor
from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import Ledger
from console.services.open_gateway import Target
from console.services.probes.last_catalogue import CatalogueMemory
from console.services.record.checkpoints import Checkpoints
from console.services.run.run_log import Appended, unnoted, untold
from console.services.store.door import Store


def as_they_are(operator: Actor) -> Actor:
    """Return an operator under the name that this machine has for them."""
    return operator


class RunInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run works on this machine. An artifact outside the ledger, because it names paths."""

    repository: str
    """The root of the repository, absolute."""
    directory: str
    """Where the coding agent would be started, relative to the root."""
    context: tuple[str, ...]
    """Patterns of the files to give the writer."""
    profile: str
    config: str | None
    """The config file; None for the built-in sample."""
    task_sha256: str
    rubric_sha256: str
    """The hash of the rubric's text, also an artifact; empty for the built-in one."""
    are_checks_confirmed: bool
    """Whether the operator confirmed that the policy's commands run in this run."""
    writer_command: str = ""
    """The command of a writer that is the operator's own."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What stepping a run needs."""

    profile: Profile
    store: Store
    """Where the next two are."""
    ledger: Ledger
    artifacts: ArtifactStore
    operator: Actor
    """The operator who decides in this process."""
    machine: Actor
    """The console itself, for what it measures."""
    environment: Mapping[str, str]
    catalogues: CatalogueMemory
    """The gateway's lists as the preflight saw them, so that no step has to read them again."""
    home: Path
    open_target: Callable[[], AbstractAsyncContextManager[Target]]
    """Opens the profile's gateway; called when the first call is due."""
    now_ms: Callable[[], int]
    """Unix time in milliseconds."""
    new_call_id: Callable[[], str]
    reservations: Reservations
    """The session's budget, with what its smoke tests, checks and runs have spent."""
    checkpoints: Checkpoints
    """Signs what this operator decides."""
    ended: Callable[[RunState], None] = unnoted
    """Called with each run that a command of this process ended."""
    appended: Appended = untold
    """Called with each run that a command of this process changed, and how."""
    named: Callable[[Actor], Actor] = as_they_are
    """Returns an operator under the name that the store has for their key."""
