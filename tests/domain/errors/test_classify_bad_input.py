"""The classifier on bodies that are cut, hostile, huge or no text at all."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.errors.corpus import BODIES, PASSING, LabelledBody, classified
from support.examples import examples

from console.domain.errors.body import READ_LIMIT, read_error_body
from console.domain.errors.category import Category, Classification, Confidence
from console.domain.errors.rule import error_rules
from console.domain.routes.family import EndpointFamily

_CUTS = 12
"""How many lengths of every body there are to try; the first one differs from body to body."""
_PLACES = {body.id: place for place, body in enumerate(BODIES)}
_RULES = {rule.rule_id: rule for rule in error_rules().strong}
Cuts = Callable[[LabelledBody], list[bytes]]


def _read(body: LabelledBody, data: bytes) -> Classification:
    return classified(body.status, data, body.content_type, headers=body.headers, family=body.family, path=body.path)


def _cuts(body: LabelledBody) -> list[bytes]:
    data = body.body.encode()
    step = max(1, len(data) // _CUTS)
    return [data[:length] for length in range(_PLACES[body.id] % step, len(data), step)]


def _cuts_in_turn(body: LabelledBody) -> list[bytes]:
    """Return those of a body's cuts that are tried where time is short: every fourth, and the longest.

    Its place says with which they begin, so that every length has its turn in some bodies, and every body in three.
    """
    *cuts, longest = _cuts(body)
    return [*cuts[_PLACES[body.id] % 4 :: 4], longest]


_EACH_CHOICE = pytest.mark.parametrize(
    "cuts_of", [pytest.param(_cuts_in_turn, id="in turn"), pytest.param(_cuts, id="all", marks=pytest.mark.long)]
)


def _ends_within_json(data: bytes) -> bool:
    """Return whether a text stops in the middle of JSON.

    A plain text has no end that could be missed: up to its reason it says no more than its status does.
    """
    return data.count(b"{") > data.count(b"}") or (data.lstrip().startswith(b"[") and not data.rstrip().endswith(b"]"))


# --- Cut at any length -----------------------------------------------------------------------------------------------


@_EACH_CHOICE
def test_a_stopping_error_that_is_cut_within_its_json_is_never_said_to_pass_later(cuts_of: Cuts) -> None:
    wrong = [
        f"{body.id} after {len(data)} bytes: {found.category} by {found.rule}"
        for body in BODIES
        if body.must_not_pass
        for data in cuts_of(body)
        if _ends_within_json(data) and (found := _read(body, data)).category in PASSING
    ]
    assert wrong == []


def test_a_sentence_outside_json_that_is_cut_does_not_decide() -> None:
    whole = b'Error 502 Bad Gateway: {"error":{"message":"unknown provider for model m","type":"server_error"}}'
    assert classified(502, whole).category is Category.ROUTE_MISSING
    found = {length: classified(502, whole[:length]) for length in range(whole.index(b"{") + 1, len(whole))}
    assert [length for length, each in found.items() if each.retryable] == []


@_EACH_CHOICE
def test_what_was_said_before_the_cut_decides_as_it_did_in_the_whole(cuts_of: Cuts) -> None:
    tried, wrong = Counter[str](), []
    for body in BODIES:
        whole = _read(body, body.body.encode())
        rule = _RULES.get(whole.rule)
        if rule is None or rule.statuses or whole.category is Category.UPSTREAM_UNAVAILABLE:
            continue  # of a body that is cut nobody says that it passes: an account's refusal may have followed
        for data in cuts_of(body):
            if rule.holds(read_error_body(data, body.content_type), None) is None:
                continue
            tried[body.id] += 1
            if (found := _read(body, data)).category is not whole.category:
                wrong.append(f"{body.id} after {len(data)} bytes: {found.rule} and not {whole.rule}")
    assert wrong == []
    assert len(tried) > 0.6 * len(BODIES)
    assert tried.total() > 0.3 * sum(len(cuts_of(body)) for body in BODIES)


@examples(150)
@given(body=st.sampled_from(BODIES), share=st.floats(0, 1))
def test_a_body_cut_anywhere_is_judged(body: LabelledBody, share: float) -> None:
    data = body.body.encode()[: int(len(body.body.encode()) * share)]
    found = _read(body, data)
    assert found.category in Category
    if body.must_not_pass and _ends_within_json(data):
        assert not found.retryable


def test_an_empty_body_where_json_was_promised_is_undecidable_and_not_retryable() -> None:
    found = classified(503, b"", "application/json")
    assert (found.category, found.confidence) == (Category.CONTRACT_VIOLATION, Confidence.UNDECIDABLE)
    assert found.stops
    assert not found.retryable
    assert classified(503, b"", "text/plain").category is Category.UPSTREAM_UNAVAILABLE


# --- Anything at all -------------------------------------------------------------------------------------------------


@examples(300)
@given(
    status=st.one_of(st.none(), st.integers()),
    headers=st.dictionaries(
        st.one_of(st.sampled_from(["retry-after", "Retry-After-Ms", "date"]), st.text(max_size=8)),
        st.one_of(st.text(max_size=12), st.integers().map(str), st.floats().map(str)),
        max_size=3,
    ),
    body=st.one_of(st.binary(max_size=80), st.text(max_size=80)),
    content_type=st.text(max_size=8),
    family=st.one_of(st.none(), st.sampled_from(EndpointFamily)),
    path=st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["", "/", "//", "/v1/responses/"])),
    elapsed=st.one_of(st.none(), st.floats()),
)
@example(404, {}, b"post /", "", None, "", None)
@example(200, {"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT", "date": "x"}, b"", "", None, "", float("nan"))
def test_nothing_makes_the_classifier_raise(  # noqa: PLR0917  # the order of the examples
    status: int | None,
    headers: dict[str, str],
    body: bytes | str,
    content_type: str,
    family: EndpointFamily | None,
    path: str | None,
    elapsed: float | None,
) -> None:
    found = classified(status, body, content_type, headers=headers, family=family, path=path, elapsed_s=elapsed)
    assert found.category in Category
    assert found.evidence
    assert found.action
    assert found.retry_after_s is None or found.retry_after_s >= 0
    assert found.why_not_retried.startswith("Not retried: ")


_PIECE = st.sampled_from(
    [
        *('"code":"', '\\"', "{", "}", "[", '"', "'", ":", "429", "503", "\\", "\\u00", "<script", "-->", "9" * 40),
        *("model ", "not ", "post /v1/", "get ", "try again in ", "field messages is required", "data: "),
        *("event: error\n", "\x00", "\ud800"),
    ]
)


@examples(300)
@given(pieces=st.lists(_PIECE, max_size=30), status=st.sampled_from([None, 200, 400, 404, 429, 503]))
def test_pieces_of_errors_in_any_order_never_raise(pieces: list[str], status: int | None) -> None:
    found = classified(
        status, "".join(pieces), "text/html", family=EndpointFamily.RESPONSES, path="/v1/responses", elapsed_s=1.0
    )
    assert found.category in Category


def _with_case(text: str) -> str:
    return "".join(letter.upper() if index % 2 else letter.lower() for index, letter in enumerate(text))


@examples(120)
@given(body=st.sampled_from([body for body in BODIES if "\\" not in body.body]), words=st.sampled_from("ulm"))
def test_letter_case_changes_no_category(body: LabelledBody, words: str) -> None:
    """In values only: the names of JSON's fields have their case."""
    change = {"u": str.upper, "l": str.lower, "m": _with_case}[words]
    try:
        value = json.loads(body.body)
    except ValueError:
        if any(mark in body.body for mark in "{<"):  # names of fields within a text
            return
        changed = change(body.body)
    else:
        changed = json.dumps(_values(value, change), ensure_ascii=False)
    assert _read(body, changed.encode()).category is _read(body, body.body.encode()).category


