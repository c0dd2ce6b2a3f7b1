"""OpenCode: `model` names a provider and its model, and `provider` says where that is."""

import re

from console.domain.agent_settings.reading import ENDINGS, Fault, Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack
from console.domain.routes.family import EndpointFamily

_PACKAGES = {
    "@ai-sdk/openai": EndpointFamily.RESPONSES,
    "@ai-sdk/anthropic": EndpointFamily.ANTHROPIC_MESSAGES,
    "@ai-sdk/openai-compatible": EndpointFamily.CHAT_COMPLETIONS,
}
_OWN = {
    "openai": ("@ai-sdk/openai", "https://api.openai.com/v1", "OPENAI"),
    "anthropic": ("@ai-sdk/anthropic", "https://api.anthropic.com/v1", "ANTHROPIC"),
}
"""Providers that it brings along: the package, the address, and the first word of their variables."""
_USUAL = "@ai-sdk/openai-compatible"
_REFERENCE = re.compile(r"\{(env|file):([^}]*)\}")


def read_opencode(stack: Stack, default_url: str) -> Reading:
    """Return what OpenCode will call."""
    config = stack.of("config")
    model = config.said("model")
    if model is None:
        return Reading(default_url, protocol="the model chosen last on its screen", key=None)
    provider, _, _ = model.text.partition("/")
    own = ("provider", provider)
    usual, address, word = _OWN.get(provider, (_USUAL, "", ""))
    package = config.said(*own, "npm")
    family = _PACKAGES.get(usual if package is None else package.text)
    is_known = provider in (*_OWN, *config.keys("provider"))
    bases = tuple(_filled(stack, each) for each in config.all_said(*own, "options", "baseURL"))
    from_variable = stack.of("environment").all_said(f"{word}_BASE_URL") if word else ()
    bases = (*bases, *from_variable)
    faults = []
    if package is None and not is_known:
        faults.append(
            Fault("the provider of its model is in no file, so only its own list can know it", model.part(""))
        )
    small = config.said("small_model")
    return Reading(
        address or default_url,
        base_url=next(iter(bases), None),
        overridden=bases[1:],
        ending="" if family is None else ENDINGS[family],
        family=family if is_known else None,
        family_from=package,
        protocol="" if family is not None and is_known else "the protocol of a package that the console does not know",
        models=_models(config, model, small, provider),
        key=_key(stack, config, provider, word),
        faults=tuple(faults),
    )


def _models(config: Stack, main: Said, small: Said | None, provider: str) -> tuple[Said, ...]:
    """Return the models of the provider that it calls, by the ids that it sends."""
    found = []
    for each in (main, small):
        named, _, model = ("", "", "") if each is None else each.text.partition("/")
        if each is not None and named == provider and model:
            other = config.said("provider", provider, "models", model, "id")
            found.append(each.part(model) if other is None else other)
    return tuple({each.text: each for each in reversed(found)}.values())[::-1]


def _filled(stack: Stack, said: Said) -> Said:
    """Return a value with the variable that it names put in."""
    match = _REFERENCE.fullmatch(said.text)
    if match is None or match[1] != "env":
        return said
    value = stack.of("environment").said(match[2])
    return said.part("" if value is None else value.text)


def _key(stack: Stack, config: Stack, provider: str, word: str) -> Key | None:
    said = config.said("provider", provider, "options", "apiKey")
    if said is not None:
        match = _REFERENCE.fullmatch(said.text)
        if match is None:
            return Key(KeyKind.LITERAL, said.part(""))
        if match[1] == "file":
            return Key(KeyKind.STORE, said.part(""))
        return Key(KeyKind.VARIABLE, said.part(match[2]), stack.of("environment").said(match[2]) is not None)
    stored = stack.of("store").said(provider, "key")
    variable = stack.of("environment").said(f"{word}_API_KEY") if word else None
    named = None if variable is None else Key(KeyKind.VARIABLE, variable.part(f"{word}_API_KEY"))
    return Key(KeyKind.STORE, stored.part("")) if stored is not None else named
