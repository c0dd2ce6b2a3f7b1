"""The document of `bundle`."""

from dataclasses import dataclass, fields
from typing import Literal, Self

from console.domain.escalation.bundle import Bundle
from console.view.bundle_words import message_lines


@dataclass(frozen=True, kw_only=True)
class _Bundled:
    schema: Literal["gateway-console/bundle/v1"] = "gateway-console/bundle/v1"


@dataclass(frozen=True, kw_only=True)
class BundleDocument(Bundle, _Bundled):
    """A bundle for support: no field can hold a prompt, an output or a token."""

    message: str
    """The text to send."""

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """Return a bundle as its document."""
        given = {each.name: getattr(bundle, each.name) for each in fields(Bundle)}
        return cls(**given, message="\n".join(message_lines(bundle)))
