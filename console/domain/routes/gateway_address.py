"""Gateway addresses: what documents say of where a known host serves each family, and routes that go elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity
from console.domain.routes.endpoint_path import versions_in_a_row
from console.domain.routes.family import EndpointFamily, family_of_path
from console.domain.routes.route import Route


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """The host and the prefix of a checked base URL."""

    host: str
    """In lower case."""
    prefix: str
    """The path before the endpoint's, without a slash at its end; empty if there is none."""
    local_port: int | None = None
    """The port, if the host is this machine's loopback: there it says which server it may be."""


@dataclass(frozen=True, slots=True)
class DocumentedAddress:
    """Where documents say that a host serves an endpoint family."""

    hosts: tuple[str, ...]
    """A `*` stands for a part of a label, as in an account's own host; empty for a server of this machine."""
    server: str
    """The name of the server that listens on `local_port` by default; empty for a host."""
    local_port: int | None
    family: EndpointFamily
    paths: tuple[str, ...]
    """Whole paths; a step or a query's value in capitals is the caller's own."""
    source_url: str
    checked_on: str
    """ISO date."""
    is_second_hand: bool
    """Whether someone other than the vendor says so."""


@cache
def documented_addresses() -> tuple[DocumentedAddress, ...]:
    """Return the documented addresses of all known hosts."""
    table = load_facts("gateway_addresses")
    return tuple(
        DocumentedAddress(
            hosts=tuple(row.get("hosts", ())),
            server=row.get("server", ""),
            local_port=row.get("local_port"),
            family=EndpointFamily(row["family"]),
            paths=tuple(row["paths"]),
            source_url=row["source_url"],
            checked_on=row.get("checked_on", table["checked_on"]),
            is_second_hand=row.get("is_second_hand", False),
        )
        for row in table["address"]
    )


def documented_at(base: BaseAddress) -> tuple[DocumentedAddress, ...]:
    """Return the documented addresses of a base's host, or of the server of this machine; none if it is not known."""
    if base.local_port is not None:
        return tuple(row for row in documented_addresses() if row.local_port == base.local_port)
    rows = documented_addresses()
    return tuple(row for row in rows if any(_host_form(each).fullmatch(base.host) for each in row.hosts))


def is_documented(base: BaseAddress, path: str) -> bool:
    """Return whether a document has the whole address of a call."""
    return _has(documented_at(base), base.prefix + path)


def account_part(base: BaseAddress, path: str) -> str:
    """Return the part of a call's path that says whose account it uses, on a host that many share.

    It is empty where documents name no such part. It is the whole path where they do, and not for this path.
    """
    rows = documented_at(base)
    forms = {form for row in rows for each in row.paths if (form := _account_form(each)) is not None}
    whole = base.prefix + path
    found = next((match[0] for form in forms if (match := form.match(whole)) is not None), None)
    return found if found is not None else "" if not forms or _has(rows, whole) else whole


def check_address(base: BaseAddress, route: Route) -> Iterator[Finding]:
    """Yield what is known to be wrong with the address of a route's call, from its base and its path together."""
    rows = documented_at(base)
    path = base.prefix + route.endpoint_path
    if _has(rows, path):
        return
    subject = f"The address of {route.key}, base_url with endpoint_path"
    if (pair := versions_in_a_row(path)) is not None:
        message = f"{subject}, has two version parts in a row, /{'/'.join(pair)}: most gateways answer 404. Keep one."
        yield Finding("ROUTE-07", Severity.WARN, message)
    elif base.prefix and route.endpoint_path.startswith(f"{base.prefix}/"):
        message = (
            f"{subject}, has the path of base_url twice: the endpoint_path begins with it too. Remove it from one."
        )
        yield Finding("ROUTE-07", Severity.WARN, message)
    own = [row for row in rows if row.family is route.endpoint_family]
    if own:
        second_hand = {row.is_second_hand for row in own}
        source = "documents, some second-hand, have" if len(second_hand) > 1 else "its documents have"
        source = "a second-hand source has" if second_hand == {True} else source
        choices = " or ".join(", ".join(each) for each in documented_lines(base, route.endpoint_family))
        message = (
            f"{subject}, is not where {source} {route.endpoint_family} on {_place(base, own[0])}. Write {choices}."
        )
        yield Finding("ROUTE-08", Severity.WARN, message, own[0].source_url, own[0].checked_on)
    elif rows and family_of_path(route.endpoint_path) is route.endpoint_family:
        known = " and ".join(dict.fromkeys(row.family.value for row in rows))
        message = (
            f"{subject}, is on {_place(base, rows[0])}, of which we have read that it serves {known}:"
            f" only a live call can prove {route.endpoint_family}."
        )
        yield Finding("ROUTE-09", Severity.INFO, message, rows[0].source_url, rows[0].checked_on)


