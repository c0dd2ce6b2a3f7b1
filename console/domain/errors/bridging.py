"""Who bridged: a refusal by which the gateway, and not the operator, called another endpoint family."""

import re
from dataclasses import replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Blame, Category, Classification, Confidence, judged
from console.domain.routes.family import EndpointFamily, family_of_path

_NAMED = re.compile(
    r"(/?v1/responses|/responses|responses[ -]api|api(?: de| da)? responses|responses endpoint|responses 接口"
    r"|/?v1/messages|/messages|messages[ -]api|api(?: de| da)? messages|anthropic messages"
    r"|/?v1/chat/completions|/chat/completions|chat[ -]completions?(?:[ -]api| endpoint)?)(?![a-z_])"
)
_REFUSES = re.compile(
    r"not (?:be )?(?:a chat model|supported|available|accessible|compatible|served|allowed|enabled|support|work)"
    r"|(?:does|do)(?: not|n't) (?:support|work|serve)|unsupported|incompatible|cannot be|can't be|isn't|aren't"
    r"|no longer|\bnot in\b|不支持|不支援|サポートされていません"
)
_NOT_IN_A_NAME = r"(?<![\w./-])(?!(?<=')[a-z]+')"
"""Before a word that may also be a part of a model's name (`only-m`), or a whole one in quotes."""
_ONLY = re.compile(rf"{_NOT_IN_A_NAME}only(?![\w-])|仅")
_ASKS = re.compile(
    rf"{_NOT_IN_A_NAME}(?:only|use|using|via|through|requires?|needs?|expects?|must|try)(?![\w-])|instead"
    r"|仅|只|僅|請使用|请使用|のみ|使用して|에서만"
    r"|\bnur\b|\bque via\b|\bque par\b|\buniquement\b|\bsolo\b|\bsólo\b|\bsó\b"
    r"|\bapenas\b|\bsomente\b|\bтолько\b|\bchỉ\b"
)
_CLAUSE_END = re.compile(r"[.;!?。；！？](?:\s|$)|,(?=[请請应應改])|, (?:and|but|please|use)\b|\band not\b")
_OF_A_MODEL = re.compile(r"model|modèle|claude|gpt|gemini|模型|モデル|모델|модел|mô hình")
_OF_A_FIELD = re.compile(
    r"parameter|param\b|field|argument|unknown|unrecognized|tool|content|image|stream|role|schema|value|header|tokens|url"
)
"""What makes a refusal that names a family one of a field of the call."""
_HEAD = 2048
_ACTION = (
    "The error names the family that you called, so the gateway forwarded the call to another one: have it forward this"
    " model's calls unchanged. The route is as the provider wants it."
)


def bridged(
    found: Classification, body: ErrorBody, family: EndpointFamily | None, path: str | None
) -> Classification | None:
    """Return the drift with the gateway's blame if the error asks for the very family called; None if it does not."""
    called = family if path is None else (family_of_path(path) or family)
    if found.category is not Category.ENDPOINT_DRIFT or called is None:
        return None
    asked, refused = _families(body.prose[:_HEAD])
    if called not in asked and (not refused or called in refused or asked):
        return None
    return replace(
        found,
        blame=Blame.GATEWAY,
        action=_ACTION,
        evidence=f"{found.evidence}; it asks for the family that was called",
    )


def by_named_family(body: ErrorBody, status: int | None) -> Classification | None:
    """Judge a refusal of a model that names the endpoint family it wants or refuses, in whatever words."""
    prose = body.prose[:_HEAD]
    if status in (401, 402, 403, 429) or _NAMED.search(prose) is None:
        return None
    if _OF_A_MODEL.search(prose) is None or _OF_A_FIELD.search(body.message[:_HEAD].lower()) is not None:
        return None
    asked, refused = _families(prose)
    if not asked and not refused:
        return None
    found = judged(Category.ENDPOINT_DRIFT, "the error names another endpoint family for the model (message)")
    others = (Category.ROUTE_MISSING, Category.INVALID_REQUEST)
    return replace(found, confidence=Confidence.LIKELY, other_readings=others, rule="named-family")


def _families(prose: str) -> tuple[set[EndpointFamily], set[EndpointFamily]]:
    """Return the families that an error asks for, and those that it refuses, clause by clause."""
    asked: set[EndpointFamily] = set()
    refused: set[EndpointFamily] = set()
    start = 0
    for end in [*(match.end() for match in _CLAUSE_END.finditer(prose)), len(prose)]:
        clause = prose[start:end]
        # "and not in v1/chat/completions" begins a clause of its own that refuses
        refuses = _REFUSES.search(clause) is not None or prose[max(0, start - 4) : start] == " not"
        asks = _ASKS.search(clause) is not None and not (refuses and _ONLY.search(clause) is None)
        named = {_family(match.group(1)) for match in _NAMED.finditer(clause)}
        if asks:
            asked |= named
        elif refuses:
            refused |= named
        start = end
    return asked - refused, refused


def _family(name: str) -> EndpointFamily:
    if "respons" in name:
        return EndpointFamily.RESPONSES
    return EndpointFamily.ANTHROPIC_MESSAGES if "messages" in name else EndpointFamily.CHAT_COMPLETIONS
