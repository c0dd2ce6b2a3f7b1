"""A face of the set-up: who answers its questions, and who is told what was found."""

from typing import Protocol

from console.domain.setup.event import SetupEvent
from console.domain.setup.question import Question
from console.services.setup.draft import Draft
from console.services.tokens.reference import Reference
from console.services.tokens.sources import Sources
from console.services.tokens.terminal import Ask


class Face(Protocol):
    """A terminal, a screen, or the options of a command line."""

    @property
    def ask_hidden(self) -> Ask | None:
        """How to ask for text that must not be shown; None if it cannot, as on the screen."""

    async def ask(self, question: Question) -> str:
        """Return the answer to a question, as it was typed.

        Raises:
            Problem: No one can be asked; the message names the option that answers it.

        """

    async def tell(self, event: SetupEvent) -> None:
        """Show what was found or done."""

    async def store_token(self, draft: Draft, reference: Reference, sources: Sources) -> str:
        """Let the operator type the token into a store; return why it was not stored, or nothing.

        The token is asked for without echo. Neither the draft nor a message ever has it.

        Args:
            draft: The profile that the token is for.
            reference: Where it is to be stored.
            sources: The stores, unlocked as far as they are; another process has its own.

        """
