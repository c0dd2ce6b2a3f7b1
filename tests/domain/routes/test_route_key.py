"""The key of a route: what an operator writes and sees, and what is refused."""

import pytest

from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey


@pytest.mark.parametrize(
    ("text", "role", "name"), [("writer", Role.WRITER, ""), ("critic.b-2_x", Role.CRITIC, "b-2_x")]
)
def test_a_key_names_its_role_and_its_route(text: str, role: Role, name: str) -> None:
    key = RouteKey(text)
    assert (str(key), key.role, key.name) == (text, role, name)
    assert key == RouteKey.of(role, name)


@pytest.mark.parametrize(
    "text", ["", "author", "writer.", "writer.Fast", "writer.a.b", "writer.-a", "writer." + "a" * 25]
)
def test_another_form_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"begins with a role|lower-case") as refused:
        RouteKey(text)
    assert text in ("", *str(refused.value).split()) or text not in str(refused.value)
