"""The reach of a run's roles: which tokens their environment holds. Names and kinds only, never a value."""

from dataclasses import dataclass

from console.domain.workflows.token_kind import TokenKind


@dataclass(frozen=True, slots=True)
class ReachedToken:
    """A token that the environment holds."""

    name: str
    """The variable's name; a fixed text if it is not a plain name."""
    kind: TokenKind


@dataclass(frozen=True, slots=True)
class Reach:
    """The tokens that roles could reach when the preflight looked."""

    tokens: tuple[ReachedToken, ...]
    ci_token_permissions: str
    """What the workflows' own token may do; see `CiPermissions`."""

    def has(self, kind: TokenKind) -> bool:
        """Return whether a token of a kind is in reach."""
        return any(each.kind is kind for each in self.tokens)
