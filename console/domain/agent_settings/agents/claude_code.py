"""Claude Code: variables, which the block `env` of its settings files sets over those of the environment."""

import re

from console.domain.agent_settings.reading import Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack, first
from console.domain.routes.family import EndpointFamily

_ELSEWHERE = {
    "CLAUDE_CODE_USE_BEDROCK": "Amazon Bedrock's own protocol",
    "CLAUDE_CODE_USE_VERTEX": "Vertex AI's own protocol",
    "CLAUDE_CODE_USE_FOUNDRY": "Microsoft Foundry's own addresses",
    "CLAUDE_CODE_USE_GATEWAY": "the gateway that it is logged in to",
}
_ALIASES = {"opus": "OPUS", "sonnet": "SONNET", "haiku": "HAIKU", "fable": "FABLE", "opusplan": "OPUS"}
"""Words that stand for a model, by the middle of the variable that says which."""
_SUFFIX = re.compile(r"\[[^\]]*\]\Z")
"""What chooses a longer context; it is not sent."""


def read_claude_code(stack: Stack, default_url: str) -> Reading:
    """Return what Claude Code will call."""
    bases = _all(stack, "ANTHROPIC_BASE_URL")
    elsewhere = next((name for name in _ELSEWHERE if _is_on(_variable(stack, name))), None)
    models = _models(stack)
    if elsewhere is not None:
        where = _variable(stack, elsewhere)
        return Reading("", family_from=where, models=models, protocol=_ELSEWHERE[elsewhere])
    return Reading(
        default_url,
        base_url=next(iter(bases), None),
        overridden=tuple(each for each in bases[1:] if each.text != bases[0].text),
        ending="/v1/messages",
        family=EndpointFamily.ANTHROPIC_MESSAGES,
        models=models,
        key=_key(stack),
    )


def _all(stack: Stack, name: str) -> tuple[Said, ...]:
    return (*stack.of("config").all_said("env", name), *stack.of("environment").all_said(name))


def _variable(stack: Stack, name: str) -> Said | None:
    return next(iter(_all(stack, name)), None)


def _is_on(said: Said | None) -> bool:
    return said is not None and said.text.lower() not in ("0", "false", "no", "off")


def _models(stack: Stack) -> tuple[Said, ...]:
    main = first(_variable(stack, "ANTHROPIC_MODEL"), stack.of("config").said("model"))
    small = first(_variable(stack, "ANTHROPIC_DEFAULT_HAIKU_MODEL"), _variable(stack, "ANTHROPIC_SMALL_FAST_MODEL"))
    if main is not None and (alias := _ALIASES.get(_SUFFIX.sub("", main.text).lower())) is not None:
        main = _variable(stack, f"ANTHROPIC_DEFAULT_{alias}_MODEL")
    elif main is not None and main.text == "default":
        main = None
    found = [each.part(_SUFFIX.sub("", each.text)) for each in (main, small) if each is not None]
    return tuple({each.text: each for each in reversed(found)}.values())[::-1]


def _key(stack: Stack) -> Key | None:
    helper = stack.of("config").said("apiKeyHelper")
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"):
        said = _variable(stack, name)
        if said is not None:
            is_file = said.source.kind == "config"
            return Key(KeyKind.LITERAL, said.part("")) if is_file else Key(KeyKind.VARIABLE, said.part(name))
    if helper is not None:
        return Key(KeyKind.COMMAND, helper.part(""))
    store = stack.of("store")
    return Key(KeyKind.STORE, Said("", store.sources[-1])) if store.sources else None
