import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret, scrub

_FEW = examples(120)
_VISIBLE_FORMATS = set(
    map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)])
)
"""Characters of the category Cf that have a shape of their own: signs of numbers and of editing."""
_TAGS = set(map(chr, range(0xE0000, 0xE0080)))
_SAMPLES = {
    "NUL": "\x00",
    "bell": "\x07",
    "tab": "\t",
    "line feed": "\n",
    "carriage return": "\r",
    "escape": "\x1b",
    "DEL": "\x7f",
    "NEL": "\x85",
    "CSI": "\x9b",
    "OSC": "\x9d",
    "soft hyphen": "\xad",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "isolate": "\u2066",
    "pop isolate": "\u2069",
    "variation selector": "\ufe0f",
    "byte order mark": "\ufeff",
    "annotation": "\ufff9",
    "tag A": "\U000e0041",
    "variation selector supplement": "\U000e0100",
    "high surrogate": "\ud800",
    "low surrogate": "\udfff",
}


def _is_harmful(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character not in _VISIBLE_FORMATS
    return category in ("Cc", "Cs", "Zl", "Zp") or character in _TAGS


def test_a_character_that_moves_hides_or_reorders_becomes_a_visible_symbol() -> None:
    shown = {name: safe(f"a{character}b") for name, character in _SAMPLES.items()}
    assert {name: text for name, text in shown.items() if (len(text), text[:1], text[2:]) != (3, "a", "b")} == {}
    assert {name: text for name, text in shown.items() if unicodedata.category(text[1]) != "So"} == {}
    assert [name for name, text in shown.items() if _SAMPLES[name] in text] == []


def test_no_harmful_character_of_unicode_survives() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = safe(every)
    assert [f"U+{ord(character):X}" for character in shown if _is_harmful(character)] == []
    assert safe(every, keep_lines=True) == f"{shown[:0xA]}\n{shown[0xB:]}"


def test_no_other_character_that_unicode_calls_ignorable_survives() -> None:
    ignorable = [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, 0xFFA0]
    assert [hex(code) for code in ignorable if chr(code) in safe(f"a{chr(code)}b")] == []


def test_readable_text_is_left_as_it_is() -> None:
    texts = ["", "plain", "é ß 中文 العربية עברית हिन्दी", "😀 ✓ › ·", "a\u0301", "…", "\u2421\ufffd"]
    assert list(map(safe, texts)) == texts


def test_terminal_sequences_are_shown_and_not_obeyed() -> None:
    shown = {
        "\x1b[2J\x1b]0;t\x07": "␛[2J␛]0;t␇",
        "a\r\nb\tc\x7f": "a␍␊b␉c␡",
        "\x9b31m\u202eevil": "\ufffd31m\ufffdevil",
    }
    assert {text: safe(text) for text in shown} == shown


def test_line_feeds_alone_are_let_through_where_lines_are_kept() -> None:
    assert safe("a\nb\r\nc\x85d\u2028e", keep_lines=True) == "a\nb␍\nc\ufffdd\ufffde"


_TEXT = st.text(st.one_of(st.characters(), st.sampled_from(list(_SAMPLES.values()))), max_size=60)


@_FEW
@given(text=_TEXT, keep_lines=st.booleans())
def test_what_is_safe_stays_as_it_is(text: str, keep_lines: bool) -> None:
    once = safe(text, keep_lines=keep_lines)
    assert safe(once, keep_lines=keep_lines) == once
    assert set(filter(_is_harmful, once)) <= {"\n"}
    assert keep_lines or "\n" not in once


@_FEW
@given(text=_TEXT, cut=st.integers(0, 60))
def test_pieces_of_a_text_are_as_safe_as_the_whole(text: str, cut: int) -> None:
    assert safe(text[:cut]) + safe(text[cut:]) == safe(text)
    assert len(safe(text)) == len(text)


@_FEW
@given(text=_TEXT, limit=st.integers(1, 70), keep_lines=st.booleans())
def test_no_more_than_the_limit_is_returned(text: str, limit: int, keep_lines: bool) -> None:
    shown = safe(text, limit=limit, keep_lines=keep_lines)
    whole = safe(text, keep_lines=keep_lines)
    assert shown == (whole if len(text) <= limit else whole[: limit - 1] + "…")
    assert safe(shown, limit=limit, keep_lines=keep_lines) == shown


def test_a_text_over_the_limit_ends_in_an_ellipsis() -> None:
    shown = {0: "", 1: "…", 2: "h…", 4: "hel…", 5: "hello", 6: "hello"}
    assert {limit: safe("hello", limit=limit) for limit in shown} == shown


_B62 = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"
_SECRETS = {
    "OpenAI": "sk-" + _B62 + "T3BlbkFJ" + _B62[:16],
    "OpenAI project": "sk-proj-" + _B62 + "_" + _B62[:20],
    "Anthropic": "sk-ant-api03-" + _B62 + "-" + _B62[:10] + "AA",
    "OpenRouter": "sk-or-v1-" + "0123456789abcdef" * 4,
    "LiteLLM": "sk-" + _B62[:22],
    "Stripe-like": "sk_live_" + _B62[:24],
    "restricted Stripe-like": "rk_test_" + _B62[:24],
    "Replicate": "r8_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJk",
    "Groq": "gsk_" + _B62 + _B62[:20],
    "Hugging Face": "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    "xAI": "xai-" + _B62 * 2,
    "Perplexity": "pplx-" + _B62 + _B62[:16],
    "GitHub classic": "ghp_" + _B62 + _B62[:4],
    "GitHub server": "ghs_" + _B62 + _B62[:4],
    "GitHub app": "ghu_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJ",
    "GitHub refresh": "ghr_" + "abcdefghijklmnopqrstuvwxyzabcdefghij",
    "GitHub fine-grained": "github_pat_11" + _B62[:20] + "_" + _B62 + _B62[:27],
    "GitLab": "glpat-" + "abcde_fghij-KLMNO_pqrs",
    "Google": "AIza" + "SyA" + _B62,
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS session": "ASIA" + "IOSFODNN7EXAMPLE",
    "Slack bot": "xoxb" + "-123456789012-1234567890123-" + _B62[:24],
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _B62,
    "bearer": "Authorization: Bearer " + _B62,
    "bearer in small letters": "bearer abcdef0123456789._~+/==",
    "basic": "Basic dXNlcjpwYXNzd29yZA==",
    "hex32": "0123456789abcdef" * 2,
    "hex64": "0123456789ABCDEF" * 4,
    "long random": _B62,
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "OpenSSH key": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "PKCS 8": "-----BEGIN PRIVATE KEY-----",
}


@pytest.mark.parametrize("form", ["{}", "token = '{}'", "https://host/?key={}&x=1", "line\n{}\nline", "x:{},"])
def test_a_secret_is_recognized_and_never_repeated(form: str) -> None:
    found = {name: looks_like_secret(form.format(secret)) for name, secret in _SECRETS.items()}
    assert [name for name, words in found.items() if words is None] == []
    assert [name for name, words in found.items() if _SECRETS[name] in str(words)] == []
    parts = [(name, part) for name, secret in _SECRETS.items() for part in secret.split() if len(part) > 8]
    assert [(name, part) for name, part in parts if part in str(found[name])] == []


_HARMLESS = (
    "",
    "gpt-route-placeholder",
    "claude-critic-route-placeholder",
    "Qwen2.5-Coder-32B-Instruct-GPTQ-Int4",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
    "meta-llama/Llama-3.2-90B-Vision-Instruct-Turbo",
    "anthropic/claude-sonnet-4.6",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "gpt-4o-mini-realtime-preview-2024-12-17",
    "openai/gpt-5.1-codex-max",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "mistralai/Mixtral-8x22B-Instruct-v0.1",
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
    "hf-internal-testing/tiny-random-LlamaForCausalLM",
    "pplx-70b-online",
    "https://api.cometapi.com/v1/chat/completions",
    "https://litellm.example.internal:4000",
    "http://127.0.0.1:8080",
    "env:MODEL_GATEWAY_TOKEN",
    "keyring://gateway-console/acme",
    "/etc/ssl/company-ca.pem",
    "~/.config/gateway-console/config.toml",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-22T10:11:12.123456Z",
    "account_pricing",
    "key_model_access_denied",
    "-----BEGIN CERTIFICATE-----",
    "sk-",
    "a bearer token is needed",
    "Basic authentication is refused here.",
    "Write a basic implementation of the parser.",
    "the bearer authentication of the gateway",
    "asynchronously counterproductive internationalization",
    "AVeryLongCamelCaseClassNameWithoutDigits",
)


def test_harmless_text_is_no_secret() -> None:
    found = {text: looks_like_secret(text) for text in _HARMLESS}
    assert {text: words for text, words in found.items() if words is not None} == {}


def test_no_line_of_the_sample_config_looks_like_a_secret() -> None:
    text = Path(__file__).parents[3].joinpath("sample_config.toml").read_text(encoding="utf-8")
    assert text.count("\n") > 100
    assert [line for line in text.splitlines() if looks_like_secret(line) is not None] == []
    assert looks_like_secret(text) is None


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "eyJ",
            "eyJa",
            "eyJaaaaaaaa",
            "eyJaaaaaaaa..",
            "bearer ",
            "basic\t",
            "bearer aaaa",
            "-----BEGIN ",
            "BEGIN A ",
        ),
        *("ghp_", "github_pat_", "glpat", "AIz", "AKI", "xox", "sk", "key", "0123456789abcdefg"),
        *("a", "aB", "0", "-", "_", " ", ".", "é", "\x00"),
    ],
)
def test_a_hostile_text_is_read_to_its_end(unit: str) -> None:
    hostile = unit * (100_000 // len(unit))
    assert looks_like_secret(hostile + "\n" + _SECRETS["GitHub classic"]) is not None


@_FEW
@given(text=st.text(max_size=200))
def test_any_text_is_judged_in_our_words(text: str) -> None:
    words = looks_like_secret(text)
    assert words is None or words.startswith("a")


# --- Text from outside that is shown ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["{}", "bad key '{}'.", "https://host/?key={}&x=1", "line\n{}\nline", "x:{},", "{0} {0}"]
)
def test_what_looks_like_a_secret_is_masked(form: str) -> None:
    shown = {name: scrub(form.format(secret)) for name, secret in _SECRETS.items()}
    assert {name: text for name, text in shown.items() if "•••" not in text} == {}
    assert {name: text for name, text in shown.items() if _SECRETS[name] in text} == {}
    ends = {name: secret.split()[-1] for name, secret in _SECRETS.items() if not secret.startswith("-----")}
    assert {name: end for name, end in ends.items() if end in shown[name]} == {}
    assert {name: text for name, text in shown.items() if scrub(text) != text} == {}


