# a message stands on one line, whole
"""Each kind of refusal in several wordings and languages: the rules state the reason, and know no body.

The messages are ours. What gateways really said is in the corpora.
"""

import pytest
from support.errors.corpus import classified

from console.domain.errors.category import Blame, Category, Confidence

_Q, _P, _A = Category.ACCOUNT_QUOTA, Category.ACCOUNT_PERMISSION, Category.ACCOUNT_AUTH
_M, _R, _U = Category.ROUTE_MISSING, Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE
_I, _B, _T = Category.INVALID_REQUEST, Category.CONTRACT_VIOLATION, Category.TIMEOUT
_C = Category.CONTENT_POLICY


def _body(message: str, kind: str = "") -> str:
    said = message.replace('"', "'")
    return f'{{"error": {{"message": "{said}", "type": "{kind}"}}}}'


def _misread(rows: list[tuple[int, str, Category]], kind: str = "") -> list[tuple[str, str]]:
    found = [(message, category, classified(status, _body(message, kind))) for status, message, category in rows]
    return [
        (message, f"{each.category} by {each.rule}") for message, category, each in found if each.category != category
    ]


def test_a_limit_that_is_counted_in_money_is_a_quota_in_every_language() -> None:
    rows = [
        (429, "每日消费限额已达到：¥50.00 / ¥50.00", _Q),
        (402, "週消費超限：當前 $70.2 USD（限制：$70 USD）", _Q),
        (429, "日次コスト制限を超過しました：$10.1 USD", _Q),
        (429, "주간 비용 한도를 초과했습니다: $70.2 / $70 USD", _Q),
        (429, "Kontingent überschritten: 10,00 € von 10,00 €", _Q),
        (429, "Has superado el límite de gasto mensual de 20 USD", _Q),
        (429, "Превышен лимит расходов: 500 руб", _Q),
        (429, "Key budget: spent $12.01 of $12.00", _Q),
        (403, "使用者額度不足，請儲值", _Q),
        (429, "今月の利用枠を使い切りました", _Q),
        (403, "크레딧이 부족합니다. 충전 후 다시 시도하세요.", _Q),
    ]
    assert _misread(rows, "rate_limit_error") == []
    assert (
        classified(
            429, '{"error": {"type": "rate_limit_error", "limit_type": "usd_daily", "message": "limit reached"}}'
        ).category
        is _Q
    )


def test_a_limit_in_a_short_time_stays_one_in_every_language() -> None:
    rows = [
        (429, "レート制限を超えました。しばらく待ってから再試行してください", _R),
        (429, "분당 요청 한도를 초과했습니다.", _R),
        (429, "請求過於頻繁，請稍後再試", _R),
        (429, "Trop de requêtes, réessayez plus tard", _R),
        (429, "Слишком много запросов", _R),
    ]
    assert _misread(rows) == []


def test_what_is_not_set_up_is_a_missing_route_and_what_rests_passes() -> None:
    rows = [
        (503, "No active accounts available for this group", _M),
        (503, "All accounts are inactive", _M),
        (503, "no assignable account for model gpt-5", _M),
        (400, "No model configured for role 'haiku'", _M),
        (500, "プロバイダーが設定されていません", _M),
        (503, "사용 가능한 제공자가 없습니다", _M),
        (503, "沒有可用的供應商", _M),
        (503, "Circuit breaker is open for provider anthropic", _U),
        (503, "上游渠道已熔断,请稍后重试", _U),
        (429, "No deployments available for selected model, Try again in 30 seconds.", _R),
        (429, "All credentials for model gpt-5 are cooling down", _R),
    ]
    assert _misread(rows) == []


def test_a_limit_of_calls_at_once_is_one_of_time_also_in_words_of_a_quota() -> None:
    rows = [
        (429, "全局额度超限(并发限流)", _R),
        (429, "Concurrency quota exceeded for this key", _R),
        (429, "Quota exceeded: too many concurrent requests", _R),
        (429, "同時実行数のクォータの上限に達しました", _R),
        (429, "동시 요청 한도를 초과했습니다", _R),
        (429, "并发额度余额不足，请充值", _Q),
        (429, "Daily quota of concurrent requests used up", _Q),
    ]
    assert _misread(rows, "rate_limit_error") == []


