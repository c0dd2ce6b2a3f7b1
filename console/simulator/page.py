"""The embedded gateway's one public page: its articles quote it, so that a source check finds the words."""

import re
from functools import cache
from importlib.resources import files

from console.simulator.dialect import RequestError

PAGE_PATH = "/pages/endpoint-families"
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")


@cache
def read_page() -> str:
    """Return the page's HTML."""
    return files(__package__).joinpath("endpoint_families.html").read_text(encoding="utf-8")


def page_url(host: str) -> str:
    """Return the page's URL for a client that called a host. Raises `RequestError`."""
    if _HOST.fullmatch(host) is None:
        raise RequestError(400, "invalid_request_error", "The Host header names no host.")
    return f"http://{host}{PAGE_PATH}"