def _values(value: object, change: object) -> object:
    assert callable(change)
    if isinstance(value, dict):
        return {key: _values(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_values(each, change) for each in value]
    return change(value) if isinstance(value, str) and "{" not in value else value


@examples(120)
@given(body=st.sampled_from(BODIES), indent=st.integers(1, 8), around=st.text(" \t\r\n", max_size=6))
def test_added_whitespace_changes_no_category(body: LabelledBody, indent: int, around: str) -> None:
    usual = _read(body, body.body.encode()).category
    assert _read(body, f"{around}{body.body}{around}".encode()).category is usual
    try:
        value = json.loads(body.body)
    except ValueError:
        changed = body.body.replace(" ", "  ").replace("\n", "\r\n")
    else:
        changed = json.dumps(value, indent=indent, ensure_ascii=False)
    assert _read(body, changed.encode()).category is usual


# --- Bodies that would like to break a reader ------------------------------------------------------------------------

_NO_MONEY = '{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}'
_DECISIVE = b'"code":"insufficient_quota","message":"credit balance is too low"'


@pytest.mark.parametrize(
    "body",
    [
        ("[" * 200 + _NO_MONEY + "]" * 200).encode(),
        ('{"error":' * 200 + _NO_MONEY + "}" * 200).encode(),
        b"\xff\xfe" + _NO_MONEY.encode() + b"\xff",
        _NO_MONEY.replace("exceeded", "exc\x00\x1b[31m").encode(),
        b"\xef\xbb\xbf" + _NO_MONEY.encode(),
        b"\xc3" * 500 + _NO_MONEY.encode(),
        _NO_MONEY.encode() + b"\n" + b"x" * 1_048_576,
    ],
    ids=["200 lists", "200 objects", "no UTF-8", "control characters", "byte order mark", "half characters", "1 MB"],
)
def test_a_broken_body_still_says_what_it_says(body: bytes) -> None:
    assert classified(429, body, "application/json").category is Category.ACCOUNT_QUOTA


def test_an_error_escaped_many_times_over_is_read_at_its_depth() -> None:
    text = _NO_MONEY
    for depth in range(6):
        assert classified(429, text.encode()).category is Category.ACCOUNT_QUOTA, depth
        text = json.dumps({"error": {"message": text, "type": "api_error"}})


@pytest.mark.parametrize(
    "unit",
    [b"a", b'"', b"\\", b'\\"', b"[", b'{"a":', b'"code":"', b"\x00", b"\xff", "模型".encode(), b"<script", b"status "],
)
def test_a_single_line_of_1_mb_is_judged_as_its_beginning_is(unit: bytes) -> None:
    body = unit * (1_048_576 // len(unit))
    found = classified(429, body)
    assert found == classified(429, body[: READ_LIMIT * 8])
    assert found.category in Category


def test_what_stands_behind_the_limit_does_not_decide() -> None:
    before = b'{"error":{"message":"' + b"x" * (READ_LIMIT - 200)
    beyond = b'{"error":{"message":"' + b"x" * READ_LIMIT
    assert classified(400, before + b'",' + _DECISIVE).category is Category.ACCOUNT_QUOTA
    assert classified(400, beyond + b'",' + _DECISIVE).rule not in ("quota-code", "quota-said")


class _Counted(bytes):
    """Bytes that note how many of them were handed out."""

    handed_out = 0

    def __getitem__(self, key: object) -> bytes:  # type: ignore[override]
        part = bytes(self)[key]  # type: ignore[index]
        self.handed_out += len(part)
        return part

    def decode(self, *_: object, **__: object) -> str:
        raise AssertionError("the whole body was decoded")


@pytest.mark.parametrize("unit", [b"x", "模".encode(), b'{"code":"rate_limit",', b'\\"'])
def test_of_a_body_of_10_mb_only_the_beginning_is_read(unit: bytes) -> None:
    whole = _Counted(unit * (10 * 1_048_576 // len(unit)))
    prefix = bytes(whole)[:65_536]
    assert classified(429, whole, "application/json") == classified(429, prefix, "application/json")
    assert whole.handed_out <= 65_536
