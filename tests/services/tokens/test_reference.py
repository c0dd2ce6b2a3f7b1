"""Token references: what is one, what is none, and words that never repeat it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tokens.references import TAKEN

from console.services.tokens.reference import LENGTH_LIMIT, Reference, Scheme

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])


_REFUSED = (
    "", "sim", "sim://", "env:", "env:gw", "env:GW X", "env:GW\n", "env:" + "G" * 200, "keyring:", "keyring://",
    "keyring://s", "keyring://s/", "keyring:///n", "keyring://s/n/m", "keyring://s/n ", "keyring://s/n\n",
    "keyring://s/n%2Fm", "keyring://s/a%40https%3A%2F%2Fgw", "keyring://s/%0A", "keyring://s/%FF", "keyring://s/%2f",
    "keyring://s/%E2%80%8B", "file:x", "file:", "file:/", "file://x", "file:/a/../b", "file:/a/./b", "file:/a//b",
    "file:~/x", "file:/a\0b", "kernel:", "kernel:a b", "kernel:a/b", "kernel:ä", "vault:", "vault:a:b", "vault:x\n",
    "cmd:ls", "cmd:", "cmd:[]", "cmd:['']", "cmd:[1]", "cmd:['ls'", "cmd:['ls', ['x']]", "cmd:['./ls']",
    "cmd:['bin/ls']", "cmd:['ls']\nx = 1", 'cmd:["l\\ns"]', "cmd:{a = 1}", "cmd:" + "[" * 240, "prompt:x",
    "prompt://", "sim:x", "ENV:GW", " env:GW", "env :GW", "https://gw.example", "vault:" + "n" * 101, TOKEN,
    "file:/" + "x" * LENGTH_LIMIT,
)  # fmt: skip


def why_not(text: str) -> str | None:
    """Return the words with which a reference is refused."""
    try:
        Reference.parse(text)
    except ValueError as error:
        return str(error)
    return None


def test_a_reference_is_taken() -> None:
    assert {each: why_not(each) for each in TAKEN} == dict.fromkeys(TAKEN)


def test_what_is_no_reference_is_refused() -> None:
    assert [each for each in _REFUSED if not why_not(each)] == []


def test_the_words_on_what_is_no_reference_do_not_repeat_it() -> None:
    before = ("", "env:", "keyring://", "keyring://s/n/", "file:", "vault:a/", "cmd:", "tok:")
    words = {each: why_not(each + TOKEN) for each in before}
    assert {each: said for each, said in words.items() if said is None or TOKEN in said} == {}


def test_what_looks_like_a_token_is_refused_by_that_name_and_not_repeated() -> None:
    forms = ("{}", "vault:{}", "keyring://s/{}", "cmd:['op', '{}']", "kernel:{}", "file:/x/{}")
    words = {form: str(why_not(form.format(KEY))) for form in forms}
    name = "looks like an API key; store it with gateway-console token set"
    assert {form: said for form, said in words.items() if name not in said or KEY in said} == {}


def test_a_long_hexadecimal_step_of_a_path_is_an_id_and_no_key() -> None:
    assert why_not("file:/run/secrets/0123456789abcdef0123456789abcdef/token") is None


def test_an_unknown_scheme_names_the_nearest_one() -> None:
    nearest = {"keyrin://a/b": "keyring:", "envv:X": "env:", "valt:x": "vault:", "Kernel:x": "kernel:"}
    words = {each: why_not(each) or "" for each in nearest}
    assert {each: said for each, said in words.items() if f"did you mean {nearest[each]}?" not in said} == {}
    assert "is not a reference" in str(why_not("zzz:x"))


@pytest.mark.parametrize(
    ("text", "scheme", "service", "name", "argv"),
    [
        ("keyring://My%20App/n%C3%A4me", Scheme.KEYRING, "My App", "näme", ()),
        ("cmd:['pass', \"it's\"]", Scheme.CMD, "", "", ("pass", "it's")),
        ("file:/a b/c", Scheme.FILE, "", "/a b/c", ()),
    ],
)
def test_the_parts_of_a_reference(text: str, scheme: Scheme, service: str, name: str, argv: tuple[str, ...]) -> None:
    reference = Reference.parse(text)
    assert (reference.scheme, reference.service, reference.name, reference.argv) == (scheme, service, name, argv)


def test_a_reference_is_written_as_it_was_read() -> None:
    texts = ["env:GW", "keyring://My%20App/n%C3%A4me", "file:/a b/c", "kernel:x", "vault:x", "sim:"]
    assert [str(Reference.parse(text)) for text in texts] == texts


def test_a_programs_arguments_are_left_out_of_messages() -> None:
    assert str(Reference.parse("cmd:['op', 'read', 'op://vault/item']")) == "cmd:[op …]"


def test_the_names_that_the_console_gives_are_reserved() -> None:
    reference = Reference.parse("vault:acme")
    assert not reference.is_reserved
    assert all(reference.renamed(f"acme.{ending}").is_reserved for ending in ("next", "prev", "canary"))
    assert not Reference.parse("file:/acme.next").is_reserved


@given(st.text(max_size=300))
def test_no_text_at_all_makes_checking_fail(text: str) -> None:
    words = why_not(text)
    assert words is None or words


@given(st.sampled_from([f"{scheme}:" for scheme in Scheme]), st.text(max_size=60))
def test_a_reference_that_is_taken_is_written_without_loss(scheme: str, rest: str) -> None:
    text = scheme + rest
    if why_not(text) is None and not text.startswith("cmd:"):
        reference = Reference.parse(text)
        assert Reference.parse(str(reference)) == reference
