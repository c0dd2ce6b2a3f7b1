from dataclasses import FrozenInstanceError, replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable


def _route(role: Role) -> Route:
    return Route(role, "gpt-route", EndpointFamily.RESPONSES, "/v1/responses")


@examples(60)
@given(roles=st.sets(st.sampled_from(Role)))
def test_a_table_keeps_its_routes_in_the_order_of_the_roles(roles: set[Role]) -> None:
    ordered = [role for role in Role if role in roles]
    table = RouteTable(tuple(_route(role) for role in ordered))
    assert [route.role for route in table] == ordered
    assert len(table) == len(ordered)


@pytest.mark.parametrize(
    "roles",
    [
        *[pair for pair in permutations(Role, 2) if list(Role).index(pair[0]) > list(Role).index(pair[1])],
        *[(role, role) for role in Role],
        (Role.PLANNER, Role.WRITER, Role.WRITER),
        (Role.PLANNER, Role.CRITIC, Role.REVIEWER),
    ],
    ids="-".join,
)
def test_a_role_twice_or_out_of_order_is_refused(roles: tuple[Role, ...]) -> None:
    with pytest.raises(ValueError, match="at most one route per key"):
        RouteTable(tuple(_route(role) for role in roles))


def test_a_route_is_found_by_its_role() -> None:
    table = RouteTable((_route(Role.WRITER), _route(Role.CRITIC)))
    assert table.get(Role.CRITIC) is table.routes[1]
    assert table.get(Role.PLANNER) is None


def test_an_empty_table_has_no_route() -> None:
    assert [RouteTable(()).get(role) for role in Role] == [None] * len(Role)


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"role": Role.CRITIC}, True),
        ({"config_line": 9}, True),
        ({"model": "gpt-other"}, False),
        ({"endpoint_family": EndpointFamily.CHAT_COMPLETIONS}, False),
        ({"endpoint_path": "/other/v1/responses"}, False),
    ],
)
def test_one_call_is_one_model_family_and_path(change: dict[str, object], is_same: bool) -> None:
    route = _route(Role.WRITER)
    assert route.is_same_call(replace(route, **change)) is is_same


def test_a_route_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        _route(Role.WRITER).model = "gpt-other"  # type: ignore[misc]