def test_who_did_not_answer_in_time_and_whose_answer_cannot_be_read_in_every_language() -> None:
    rows = [
        (500, "Сервер не ответил вовремя", _T),
        (500, "Das Modell hat nicht rechtzeitig geantwortet", _T),
        (500, "Le modèle n'a pas répondu à temps", _T),
        (502, "模型未在规定时间内返回", _T),
        (500, "Не удалось разобрать ответ модели", _B),
        (500, "Die Antwort konnte nicht gelesen werden", _B),
        (500, "Impossible d'analyser la réponse", _B),
        (502, "上游没有返回用量", _B),
        (502, "Upstream returned no usage", _B),
        (502, "所有渠道均不可用", _U),
        (502, "All upstreams are unavailable", _U),
        (400, "内容审核未通过：TEXT_AUDIT", _C),
        (400, "抱歉，无法回答这个问题", _C),
        (429, "요청이 몰려 잠시 후 다시 시도해 주세요", _R),
    ]
    assert _misread(rows, "server_error") == []


def test_a_policy_of_use_is_an_account_matter_and_no_content() -> None:
    rows = [
        (429, "Your account's current usage pattern does not comply with the Fair Usage Policy", _P),
        (403, "您的账户当前使用模式不符合公平使用策略", _P),
        (403, "Your account was flagged for violating our usage policies", _P),
        (403, "Access denied due to suspected abuse", _P),
        (403, "不正利用が検出されたため、アカウントを停止しました", _P),
        (403, "비정상적인 사용 패턴이 감지되어 이용이 제한되었습니다", _P),
        (400, "Your prompt was flagged as violating our usage policy", _C),
    ]
    assert _misread(rows) == []


def test_who_failed_to_parse_what() -> None:
    rows = [
        (400, "malformed request: failed to parse JSON for /v1/messages: unexpected end of JSON input", _I),
        (400, "json: cannot unmarshal array into Go struct field Request.messages of type string", _I),
        (400, "リクエスト本文の解析に失敗しました", _I),
        (400, "请求体解析失败", _I),
        (502, "failed to parse JSON in upstream response: invalid character '<' looking for beginning of value", _B),
        (500, "failed to unmarshal response body: invalid character 'e' looking for beginning of value", _B),
        (502, "解析上游响应失败", _B),
        (502, "回應內容過大,超過 32MB", _B),
    ]
    assert _misread(rows) == []


def test_words_of_money_count_only_beside_money() -> None:
    rows = [
        (400, "Please upgrade to v2.1 of the gateway to use this parameter", _I),
        (413, "Request body exceeds the 10MB limit. Upgrade to raise the size limit", _I),
        (400, "Claude Code 2.1.220 does not support this model; version 2.1.251 or newer is required", _I),
        (400, "The 'gpt-5.5' model requires a newer version of Codex. Please upgrade to the latest app or CLI", _I),
        (503, "Account pool (plan: Pro) is busy, all 3 subscription accounts are overloaded", _U),
        (502, "上游响应体超过大小上限: 33554432 字节", _B),
    ]
    assert _misread(rows) == []


@pytest.mark.parametrize(
    ("status", "code", "category"),
    [
        (400, "cmek_key_disabled", _P),
        (403, "api_key_scope_missing", _P),
        (400, "workspace_policy_violation", _P),
        (400, "region_not_supported", _P),
        (400, "user_profile_required", _P),
        (400, "bio_policy", _C),
        (400, "misalignment_policy_violation", _C),
        (400, "request_body_timeout", _T),
        (410, "model_gone", _M),
        (501, "not_supported", _M),
    ],
)
def test_codes_of_providers_states(status: int, code: str, category: Category) -> None:
    assert classified(status, f'{{"error": {{"code": "{code}", "message": "m"}}}}').category is category


