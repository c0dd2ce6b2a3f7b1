"""Reading a refused call's body out of any envelope."""

import json

import pytest

from console.domain.errors.body import READ_LIMIT, ErrorWord, read_error_body, squash


def words(text: str) -> list[tuple[str, str]]:
    return [(word.key, word.squashed) for word in read_error_body(text).words]


@pytest.mark.parametrize(
    ("word", "squashed"),
    [
        ("insufficient_quota", "insufficientquota"),
        ("InsufficientQuota", "insufficientquota"),
        ("Throttling.RateQuota", "throttlingratequota"),
        ("429", "429"),
        ("", ""),
        ("<nil>", "nil"),
        ("模型-不存在", "模型不存在"),
    ],
)
def test_a_word_is_squashed_to_be_compared(word: str, squashed: str) -> None:
    assert squash(word) == squashed


@pytest.mark.parametrize("depth", range(5))
def test_a_field_is_found_at_every_depth_of_escaping(depth: int) -> None:
    text = json.dumps({"code": "model_price_error"})
    for _ in range(depth):
        text = json.dumps({"message": text})
    (word,) = [each for each in read_error_body(text).words if each.squashed == "modelpriceerror"]
    assert word.key == "code"
    assert word.depth == 2**depth - 1


def test_the_innermost_words_come_first() -> None:
    inner = json.dumps({"error": {"code": "insufficient_quota"}})
    text = json.dumps({"error": {"type": "api_error", "message": inner, "code": "bad_response"}})
    assert words(text) == [("code", "insufficientquota"), ("type", "apierror"), ("code", "badresponse")]
    assert [word.depth for word in read_error_body(text).words] == [1, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        "{'error': {'code': 'context_length_exceeded', 'param': None}}",
        "Error code: 400 - {'code': 'context_length_exceeded'}",
        '{"error":\n  {"code" :\t"context_length_exceeded"}}',
        "{\"detail\": \"{'code': 'context_length_exceeded'}\"}",
        'data: {"code":"context_length_exceeded"}\n\n',
    ],
)
def test_a_field_is_found_in_every_way_of_quoting(text: str) -> None:
    assert ("code", "contextlengthexceeded") in words(text)


@pytest.mark.parametrize("value", ["null", '""', '"None"', '"null"', '"<nil>"', '"nil"', '"undefined"', "true", "1.5"])
def test_a_value_that_says_nothing_is_no_word(value: str) -> None:
    assert words(f'{{"code": {value}}}') == []


def test_numbers_are_words_unless_they_are_statuses() -> None:
    read = read_error_body('{"status_code": 1008, "code": 429, "ret_code": "1113"}')
    assert [word.squashed for word in read.words] == ["1008", "1113"]
    assert read.inner_status == 429


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"code": 404}', 404),
        ('{"code": "503"}', 503),
        ('{"error": {"message": "{\\"code\\": 401}", "code": 500}}', 401),
        ('{"param": "400", "type": "upstream_error"}', 400),
        ("Error from provider(404): no", 404),
        ("[openai/x] [429]: no", 429),
        ("Error code: 403 - {}", 403),
        ("HTTP 502", 502),
        ("404 Not Found", 404),
        ("unexpected status 401 Unauthorized: x", 401),
        ("bad response status code 502", 502),
        ('{"code": 200}', None),
        ('{"code": 12345}', None),
        ("costs 500 dollars", None),
        ("<TransferEncodingError: 400, message='Not enough data'>", None),
        ("at most: 500 tokens a call", None),
        ("500 tokens are the most", None),
        ("the list (429) is too long", None),
        ("barcode: 404", None),
        ("error: 500 characters at most", None),
        ('{"code": "E1", "upstream_status": 402}', 402),
        ("上游返回 429", 429),
        ("4040 things", None),
        ("", None),
    ],
)
def test_the_status_that_a_body_names_is_read(text: str, status: int | None) -> None:
    assert read_error_body(text).inner_status == status


def test_prose_is_one_plain_line() -> None:
    text = '{"message": "The\\n model `gpt”\\t\\u4e0d\\u5b58\\u5728，OK"}'
    assert read_error_body(text).prose == "{'message': 'the model 'gpt' 不存在,ok'}"


def test_prose_is_read_at_every_depth() -> None:
    inner = json.dumps({"message": 'The model "gpt-9" does not exist'})
    assert "the model 'gpt-9' does not exist" in read_error_body(json.dumps({"detail": inner})).prose


