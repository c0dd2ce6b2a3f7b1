"""Origins in the one form in which they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.gateway.address import canonical_origin, check_base_url, version_fault


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://gw.example", "https://gw.example:443"),
        ("HTTPS://GW.Example:443/v1?x#y", "https://gw.example:443"),
        ("https://gw.example:8443/prefix", "https://gw.example:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]:80"),
        ("https://gw.example.", "https://gw.example.:443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example:443"),
    ],
)
def test_an_origin_has_one_form(url: str, origin: str) -> None:
    assert canonical_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "", "gw.example", "//gw.example", "https:", "https://", "ftp://gw.example", "https://u@gw.example",
        "https://gw.example@evil.example", "https://u:p@gw.example", "https://@gw.example", "https://gw%2eexample",
        "https://gw.example:99999", "https://gw.example:x", "https://bücher.example", "https://gw.example\\@evil",
        "https://gw.example\n", "https://gw example", "https://[::1", "https://[gw]", "https://[fe80::1%25eth0]",
    ],
)  # fmt: skip
def test_what_could_be_read_two_ways_has_no_origin(url: str) -> None:
    assert canonical_origin(url) is None


def test_a_scheme_a_host_or_a_port_that_differs_is_another_origin() -> None:
    urls = ["https://a.example", "http://a.example", "https://b.example", "https://a.example:444", "https://a.example."]
    assert len({canonical_origin(url) for url in urls}) == len(urls)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://gw.example"]))
def test_no_text_makes_it_fail(text: str, before: str) -> None:
    origin = canonical_origin(before + text)
    assert origin is None or canonical_origin(origin) == origin


@given(st.from_regex(r"https://[a-z0-9.-]{1,20}(:[0-9]{1,5})?(/[a-z]{0,5})?", fullmatch=True))
def test_every_base_url_that_is_taken_has_an_origin(url: str) -> None:
    if check_base_url(url) is None:
        assert canonical_origin(url) is not None


# --- How a base and a path join --------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", ["v1", "v2", "v4", "v1beta", "v1beta1", "v1alpha", "v3"])
@pytest.mark.parametrize("other", ["v1", "v2", "v1beta"])
@pytest.mark.parametrize("prefix", ["", "/openai", "/api/paas", "/compatible-mode"])
def test_two_version_parts_where_base_and_path_meet_are_told_with_the_line_to_write(
    one: str, other: str, prefix: str
) -> None:
    words = version_fault(f"https://gw.example{prefix}/{one}/", f"/{other}/chat/completions?x=1")
    assert words is not None
    assert f"base_url ends in /{one} and endpoint_path begins with /{other}" in words
    assert 'write endpoint_path = "/chat/completions"' in words
    assert ("write all of the path in endpoint_path" in words) is (one != other)


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("sim:", "/v1/responses"),
        ("https://gw.example", "/v1/responses"),
        ("https://gw.example/v1", "/responses"),
        ("https://gw.example/v1", "/openai/v1/responses"),
        ("https://gw.example/v1/acc/gw/anthropic", "/v1/messages"),
        ("https://gateway.ai.cloudflare.com/v1/acc/gw/anthropic", "/v1/messages"),
        ("https://gateway.ai.cloudflare.com/v1/acc/gw/anthropic/v1", "/messages"),
        ("https://gw.example/vendor", "/v1/messages"),
        ("https://gw.example/v1x", "/v1/messages"),
        ("https://gw.example/v1", "/v1x/messages"),
    ],
)
def test_a_version_part_in_one_of_them_is_right(base_url: str, path: str) -> None:
    assert version_fault(base_url, path) is None


def test_the_documented_line_of_a_known_host_is_told_first() -> None:
    words = version_fault("https://api.z.ai/api/coding/paas/v4", "/v1/chat/completions", name="the value of GW")
    assert words is not None
    assert words.startswith("the value of GW ends in /v4")
    assert 'write endpoint_path = "/chat/completions"' in words


@pytest.mark.parametrize(
    "url",
    [
        "https://user:{}@gw.example", "https://{}@gw.example", "https://gw.example?key={}", "https://gw.example/#{}",
        "https://gw.example/{}/v1/chat/completions", "https://gw.example/{}/responses?x=1", "https://gw.example/{}//v1",
        "http://gw.example/{}", "{}", "https://gw.example/<{}>", "${}", "https://gw.example/{}/v1/v1", "ftp://{}",
        "https://gw.example/{}/é", "https://gw.example:{}",
    ],
)  # fmt: skip
def test_a_message_on_a_base_url_shows_nothing_that_could_be_a_secret(url: str) -> None:
    secret = "ab12cd34ef"
    words = check_base_url(url.replace("{}", secret))
    assert words is not None
    assert secret not in words
