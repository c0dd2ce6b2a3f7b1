"""Resolving a profile's token references, in order; only an absent token moves on to the next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from console.domain.probes.event import TokenResolved
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.advice import advice, advice_on_found
from console.services.tokens.reference import Reference
from console.services.tokens.sources import Sources, TokenAnswer

_UNBOUND = "a repository's config names it, and the stored token is not bound to this gateway"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The result of resolving: the event for both faces, and the token if one was found or none is needed."""

    event: TokenResolved
    secret: Secret | None

    @property
    def is_usable(self) -> bool:
        """Whether calls can be made: a token was found, or the gateway needs none."""
        return self.event.state is TokenState.FOUND

    @property
    def bound_origin(self) -> str | None:
        """The origin that the token may be sent to, in canonical form; None if its source binds none."""
        return self.event.origin


async def resolve_token(
    references: Sequence[Reference],
    sources: Sources,
    origin: str | None,
    *,
    must_be_bound: Collection[Reference] = (),
) -> Resolution:
    """Ask the references one after the other.

    Locked, unavailable, timeout and refused stop the search with their own state. The next reference may name a weaker
    store, and this console exists to prevent a silent fall-back to it.

    Args:
        references: Where the token is, in the order to ask.
        sources: Where the references point.
        origin: The origin that the token is for, as `address.canonical_origin` writes it.
        must_be_bound: References that someone else chose: their token is refused unless it is bound to the origin.

    """
    if not references:
        return Resolution(
            TokenResolved(TokenState.FOUND, "none", "The profile has no token_ref: calls carry no token."), None
        )
    answer, reference = TokenAnswer(TokenState.ABSENT), references[0]
    for reference in references:
        answer = await sources.ask(reference, origin)
        if reference in must_be_bound and answer.state is TokenState.FOUND and answer.origin != origin:
            answer = TokenAnswer(TokenState.REFUSED, reason=_UNBOUND)
        elif reference in must_be_bound and answer.is_bound_elsewhere:  # no advice to bind it to this gateway
            answer = TokenAnswer(TokenState.REFUSED, reason=answer.reason)
        if answer.state is not TokenState.ABSENT:
            break
    is_found = answer.state is TokenState.FOUND
    words = advice_on_found(answer, reference) if is_found else advice(answer, reference, references)
    event = TokenResolved(answer.state, str(reference), words, source=answer.source, origin=answer.origin)
    return Resolution(event, answer.secret)