_TAIL = _B62[-4:]


def test_a_key_that_the_gateway_masked_itself_shows_no_end_of_it() -> None:
    masked = [
        "sk-ab***yz",
        "sk-qtKGh" + "*" * 4 + "xymX",
        "sk-proj-" + "*" * 120 + _TAIL,
        "*" * 20 + _TAIL,
        "sk-ab•••yz",
        "sk-xxxxxxxx" + _TAIL,
        "XXXXXXXX" + _TAIL,
        "sk-..." + _TAIL,
        "sk-aB3d…" + _TAIL,
    ]
    shown = {each: scrub(f"Incorrect API key provided: {each}. See") for each in masked}
    assert shown == dict.fromkeys(masked, "Incorrect API key provided: •••. See")


def test_ordinary_words_and_ids_are_left_as_they_are() -> None:
    texts = [
        "",
        "You exceeded your current quota, please check your plan and billing details.",
        "request id: 550e8400-e29b-41d4-a716-446655440000",
        "模型 gpt-9 价格未配置，请联系管理员",
        "Rate limit reached for gpt-4o in organization org-78asdf on tokens per min (TPM): Limit 30000",
        "The model `anthropic.claude-3-5-sonnet-20241022-v2:0` does not exist",
        "2 * 3 ** 4, **bold** and --- a line, xxx",
        "model_price_error at /v1/chat/completions 2026-11-22T10:11:12.123456Z",
        "Basic authentication is refused here.",
        "https://platform.openai.com/account/rate-limits",
    ]
    assert list(map(scrub, texts)) == texts


