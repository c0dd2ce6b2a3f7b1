"""The account behind a token: once it is refused, no further paid call is made with it."""

from console.domain.errors.category import Classification, judged


class Account:
    """What calls that share a gateway and a token learn from each other."""

    def __init__(self) -> None:
        self._refused: Classification | None = None

    @property
    def refusal(self) -> Classification | None:
        """Why no further paid call is made; None as long as the account was not refused."""
        return self._refused

    def note(self, found: Classification | None) -> None:
        """Learn from a call's classification: only an error of the account that stops is kept."""
        if self._refused is None and found is not None and found.category.is_account and found.stops:
            words = "the account was refused in another call through the same gateway and token; nothing was sent"
            self._refused = judged(found.category, words)
