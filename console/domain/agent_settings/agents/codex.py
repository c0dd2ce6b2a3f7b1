"""Codex: the provider that `model_provider` names, in `config.toml`."""

from console.domain.agent_settings.reading import ENDINGS, Fault, Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack, Tree, first
from console.domain.routes.family import EndpointFamily

_OWN = "openai"
_LOCAL = {"ollama": "http://localhost:11434/v1", "lmstudio": "http://localhost:1234/v1"}
"""Providers that it brings along, with where they listen."""
_ELSEWHERE = {"amazon-bedrock": "Amazon Bedrock's own protocol"}
_RESPONSES = EndpointFamily.RESPONSES


def read_codex(stack: Stack, default_url: str) -> Reading:
    """Return what Codex will call."""
    config = stack.of("config")
    named = config.said("model_provider")
    provider = _OWN if named is None else named.text
    model = config.said("model")
    own = ("model_providers", provider)
    is_own = provider == _OWN
    bases = config.all_said("openai_base_url") if is_own else config.all_said(*own, "base_url")
    faults = _faults(config, provider, named)
    if provider in _ELSEWHERE:
        models = () if model is None else (model,)
        return Reading("", family_from=named, models=models, protocol=_ELSEWHERE[provider], faults=faults)
    return Reading(
        default_url if is_own else _LOCAL.get(provider, ""),
        base_url=next(iter(bases), None),
        overridden=bases[1:],
        ending=ENDINGS[_RESPONSES],
        family=_RESPONSES,
        family_from=config.said(*own, "wire_api"),
        models=() if model is None else (model,),
        key=_own_key(stack) if is_own else _key(stack, config, provider),
        faults=faults,
    )


def _own_key(stack: Stack) -> Key | None:
    variable = stack.of("environment").said("CODEX_API_KEY")
    if variable is not None:
        return Key(KeyKind.VARIABLE, variable.part("CODEX_API_KEY"))
    stored = stack.of("store").said("OPENAI_API_KEY")
    return None if stored is None else Key(KeyKind.STORE, stored.part(""))


def _key(stack: Stack, config: Stack, provider: str) -> Key | None:
    own = ("model_providers", provider)
    literal = config.said(*own, "experimental_bearer_token")
    command = config.said(*own, "auth", "command")
    variable = config.said(*own, "env_key")
    if variable is not None:
        is_set = stack.of("environment").said(variable.text) is not None
        return Key(KeyKind.VARIABLE, variable, is_set)
    if literal is not None:
        return Key(KeyKind.LITERAL, literal.part(""))
    return None if command is None else Key(KeyKind.COMMAND, command.part(""))


def _faults(config: Stack, provider: str, named: Said | None) -> tuple[Fault, ...]:
    faults: list[Fault] = []
    for each in config.keys("model_providers"):
        wire = config.said("model_providers", each, "wire_api")
        if wire is not None and wire.text != "responses":
            words = "it starts only with the wire_api responses. Set it to responses"
            faults.append(Fault(words, wire.part("")))
        if each == _OWN:
            words = "it does not start with a provider table named openai. Rename it, or set openai_base_url"
            faults.append(Fault(words, _place(config, "model_providers", each)))
    legacy = config.said("profile")
    if legacy is not None:
        words = "it does not start with the key profile. Move it to NAME.config.toml, and use --profile NAME"
        faults.append(Fault(words, legacy.part("")))
    known = (*config.keys("model_providers"), _OWN, *_LOCAL, *_ELSEWHERE)
    if named is not None and provider not in known:
        faults.append(Fault("model_provider names a provider that no file has. Add its table", named.part("")))
    elif provider in config.keys("model_providers") and config.said("model_providers", provider, "base_url") is None:
        faults.append(
            Fault("the provider that it uses has no base_url. Add it", _place(config, "model_providers", provider))
        )
    return tuple(faults)


def _place(config: Stack, *path: str) -> Said | None:
    source = config.first_with(*path)
    tree = Tree() if source is None else source.tree
    return first(None if source is None else Said("", source, tree.line_of(path)))
