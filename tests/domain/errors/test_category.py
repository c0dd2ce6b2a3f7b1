# ruff: noqa: E501  # a real message stands on one line, whole
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.errors.corpus import classified
from support.examples import examples

from console.domain.errors import category as category_module
from console.domain.errors.category import Blame, Category, judged

_DRIFT = Category.ENDPOINT_DRIFT
_PRICING, _QUOTA = Category.ACCOUNT_PRICING, Category.ACCOUNT_QUOTA
_AUTH, _PERMISSION = Category.ACCOUNT_AUTH, Category.ACCOUNT_PERMISSION
_MISSING, _RATE, _DOWN = Category.ROUTE_MISSING, Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE
_LATE, _INVALID = Category.TIMEOUT, Category.INVALID_REQUEST
_POLICY, _BROKEN = Category.CONTENT_POLICY, Category.CONTRACT_VIOLATION


def body_of(code: str = "", kind: str = "", message: str = "") -> bytes:
    """Return an error in OpenAI's envelope, with null where there is no word."""
    error = {"message": message, "type": kind or None, "param": None, "code": code or None}
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")


_BY_WORDS: list[tuple[int, str, str, str, Category]] = [
    (404, "", "invalid_request_error", "This model is only supported in v1/responses and not in v1/chat/completions.", _DRIFT),
    (404, "", "invalid_request_error", "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?", _DRIFT),
    (400, "unsupported_api_for_model", "", 'model "gpt-5.3-codex" is not accessible via the /chat/completions endpoint', _DRIFT),
    (400, "", "", 'model "gpt-5.4" is not accessible via the /chat/completions endpoint', _DRIFT),
    (400, "model_not_found", "invalid_request_error", "The requested model 'gpt-4o-search-preview' is not supported with the Responses API.", _DRIFT),
    (400, "", "invalid_request_error", "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.", _DRIFT),
    (400, "unsupported_parameter", "invalid_request_error", "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'.", _DRIFT),
    (400, "OperationNotSupported", "", "The chatCompletion operation does not work with the specified model, gpt-5-pro.", _DRIFT),
    (500, "", "", "messages is not supported by openai", _DRIFT),
    (500, "", "", "createModelResponse is not supported by anthropic", _DRIFT),
    (400, "", "", "Error 400 from delegate `openai-completion`: 404 This model is only supported in v1/responses and not in v1/chat/completions.", _DRIFT),
    (500, "convert_request_failed", "new_api_error", "not implemented", _DRIFT),
    (400, "", "invalid_request_error", "Unsupported legacy protocol: /v1/chat/completions is not supported. Please use /v1/responses.", _DRIFT),
    (500, "model_price_error", "new_api_error", "模型 grok-2-1212 倍率或价格未配置，请设置或开始自用模式；Model grok-2-1212 ratio or price not set, please set or start self-use mode", _PRICING),
    (400, "", "new_api_error", "模型 claude-opus-5 的价格未配置。Model claude-opus-5 price not configured. Go to System Settings", _PRICING),
    (400, "", "", "Model claude-opus-5 has not been priced by the administrator yet.", _PRICING),
    (500, "500", "internal_server_error", 'litellm.InternalServerError: OpenAIException - {"error":{"message":"model boom-price ratio or price not set","code":"model_price_error"}}', _PRICING),
    (404, "ModelNotOpen", "Not Found", "Your account has not activated the model. Please activate the model service in the console.", _PRICING),
    (400, "", "", "Your account has not activated the model seedream-4-0-250828.", _PRICING),
    (404, "model_not_found", "invalid_request_error", "Your organization must be verified to use the model `gpt-5`.", _PRICING),
    (400, "unsupported_value", "invalid_request_error", "Your organization must be verified to generate reasoning summaries.", _PRICING),
    (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.", _QUOTA),
    (403, "insufficient_user_quota", "one_api_error", "user quota is not enough", _QUOTA),
    (400, "billing_hard_limit_reached", "invalid_request_error", "Billing hard limit has been reached", _QUOTA),
    (422, "422", "budget_exceeded", "Budget has been exceeded! Current cost: 26.075, Max budget: 0.25", _QUOTA),
    (400, "400", "auth_error", "Budget has been exceeded! Current cost: 0.0010747, Max budget: 0.0", _QUOTA),
    (400, "", "invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.", _QUOTA),
    (400, "", "invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01.", _QUOTA),
    (401, "", "one_api_error", "该令牌额度已用尽", _QUOTA),
    (429, "1113", "", "余额不足或无可用资源包,请充值。", _QUOTA),
    (402, "402", "", "This request requires more credits, or fewer max_tokens.", _QUOTA),
    (503, "usage_limit_reached", "", "The usage limit has been reached", _QUOTA),
    (401, "401", "auth_error", "Authentication Error, No api key passed in.", _AUTH),
    (400, "400", "no_db_connection", "No connected db.", _AUTH),
    (401, "", "authentication_error", "OAuth token has expired. Please obtain a new token or refresh your existing token.", _AUTH),
    (401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided: sk-qtKGh****xymX.", _AUTH),
    (401, "", "new_api_error", "无效的令牌", _AUTH),
    (200, "", "", '{"base_resp":{"status_code":2049,"status_msg":"invalid API Key"}}', _AUTH),
    (403, "access_denied", "new_api_error", "您的 IP 不在令牌允许访问的列表中", _PERMISSION),
    (401, "", "", "401Authentication Error, API Key not allowed to access model. This token can only access models=['gpt-4']", _PERMISSION),
    (401, "", "invalid_request_error", "You have insufficient permissions for this operation. Missing scopes: model.request.", _PERMISSION),
    (403, "model_not_found", "invalid_request_error", "Project `proj_x` does not have access to model `gpt-5`.", _PERMISSION),
    (403, "403", "team_model_access_denied", "team not allowed to access model.", _PERMISSION),
    (403, "", "permission_error", "Your API key does not have permission to use the specified resource.", _PERMISSION),
    (503, "model_not_found", "new_api_error", "No available channel for model gpt-9 under group default (distributor)", _MISSING),
    (503, "", "one_api_error", "当前分组 default 下对于模型 gpt-9 无可用渠道", _MISSING),
    (404, "model_not_found", "invalid_request_error", "The model `gpt-9` does not exist or you do not have access to it.", _MISSING),
    (404, "", "not_found_error", "model: claude-4-sonnet", _MISSING),
    (400, "400", "None", "{'error': '/chat/completions: Invalid model name passed in model=gpt-9.'}", _MISSING),
    (404, "DeploymentNotFound", "", "The API deployment for this resource does not exist.", _MISSING),
    (501, "api_not_implemented", "new_api_error", "API not implemented", _DRIFT),
    (404, "404", "invalid_model", "Model does not exist", _MISSING),
    (400, "", "invalid_request_error", "Output blocked by content filtering policy", _POLICY),
    (400, "content_filter", "", "The response was filtered.", _POLICY),
    (500, "sensitive_words_detected", "new_api_error", "sensitive_words_detected", _POLICY),
    (400, "cyber_policy", "invalid_request", "This content was flagged for possible cybersecurity risk.", _POLICY),
    (429, "rate_limit_exceeded", "tokens", "Rate limit reached for model `llama-3.3-70b-versatile`", _RATE),
    (429, "rate_limit_error", "invalid_request_error", "This request would exceed the rate limit for your organization.", _RATE),
    (429, "429", "throttling_error", "litellm.RateLimitError: too many", _RATE),
    (408, "", "timeout_error", "Request exceeded the timeout sent in the request: 60000ms", _LATE),
]  # fmt: skip
"""Status, code, type and message of real errors whose words decide, with the category that an operator needs."""

_BY_STATUS: list[tuple[int, str, str, str, Category]] = [
    (401, "AuthenticationError", "Unauthorized", "The API key in the request is missing or invalid.", _AUTH),
    (401, "", "", "API_KEY缺失", _AUTH),
    (401, "", "one_api_error", "该令牌已过期", _AUTH),
    (402, "402", "", "Insufficient credits. Add more using https://openrouter.ai/settings/credits", _QUOTA),
    (402, "invalid_request_error", "unknown_error", "Insufficient Balance", _QUOTA),
    (403, "", "one_api_error", "用户已被封禁", _PERMISSION),
    (403, "", "", "<html>Forbidden</html>", _PERMISSION),
    (404, "404", "", "Requested entity was not found.", _MISSING),
    (404, "", "invalid_request_error", "no words that are known", _MISSING),
    (404, "", "invalid_request_error", "Invalid URL (POST /v1/v1/chat/completions)", _MISSING),
    (405, "", "", "", _MISSING),
    (413, "", "request_too_large", "Request exceeds the maximum allowed number of bytes.", _INVALID),
    (422, "", "", "", _INVALID),
    (400, "", "invalid_request_error", "assistant messages must include non-empty content or tool_calls", _INVALID),
    (400, "unsupported_parameter", "invalid_request_error", "Unsupported parameter: 'max_tokens' is not supported with this model.", _INVALID),
    (400, "integer_below_min_value", "invalid_request_error", "Invalid 'max_output_tokens': integer below minimum value.", _INVALID),
    (400, "", "", "Either x-portkey-config or x-portkey-provider header is required", _INVALID),
    (429, "429", "", "Provider returned error", _RATE),
    (429, "", "new_api_error", "您已达到请求数限制：1分钟内最多请求60次", _RATE),
    (500, "", "api_error", "Internal server error", _DOWN),
    (500, "do_request_failed", "do_request_failed", "do request failed: connection refused", _DOWN),
    (502, "bad_response_status_code", "upstream_error", "bad response status code 502", _DOWN),
    (503, "", "", "upstream connect error or disconnect/reset before headers.", _DOWN),
    (522, "", "", "error code: 522", _DOWN),
    (529, "", "overloaded_error", "Overloaded", _DOWN),
    (524, "", "", "<!DOCTYPE html>", _LATE),
    (504, "", "", "<html>504 Gateway Time-out</html>", _LATE),
    (418, "", "", "", _INVALID),
    (599, "", "", "", _DOWN),
    (200, "", "overloaded_error", "Overloaded", _DOWN),
    (200, "", "", "", _BROKEN),
    (0, "", "", "", _BROKEN),
    (302, "", "", "", _BROKEN),
    (500, "429", "", "", _RATE),
    (200, "429", "", "Provider returned error", _RATE),
    (200, "402", "", "Insufficient credits.", _QUOTA),
    (200, "503", "", "", _DOWN),
    (200, "200", "", "", _BROKEN),
]  # fmt: skip
"""Errors whose words say nothing that their status does not say better."""


def _category_of(code: str = "", kind: str = "", message: str = "", status: int | None = 400) -> Category:
    return classified(status, body_of(code, kind, message)).category


@pytest.mark.parametrize("rows", [_BY_WORDS, _BY_STATUS], ids=["by its words", "by its status"])
def test_a_real_error_is_put_into_its_category(rows: list[tuple[int, str, str, str, Category]]) -> None:
    found = [(*row, _category_of(*row[1:4], status=row[0])) for row in rows]
    assert [row for row in found if row[4] is not row[5]] == []


_OF_ACCOUNT_OR_ROUTE = {401: _AUTH, 402: _QUOTA, 403: _PERMISSION, 404: _MISSING}
"""The statuses that outweigh a word for a limit, with what they say."""


def test_an_errors_own_words_decide_whatever_its_status() -> None:
    statuses = (200, 400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 524, 529)
    found = [
        (code, kind, message, category, other, _category_of(code, kind, message, other))
        for own, code, kind, message, category in _BY_WORDS
        for other in (own, *statuses)
        if category is not _RATE or other not in _OF_ACCOUNT_OR_ROUTE
    ]
    assert [row for row in found if row[3] is not row[5]] == []


@pytest.mark.parametrize(("status", "category"), _OF_ACCOUNT_OR_ROUTE.items())
def test_a_status_of_an_account_or_a_route_outweighs_a_word_for_a_limit(status: int, category: Category) -> None:
    words = [row[1:4] for row in _BY_WORDS if row[4] is _RATE]
    words += [("rate_limit_exceeded", "rate_limit_error", "Rate limit exceeded"), ("", "rate_limit_error", "m")]
    found = [classified(status, body_of(*each)) for each in words]
    assert {each.category for each in found} == {category}
    assert [each for each in found if each.retryable] == []


def test_a_403_whose_sentence_names_a_wait_is_a_limit_and_is_not_said_to_pass() -> None:
    """GitHub refuses a burst of calls with 403."""
    found = classified(403, body_of("", "", "You have exceeded a secondary rate limit. Retry after 60 seconds."))
    assert found.category is _RATE
    assert found.stops
    assert not found.retryable


def test_an_account_or_route_error_never_looks_as_if_it_would_pass_later() -> None:
    stopping = [row for row in _BY_WORDS + _BY_STATUS if row[4].stops_before_generation]
    found = [(*row, _category_of(*row[1:4], status=row[0])) for row in stopping]
    assert len(found) > 40
    assert [row for row in found if not row[5].stops_before_generation or row[5] in (_RATE, _DOWN, _LATE)] == []


def test_exactly_six_categories_stop_before_generation() -> None:
    assert {category for category in Category if category.stops_before_generation} == {
        _DRIFT, _PRICING, _QUOTA, _AUTH, _PERMISSION, _MISSING
    }  # fmt: skip
    assert {category for category in Category if category.is_account} == {_PRICING, _QUOTA, _AUTH, _PERMISSION}


def test_every_category_has_a_blame_an_action_and_its_place_in_the_tree() -> None:
    found = {category: judged(category, "evidence") for category in Category}
    assert {category: each for category, each in found.items() if each.category is not category} == {}
    assert {each.evidence for each in found.values()} == {"evidence"}
    assert {category: each for category, each in found.items() if each.blame not in Blame} == {}
    assert {category: each for category, each in found.items() if not each.action.endswith(".")} == {}
    assert [category for category in Category if f"─ {category} " not in (category_module.__doc__ or "")] == []


def test_blame_and_action_may_be_given() -> None:
    found = judged(_AUTH, "e", blame=Blame.CONFIG, action="Do this.")
    assert (found.blame, found.action) == (Blame.CONFIG, "Do this.")


def test_an_account_matter_is_blamed_on_the_account() -> None:
    matters = (_PRICING, _QUOTA, _AUTH, _PERMISSION)
    assert {each: judged(each, "e").blame for each in matters} == dict.fromkeys(matters, Blame.ACCOUNT)


def test_drift_is_blamed_on_the_config_and_not_on_the_model() -> None:
    found = judged(_DRIFT, "e")
    assert found.blame is Blame.CONFIG
    assert "not the model" in found.action


def test_the_evidence_names_the_field_that_decided() -> None:
    fields = {
        ("insufficient_quota", "insufficient_quota", ""): "(code)",
        ("", "", "Your credit balance is too low"): "(message)",
        ("", "permission_error", ""): "(type)",
        ("1301", "", ""): "(code)",
    }
    found = {words: classified(400, body_of(*words)).evidence for words in fields}
    assert {words: each for words, each in found.items() if not each.endswith(fields[words])} == {}


def test_letter_case_and_marks_do_not_matter() -> None:
    words = ("Insufficient_Quota", "INSUFFICIENT_QUOTA", "InsufficientQuota", "insufficient-quota")
    assert {word: _category_of(word, status=429) for word in words} == dict.fromkeys(words, _QUOTA)


def test_a_word_is_matched_whole() -> None:
    others = ("xcyber_policy", "cyber_policy_x", "cyber_policyx", "cyber.policies")
    assert _category_of("cyber_policy", status=429) is _POLICY
    assert {word: _category_of(word, status=429) for word in others} == dict.fromkeys(others, _RATE)


def test_a_status_within_the_body_counts_where_the_outer_one_is_a_wrappers() -> None:
    wrappers = dict.fromkeys((200, None, 400, 500, 502, 503), _RATE)
    expected = {**wrappers, 401: _AUTH, 403: _PERMISSION, 404: _MISSING}
    assert {status: _category_of("429", status=status) for status in expected} == expected


def test_a_code_that_says_nothing_leaves_the_decision_to_the_rest() -> None:
    codes = ("null", '""', '"None"', '"null"', '"<nil>"', "0", "true", "[]", "{}", '"undefined"')
    body = '{"error": {"code": CODE, "type": null, "message": "Insufficient Balance"}}'
    bodies = {code: body.replace("CODE", code) for code in codes}
    assert {code: classified(500, said).category for code, said in bodies.items()} == dict.fromkeys(codes, _QUOTA)
    silent = {code: said.replace("Insufficient Balance", "").encode() for code, said in bodies.items()}
    assert {code: classified(401, said).category for code, said in silent.items()} == dict.fromkeys(codes, _AUTH)


def test_a_status_that_is_no_refusal_says_nothing_about_the_request() -> None:
    statuses = (0, -1, 99, 302)
    assert {each: classified(each, b"").category for each in statuses} == dict.fromkeys(statuses, _BROKEN)


_WORD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["429", "404", "٤٠٤", "4²9", "invalid_request_error", "server_error", "model_not_found", "\ud800"]),
)


@examples(200)
@given(status=st.one_of(st.integers(), st.integers(100, 599)), code=_WORD, kind=_WORD, message=st.text(max_size=40))
def test_any_error_has_a_category(status: int, code: str, kind: str, message: str) -> None:
    found = classified(status, body_of(code, kind, message))
    assert found.category in Category
    assert found.evidence
    assert found.action


_MARK = st.text("qxzj", min_size=8, max_size=14)


@examples(100)
@given(row=st.sampled_from(_BY_WORDS + _BY_STATUS), mark=_MARK)
def test_no_text_from_outside_is_in_a_classification(row: tuple[int, str, str, str, Category], mark: str) -> None:
    status, code, kind, message, _ = row
    for found in (
        classified(status, body_of(code, kind, f"{mark} {message} {mark}")),
        classified(status, body_of(mark, kind, message)),
        classified(status, body_of(code, mark, message)),
        classified(status, body_of(code, kind, message), mark, headers={mark: mark, "retry-after": mark}, path=mark),
    ):
        assert mark not in repr(found)
