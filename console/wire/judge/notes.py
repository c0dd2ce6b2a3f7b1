"""Notes: the findings on one answer, without duplicates."""

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of


class Notes:
    """Collects findings. The number of assertion cases bounds theirs, however long the answer is."""

    __slots__ = ("_noted", "position")

    def __init__(self) -> None:
        self.position = 0
        """The number of the current event, from 1; 0 outside a stream."""
        self._noted: dict[tuple[str, str], Finding] = {}

    def add(self, assertion_id: str, case: str, detail: str = "") -> None:
        """Note one violation of an assertion; a repeated one is ignored.

        Args:
            assertion_id: The assertion's id.
            case: The name of the case.
            detail: Counts, in our own words; the event's number is prefixed.

        """
        key = (assertion_id, case)
        if key not in self._noted:
            place = f"event {self.position}" if self.position else ""
            self._noted[key] = finding_of(assertion_id, case, ", ".join(filter(None, (place, detail))))

    def has(self, assertion_id: str, case: str) -> bool:
        """Return whether a violation was noted."""
        return (assertion_id, case) in self._noted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, in order of their first note."""
        return tuple(self._noted.values())
