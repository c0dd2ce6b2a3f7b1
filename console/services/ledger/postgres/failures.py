"""What PostgreSQL says when it fails, in one line for a person; never its own text where that may quote the URL."""

from typing import TYPE_CHECKING

from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError

if TYPE_CHECKING:
    import psycopg


class UnknownOutcomeError(LedgerError):
    """The connection was lost while the commit was under way: whether it was stored is unknown."""


class LostError(LedgerError):
    """The connection was lost before the commit: nothing was stored, and it may be tried again."""

    kind = ProblemKind.UNREACHABLE


def worded(error: "psycopg.Error", where: str) -> LedgerError:
    """Return an error of PostgreSQL as the ledger's, with what to do about it.

    Args:
        error: What psycopg raised.
        where: The store, as it may be shown.

    """
    state = error.sqlstate or ""
    for prefix, kind, words in _BY_STATE:
        if state.startswith(prefix):
            return LedgerError(f"{where} {words}", kind)
    if not state:
        return _unconnected(error, where)
    said = safe(str(error.diag.message_primary or ""), limit=200)
    if state.startswith("GC"):
        return LedgerError(f"{said}; nothing was stored", _OWN_RULES.get(state, ProblemKind.FAILED))
    if state.startswith(("22", "23")):  # its text quotes values
        return LedgerError(f"{where} does not accept this ({safe(state, limit=5)}); nothing was stored")
    return LedgerError(f"{where} cannot be used: PostgreSQL says {said} ({safe(state, limit=5)}); nothing was stored")


_OWN_RULES = {"GC001": ProblemKind.REFUSED, "GC002": ProblemKind.WAITING}
"""The SQLSTATEs of rules in the tables themselves that are not a failure of this machine: who wrote a line, and what
needs two operators. All of class GC say in our own words what they refuse."""
_BY_STATE = (
    ("28P01", ProblemKind.TOKEN, "refuses the password in the store's URL; put the right URL where url_ref points"),
    ("28", ProblemKind.TOKEN, "does not let this user in; check the user in the store's URL, and pg_hba.conf"),
    ("3D000", ProblemKind.CONFIG, "does not exist on that server; create the database, or correct the store's URL"),
    ("3F000", ProblemKind.CONFIG, "has no tables of this console; run: gateway-console store migrate"),
    ("42P01", ProblemKind.CONFIG, "has no tables of this console; run: gateway-console store migrate"),
    ("42501", ProblemKind.REFUSED, "does not allow this user to do that; an administrator runs: gateway-console store"
     " grants"),
    ("25006", ProblemKind.FAILED, "is read-only, as a standby or by its settings; nothing was stored, connect to the"
     " primary"),
    ("53100", ProblemKind.FAILED, "has a full disk; nothing was stored, free some space there, then try again"),
    ("53300", ProblemKind.UNREACHABLE, "has no connection left; close some consoles, or raise max_connections"),
    ("53", ProblemKind.FAILED, "is out of memory or of another resource; nothing was stored"),
    ("55P03", ProblemKind.WAITING, "has kept a lock too long; nothing was stored, try again"),
    ("57014", ProblemKind.UNREACHABLE, "did not answer in time; nothing was stored, try again"),
    ("57P03", ProblemKind.UNREACHABLE, "is starting up or shutting down; try again in a moment"),
    ("57P", ProblemKind.UNREACHABLE, "has ended the connection; try again in a moment"),
    ("40", ProblemKind.WAITING, "had to choose between two at once; nothing was stored, try again"),
    ("XX001", ProblemKind.RECORD, "is damaged, PostgreSQL says; keep it as it is, and restore a backup"),
    ("XX002", ProblemKind.RECORD, "is damaged, PostgreSQL says; keep it as it is, and restore a backup"),
)  # fmt: skip
"""By the beginnings of SQLSTATE (PostgreSQL 15, appendix A); the first that fits."""


def _unconnected(error: "psycopg.Error", where: str) -> LedgerError:
    """Return why a connection could not be made: libpq has no code for it, only a text that quotes the address."""
    import psycopg

    if not isinstance(error, psycopg.OperationalError):  # of psycopg itself: a value that PostgreSQL cannot take
        nul = "; a text has a NUL character, remove it" if "NUL" in str(error) else ""
        return LedgerError(f"{where} cannot take what was to be stored{nul}; nothing was stored")
    said = str(error).lower()
    for part, kind, words in _BY_TEXT:
        if part in said:
            return LedgerError(f"{where} {words}", kind)
    return LedgerError(f"{where} cannot be reached; check the network and the server", ProblemKind.UNREACHABLE)


_BY_TEXT = (
    ("password authentication failed", ProblemKind.TOKEN, "refuses the password in the store's URL; put the right URL"
     " where url_ref points"),
    ("no password supplied", ProblemKind.TOKEN, "wants a password, and the store's URL has none"),
    ("no pg_hba.conf entry", ProblemKind.TOKEN, "does not let this user in from here; see pg_hba.conf"),
    ("does not exist", ProblemKind.CONFIG, "has no such database or user; create it, or correct the store's URL"),
    ("certificate verify failed", ProblemKind.REFUSED, "has a certificate that is not trusted here; name its authority"
     " with sslrootcert=FILE in the store's URL"),
    ("server certificate for", ProblemKind.REFUSED, "has a certificate for another name; use the name that it is for"),
    ("does not support ssl", ProblemKind.REFUSED, "does not offer TLS, so nothing is sent there; switch ssl on"),
    ("root certificate file", ProblemKind.CONFIG, "cannot be verified: sslrootcert in the store's URL cannot be read"),
    ("too many clients", ProblemKind.UNREACHABLE, "has no connection left; close some consoles, or raise"
     " max_connections"),
    ("starting up", ProblemKind.UNREACHABLE, "is starting up; try again in a moment"),
    ("shutting down", ProblemKind.UNREACHABLE, "is shutting down; try again in a moment"),
    ("connection refused", ProblemKind.UNREACHABLE, "refuses the connection; check that the server runs and listens"),
    ("name or service not known", ProblemKind.UNREACHABLE, "has a name that this machine cannot resolve"),
    ("timeout", ProblemKind.UNREACHABLE, "does not answer; check the network and the server"),
)  # fmt: skip
