"""aider: `.aider.conf.yml`, variables `AIDER_…`, and `.env` files that come over the environment."""

from console.domain.agent_settings.reading import ENDINGS, Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack, first
from console.domain.routes.family import EndpointFamily

_CHAT, _MESSAGES = EndpointFamily.CHAT_COMPLETIONS, EndpointFamily.ANTHROPIC_MESSAGES
_OPENAI, _ANTHROPIC = "https://api.openai.com/v1", "https://api.anthropic.com"
_ALIASES = ("sonnet", "opus", "haiku")
"""Words for Anthropic's newest models."""


def read_aider(stack: Stack, default_url: str) -> Reading:
    """Return what aider will call."""
    model = _option(stack, "model")
    others = (_option(stack, each) for each in ("weak-model", "editor-model"))
    named = [each for each in (model, *others) if each is not None]
    is_messages = model is not None and _is_anthropic(model.text)
    is_chat = model is not None and not is_messages and _is_openai(model.text)
    if is_messages:
        said = (_variable(stack, "ANTHROPIC_API_BASE"), _variable(stack, "ANTHROPIC_BASE_URL"))
    else:
        # its HTTP library looks for OPENAI_BASE_URL first; the option only sets OPENAI_API_BASE
        names = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
        wide, own = (_variable(stack, each) for each in names)
        said = (wide, first(_option(stack, "openai-api-base"), own))
    bases = [each for each in said if each is not None]
    is_known = is_messages or is_chat or (model is None and bool(bases))
    family = _MESSAGES if is_messages else _CHAT
    return Reading(
        _ANTHROPIC if is_messages else _OPENAI if is_chat else default_url,
        base_url=next(iter(bases), None) if is_known else None,
        overridden=tuple(bases[1:]) if is_known else (),
        ending="" if not is_known else "/v1/messages" if is_messages else ENDINGS[_CHAT],
        family=family if is_known else None,
        family_from=model,
        protocol="" if is_known else "what its model's name stands for",
        models=_once([each.part(_bare(each.text)) for each in named]),
        key=_key(stack, "anthropic" if is_messages else "openai"),
    )


def _once(models: list[Said]) -> tuple[Said, ...]:
    return tuple({each.text: each for each in reversed(models)}.values())[::-1]


def _bare(model: str) -> str:
    prefix, _, name = model.partition("/")
    return name if prefix in ("openai", "anthropic") and name else model


def _is_anthropic(model: str) -> bool:
    return model.startswith(("anthropic/", "claude-")) or model in _ALIASES


def _is_openai(model: str) -> bool:
    return model.startswith(("openai/", "gpt-", "o1", "o3", "o4", "chatgpt-", "codex-"))


def _variable(stack: Stack, name: str) -> Said | None:
    """Return a variable: of the `.env` files, which come over the environment."""
    return first(stack.of("dotenv").said(name), stack.of("environment").said(name))


def _option(stack: Stack, name: str) -> Said | None:
    return first(_variable(stack, f"AIDER_{name.upper().replace('-', '_')}"), stack.of("config").said(name))


def _key(stack: Stack, provider: str) -> Key | None:
    name = f"{provider.upper()}_API_KEY"
    said = first(_option(stack, f"{provider}-api-key"), _variable(stack, name))
    if said is None:
        return None
    return (
        Key(KeyKind.VARIABLE, said.part(name))
        if said.source.kind == "environment"
        else Key(KeyKind.LITERAL, said.part(""))
    )
