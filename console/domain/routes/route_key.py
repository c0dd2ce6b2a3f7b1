"""The key of a route: its role, and the name that tells it from the role's other routes."""

import re
from typing import Self

from console.domain.routes.role import Role

NAME_PATTERN = "[a-z0-9][a-z0-9_-]{0,23}"
"""The form of a route's name."""
NAME_WORDS = "a route's name has only lower-case letters, digits, - and _, begins with a letter or digit, at most 24"
KEY_LENGTH_LIMIT = max(map(len, Role)) + 1 + 24


class RouteKey(str):
    """The role of a route, as in `writer`, with the route's name if it has one, as in `writer.fast`.

    The route without a name is the role's own: the one that a run uses. A key is its text, so it can be compared,
    hashed and shown as such.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse a key. Raises `ValueError` if the text is not one; the message does not contain the text."""
        role, dot, name = str(text).partition(".")
        if role not in _ROLES:
            raise ValueError(f"a route's key begins with a role: {', '.join(Role)}")
        if dot and re.fullmatch(NAME_PATTERN, name) is None:
            raise ValueError(NAME_WORDS)
        return super().__new__(cls, text)

    @classmethod
    def of(cls, role: Role, name: str = "") -> Self:
        """Return the key of a role's route. Raises `ValueError` if the name has another form."""
        return cls(f"{role}.{name}" if name else role)

    @property
    def role(self) -> Role:
        """The role that the route serves."""
        return _ROLES[self.partition(".")[0]]

    @property
    def name(self) -> str:
        """The route's name; empty for the role's own route."""
        return self.partition(".")[2]


_ROLES = {role.value: role for role in Role}