def test_states_of_providers_and_accounts() -> None:
    rows = [
        (400, "Function id 'x': DEGRADED function cannot be invoked", _U),
        (403, "Your newly created team doesn't have any credits or licenses yet.", _Q),
        (501, "count_tokens is not supported by this gateway", _M),
    ]
    assert _misread(rows) == []


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("context_management: Extra inputs are not permitted", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1"),
        ("output_config: Extra inputs are not permitted", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1"),
        ("client_metadata: unknown field", "pass on or ignore"),
        (
            "Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header",
            "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1",
        ),
        ("ValidationException: invalid beta flag", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1"),
        ("Only 'type:'function'' tools are supported on this endpoint", "additional_tools"),
        ("tools[5].type: unknown variant `namespace`, expected one of `function`", "namespace"),
        ("malformed request: failed to parse JSON for /v1/responses: unknown tool type", "namespace"),
        ("messages[1].role: unknown variant `system`, expected `user` or `assistant`", "role `system`"),
        ("Messages API 不支持 role='system'", "role `system`"),
        ("The reasoning_content in the thinking mode must be passed back to the API.", "reasoning"),
    ],
)
def test_a_refusal_of_what_only_agents_send_blames_the_gateway_and_has_its_remedy(message: str, remedy: str) -> None:
    for status in (400, 422, 500):
        found = classified(status, _body(message, "invalid_request_error"))
        assert (found.category, found.blame) == (_I, Blame.GATEWAY), found.rule
        assert remedy in found.action
        assert found.source.startswith("https://")
        assert found.ask.startswith("the gateway's administrator")
        assert not found.retryable


def test_an_error_inside_an_answer_of_200_is_read_by_its_own_words_and_says_so() -> None:
    known = classified(200, _body("Insufficient Balance"))
    assert known.category is _Q
    assert known.evidence.startswith("the error object in an answer with HTTP status 200 says that")
    unknown = classified(200, _body("Something odd happened"))
    assert (unknown.category, unknown.confidence) == (_B, Confidence.UNDECIDABLE)
    assert "error object in an answer with HTTP status 200" in unknown.evidence


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (502, "Upstream error", "upstream_error"),
        (502, "Upstream request failed", "upstream_error"),
        (500, "Provider returned error", ""),
        (500, "上流サーバーがエラーを返しました", ""),
        (400, "Bad Request", ""),
        (400, "Upstream request failed", "upstream_error"),
    ],
)
def test_a_body_without_its_reason_is_undecidable_and_says_what_would_decide(
    status: int, message: str, kind: str
) -> None:
    found = classified(status, _body(message, kind))
    assert found.confidence is Confidence.UNDECIDABLE
    assert _Q in found.other_readings
    assert not found.retryable
    assert "log" in found.action
    assert "check --level" in found.action


def test_a_slow_body_without_its_reason_keeps_its_other_readings() -> None:
    found = classified(502, _body("Upstream request failed", "upstream_error"), elapsed_s=130.0)
    assert set(found.other_readings) >= {_T, _Q}
    assert not found.retryable


def test_a_wrapper_that_kept_the_providers_status_gives_its_reason() -> None:
    kept = classified(502, '{"error": {"message": "bad response status code 502", "type": "upstream_error"}}')
    assert (kept.category, kept.confidence) == (_U, Confidence.LIKELY)
    paid = classified(502, '{"code": "UPSTREAM_ERROR", "message": "upstream failed", "upstream_status": 402}')
    assert paid.category is _Q


def test_a_refusal_by_the_provider_behind_the_gateway_is_the_gateways() -> None:
    theirs = classified(401, _body("Incorrect API key provided"), headers={"llm_provider-x-request-id": "r"})
    ours = classified(401, _body("Incorrect API key provided"))
    assert [each.category for each in (theirs, ours)] == [_A, _A]
    assert (theirs.blame, ours.blame) == (Blame.GATEWAY, Blame.ACCOUNT)
    assert "own key" in theirs.action
    said = classified(502, _body("Upstream authentication failed, please contact administrator", "upstream_error"))
    assert (said.category, said.blame) == (_A, Blame.GATEWAY)


