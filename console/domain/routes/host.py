"""Hosts: whose gateway a host is."""

from collections.abc import Iterable


def is_below(host: str, owners: Iterable[str]) -> bool:
    """Return whether a host is one of its owners' hosts, or below one. Letter case and a dot at the end do not count.

    Args:
        host: The host of a gateway.
        owners: Hosts in lower case, such as `cometapi.com`.

    """
    bare = host.lower().rstrip(".")
    return any(bare == each or bare.endswith(f".{each}") for each in owners)
