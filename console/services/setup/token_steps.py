"""The steps of the set-up that need the token: where it is, and what the gateway has for it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from console.domain.setup.event import FamiliesFound, Said, Working
from console.domain.setup.question import Question, Topic
from console.domain.tokens.state import TokenState
from console.services.gateway.address import canonical_origin
from console.services.gateway.client import Gateway
from console.services.setup.asking import asked
from console.services.setup.discovery import Found, explore
from console.services.setup.draft import Draft
from console.services.setup.face import Face
from console.services.setup.plan import SetUpPlan
from console.services.setup.token_choice import NONE, look, offered, token_choices
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.resolve import Resolution, resolve_token
from console.services.tokens.sources import Sources, open_sources

_WANTS = {
    True: "The gateway wants a token. Where is it?",
    False: "The gateway answers without a token. Where is yours, if you have one?",
    None: "Where is the token?",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A gateway that took the token, and what it has."""

    gateway: Gateway
    found: Found


async def ask_token(
    face: Face, plan: SetUpPlan, draft: Draft, stack: AsyncExitStack, *, is_there: bool, is_wanted: bool | None
) -> tuple[Draft, Opened | None]:
    """Ask for the token until the gateway takes it, and look at what the gateway has.

    Args:
        face: Who answers.
        plan: What is known beforehand.
        draft: The profile so far.
        stack: Keeps the gateway's client open.
        is_there: Whether the gateway was reached; if not, the answer is taken as it is.
        is_wanted: Whether the gateway refused a call without a token; None if that is not known.

    """
    settings = plan.settings(draft.address)
    sources = open_sources(settings, plan.environment, ask=face.ask_hidden)
    machine = await look(plan.environment, sources)
    choices = token_choices(draft.name, draft.address.preset, plan.environment, machine, is_wanted=is_wanted)
    question = Question(
        Topic.TOKEN,
        f"{_WANTS[is_wanted]} Choose, or write a reference; never the token itself",
        choices,
        offered(choices, is_sure=is_wanted is False),
        option="--token-ref",
    )
    refused: set[Reference] = set()
    unusable: set[str] = set()
    while True:
        reference = await asked(face, question, _reference)
        draft = replace(draft, references=() if reference is None else (reference,))
        resolution = await _resolved(face, draft, sources, is_refused=reference in refused)
        if isinstance(resolution, str):
            if not is_there and reference is not None and not reference.scheme.is_store:
                await face.tell(Said(resolution, is_warning=True))
                return draft, None
            unusable |= {str(reference)}
            offer = offered(choices, is_sure=is_wanted is False, refused=unusable)
            question = replace(question, fault=resolution, offered=offer)
            continue
        if not is_there:
            return draft, None
        await face.tell(Working("reading its lists of models, and trying its families; nothing is generated"))
        client = Gateway(draft.address.base_url, resolution.secret, settings, bound_origin=resolution.bound_origin)
        gateway = await stack.enter_async_context(client)
        found = await explore(gateway, draft.address.paths)
        if not found.is_key_refused:
            await face.tell(FamiliesFound(found.spoken))
            return draft, Opened(gateway, found)
        refused |= set(draft.references)
        fault = "the gateway refuses this token: choose another place, or the same one to type it again"
        question = replace(question, fault=fault if draft.references else "the gateway wants a token")


def _reference(text: str) -> Reference | None:
    if text == NONE:
        return None
    reference = Reference.parse(text)
    if reference.is_reserved:
        raise ValueError("names that end in .next, .prev or .canary are reserved")
    if reference.scheme is Scheme.SIM:
        raise ValueError("sim: is the embedded gateway's own token")
    return reference


async def _resolved(face: Face, draft: Draft, sources: Sources, *, is_refused: bool) -> Resolution | str:
    """Return the token, after it was stored if it is not there yet; or why there is none."""
    origin = canonical_origin(draft.address.base_url)

    async def ask() -> Resolution:
        return await resolve_token(draft.references, sources, origin)

    can_store = bool(draft.references) and draft.references[0].scheme.is_store
    if not (is_refused and can_store):
        resolution = await ask()
        if resolution.is_usable:
            if can_store:
                words = f"{draft.references[0]} has a token for this gateway already, in the {resolution.event.source}."
                await face.tell(Said(words))
            return resolution
        is_absent = resolution.event.state is TokenState.ABSENT
        is_new_vault = draft.references[0].scheme is Scheme.VAULT and resolution.event.state is TokenState.LOCKED
        if not can_store or not (is_absent or is_new_vault):
            return resolution.event.advice
    if (why_not := await face.store_token(draft, draft.references[0], sources)) != "":
        return why_not
    resolution = await ask()
    return resolution if resolution.is_usable else resolution.event.advice
