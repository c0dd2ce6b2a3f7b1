"""Who refused: the gateway the operator's token, or the provider behind it the gateway's own."""

import re
from collections.abc import Mapping
from dataclasses import replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Blame, Category, Classification

_PROVIDER_HEADER = "llm_provider-"
"""LiteLLM repeats a provider's response headers with this prefix; its own refusals have none."""
_KEY_ACCEPTED = "x-litellm-key-spend"
"""LiteLLM names what a key has spent only after it accepted that key, also where no answer came from the provider."""
_FROM_PROVIDER = re.compile(
    r"error from (?:the )?(?:provider|upstream)|(?:provider|upstream)[a-z ]{0,20} returned"
    r"|upstream (?:auth|access|account)|上游(?:返回|账号|帐号|帳號|认证|認證|渠道)"
    r"|litellm\.[a-z]{3,40}error: (?:[a-z]{3,40}error: )?[a-z_]{2,40}exception"
)
_ACTIONS = {
    Category.ACCOUNT_AUTH: "The provider refused the gateway's own key: have that key replaced in the gateway.",
    Category.ACCOUNT_PERMISSION: "The provider refused the gateway's own account: have its access changed there.",
    Category.ACCOUNT_QUOTA: "The gateway's own account with the provider is used up: have it topped up.",
}


def refused_after_proof(found: Classification) -> Classification:
    """Return the refusal of a token that the gateway accepted before: then the provider refused the gateway's own.

    Args:
        found: Why a call was refused whose token the gateway had told from a wrong one.

    """
    if found.category is not Category.ACCOUNT_AUTH or found.blame is not Blame.ACCOUNT:
        return found
    evidence = f"{found.evidence}; but rung 3 proved this key, so the provider behind the gateway refused"
    return replace(found, blame=Blame.GATEWAY, action=_ACTIONS[found.category], evidence=evidence)


def refused_by_provider(found: Classification, body: ErrorBody, headers: Mapping[str, str]) -> Classification | None:
    """Return an account's refusal with the gateway's blame if the provider behind it refused; None if that is unknown.

    The operator's token was then accepted, and replacing it does not help.
    """
    action = _ACTIONS.get(found.category)
    if action is None or found.blame is not Blame.ACCOUNT:
        return None
    names = [name.lower() for name in headers]
    is_of_key = found.category is not Category.ACCOUNT_QUOTA  # a key's budget is LiteLLM's own
    is_told = any(name.startswith(_PROVIDER_HEADER) for name in names) or (is_of_key and _KEY_ACCEPTED in names)
    if not is_told and _FROM_PROVIDER.search(body.prose[:2048]) is None:
        return None
    evidence = f"{found.evidence}; the provider behind the gateway said it"
    return replace(found, blame=Blame.GATEWAY, action=action, evidence=evidence)
