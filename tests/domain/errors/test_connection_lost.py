"""A lost connection, an answer that broke its contract, and deployments that rest: who failed, and what passes."""

import json

import pytest
from support.errors.corpus import classified

from console.domain.errors.category import Blame, Category


def _body(message: str, code: str = "", kind: str = "server_error") -> str:
    return json.dumps({"error": {"message": message, "type": kind, "code": code}}, ensure_ascii=False)


_LITELLM = (
    "litellm.APIConnectionError: APIConnectionError: OpenAIException - Response payload is not completed:"
    " <TransferEncodingError: 400, message='Not enough data to satisfy transfer length header.'>."
    " ConnectionResetError(104, 'Connection reset by peer')"
)
_PORTKEY = 'Invalid response received from anthropic: {"html-message":"Message: fetch failed Cause:'


@pytest.mark.parametrize("status", [200, 500, 502])
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (_LITELLM, "500"),
        ("ConnectionResetError(104, 'Connection reset by peer')", ""),
        ("OpenAIException - Connection lost", ""),
        ("OpenAIException - peer closed connection without sending complete message body", ""),
        ("upstream stream interrupted", "stream_interrupted"),
        ("upstream connection closed mid-stream", "upstream_error"),
        (f'{_PORTKEY} SocketError: other side closed Name: TypeError"}}', ""),
        (f'{_PORTKEY} Error: connect ECONNREFUSED 127.0.0.1:4399"}}', ""),
        ("upstream prematurely closed connection while reading response header from upstream", ""),
        ("The socket connection was closed unexpectedly", ""),
        ("上游连接被重置", ""),
        ("上游串流中斷", ""),
        ("上流との接続が切断されました", ""),
        ("업스트림과의 연결이 끊어졌습니다", ""),
        ("Die Verbindung wurde unterbrochen", ""),
        ("La connexion a été interrompue", ""),
        ("Se perdió la conexión con el proveedor", ""),
        ("A conexão foi interrompida", ""),
        ("Соединение разорвано", ""),
        ("Mất kết nối với nhà cung cấp", ""),
    ],
)
def test_a_connection_that_was_lost_on_the_way_is_an_outage(status: int, message: str, code: str) -> None:
    found = classified(status, _body(message, code))
    assert (found.category, found.blame) == (Category.UPSTREAM_UNAVAILABLE, Blame.GATEWAY), found.rule


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("Invalid response received from anthropic: {'html-message':'<html>...'}", Category.CONTRACT_VIOLATION),
        ("upstream stream closed before response.completed", Category.CONTRACT_VIOLATION),
        ("Upstream stream ended without a terminal event", Category.CONTRACT_VIOLATION),
        ("unexpected EOF", Category.CONTRACT_VIOLATION),
        ("connection lost: timed out after 60 s", Category.TIMEOUT),
        ("fetch failed Cause: HeadersTimeoutError: Headers Timeout Error", Category.TIMEOUT),
        ("connection closed by upstream: insufficient balance", Category.ACCOUNT_QUOTA),
        ("Connection reset by peer: API key has expired", Category.ACCOUNT_AUTH),
    ],
)
def test_an_end_in_good_order_a_time_limit_and_an_account_are_no_lost_connection(
    message: str, category: Category
) -> None:
    assert classified(500, _body(message)).category is category


def test_a_bare_text_of_a_closed_connection_is_a_clients_word_on_the_gateways_own_stream() -> None:
    said = "RemoteProtocolError: peer closed connection without sending complete message body"
    assert classified(200, said).category is Category.CONTRACT_VIOLATION
    assert classified(200, _body(said)).category is Category.UPSTREAM_UNAVAILABLE


@pytest.mark.parametrize(
    "message",
    [
        "No deployments available for selected model.",
        "No deployments available for selected model, Try again in 5 seconds.",
        "There are no healthy deployments for this model",
    ],
)
def test_no_deployment_with_the_status_of_a_limit_passes_and_with_another_does_not(message: str) -> None:
    limited = classified(429, _body(message, "429", "internal_server_error"))
    assert (limited.category, limited.retryable, limited.blame) == (Category.RATE_LIMIT, True, Blame.GATEWAY)
    if "Try again" not in message:
        for status in (400, 404, 503):
            missing = classified(status, _body(message))
            assert (missing.category, missing.retryable) == (Category.ROUTE_MISSING, False)


def test_no_deployment_for_a_budget_is_a_quota() -> None:
    spent = classified(
        429, _body("No deployments available - crossed budget: Exceeded budget for provider openai", "429")
    )
    assert (spent.category, spent.retryable) == (Category.ACCOUNT_QUOTA, False)
