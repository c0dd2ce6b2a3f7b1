"""Notes: the findings on one answer, each noted once."""

from console.domain.finding import Finding
from console.domain.probes.assertion import found


class Notes:
    """Collects findings. Their number is bounded by the assertions' cases, however long the answer is."""

    __slots__ = ("_noted", "position")

    def __init__(self) -> None:
        self.position = 0
        """The number of the event that is being judged, from 1 on; 0 outside a stream."""
        self._noted: dict[tuple[str, str], Finding] = {}

    def add(self, assertion_id: str, case: str, detail: str = "") -> None:
        """Note one departure from an assertion; where it was noted before, the first one stands.

        Args:
            assertion_id: The assertion's id.
            case: The name of the case.
            detail: What was counted, in our words; the event's number is put before it.

        """
        key = (assertion_id, case)
        if key not in self._noted:
            place = f"event {self.position}" if self.position else ""
            self._noted[key] = found(assertion_id, case, ", ".join(filter(None, (place, detail))))

    def has(self, assertion_id: str, case: str) -> bool:
        """Return whether a departure was noted."""
        return (assertion_id, case) in self._noted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, in the order in which they were first noted."""
        return tuple(self._noted.values())
