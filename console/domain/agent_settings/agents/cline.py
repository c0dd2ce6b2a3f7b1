"""Cline: the provider used last, in providers.json."""

from console.domain.agent_settings.reading import ENDINGS, Key, KeyKind, Reading
from console.domain.agent_settings.source import Stack
from console.domain.routes.family import EndpointFamily

_FAMILIES = {
    "openai-compatible": EndpointFamily.CHAT_COMPLETIONS,
    "litellm": EndpointFamily.CHAT_COMPLETIONS,
    "openai-native": EndpointFamily.RESPONSES,
    "anthropic": EndpointFamily.ANTHROPIC_MESSAGES,
}
_ADDRESSES = {"openai-native": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com/v1"}


def read_cline(stack: Stack, default_url: str) -> Reading:
    """Return what Cline's command line will call."""
    config = stack.of("config")
    provider = config.said("lastUsedProvider")
    if provider is None:
        return Reading(default_url, protocol="Cline's own service")
    own = ("providers", provider.text, "settings")
    family = _FAMILIES.get(provider.text)
    model = config.said(*own, "model")
    stored = config.said(*own, "apiKey")
    return Reading(
        _ADDRESSES.get(provider.text, default_url if provider.text == "cline" else ""),
        base_url=config.said(*own, "baseUrl"),
        ending="" if family is None else ENDINGS[family],
        family=family,
        family_from=provider,
        protocol="" if family is not None else "the protocol of a provider that the console does not know",
        models=() if model is None else (model,),
        key=None if stored is None else Key(KeyKind.STORE, stored.part("")),
    )