def test_a_web_pages_scripts_and_styles_are_not_read() -> None:
    page = (
        "<!DOCTYPE html><html><head><style>.quota{insufficient_quota}</style><SCRIPT>var code='rate_limit';</SCRIPT>"
        "<!-- invalid api key --><title>524: A timeout occurred</title></head><svg>forbidden</svg><p>Ray</p></html>"
    )
    read = read_error_body(page)
    assert read.is_html
    assert read.prose == "524: a timeout occurred ray"
    assert not read.mentioned & {"insufficientquota", "ratelimit"}
    assert read_error_body(page).message == "524: A timeout occurred Ray"


@pytest.mark.parametrize(
    ("text", "content_type"), [("<html><script>x", ""), ("<html><!-- x", ""), ("<style>", "text/html")]
)
def test_a_page_that_ends_within_what_is_not_read_says_nothing(text: str, content_type: str) -> None:
    assert read_error_body(text, content_type).prose == ""


@pytest.mark.parametrize(
    ("text", "content_type", "is_cut"),
    [
        ('{"error": {"message": "m"}}', "", False),
        ('{"error": {"message": "m"}', "", True),
        ('{"error": {"mess', "", True),
        ("{", "", True),
        ('[{"error": 1}]', "", False),
        ('[{"error": 1}', "", True),
        ('data: {"error": {"message": "m"}}\n\n', "text/event-stream", False),
        ('event: error\ndata: {"err', "text/event-stream", True),
        ('Error code: 400 - {"err', "text/plain", True),
        ("plain text", "text/plain", False),
        ("<html>", "text/html", False),
        ("", "text/plain", False),
        ("", "application/json", True),
        ("", "application/problem+json; charset=utf-8", True),
        ("x" * (READ_LIMIT + 1), "text/plain", True),
    ],
)
def test_a_body_that_ends_too_early_is_known_as_such(text: str, content_type: str, *, is_cut: bool) -> None:
    assert read_error_body(text, content_type).is_cut is is_cut


def test_an_empty_body_is_empty() -> None:
    assert read_error_body(b"").is_empty
    assert read_error_body(b" \r\n\xef\xbb\xbf\t").is_empty
    assert not read_error_body(b"0").is_empty


def test_bytes_and_text_are_read_alike() -> None:
    text = '{"error": {"code": "余额不足", "message": "充值"}}'
    assert read_error_body(text) == read_error_body(text.encode()) == read_error_body(b"\xef\xbb\xbf" + text.encode())


def test_only_so_many_fields_are_kept() -> None:
    assert len(read_error_body('"code":"ab",' * 1_300).words) <= 400


def test_words_in_prose_are_mentioned_and_are_no_fields() -> None:
    read = read_error_body("RateLimitError: usage_limit_reached: you have used it up (DeploymentNotFound)")
    assert {"usagelimitreached", "deploymentnotfound", "ratelimiterror"} <= read.mentioned
    assert read.words == ()


def test_a_word_knows_its_field_and_its_depth() -> None:
    assert read_error_body('{"type": "Rate_Limit"}').words == (ErrorWord("type", "ratelimit", 0),)


# --- What it says to a person ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "No money.", "type": "t"}}', "No money."),
        ('{"error": {"type": "t", "message": "He said \\"no\\"."}}', 'He said "no".'),
        ('{"detail": "No money."}', "No money."),
        ('{"error": "No money."}', "No money."),
        ('{"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}', "insufficient balance"),
        ("{'error': {'message': 'No money.'}}", "No money."),
        ('{"error": {"message": "litellm.X: Y - {\\"error\\": {\\"message\\": \\"No money.\\"}}"}}', "No money."),
        ('{"error": {"message": "Provider error", "metadata": {"raw": "{\\"msg\\": \\"No money.\\"}"}}}', "No money."),
        ('{"error": {"message": "No\\nmoney.\\u4e0d"}}', "No money.不"),
        ('event: error\ndata: {"error": {"message": "No money."}}\n\n', "No money."),
        ("plain  text\n", "plain text"),
        ('{"error": {"message": "No mon', "No mon"),
        ('{"error": {"message": ""}}', '{"error": {"message": ""}}'),
        ("", ""),
    ],
)  # fmt: skip
def test_the_innermost_message_is_what_it_says_to_a_person(body: str, said: str) -> None:
    assert read_error_body(body).message == said
    assert read_error_body(body.encode()).message == said


def test_a_message_of_any_length_is_read_to_the_limit_only() -> None:
    assert len(read_error_body('{"message": "' + "x" * 1_000_000).message) <= READ_LIMIT
