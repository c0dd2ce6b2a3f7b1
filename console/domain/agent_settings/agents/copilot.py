"""Copilot CLI: the variables `COPILOT_PROVIDER_…`."""

from console.domain.agent_settings.reading import ENDINGS, Fault, Key, KeyKind, Reading
from console.domain.agent_settings.source import Stack, first
from console.domain.routes.family import EndpointFamily

_WIRES = {"completions": EndpointFamily.CHAT_COMPLETIONS, "responses": EndpointFamily.RESPONSES}


def read_copilot(stack: Stack, default_url: str) -> Reading:
    """Return what Copilot CLI will call."""
    environment = stack.of("environment")
    base = environment.said("COPILOT_PROVIDER_BASE_URL")
    model = first(environment.said("COPILOT_MODEL"), stack.of("config").said("model"))
    models = () if model is None else (model,)
    if base is None:
        return Reading(default_url, protocol="GitHub's own protocol", models=models)
    kind = environment.said("COPILOT_PROVIDER_TYPE")
    wire = environment.said("COPILOT_PROVIDER_WIRE_API")
    key = environment.said("COPILOT_PROVIDER_API_KEY")
    is_messages = kind is not None and kind.text == "anthropic"
    is_known = kind is None or kind.text in ("openai", "anthropic")
    family = (
        EndpointFamily.ANTHROPIC_MESSAGES if is_messages else _WIRES.get("completions" if wire is None else wire.text)
    )
    faults: tuple[Fault, ...] = ()
    if is_known and family is None and wire is not None:
        faults = (Fault("COPILOT_PROVIDER_WIRE_API is neither completions nor responses", wire.part("")),)
    return Reading(
        default_url,
        base_url=base,
        ending="/v1/messages" if is_messages else "" if family is None else ENDINGS[family],
        family=family if is_known else None,
        family_from=kind if is_messages else wire,
        protocol="" if is_known else "a type of provider that the console does not know",
        models=models,
        key=None if key is None else Key(KeyKind.VARIABLE, key.part("COPILOT_PROVIDER_API_KEY")),
        faults=faults,
    )
