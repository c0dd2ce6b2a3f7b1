"""The token limit of an answer: whether it ended there, and which setting raises it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.finding import Finding

CONTEXT_FULL = "model_context_window_exceeded"
"""The finish of an answer that filled the model's context window; no setting raises that."""
AT_LIMIT = frozenset({"length", "max_tokens", "max_output_tokens", CONTEXT_FULL})
"""How the families say that an answer ended at its token limit; gateways mix their words up."""


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """The most output tokens that a request allows."""

    tokens: int
    """0 if the request names no limit."""
    setting: str
    """The setting that the operator raises."""

    def ended(self, finish: str | None, output_tokens: int | None) -> bool:
        """Return whether an answer ended here: it says so, or it reports that it used all of it."""
        return finish in AT_LIMIT or (output_tokens is not None and 0 < self.tokens <= output_tokens)

    def words(self, finish: str | None) -> tuple[str, str]:
        """Return what to say of an answer that ended here, and what to do next."""
        if finish == CONTEXT_FULL:
            why = "the answer ended because the model's context window is full"
            return why, "Send less, or use a model with a larger context window."
        return f"the answer ended at its token limit of {self.tokens}", f"Raise {self.setting}, which is {self.tokens}."

    def told(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings; those on a reached limit also name it and its setting."""
        return tuple(self._named(finding) if _is_about_limit(finding) else finding for finding in findings)

    def _named(self, finding: Finding) -> Finding:
        if not self.tokens:
            return finding
        evidence = ", ".join(filter(None, (finding.evidence, f"{self.setting} is {self.tokens}")))
        return replace(finding, evidence=evidence)


def _is_about_limit(finding: Finding) -> bool:
    return "token limit" in finding.message
