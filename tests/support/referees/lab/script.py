"""What the lab's upstream does, by the name of the model that is called, and what is true of a call then.

The truth is what a console has to say if nothing on the way hides it: a category, whom to blame and an exit code.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from support.gateway.servers import END, head, whole
from support.referees.lab.act import (
    REQUEST_ID,
    Act,
    C,
    Call,
    M,
    R,
    answer_well,
    bounce,
    count,
    count_halfway,
    count_nothing,
    cut,
    drop,
    end_early,
    envelope,
    fail_midway,
    flow,
    refuse,
    send,
    stall,
    start_slowly,
)

from console.domain.errors.category import Category
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class Script:
    """What the upstream does, and what is true of a call that met it; no category where the call is good."""

    act: Act
    category: Category | None = None
    exit_code: int = 0
    blame: str | None = None
    retry_after_s: float | None = None
    serves: tuple[EndpointFamily, ...] = ()
    """The families on which the call is good all the same."""

    def is_good_on(self, family: EndpointFamily) -> bool:
        """Return whether a call on a family gets a good answer."""
        return self.category is None or family in self.serves


def serve_only(family: EndpointFamily) -> Script:
    """Serve a model on one family, and say on the others where it is served."""

    async def act(call: Call) -> None:
        if call.family is family:
            await answer_well(call)
            return
        here, there = call.family.standard_path, family.standard_path
        words = f"The model `{call.model}` is only supported in {there} and not in {here}."
        openai = {"message": words, "type": "invalid_request_error", "param": "model"}
        anthropic = {"type": "not_found_error", "message": words}
        await call.send(whole(404, envelope(call.family, openai, anthropic), REQUEST_ID))

    return Script(act, Category.ENDPOINT_DRIFT, 6, "config", serves=(family,))


_QUOTA = {
    "message": "Your credit balance is too low to access the API. Please go to Plans & Billing to purchase credits.",
    "type": "insufficient_quota",
    "code": "insufficient_quota",
}
_LOGIN = b"<!doctype html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"


def _down(act: Act) -> Script:
    return Script(act, Category.UPSTREAM_UNAVAILABLE, 10, "gateway")


SCRIPTS: Mapping[str, Script] = {
    "healthy": Script(answer_well),
    "slow": Script(start_slowly),
    "flowing": Script(flow),
    "counting": Script(count),
    "counting-halfway": Script(count_halfway, Category.CONTRACT_VIOLATION, 1, "gateway"),
    "e401": Script(
        refuse(
            401,
            {"message": "Incorrect API key provided.", "type": "invalid_request_error", "code": "invalid_api_key"},
            {"type": "authentication_error", "message": "invalid x-api-key"},
        ),
        Category.ACCOUNT_AUTH,
        5,
        "account",
    ),
    "e402": Script(
        refuse(402, _QUOTA, {"type": "billing_error", "message": "Your credit balance is too low."}),
        Category.ACCOUNT_QUOTA,
        5,
        "account",
    ),
    "e403": Script(
        refuse(
            403,
            {"message": "You do not have permission to use this model.", "type": "permission_error"},
            {"type": "permission_error", "message": "Your API key does not have permission to use this model."},
        ),
        Category.ACCOUNT_PERMISSION,
        5,
        "account",
    ),
    "price": Script(
        refuse(
            500,
            {"message": "model ratio or price not set", "type": "new_api_error", "code": "model_price_error"},
            {"type": "model_price_error", "message": "model ratio or price not set"},
        ),
        Category.ACCOUNT_PRICING,
        5,
        "account",
    ),
    "e429": Script(
        refuse(
            429,
            {"message": "Rate limit reached for requests.", "type": "requests", "code": "rate_limit_exceeded"},
            {"type": "rate_limit_error", "message": "This request would exceed your rate limit."},
            "retry-after: 7",
        ),
        Category.RATE_LIMIT,
        1,
        "account",
        retry_after_s=7,
    ),
    "e500": _down(
        refuse(
            500,
            {"message": "The server had an error while processing your request.", "type": "server_error"},
            {"type": "api_error", "message": "Internal server error"},
        )
    ),
    "e503": _down(
        refuse(
            503,
            {"message": "The service is temporarily unavailable.", "type": "server_error"},
            {"type": "api_error", "message": "The service is temporarily unavailable."},
        )
    ),
    "e529": _down(
        refuse(
            529,
            {"message": "Overloaded", "type": "overloaded_error"},
            {"type": "overloaded_error", "message": "Overloaded"},
        )
    ),
    "e500-stream": _down(send(head(500, REQUEST_ID) + END)),
    "drop": _down(drop),
    "no-key-seen": Script(
        refuse(
            401,
            {"message": "You didn't provide an API key.", "type": "invalid_request_error"},
            {"type": "authentication_error", "message": "x-api-key header is required"},
        ),
        Category.ACCOUNT_AUTH,
        5,
        "account",
    ),
    "family-r": serve_only(R),
    "family-m": serve_only(M),
    "family-c": serve_only(C),
    "bounced": Script(bounce, Category.ENDPOINT_DRIFT, 6, "gateway"),
    "cut": _down(cut),
    "failing": _down(fail_midway),
    "ends-early": Script(end_early, Category.CONTRACT_VIOLATION, 1, "gateway"),
    "stalling": Script(stall, Category.TIMEOUT, 10, "gateway"),
    "counts-nothing": Script(count_nothing),
    "empty": Script(send(head(200, REQUEST_ID) + END), Category.CONTRACT_VIOLATION, 1, "gateway"),
    "login": Script(
        send(whole(200, _LOGIN, REQUEST_ID, content_type="text/html")), Category.CONTRACT_VIOLATION, 1, "gateway"
    ),
    "elsewhere": Script(
        send(whole(302, b"", "location: http://127.0.0.2:9/", content_type="text/html")),
        Category.ORIGIN_REFUSED,
        11,
        "config",
    ),
    "mislabelled": Script(
        send(whole(200, {"error": {"param": None, **_QUOTA}}, REQUEST_ID, content_type="text/event-stream")),
        Category.ACCOUNT_QUOTA,
        5,
        "account",
    ),
}
"""By the name of the model."""
