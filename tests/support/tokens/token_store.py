"""Stores for tests: one in memory, and a way to ask any store as a profile does."""

from collections.abc import Callable
from dataclasses import dataclass, field

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference
from console.services.tokens.sources import TokenAnswer
from console.services.tokens.stores.store import Store, Stored, StoreError, serving

ORIGIN = "https://gw.example:443"
OTHER_ORIGIN = "https://other.example:443"

CHEAP = 2
"""The least cost that scrypt has. A vault of it is read only by a store that is given it as its cost."""


class KilledError(BaseException):
    """The process was killed here."""


@dataclass
class MemoryStore:
    """A store that keeps several origins under a name, notes what is done to it, and can be killed before a deed."""

    kept: dict[tuple[str, str | None], bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    error: StoreError | None = None
    killed_at: int | None = None
    """The number of the deed, counted from 0, before which the process ends."""
    altered: Callable[[bytes], bytes] = bytes
    """What becomes of a value that is written."""
    source: str = "memory"

    def _note(self, deed: str) -> None:
        if self.error is not None:
            raise self.error
        if not deed.startswith("read") and len(self.deeds) == self.killed_at:
            raise KilledError
        self.log.append(deed)

    @property
    def deeds(self) -> list[str]:
        """What changed something."""
        return [deed for deed in self.log if not deed.startswith("read")]

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        self._note(f"read {reference.name}")
        chosen = serving({kept: value for (name, kept), value in self.kept.items() if name == reference.name}, origin)
        return None if chosen is None else Stored(Secret.parse(chosen[1].decode()), chosen[0])

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        self._note(f"write {reference.name}")
        self.kept[reference.name, origin] = self.altered(value)

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        self._note(f"remove {reference.name}")
        return self.kept.pop((reference.name, origin), None) is not None

    async def origins(self, reference: Reference) -> tuple[str | None, ...]:
        return tuple(origin for name, origin in self.kept if name == reference.name)


async def answer_of(store: Store, reference: Reference, origin: str | None = ORIGIN) -> TokenAnswer:
    """Ask a store and return its answer, whatever it raises of its own."""
    try:
        stored = await store.read(reference, origin)
    except StoreError as error:
        return TokenAnswer(error.state, reason=error.reason)
    if stored is None:
        return TokenAnswer(TokenState.ABSENT)
    return TokenAnswer(TokenState.FOUND, stored.secret, source=store.source, origin=stored.origin)
