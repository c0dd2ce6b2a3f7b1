"""What a gateway speaks and lists, found with requests that generate nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.errors.category import Category
from console.domain.probes.catalogue import Catalogue
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import fact_for
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.setup.event import Spoken
from console.services.config.settings import GatewaySettings
from console.services.gateway.call import Reply, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.probes.catalogue_reader import CatalogueProof, read_catalogue
from console.services.probes.connection import ConnectionProof, prove_connection
from console.services.probes.key_control import UNKNOWN_MODEL
from console.services.probes.reading import classify_reply
from console.wire import FAMILY_WIRES

_BODY_LIMIT = 262_144
_ABSENT = (404, 405, 410, 501)
"""The statuses of a path that a gateway does not have."""
_KEY_REFUSED = frozenset({Category.ACCOUNT_AUTH, Category.ACCOUNT_PERMISSION})


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a gateway."""

    lists: CatalogueProof
    spoken: tuple[Spoken, ...]

    @property
    def catalogue(self) -> Catalogue:
        """The gateway's lists of models, merged."""
        return self.lists.catalogue

    @property
    def paths(self) -> Mapping[EndpointFamily, str]:
        """The path of each family that answers."""
        return {each.family: each.path for each in self.spoken if each.is_spoken}

    @property
    def is_key_refused(self) -> bool:
        """Whether nothing answered because the key was refused."""
        return not self.paths and any(each.is_key_refused for each in self.spoken)


async def connect(gateway: Gateway, paths: Mapping[EndpointFamily, str], settings: GatewaySettings) -> ConnectionProof:
    """Connect to a gateway and request a path without a token. Never raises."""
    return await prove_connection(gateway, next(iter(paths.values())), timeout_s=settings.connect_timeout_s)


async def wants_token(gateway: Gateway, paths: Mapping[EndpointFamily, str]) -> bool | None:
    """Return whether a gateway refuses a call without a token; None if its answers do not tell.

    Args:
        gateway: A client without a token.
        paths: Where its families probably are.

    """
    tried = [await _try(gateway, family, path, UNKNOWN_MODEL) for family, path in paths.items()]
    told = [each for each in tried if each.is_spoken is not False]
    if any(each.is_key_refused for each in told):
        return True
    return False if any(each.is_spoken for each in told) else None


async def explore(gateway: Gateway, paths: Mapping[EndpointFamily, str]) -> Found:
    """Read a gateway's lists, and try where each family answers. Never raises.

    Args:
        gateway: The client, with the token if one is needed.
        paths: Where its families probably are.

    """
    routes = [Route(Role.WRITER, UNKNOWN_MODEL, family, path) for family, path in paths.items()]
    lists = await read_catalogue(gateway, routes)
    models = {family: _model_for(family, lists.catalogue) for family in paths}
    spoken = await asyncio.gather(*(_try(gateway, family, path, models[family]) for family, path in paths.items()))
    return Found(lists, tuple(spoken))


def _model_for(family: EndpointFamily, catalogue: Catalogue) -> str:
    """Return a listed model that the family may serve: a gateway may look for the model before all else.

    The form has no input, so that nothing is generated.
    """
    names = [each.model for each in catalogue.entries.values() if each.is_enabled and "*" not in each.model]
    declared = (name for name in names if family in (catalogue.entries[name].families or ()))
    known = (name for name in names if fact_for(name).required is family or family in fact_for(name).allowed[:1])
    return next(declared, None) or next(known, None) or next(iter(names), UNKNOWN_MODEL)


async def _try(gateway: Gateway, family: EndpointFamily, path: str, model: str) -> Spoken:
    """Send a family's form without an input, and say whether the family is there."""
    body = FAMILY_WIRES[family].build_without_input(model)
    try:
        reply = await read_whole(gateway.call(path, family, body), limit=_BODY_LIMIT)
    except CallError as error:
        return Spoken(family, path, None, error.classification.evidence)
    return _judged(reply, family, path, has_key=gateway.secret is not None)


def _judged(reply: Reply, family: EndpointFamily, path: str, *, has_key: bool) -> Spoken:
    def said(is_spoken: bool | None, words: str, *, is_key_refused: bool = False) -> Spoken:
        return Spoken(family, path, is_spoken, f"{words}, status {reply.status}", is_key_refused)

    if reply.status in _ABSENT:
        return said(False, "not here")
    if "html" in reply.content_type:
        return said(False, "a web page")
    if 300 <= reply.status < 400:
        return said(False, "a redirect")
    if reply.is_success:
        return said(True, "answers")
    category = classify_reply(path, family, reply, has_key=has_key).category
    if category in _KEY_REFUSED:
        return said(None, "refuses the key" if has_key else "wants a key", is_key_refused=True)
    if category in (Category.ENDPOINT_DRIFT, Category.ROUTE_MISSING):
        return said(False, "not for this model")
    if category.is_outage and reply.status != 500:
        return said(None, category.value)
    return said(True, "answers")