@pytest.mark.parametrize("unit", ["*", "x", "•", "eyJ", "sk-", "a*", "x*", "aB1", "0", "bearer a1"])
def test_a_hostile_text_is_masked_to_its_end(unit: str) -> None:
    hostile = unit * (16_384 // len(unit))
    assert _SECRETS["GitHub classic"] not in scrub(f"{hostile} {_SECRETS['GitHub classic']}")


@_FEW
@given(before=st.text(max_size=20), after=st.text(max_size=20), secret=st.sampled_from(list(_SECRETS.values())[:8]))
def test_a_key_is_masked_wherever_it_stands(before: str, after: str, secret: str) -> None:
    assert secret not in scrub(f"{before} {secret} {after}")


def test_marks_upon_marks_are_cut_to_what_writing_needs() -> None:
    """Sixty thousand of them on one letter fill one cell, and stop a terminal."""
    assert safe("e" + "\u0301" * 60_000 + "x") == "e" + "\u0301" * 8 + "x"
    for text in ("e\u0301" * 20, "नमस्ते दुनिया, यह ठीक है", "שָׁלוֹם עֲלֵיכֶם", "\u4e2d" * 40, "Z̷a̷l̷g̷o̷"):
        assert safe(text) == text
    assert safe("a" + "\u20dd\u0488" * 10) == "a" + "\u20dd\u0488" * 4
