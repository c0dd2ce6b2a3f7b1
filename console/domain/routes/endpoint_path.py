"""Endpoint paths: the path of a call below the base URL, with the query that some gateways need."""

import re
from itertools import pairwise

VERSION_PART = r"[vV][0-9]{1,3}(?:(?:alpha|beta)[0-9]{0,3})?"
"""A step of a path that names an API's version, such as v1, v4 or v1beta."""
_VERSION = re.compile(VERSION_PART)


def bare(path: str) -> str:
    """Return a path without its query."""
    return path.partition("?")[0]


def below(path: str, more: str) -> str:
    """Return the path of something below an endpoint, such as `/count_tokens`; its query stays at the end."""
    stem, mark, query = path.partition("?")
    return stem + more + mark + query


def beside(path: str, ending: str, other: str) -> str:
    """Return the path beside an endpoint: its ending replaced, its query kept.

    Args:
        path: The endpoint's path.
        ending: How the endpoint's path ends, such as `/responses`.
        other: What stands there instead, such as `/models`.

    """
    stem, mark, query = path.partition("?")
    return stem.rstrip("/").removesuffix(ending) + other + mark + query


def steps(path: str) -> list[str]:
    """Return the steps of a path, without its query."""
    return [step for step in bare(path).split("/") if step]


def first_version(path: str) -> str | None:
    """Return the version part with which a path begins, or None."""
    return next((step for step in steps(path)[:1] if _VERSION.fullmatch(step)), None)


def last_version(path: str) -> str | None:
    """Return the version part with which a path ends, or None."""
    return next((step for step in steps(path)[-1:] if _VERSION.fullmatch(step)), None)


def versions_in_a_row(path: str) -> tuple[str, str] | None:
    """Return the first two version parts that follow one another in a path, or None."""
    found = steps(path)
    return next(
        ((one, other) for one, other in pairwise(found) if _VERSION.fullmatch(one) and _VERSION.fullmatch(other)),
        None,
    )
