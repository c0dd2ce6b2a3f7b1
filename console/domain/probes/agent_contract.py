"""Claude Code's gateway contract, row by row: what holds, what is broken, and what nothing has shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.finding import Finding, Severity
from console.domain.probes.assertion import Assertion, JudgedBy, assertions

CONTRACT = tuple(f"AGT-{number:02}" for number in range(1, 14))
"""The assertions that are rows of the contract."""
_NOT_TESTED = "not tested: "


class ContractVerdict(StrEnum):
    """What is known of one row."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_JUDGED = "not_judged"
    """No call has shown it, for or against; the row says why."""


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One row of the contract, as judged on one route."""

    id: str
    """The assertion's."""
    verdict: ContractVerdict
    words: str
    """What showed it, or why nothing did."""


def contract_rows(
    shown: Mapping[str, str], unshown: Mapping[str, str], found: Iterable[Finding]
) -> tuple[ContractRow, ...]:
    """Return every row with its verdict.

    Args:
        shown: What would have broken a row and did not, by the row's id.
        unshown: Why a row could not be judged, by its id.
        found: The findings; one of them that is more than a note breaks its row.

    """
    broken: dict[str, str] = {}
    for each in found:
        if each.severity is not Severity.INFO:
            broken.setdefault(each.id, f"{each.message} {each.evidence}".strip())
    return tuple(_row(each, shown, unshown, broken) for each in assertions() if each.id in CONTRACT)


def _row(
    row: Assertion, shown: Mapping[str, str], unshown: Mapping[str, str], broken: Mapping[str, str]
) -> ContractRow:
    if row.id in broken:
        return ContractRow(row.id, ContractVerdict.BROKEN, broken[row.id])
    if row.judged_by is JudgedBy.SETTINGS:
        return ContractRow(row.id, ContractVerdict.HOLDS, "the profile was accepted")
    if row.id in shown:
        return ContractRow(row.id, ContractVerdict.HOLDS, shown[row.id])
    if row.judged_by is JudgedBy.NOT_TESTED:
        why = row.meaning.partition(_NOT_TESTED)[2].rstrip(".")
        return ContractRow(row.id, ContractVerdict.NOT_JUDGED, why)
    return ContractRow(row.id, ContractVerdict.NOT_JUDGED, unshown.get(row.id, "no call has shown it"))
