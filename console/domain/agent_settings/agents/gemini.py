"""Gemini CLI: variables, from the environment or from one `.env` file, and its settings.json."""

from console.domain.agent_settings.reading import Key, KeyKind, Reading
from console.domain.agent_settings.source import Said, Stack, first

_PROTOCOL = "Google's generateContent"
_GOOGLE = ("oauth-personal", "compute-default-credentials", "cloud-shell")
"""Ways of logging in that call Google's own service, whatever the variables say."""


def read_gemini(stack: Stack, default_url: str) -> Reading:
    """Return what Gemini CLI will call."""
    config = stack.of("config")
    login = config.said("security", "auth", "selectedType")
    is_vertex = login is not None and login.text == "vertex-ai"
    bases = (
        () if _is_google(login) else _all(stack, "GOOGLE_VERTEX_BASE_URL" if is_vertex else "GOOGLE_GEMINI_BASE_URL")
    )
    model = first(next(iter(_all(stack, "GEMINI_MODEL")), None), config.said("model", "name"))
    key = next(iter(_all(stack, "GEMINI_API_KEY")), None)
    if key is not None:
        is_file = key.source.kind == "dotenv"
        found = Key(KeyKind.LITERAL, key.part("")) if is_file else Key(KeyKind.VARIABLE, key.part("GEMINI_API_KEY"))
    return Reading(
        default_url,
        base_url=next(iter(bases), None),
        overridden=bases[1:],
        ending=f"/v1beta/models/{'MODEL' if model is None else model.text}:streamGenerateContent",
        family_from=login,
        protocol=_PROTOCOL,
        models=() if model is None else (model,),
        key=None if key is None else found,
    )


def _is_google(login: Said | None) -> bool:
    return login is not None and login.text in _GOOGLE


def _all(stack: Stack, name: str) -> tuple[Said, ...]:
    """Return a variable of the environment, and of the one .env file that it reads."""
    files = stack.of("dotenv").sources[-1:]
    return (*stack.of("environment").all_said(name), *Stack(files).all_said(name))