def test_a_code_word_that_no_rule_knows_is_read_as_the_sentence_that_it_spells() -> None:
    codes = {"SESSION_KEY_EXPIRED": _A, "TENANT_QUOTA_EXHAUSTED": _Q, "GATEWAY_NO_PROVIDER_CONFIGURED": _M}
    found = {code: classified(500, f'{{"code": "{code}", "message": "m"}}') for code in codes}
    assert {code: each.category for code, each in found.items()} == codes
    assert {each.confidence for each in found.values()} == {Confidence.LIKELY}


def test_an_outage_that_no_word_confirms_is_doubted_if_the_error_says_something_that_no_rule_knows() -> None:
    """The sentence may name an account, in a language that the rules do not have."""
    unknown = classified(500, _body("Avainta ei löydy", "api_error"))
    assert (unknown.category, unknown.confidence) == (_U, Confidence.UNDECIDABLE)
    assert not unknown.retryable
    said = ["Internal server error", "Bad gateway", "", "error code: 502"]
    assert {classified(502, _body(message, "api_error")).retryable for message in said} == {True}


def test_a_rate_word_beside_words_of_money_or_a_plan_is_doubted() -> None:
    rows = [
        (429, "You're out of messages until 5 PM", _Q),
        (429, "Monthly token allotment exhausted", _Q),
        (429, "Votre crédit est épuisé", _Q),
        (429, "無料利用分を使い切りました", _Q),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute.", _R),
    ]
    assert _misread(rows, "rate_limit_error") == []
    assert not classified(429, _body("Weekly cap reached", "rate_limit_error")).retryable


def test_a_friendly_answer_that_generated_nothing_is_read_as_an_error() -> None:
    """Some gateways tell an error to a person, as an answer of the model with a status of success."""
    told = (
        '{"object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "%s"}}], "usage": %s}'
    )
    usage = '{"prompt_tokens": 0, "completion_tokens": 0}'
    known = classified(200, told % ("I don't recognize this key. It might have been deleted.", usage))
    assert known.category is _A
    unknown = classified(200, told % ("Talk to Bob before you go on.", usage))
    assert (unknown.category, unknown.confidence) == (_B, Confidence.UNDECIDABLE)
    assert "the gateway's own" in unknown.evidence
    generated = classified(200, told % ("Hello.", '{"prompt_tokens": 4, "completion_tokens": 2}'))
    assert generated.confidence is Confidence.CERTAIN


def test_a_sentence_weighs_more_than_the_code_beside_it() -> None:
    minute = classified(429, '{"code": "token_quota_exceeded", "message": "Tokens per minute limit exceeded"}')
    spent = classified(429, '{"code": "token_quota_exceeded", "message": "Token allowance used up"}')
    assert (minute.category, spent.category) == (_R, _Q)


def test_who_may_call_is_an_account_matter_whatever_the_status() -> None:
    for status in (400, 401, 403, 500, 503):
        rows = [
            (status, "You appear to be using a non-Claude Code client, which is prohibited", _P),
            (status, "该分组仅供 Codex CLI 使用", _P),
            (status, "このAPIキーはClaude Codeでのみ使用できます", _P),
            (status, "Illegal API invocation from an unapproved channel", _P),
        ]
        assert _misread(rows, "invalid_request_error") == []


def test_accounts_that_rest_are_never_said_to_pass_for_certain() -> None:
    """Those who exist and cannot be used now may also be unpaid or not set up."""
    found = classified(503, "auth_unavailable: 候选 2 个，不可用 2 个")
    assert (found.category, found.retryable) == (_U, False)
    assert {_M, _Q} <= set(found.other_readings)


def test_a_bill_that_was_not_paid_in_time_is_no_timeout() -> None:
    rows = [
        (500, "未能及时续费，服务已停", _Q),
        (500, "Die Rechnung wurde nicht rechtzeitig bezahlt, Guthaben leer", _Q),
    ]
    assert _misread(rows, "server_error") == []
    assert not classified(500, _body("Nicht rechtzeitig bezahlt", "server_error")).retryable
