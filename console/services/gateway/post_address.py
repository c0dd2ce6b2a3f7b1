"""The address of a program that takes JSON by POST, such as a webhook: one origin, and one path."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from console.services.gateway.address import check_base_url


@dataclass(frozen=True, slots=True)
class PostAddress:
    """Where to post: exactly this origin and path."""

    origin: str
    path: str
    """With its query; it may be as secret as a token."""

    @classmethod
    def parse(cls, url: str) -> "PostAddress":
        """Parse an address.

        Raises:
            ValueError: It cannot be used; the message says why and does not contain the address.

        """
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise ValueError("has a space or another character that an address cannot have")
        try:
            found = urlsplit(url)
        except ValueError:
            raise ValueError("is not a URL; write https://host[:port]/path") from None
        base = f"{found.scheme}://{found.netloc}"
        if (problem := check_base_url(base)) is not None:
            raise ValueError(problem.replace("a token goes into token_ref", "a token goes into webhook_token_ref"))
        if found.fragment:
            raise ValueError("has a fragment, which is never sent; remove it")
        return cls(base, (found.path or "/") + (f"?{found.query}" if found.query else ""))
