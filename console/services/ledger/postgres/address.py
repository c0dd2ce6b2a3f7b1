"""The address of a store: what a URL may say, so that a password never travels where others can read it."""

import ipaddress
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError

if TYPE_CHECKING:
    from psycopg.abc import ConnDict

NOT_INSTALLED = (
    "a store on PostgreSQL needs the extra team; install it: python -m pip install 'gateway-console[team]', in the"
    " environment that gateway-console runs in"
)
_REFUSED = ("service", "passfile", "sslpassword")
"""What would take the rest of the address from somewhere else."""
_CONNECT_S = 5


def parameters_of(url: str) -> "ConnDict":
    """Return the parameters of a connection for libpq, with TLS and time limits as they have to be.

    Off loopback the server's certificate is verified, with its name. libpq's own variables (PGHOST, PGSSLMODE) add
    nothing that the URL leaves out, except a client certificate.

    Raises:
        LedgerError: psycopg is not installed, the URL names no host or database, or its TLS is too weak.

    """
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise LedgerError(NOT_INSTALLED, ProblemKind.CONFIG) from None
    if not url.startswith(("postgresql://", "postgres://")):
        raise _unusable("it must begin with postgresql://")
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError:  # its text may quote a password
        raise _unusable("PostgreSQL's own library cannot read it; percent-encode the password") from None
    if strange := [name for name in _REFUSED if name in given]:
        raise _unusable(f"{strange[0]} may not be in it")
    hosts = [each for each in str(given.get("host") or "").split(",") if each]
    if not hosts or not given.get("dbname"):
        raise _unusable("it names no host or no database: postgresql://USER:PASSWORD@HOST/DATABASE")
    _require_whole(hosts, str(given.get("port") or ""), str(given["dbname"]))
    addresses = [each for each in str(given.get("hostaddr") or "").split(",") if each]
    if not all(is_loopback(each) for each in (*hosts, *addresses)):
        if given.get("sslmode", "verify-full") != "verify-full":
            raise _unusable(
                "its sslmode is not verify-full, so another machine could answer as this one; remove sslmode from it,"
                " and name the server's authority with sslrootcert=FILE if the system does not know it"
            )
        given["sslmode"] = "verify-full"
        given.setdefault("sslrootcert", _authorities())
    else:
        given.setdefault("sslmode", "prefer")
    given.setdefault("hostaddr", "")  # else PGHOSTADDR would say where the password goes
    return given | {
        "connect_timeout": _CONNECT_S,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "client_encoding": "UTF8",
    }


def _require_whole(hosts: list[str], port: str, name: str) -> None:
    """Refuse a URL that was cut within its password, at a `/` or `@` of it: the rest would be shown as host or name.

    Raises:
        LedgerError: A part of it is none.

    """
    is_cut = any("@" in each for each in (*hosts, name)) or not all(
        each.isascii() and each.isdigit() for each in port.split(",") if each
    )
    if is_cut:
        raise _unusable("its host, port or database is none; percent-encode the password: @ is %40, / is %2F")


def where_of(parameters: "ConnDict") -> str:
    """Return an address as it may be shown: host, port and database, neither user nor password."""
    host, port, name = (parameters.get(key) for key in ("host", "port", "dbname"))
    return safe(f"postgresql://{host}:{port or 5432}/{name}", limit=200)


def is_loopback(host: str) -> bool:
    """Return whether a host of an address is this machine: a socket's directory, or a loopback address."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorities() -> str:
    """Return the file of the authorities that this machine trusts."""
    found = ssl.get_default_verify_paths().cafile
    if found and Path(found).is_file():
        return found
    import certifi

    return certifi.where()


def _unusable(why: str) -> LedgerError:
    return LedgerError(f"the store's URL cannot be used: {why}", ProblemKind.CONFIG)
