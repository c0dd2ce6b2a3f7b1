"""What an operator types about roles: `critic=claude writer=gpt-5:responses reviewer=-`."""

import re
from collections.abc import Mapping

from console.domain.routes.contract import CheckBasis
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.setup.candidate import Candidate, Candidates, on_families
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret

_SHOWN = 4


def read_roles(
    text: str, found: Candidates, spoken: Mapping[EndpointFamily, str], basis: CheckBasis
) -> dict[Role, Candidate | None]:
    """Read who has which role; None leaves a role out.

    Args:
        text: `ROLE=MODEL[:FAMILY]` once or more. A part of a listed id finds it; `ROLE==MODEL` takes a name as it is,
            and `ROLE=-` leaves the role out.
        found: The gateway's models.
        spoken: The path of each family.
        basis: What offline checks rest on.

    Raises:
        ValueError: It cannot be read; the message says why, and never repeats what looks like a token.

    """
    if (words := looks_like_secret(text)) is not None:
        raise ValueError(f"this looks like {words}, and was not taken; a model's name goes here")
    chosen: dict[Role, Candidate | None] = {}
    for each in re.split(r"[,\s]+", text.strip()):
        role, sign, model = each.partition("=")
        if role not in set(Role) or not sign or not model:
            raise ValueError(f"write ROLE=MODEL, with a role of {', '.join(Role)}")
        chosen[Role(role)] = None if model == "-" else _chosen(model, found, spoken, basis)
    return chosen


def _chosen(model: str, found: Candidates, spoken: Mapping[EndpointFamily, str], basis: CheckBasis) -> Candidate:
    name, colon, family = model.rpartition(":")
    wanted = EndpointFamily(family) if colon and family in set(EndpointFamily) else None
    name = name if wanted is not None else model
    exact = name.removeprefix("=")
    ways = found.of(exact) or (_named(exact, found) if exact == name and found.chosen else ())
    ways = ways or on_families(exact, spoken, basis)
    if wanted is not None:
        suited = [each for each in ways if each.family is wanted]
        path = spoken.get(wanted, wanted.standard_path)
        return suited[0] if suited else Candidate(exact if not ways else ways[0].model, wanted, path)
    if not ways:
        raise ValueError(
            f"{safe(exact, limit=60)} is served on none of the families found here; name one: MODEL:FAMILY"
        )
    return ways[0]


def _named(part: str, found: Candidates) -> tuple[Candidate, ...]:
    """Return the one listed model that has a part in its id. Raises `ValueError` if it is none, or several."""
    matching = found.matching(part)
    if len(matching) == 1:
        return found.of(matching[0].model)
    if not matching:
        raise ValueError(
            f"no listed model has {safe(part, limit=60)} in its name; ? lists them, ROLE==MODEL takes a name as it is"
        )
    few = ", ".join(each.model for each in matching[:_SHOWN])
    more = f" and {len(matching) - _SHOWN} more" if len(matching) > _SHOWN else ""
    raise ValueError(
        f"{len(matching)} models have {safe(part, limit=60)} in their names: {few}{more}; write more of it"
    )
