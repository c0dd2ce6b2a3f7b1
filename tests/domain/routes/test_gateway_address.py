"""Documented addresses: right ones are silent however they are split, and others are told with the right lines."""

import re

import pytest

from console.domain.finding import Severity
from console.domain.routes.contract import CheckBasis, Verdict, check, fix_lines
from console.domain.routes.family import EndpointFamily, family_of_path
from console.domain.routes.gateway_address import (
    BaseAddress,
    DocumentedAddress,
    check_address,
    documented_addresses,
    documented_lines,
)
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def _found(host: str, prefix: str, family: EndpointFamily, path: str) -> list[tuple[str, str]]:
    route = Route(Role.WRITER, "m", family, path)
    return [(each.id, each.message) for each in check_address(BaseAddress(host, prefix), route)]


def _filled(text: str) -> str:
    """Return a documented path or host as an operator would fill it in."""
    return re.sub("[A-Z]{3,}", "my-own_1", text).replace("*", "my-own")


def _splits(path: str) -> list[tuple[str, str]]:
    """Return every pair of a prefix and a path that make an address, the endpoint's own name left whole."""
    bare = path.partition("?")[0]
    family = family_of_path(bare)
    assert family is not None
    ending = bare.rindex({R: "/responses", M: "/messages", C: "/chat/completions"}[family])
    return [(path[:place], path[place:]) for place, each in enumerate(bare) if each == "/" and place <= ending]


@pytest.mark.parametrize("row", documented_addresses(), ids=lambda row: f"{row.hosts[0]} {row.family}")
def test_a_documented_address_is_silent_wherever_it_is_split(row: DocumentedAddress) -> None:
    for host in map(_filled, row.hosts):
        for prefix, path in (split for each in row.paths for split in _splits(_filled(each))):
            assert _found(host, prefix, row.family, path) == []


def test_every_row_is_of_its_family_and_has_its_source_and_day() -> None:
    for row in documented_addresses():
        assert {family_of_path(path) for path in row.paths} == {row.family}
        assert row.source_url.startswith("https://")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row.checked_on)
        assert all(re.fullmatch(r"[a-z0-9*.-]+", host) for host in row.hosts)


@pytest.mark.parametrize(
    ("host", "prefix", "family", "path", "lines"),
    [
        ("api.z.ai", "/api/coding/paas/v4", C, "/completions", 'endpoint_path = "/chat/completions"'),
        ("api.z.ai", "", C, "/v1/chat/completions", 'endpoint_path = "/api/paas/v4/chat/completions"'),
        ("api.z.ai", "/api/anthropic", M, "/messages", 'endpoint_path = "/v1/messages"'),
        ("api.anthropic.com", "", M, "/messages", 'endpoint_path = "/v1/messages"'),
        ("api.anthropic.com", "/v1", M, "/chat/messages", 'endpoint_path = "/messages"'),
        ("generativelanguage.googleapis.com", "/v1beta", C, "/chat/completions", '"/openai/chat/completions"'),
        ("openrouter.ai", "", C, "/v1/chat/completions", 'endpoint_path = "/api/v1/chat/completions"'),
        ("openrouter.ai", "/v1", C, "/chat/completions", 'base_url = "https://openrouter.ai"'),
        ("api.groq.com", "/v1", C, "/chat/completions", 'endpoint_path = "/openai/v1/chat/completions"'),
        ("gateway.ai.cloudflare.com", "/v1/acc/gw", M, "/v1/messages", 'endpoint_path = "/anthropic/v1/messages"'),
        ("me.openai.azure.com", "", C, "/v1/chat/completions", 'endpoint_path = "/openai/v1/chat/completions"'),
        (
            "me.openai.azure.com",
            "",
            C,
            "/openai/deployments/x/chat/completions",
            'endpoint_path = "/openai/deployments/DEPLOYMENT/chat/completions?api-version=VERSION"',
        ),
        ("me.services.ai.azure.com", "", M, "/v1/messages", 'endpoint_path = "/anthropic/v1/messages"'),
        ("models.github.ai", "", C, "/v1/chat/completions", 'endpoint_path = "/inference/chat/completions"'),
        ("api.deepseek.com", "", M, "/v1/messages", 'endpoint_path = "/anthropic/v1/messages"'),
    ],
)
def test_another_address_of_a_known_host_is_a_warning_with_the_right_lines(
    host: str, prefix: str, family: EndpointFamily, path: str, lines: str
) -> None:
    ((finding_id, message),) = _found(host, prefix, family, path)
    assert finding_id == "ROUTE-08"
    assert lines in message
    assert "writer" in message


@pytest.mark.parametrize(
    ("host", "prefix", "path"),
    [
        ("gw.example", "", "/v1/chat/completions"),
        ("gw.example", "/any/where", "/chat/completions"),
        ("api.z.ai.evil.example", "", "/v1/chat/completions"),
        ("xopenai.azure.com", "", "/v1/chat/completions"),
        ("a.b.openai.azure.com", "", "/v1/chat/completions"),
        ("gw.example", "/v1/acc/gw/anthropic", "/v1/chat/completions"),
    ],
)
def test_an_unknown_host_may_have_any_address(host: str, prefix: str, path: str) -> None:
    assert _found(host, prefix, C, path) == []


@pytest.mark.parametrize(("prefix", "path"), [("", "/v1/v1/chat/completions"), ("/a/v1", "/v2/chat/completions")])
def test_two_version_parts_in_a_row_are_a_warning(prefix: str, path: str) -> None:
    ((finding_id, message),) = _found("gw.example", prefix, C, path)
    assert finding_id == "ROUTE-07"
    assert "/v1/v" in message


def test_a_path_that_repeats_the_bases_is_a_warning() -> None:
    ((finding_id, message),) = _found("gw.example", "/openai", C, "/openai/v1/chat/completions")
    assert finding_id == "ROUTE-07"
    assert "has the path of base_url twice" in message
    assert _found("gw.example", "/open", C, "/openai/v1/chat/completions") == []


def test_a_family_of_which_no_document_tells_is_only_noted() -> None:
    route = Route(Role.CRITIC, "m", M, "/v1/messages")
    (finding,) = check_address(BaseAddress("api.groq.com", ""), route)
    assert (finding.id, finding.severity) == ("ROUTE-09", Severity.INFO)
    assert "chat_completions and responses" in finding.message
    assert finding.source_url == "https://console.groq.com/docs/openai"


def test_the_lines_keep_the_base_where_a_document_continues_it() -> None:
    kept = documented_lines(BaseAddress("api.z.ai", "/api/coding/paas/v4"), C)
    assert kept == (('endpoint_path = "/chat/completions"',),)
    assert documented_lines(BaseAddress("gw.example", ""), C) == ()


@pytest.mark.parametrize(
    ("base", "path"),
    [
        (BaseAddress("gw.example", ""), "/v1/responses"),
        (BaseAddress("gw.example", "/api/v1"), "/responses"),
        (BaseAddress("api.groq.com", "/openai/v1"), "/responses"),
        (None, "/v1/responses"),
    ],
)
def test_the_lines_that_fix_drift_fit_the_base(base: BaseAddress | None, path: str) -> None:
    table = RouteTable((Route(Role.WRITER, "gpt-5-pro", C, "/chat/completions"),))
    (checked,) = check(table, basis=CheckBasis(base=base))
    assert checked.verdict is Verdict.DRIFT
    assert fix_lines(checked) == ('endpoint_family = "responses"', f'endpoint_path = "{path}"')
