"""The store that workers serve."""

from console.domain.problem import Problem, ProblemKind
from console.services.ledger.postgres.database import Database
from console.services.store.door import Store


def require_database(store: Store) -> Database:
    """Return a store's database. Raises `Problem` if it is a file of this machine."""
    if store.database is None:
        raise Problem(
            "workers serve a store that a team shares, and your config names none; add [store] url_ref to it",
            ProblemKind.CONFIG,
        )
    return store.database
