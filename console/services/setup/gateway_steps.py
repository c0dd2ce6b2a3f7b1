"""The first steps of the set-up: which gateway, whether it is there, and what its profile is called."""

from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.setup.event import Said, Working
from console.domain.setup.preset import Preset, presets
from console.domain.setup.question import Choice, Question, Topic
from console.services.gateway.client import Gateway
from console.services.setup.address import GatewayAddress, read_address, read_gateway, read_place
from console.services.setup.asking import asked
from console.services.setup.config_place import ConfigPlace
from console.services.setup.discovery import connect, wants_token
from console.services.setup.face import Face
from console.services.setup.plan import SetUpPlan

AGAIN, OTHER, UNCHECKED = "again", "other", "unchecked"
"""What can be done about a gateway that does not answer."""


async def ask_gateway(face: Face) -> GatewayAddress:
    """Ask for the gateway: a preset or an address. What is not taken as typed is said."""
    choices = tuple(Choice(each.name, _about(each)) for each in presets())
    question = Question(
        Topic.GATEWAY, "Which gateway? Its address, or one of these", choices, option="--preset or --url"
    )
    answer = await asked(face, question, read_gateway)
    address = await _of_preset(face, answer) if isinstance(answer, Preset) else answer
    if address.notes:
        await face.tell(Said(f"The address is {address.base_url}: {', and '.join(address.notes)}."))
    return address


def _about(preset: Preset) -> str:
    own = f" (by default {preset.base_url})" if preset.is_own else ""
    return f"{preset.title}{own}"


async def _of_preset(face: Face, preset: Preset) -> GatewayAddress:
    if preset.note:
        await face.tell(Said(f"{preset.title}: {preset.note}."))
    if preset.is_own:
        words, offered = f"Where does your {preset.title} listen?", preset.base_url
    elif preset.places:
        words, offered = f"Its address is {preset.base_url}. Write {'/'.join(preset.places)}, or the whole of it", ""
    else:
        return read_address(preset.base_url, preset)
    return await asked(
        face,
        Question(Topic.PLACE, words, offered=offered, option="--url"),
        lambda text: read_place(text, preset),
    )


async def reach(face: Face, plan: SetUpPlan, address: GatewayAddress) -> tuple[bool, bool | None]:
    """Connect, and return whether the gateway is there, and whether it wants a token; None if that is unknown.

    Raises:
        Problem: The CA file cannot be used.

    """
    settings = plan.settings(address)
    await face.tell(Working(f"connecting to {address.base_url}; no token is sent"))
    try:
        client = Gateway(address.base_url, None, settings)
    except (OSError, RuntimeError, ValueError):  # ssl.SSLError is an OSError; "~" of no known user is a RuntimeError
        words = "the CA file cannot be read, or holds no PEM certificate; nothing was sent"
        raise Problem(words, ProblemKind.CONFIG) from None
    async with client as gateway:
        proof = await connect(gateway, address.paths, settings)
        for finding in proof.findings:
            await face.tell(Said(f"{finding.id}: {finding.message}", is_warning=True))
        if proof.failure is not None:
            words = f"{address.base_url} cannot be used: {proof.failure.evidence}"
            await face.tell(Said(words, is_warning=True))
            return False, None
        return True, await wants_token(gateway, address.paths)


async def ask_unreached(face: Face) -> str:
    """Ask what to do about a gateway that was not reached."""
    choices = (
        Choice(AGAIN, "try it again"),
        Choice(OTHER, "type another address"),
        Choice(UNCHECKED, "go on: the profile is written UNCHECKED, with the models that you name"),
    )
    question = Question(
        Topic.UNREACHABLE, "The gateway was not reached. What now?", choices, AGAIN, False, option="--unchecked"
    )
    return await asked(face, question, str)


async def ask_name(face: Face, plan: SetUpPlan, address: GatewayAddress) -> str:
    """Ask for the profile's name, which no profile of the config may have."""
    place = plan.place or ConfigPlace(Path(), None, None)

    def named(text: str) -> str:
        if (fault := place.why_not_named(text)) is not None:
            raise ValueError(fault)
        return text

    offered = place.free_name(address.name)
    return await asked(face, Question(Topic.PROFILE, "The profile's name", offered=offered, option="--profile"), named)
