"""Origins in the one form in which they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.gateway.address import canonical_origin, check_base_url


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
