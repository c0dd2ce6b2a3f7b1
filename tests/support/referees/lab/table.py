"""One cell of the table gateway x case: what the console says of a call, against what the upstream's journal says."""

from collections.abc import Mapping
from dataclasses import dataclass

from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Models, Operator, Told
from support.referees.lab.script import SCRIPTS
from support.referees.lab.upstream import Upstream

from console.domain.routes.family import EndpointFamily

APART = ("flowing", "counting", "counting-halfway")
"""Scripts of which more is asked than a cell tells; each has a test of its own."""
CASES = [name for name in SCRIPTS if name not in APART]
PROVIDER_ACCOUNT = ("e401", "e402", "e403", "no-key-seen", "mislabelled")
"""Refusals of the account that a gateway has at its provider, where the gateway lets a client know that they are."""
_SUMMARY = ("endpoint_family", "status", "category", "blame", "http_status", "evidence")
SHORT = {"idle_timeout_s": 2.0}
"""Settings for a call that never ends."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a gateway makes of a case, so that no client can know better: the case that it then looks like."""

    case: str
    looks_like: str
    families: tuple[EndpointFamily, ...] = tuple(EndpointFamily)


@dataclass(frozen=True, slots=True)
class Column:
    """A gateway of the table."""

    gateway: LabGateway
    sent_on: Mapping[EndpointFamily, EndpointFamily]
    """On which family it calls the upstream when it is called on one; a family that it does not have is left out."""
    hidden: tuple[Hidden, ...] = ()
    prefix: str = ""
    """What precedes the upstream's name of a model."""
    tells_provider: tuple[str, ...] = ()
    """The refusals that it tells to be its provider's, so that no account of the operator is to blame."""
    drops_wait: tuple[EndpointFamily, ...] = ()
    """The families on which it does not pass on how long to wait."""

    def looks(self, case: str, family: EndpointFamily) -> str:
        """Return the case that a client of this gateway sees."""
        return next(
            (each.looks_like for each in self.hidden if each.case == case and family in each.families),
            case,
        )


async def try_cell(operator: Operator, column: Column, upstream: Upstream, case: str) -> Told:
    """Smoke a case through a gateway, and compare what is said of each family with what happened."""
    models: Models = dict.fromkeys(column.sent_on, column.prefix + case)
    since = len(upstream.journal)
    told = await operator.smoke(column.gateway, models, **(SHORT if case == "stalling" else {}))

    came = {call.path for call in upstream.calls(since) if call.model == case}
    assert came == {family.standard_path for family in column.sent_on.values()}, "the lab's map of the gateway is wrong"
    codes = set()
    for family, sent_on in column.sent_on.items():
        said = told.by_family[family]
        truth = SCRIPTS[column.looks(case, family)]
        is_good = truth.is_good_on(sent_on)
        summary = {name: said[name] for name in _SUMMARY} | {"findings": [each["id"] for each in said["findings"]]}
        codes.add(0 if is_good else truth.exit_code)
        assert said["requests_sent"] == 1
        assert (said["status"] == "passed") == is_good, summary
        assert said["category"] == (None if is_good else truth.category), summary
        blame = "gateway" if case in column.tells_provider else truth.blame
        assert said["blame"] == (None if is_good else blame), summary
        if is_good:
            assert said["output_tokens"] != 0, "an answer with words has no zero tokens"
            assert not [found for found in said["findings"] if found["severity"] == "fail"], summary
        elif family not in column.drops_wait:
            assert said["retry_after_s"] == truth.retry_after_s
    assert told.code in codes
    assert told.code or codes == {0}
    assert column.gateway.token not in told.words
    return told
