"""What gateways' documentation says about models and families: facts as data, for gateways that bridge."""

from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import facts_text
from console.domain.facts.row import parse_facts
from console.domain.routes.host import is_below
from console.domain.routes.model_family import FamilyFact, read_family


@dataclass(frozen=True, slots=True)
class GatewayDocumentation:
    """One gateway's documentation, as far as it sends models to endpoint families."""

    name: str
    """The name for `documentation` in a config."""
    hosts: tuple[str, ...]
    """The hosts that belong to the gateway, with every host below them."""
    families: tuple[FamilyFact, ...]

    def is_of(self, host: str) -> bool:
        """Return whether a host belongs to the gateway."""
        return is_below(host, self.hosts)


@cache
def documentations() -> tuple[GatewayDocumentation, ...]:
    """Return the known documentations."""
    table = parse_facts(facts_text("gateway_documentation"))
    checked_on = table.date("checked_on")
    known = []
    for row in table.rows("gateway"):
        title = row.text("title")
        families = tuple(read_family(each, checked_on, title) for each in row.rows("family"))
        hosts = row.texts("hosts", r"[a-z0-9.-]+", "must be host names in lower case")
        known.append(GatewayDocumentation(row.matching("name", r"[a-z0-9-]+", "must be a name"), hosts, families))
        row.end()
    table.end()
    return tuple(known)


def documentation_for(name: str, host: str) -> GatewayDocumentation | None:
    """Return the documentation that holds for a gateway, or None.

    Args:
        name: The name that the config gives; empty if it gives none, so that the host decides.
        host: The gateway's host; empty if it is not known.

    """
    if name:
        return next((each for each in documentations() if each.name == name), None)
    return next((each for each in documentations() if each.is_of(host)), None) if host else None
