"""The document of `operator`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.domain.ledger.checkpoint import moment

if TYPE_CHECKING:
    from console.services.team.operators import Operators


@dataclass(frozen=True, kw_only=True)
class OperatorDocument:
    """A key that may act in a store, or might once."""

    name: str
    database_user: str
    key_fingerprint: str
    """As `ssh-keygen -l` shows it."""
    added_at: str
    """RFC 3339 in UTC; so is the next."""
    revoked_at: str | None
    """Null while the key may act."""


@dataclass(frozen=True, kw_only=True)
class OperatorsDocument:
    """Who may act in a store."""

    schema: Literal["gateway-console/operator/v1"] = "gateway-console/operator/v1"
    store: str
    """The database, without its user and password."""
    is_enforced: bool
    """Whether the database holds lines to the operators: once the list had any."""
    operators: tuple[OperatorDocument, ...]
    sql: str | None
    """What an administrator has to run in the database before the one who was added can act; else null."""

    @classmethod
    def of(cls, operators: "Operators", where: str, sql: str) -> Self:
        """Return a list of operators as the document names it."""
        return cls(
            store=where,
            is_enforced=operators.is_enforced,
            operators=tuple(
                OperatorDocument(
                    name=each.name,
                    database_user=each.database_user,
                    key_fingerprint=each.fingerprint,
                    added_at=moment(each.added_at_ms),
                    revoked_at=None if each.revoked_at_ms is None else moment(each.revoked_at_ms),
                )
                for each in operators.known
            ),
            sql=sql or None,
        )
