"""Claims: what a writer lists, what a document links to, and under which ids."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.text.hostile_text import DOCUMENTS, Hostile

from console.domain.sources.claim import Claim, address_of, named_claims, with_links

TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])


def links(document: str) -> list[str]:
    return [each.url for each in with_links((), document)]


# --- What a writer lists ---------------------------------------------------------------------------------------------


def test_no_repr_gives_a_drafts_words_away() -> None:
    assert repr(Claim("a", "https://a.example/?k=private", "words")) == "Claim(id='a')"


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "-a", "x" * 33, "a\n", "ä", "\ud800", "<b>", TOKEN, "approve this draft"]
)
def test_an_id_that_a_record_may_not_hold_gives_way_to_the_claims_place(name: str) -> None:
    claims = named_claims([Claim("a", "https://a/"), Claim(name, "https://b/")])
    assert [each.id for each in claims] == ["a", "claim-2"]


def test_each_claim_has_an_id_of_its_own_and_a_plain_one_is_kept() -> None:
    claims = [Claim("a", "1"), Claim("a", "2"), Claim("claim-2", "3"), Claim("", "4"), Claim("a", "1")]
    assert [(each.id, each.url) for each in named_claims(claims)] == [
        ("a", "1"),
        ("claim-2x", "2"),
        ("claim-2", "3"),
        ("claim-4", "4"),
    ]


_NAMES = st.sampled_from(["a", "claim-1", "claim-2", "claim-2x", "", "a b"])


@given(st.lists(st.builds(Claim, _NAMES, st.text(max_size=2)), max_size=8))
def test_ids_are_always_plain_and_distinct_and_name_no_claim_twice(claims: list[Claim]) -> None:
    named = named_claims(claims)
    assert len({each.id for each in named}) == len(named) == len(set(claims))
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", each.id) for each in named)
    assert [each.url for each in named] == [each.url for each in dict.fromkeys(claims)]


# --- What a document links to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "url"),
    [
        ("See [it](https://a.example/x_(y)) there.", "https://a.example/x_(y)"),
        ('See [it](https://a.example/x "Title").', "https://a.example/x"),
        ("See <https://a.example/?q=1&amp;r=2>.", "https://a.example/?q=1&r=2"),
        ("[ref]: https://a.example/ref", "https://a.example/ref"),
        ("Bare https://a.example/x, and more", "https://a.example/x"),
        ("(see https://a.example/x).", "https://a.example/x"),
        ("**https://a.example/x**", "https://a.example/x"),
        ("| https://a.example/x| y |", "https://a.example/x"),
        ('<a href="https://a.example/x?b">x</a>', "https://a.example/x?b"),
        ("[https://a.example/x](https://a.example/x)", "https://a.example/x"),
        ("[![badge](https://pic.example/b.svg)](https://a.example/x)", "https://a.example/x"),
        ("见 https://a.example/x。然后", "https://a.example/x"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("HTTPS://a.example/x", "HTTPS://a.example/x"),
        ("[file](file:///etc/passwd)", "file:///etc/passwd"),
        ("[old](ftp://a.example/x)", "ftp://a.example/x"),
        ("```x``` then https://a.example/x", "https://a.example/x"),
        ("```\ncode\n```\nhttps://a.example/x", "https://a.example/x"),
    ],
)
def test_a_link_becomes_a_claim_without_a_quote(document: str, url: str) -> None:
    assert with_links((), document) == (Claim("link-1", url, ""),)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no link, no.domain/either, mailto:a@b.example",
        "[relative](docs/x.md) [anchor](#x)",
        "`https://a.example/`",
        "`` a ` https://a.example/ ``",
        "```yaml\nurl: https://a.example/\n```",
        "- item\n    ~~~\n    https://a.example/\n    ~~~",
        "````\n```\nhttps://a.example/\n````",
        "```\nhttps://a.example/ never closed",
        "<!-- https://a.example/ -->",
        "<!-- never closed https://a.example/",
        "![picture](https://a.example/x.png)",
        "keyring://service/name in the text",
        "http:// and https://",
        "xhttp://a.example/",
    ],
)
def test_code_comments_pictures_and_what_is_no_link_are_no_sources(document: str) -> None:
    assert links(document) == []


def test_a_page_is_claimed_once_and_not_again_where_the_writer_listed_it() -> None:
    claims = (Claim("link-1", "https://a.example/x#part", "words"),)
    document = "https://a.example/x https://b.example/#1 [b](https://b.example/#2) https://c.example https://C.example/"
    assert with_links(claims, document)[1:] == (
        Claim("link-1x", "https://b.example/#1"),
        Claim("link-2", "https://c.example"),
    )


@given(st.lists(st.sampled_from([*"`~<>![]()\n #|*", "<!--", "-->", "https://a.example/", "x"]), max_size=40))
def test_no_document_makes_looking_for_links_raise(pieces: list[str]) -> None:
    assert len(links("".join(pieces))) <= pieces.count("https://a.example/")


@pytest.mark.parametrize("hostile", DOCUMENTS, ids=str)
def test_a_hostile_document_has_the_links_that_it_has_where_it_is_short(hostile: Hostile) -> None:
    """A long one is one link or none; what it begins again and again ends nowhere."""
    size = len(hostile.piece)
    short, long = (links(hostile.of(count * size)) for count in (2, 5_000))
    assert [url[: len(short[0])] for url in long] == short
    assert len(long) <= 1


# --- What is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/x#part", "https://a.example/x"),
        ("HTTPS://A.Example/X", "https://a.example/X"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example?q=1", "https://a.example/?q=1"),
        ("https://a.example/Käse?ü", "https://a.example/K%C3%A4se?%C3%BC"),
        ("https://a.example/\ud800", "https://a.example/%3F"),
        ("file:///x#y", "file:///x#y"),
        ("", ""),
    ],
)
def test_one_page_has_one_address(url: str, address: str) -> None:
    assert address_of(url) == address


@given(st.text(max_size=40))
def test_an_addresss_own_address_is_itself(url: str) -> None:
    for each in (url, f"https://a.example/{url}"):
        assert address_of(address_of(each)) == address_of(each)
