"""A page's text and its hash: what stays the same, what does not, and input that is meant to hurt."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.text.hostile_text import PAGES, Hostile

from console.services.pages.page_text import content_sha256, decode, visible_text

PAGE = "<!doctype html><html><head><title>T</title></head><body><h1>Responses</h1><p>Use POST /v1/responses.</p></body>"


def text_of(page: str) -> str:
    return visible_text(page, is_markup=True)


def hash_of(page: str) -> str:
    return content_sha256(text_of(page))


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (PAGE, "Responses Use POST /v1/responses."),
        ("<p>Use <code>POST</code>, then <b>st</b>op</p>", "Use POST, then stop"),
        ("<td>a</td><td>b</td>x<br>y", "a b x y"),
        ("a &lt;b&gt; &amp; c&nbsp;d &#65;&#x42;", "a <b> & c d AB"),
        ("a<!-- no --> <!-- <p>no</p> -->b", "a b"),
        ('<a title="x > y" data-x=\'>\' class="[&>svg]:p-2">link</a>', "link"),
        ('<p a="it\'s" b=\'say "no"\'>yes</p>', "yes"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<SCRIPT>no()</Script >yes<style>no{}</style>", "yes"),
        ("<script>'</scripty>'</script>yes", "yes"),
        ("<noscript>no</noscript><template>no</template><svg><path/>no</svg><svg/>yes", "yes"),
        ("<textarea>no</textarea><select><option>no</select>yes", "yes"),
        ("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><r>yes</r>", "]> yes"),
        ("yes<p", "yes"),
        ("yes<p title='", "yes"),
        ("yes<!-- never closed", "yes"),
        ("yes<script>never closed", "yes"),
        ("yes</", "yes"),
        ("yes<", "yes<"),
        ("", ""),
        (" \t\n ", ""),
    ],
)
def test_the_text_of_a_page_is_what_a_reader_sees(page: str, text: str) -> None:
    assert text_of(page) == text


def test_text_that_is_no_markup_keeps_its_signs() -> None:
    assert visible_text(' {"a": "<b>"}\n\n x ', is_markup=False) == '{"a": "<b>"} x'


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("<p>", '<p class="other" nonce="dGVzdA==">'),
        PAGE.replace("<p>", "\r\n\t <p> \n"),
        PAGE.replace("<body>", "<body><script nonce='x'>var build = 'abc'</script>"),
        PAGE.replace("<body>", "<body><!-- served by web-17 -->"),
        PAGE.replace("<body>", "<body><input type=hidden name=csrf value=Zx81kPq>"),
        PAGE.replace("</body>", " 2026-05-01T10:11:12.123Z </body>"),
        PAGE.replace("</body>", " 6f9619ff-8b86-d011-b42d-00cf4fc964ff </body>"),
        PAGE.replace("</body>", " 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d </body>"),
        PAGE.replace("</body>", " Zx81kPq7Lm2Vt9Rb4Nc6Yh0QwErT </body>"),
        PAGE.replace("</body>", " 3 days ago </body>"),
        PAGE.replace("T</title>", "(1) T</title>"),
    ],
)
def test_a_page_that_changed_for_machines_only_has_the_same_hash(page: str) -> None:
    assert page != PAGE
    assert hash_of(page) == hash_of(PAGE)


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("/v1/responses", "/v2/responses"),
        PAGE.replace("</body>", "<p>Deprecated.</p></body>"),
        PAGE.replace("</body>", "<p>Last reviewed 2026-05-27</p></body>"),
        PAGE.replace("Use POST", "UsePOST"),
        PAGE.replace("<h1>Responses</h1>", ""),
        PAGE.replace("</body>", "anthropic-messages-compatible-endpoint</body>"),
        PAGE.replace("</body>", "gpt-5.4-pro-2026-03-05</body>"),
        PAGE.replace("</body>", "500000</body>"),
    ],
)
def test_a_page_that_changed_for_readers_has_another_hash(page: str) -> None:
    assert hash_of(page) != hash_of(PAGE)


def test_a_hash_is_sixty_four_hexadecimal_digits_and_does_not_depend_on_the_process() -> None:
    assert hash_of("<p>a</p>") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


# --- Encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode(), "UTF-8", "é"),
        (b"\xef\xbb\xbfx", "utf-8", "x"),
        (b"\xe9\x80", "iso-8859-1", "é€"),
        ("é".encode("utf-16"), "utf-16", "é"),
        (b"a\xff\xfeb", "utf-8", "a\ufffd\ufffdb"),
        (b"a\xf0\x9f", "utf-8", "a\ufffd"),
        (b"x", "no-such-charset", "x"),
        (b"x", "idna", "x"),
        (b"x", "unicode_escape", "x"),
        (b"x", "zlib", "x"),
        (b"x", "\x00" * 99, "x"),
        (b"\x81", "latin1", "\ufffd"),
    ],
)
def test_bytes_become_text_whatever_the_charset_claims(body: bytes, charset: str, text: str) -> None:
    assert decode(body, charset) == text


@given(body=st.binary(max_size=300), charset=st.text(max_size=20))
def test_no_bytes_make_decoding_raise(body: bytes, charset: str) -> None:
    assert isinstance(content_sha256(visible_text(decode(body, charset), is_markup=True)), str)


# --- Input that is meant to hurt -------------------------------------------------------------------------------------

PIECES = [
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<a ",
    "=",
    '"',
    "'",
    "/>",
    "<script>",
    "</script>",
    "<svg",
    "&#",
    "&amp",
    "x",
    " ",
]


@examples(300)
@given(page=st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_no_markup_makes_reading_raise(page: str) -> None:
    text = text_of(page)
    assert text == " ".join(text.split())
    assert len(content_sha256(text)) == 64


@pytest.mark.parametrize(("hostile", "is_seen"), PAGES.items(), ids=str)
def test_of_hostile_markup_only_what_is_none_is_seen(hostile: Hostile, is_seen: bool) -> None:
    page = hostile.of(20_000)
    seen = page if is_seen else hostile.start.removeprefix("<a ")
    assert text_of(page) == " ".join(html.unescape(seen).split())
    assert content_sha256(page) == content_sha256(f" {page}\n")


@pytest.mark.parametrize("digits", ["1" * 1_000_000, "x" + "f" * 1_000_000])
def test_a_character_reference_of_a_million_digits_is_no_error(digits: str) -> None:
    assert text_of(f"a&#{digits};b") == "a\ufffdb"
