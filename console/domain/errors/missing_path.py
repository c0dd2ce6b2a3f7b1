"""Judges a refusal about a path: its whole family is missing, or the URL is wrong."""

import re
from dataclasses import replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Category, Classification, Confidence, judged
from console.domain.errors.status import MEANINGS
from console.domain.routes.family import EndpointFamily, family_of_path

_NO_SUCH_PATH = (
    "not found",
    "not_found",
    "invalid url",
    "cannot post",
    "no route",
    "unknown path",
    "unknown url",
    "no such path",
    "unhandled path",
    "method not allowed",
    "unexpected endpoint",
    "404",
)

_URL_PATH = re.compile(r"https?://[^\s/'\"]{1,200}(/[^\s'\"),]{1,200})")
_NAMED_PATH = re.compile(r"(?:get|post|put) (/\S{1,200}?)[)\s'\",]")


def by_named_path(body: ErrorBody, status: int | None) -> Classification | None:
    """Judge a refusal that names the missing path."""
    head = body.prose[:2048]
    if not _misses_path(head, status):
        return None
    named = _NAMED_PATH.search(f"{head} ")
    return None if named is None else _missing_path(_is_whole_family(named.group(1)), "the path that the error names")


def by_missing_path(
    body: ErrorBody, status: int | None, family: EndpointFamily | None, path: str | None
) -> Classification | None:
    """Judge a path that the gateway does not have: its whole family is missing, or the URL is wrong."""
    head = body.prose[:2048]
    if not _misses_path(head, status):
        return None
    if status == 405 and body.is_html:
        found = judged(Category.ACCOUNT_PERMISSION, "HTTP status 405 with a web page: a firewall's block page")
        others = (Category.ROUTE_MISSING, Category.CONTRACT_VIOLATION)
        return replace(found, confidence=Confidence.UNDECIDABLE, other_readings=others, rule="block-page")
    if status == 404 and body.is_html:
        return _missing_path(False, "the path, for which a web page answered,")
    named = _URL_PATH.search(head)
    if named is not None:
        return _missing_path(_is_whole_family(named.group(1)), "the path that the error names")
    if path is not None or family is not None:
        return _missing_path(_is_own_family(family, path), "the path that was called")
    return None if status in MEANINGS and status != 400 else _missing_path(False, "what was called")


def _misses_path(head: str, status: int | None) -> bool:
    """Return whether a refusal is about a path, by its status or its words."""
    if status in (404, 405, 501):
        return True
    return status in (None, 200, 400, 500, 502, 503) and any(words in head for words in _NO_SUCH_PATH)


def _missing_path(is_family: bool, where: str) -> Classification:
    category, other = (
        (Category.ENDPOINT_DRIFT, Category.ROUTE_MISSING)
        if is_family
        else (Category.ROUTE_MISSING, Category.ENDPOINT_DRIFT)
    )
    why = "is a whole endpoint family that the gateway does not have" if is_family else "does not exist on the gateway"
    return replace(
        judged(category, f"{where} {why}"), confidence=Confidence.LIKELY, other_readings=(other,), rule="missing-path"
    )


def _is_own_family(family: EndpointFamily | None, path: str | None) -> bool:
    """Return whether a missing path means a missing family; every gateway has chat, so for chat the URL is wrong."""
    if path is not None and not _is_whole_family(path):
        return False
    named = family if path is None else family_of_path(path)
    return named != EndpointFamily.CHAT_COMPLETIONS


def _is_whole_family(path: str) -> bool:
    """Return whether gateways serve a family on a path; a mistyped one such as `/v1/v1/responses` does not count."""
    steps = [step for step in path.rstrip("/.").split("/") if step]
    family = family_of_path("/" + "/".join(steps))
    if family is None or len(set(steps)) < len(steps):
        return False
    return family is not EndpointFamily.CHAT_COMPLETIONS or "v1" in steps