def documented_lines(base: BaseAddress, family: EndpointFamily) -> tuple[tuple[str, ...], ...]:
    """Return the config lines for each address that a host documents for a family; none if it documents none.

    Where documented paths continue the base, only their lines are returned: other routes have the same base.
    """
    found = [_lines(base, row, path) for row in documented_at(base) if row.family is family for path in row.paths]
    return tuple([lines for lines in found if len(lines) == 1] or found)


def documented_paths(base: BaseAddress, family: EndpointFamily) -> tuple[str, ...]:
    """Return the endpoint paths that documents have for a family below a base; none with a step of the caller's own."""
    found = [_below(base, path) for row in documented_at(base) if row.family is family for path in row.paths]
    return tuple(path for path in found if path is not None and not re.search("[A-Z]{3,}", path))


def _below(base: BaseAddress, path: str) -> str | None:
    """Return what a documented path adds to a base; None if it does not continue it."""
    begun = "/".join(path.split("/")[: base.prefix.count("/") + 1])
    return path.removeprefix(begun) if _path_form(begun).fullmatch(base.prefix) else None


def _lines(base: BaseAddress, row: DocumentedAddress, path: str) -> tuple[str, ...]:
    if (rest := _below(base, path)) is not None:
        return (f'endpoint_path = "{rest}"',)
    origin = f"https://{_host(base, row)}" if row.local_port is None else f"http://127.0.0.1:{row.local_port}"
    return (f'base_url = "{origin}"', f'endpoint_path = "{path}"')


def _place(base: BaseAddress, row: DocumentedAddress) -> str:
    """Return where an address is, for a message."""
    if row.local_port is None:
        return _host(base, row)
    return f"port {row.local_port} of this machine, where {row.server} listens by default"


def _host(base: BaseAddress, row: DocumentedAddress) -> str:
    """Return the host as documents write it: an account's own part is not shown."""
    return base.host if base.host in row.hosts else row.hosts[0].replace("*", "RESOURCE")


def _has(rows: tuple[DocumentedAddress, ...], path: str) -> bool:
    return any(_path_form(each).fullmatch(path) for row in rows for each in row.paths)


@cache
def _account_form(path: str) -> re.Pattern[str] | None:
    """Return what the part of a documented path fits to that ends with an account's step; None if it has no such."""
    found = re.match(r".*/(?:ACCOUNT|GATEWAY|ORGANIZATION|PROJECT)(?=/)", path)
    return None if found is None else re.compile(re.sub("[A-Z]{3,}", "[^/?]+", re.escape(found[0])) + "(?=/)")


@cache
def _host_form(host: str) -> re.Pattern[str]:
    return re.compile(re.escape(host).replace(r"\*", "[a-z0-9_-]+"))


@cache
def _path_form(path: str) -> re.Pattern[str]:
    stem, mark, query = path.partition("?")
    form = re.sub("[A-Z]{3,}", "[^/?]+", re.escape(stem))
    needed = "".join(rf"(?=(?:[^?]*&)?{re.escape(each.partition('=')[0])}=[^&])" for each in query.split("&") if each)
    return re.compile(form + (rf"\?{needed}.+" if mark else r"(?:\?.*)?"))
