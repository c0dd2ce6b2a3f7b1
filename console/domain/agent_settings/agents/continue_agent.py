"""Continue: the first model of config.yaml that may chat."""

import re

from console.domain.agent_settings.reading import ENDINGS, Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack, first
from console.domain.routes.family import EndpointFamily

_FAMILIES = {
    "openai": EndpointFamily.CHAT_COMPLETIONS,
    "anthropic": EndpointFamily.ANTHROPIC_MESSAGES,
    "openrouter": EndpointFamily.CHAT_COMPLETIONS,
}
_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
_ON_RESPONSES = re.compile(r"o[0-9]|gpt-5")
"""Models for which its client for OpenAI calls Responses, tried with gpt-5 and o3."""
_SECRET = re.compile(r"\$\{\{\s*(?:secrets|inputs)\.([A-Za-z0-9_.-]{1,100})\s*\}\}")


def read_continue(stack: Stack, default_url: str) -> Reading:
    """Return what Continue will call."""
    config = stack.of("config")
    at = _first_chat(config)
    if at is None:
        return Reading(default_url, protocol="Continue's own service")
    provider, model = config.said("models", at, "provider"), config.said("models", at, "model")
    name = "" if provider is None else provider.text
    family = _FAMILIES.get(name)
    if name == "openai" and model is not None and _ON_RESPONSES.match(model.text):
        family = EndpointFamily.RESPONSES
    return Reading(
        _ADDRESSES.get(name, ""),
        base_url=config.said("models", at, "apiBase"),
        ending="" if family is None else ENDINGS[family],
        family=family,
        family_from=provider,
        protocol="" if family is not None else "the protocol of a provider that the console does not know",
        models=() if model is None else (model,),
        key=_key(stack, config.said("models", at, "apiKey")),
    )


def _first_chat(config: Stack) -> int | None:
    for source in reversed(config.sources):
        models = source.tree.at("models")
        for index, each in enumerate(models if isinstance(models, list) else ()):
            roles = each.get("roles") if isinstance(each, dict) else ()
            if roles is None or (isinstance(roles, list) and "chat" in roles):
                return index
    return None


def _key(stack: Stack, said: Said | None) -> Key | None:
    if said is None:
        return None
    match = _SECRET.fullmatch(said.text)
    if match is None:
        return Key(KeyKind.LITERAL, said.part(""))
    held = first(stack.of("environment").said(match[1]), stack.of("dotenv").said(match[1]))
    if held is not None and held.source.kind == "dotenv":
        return Key(KeyKind.LITERAL, held.part(""))
    return Key(KeyKind.VARIABLE, said.part(match[1]), held is not None)
