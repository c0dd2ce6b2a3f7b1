"""The last hop: a request leaves for the token's own origin only, and with no token in what it carries.

Two real servers on loopback: the token belongs to the first, and what connects to the second is counted.
"""

import base64
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from support.gateway.servers import HOST, RawServer, answer_with, good_stream, raw_server, whole
from support.probes.smoking import patient, smoke_once

from console.domain.errors.category import Category
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.tokens.secret import Secret
from console.services.gateway.address import canonical_origin
from console.services.gateway.bound_transport import BoundTransport
from console.services.gateway.call import Started
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.system.leak_guard import LEAK_GUARD

pytestmark = pytest.mark.usefixtures("no_trust_store")

R = EndpointFamily.RESPONSES
BODY = b'{"model": "m", "input": "Reply with OK."}'
GOOD = answer_with(whole(200, {"ok": True}))


def fresh_token() -> str:
    """Return a token that no other test has: the guard knows every token for as long as the process lives."""
    return f"tk-{secrets.token_urlsafe(24)}"


def port_of(server: RawServer) -> str:
    return server.base_url.rpartition(":")[2]


@dataclass(frozen=True)
class Two:
    """The server that the token belongs to, and one that must get nothing."""

    own: RawServer
    other: RawServer
    token: str

    def address(self, form: str) -> str:
        return form.format(host=HOST, own=port_of(self.own), other=port_of(self.other))

    def nothing_came(self) -> bool:
        servers = (self.own, self.other)
        return all(server.connections == 0 and server.requests == [] for server in servers)


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    async with raw_server(GOOD) as own, raw_server(GOOD) as other:
        yield Two(own, other, fresh_token())


@contextlib.asynccontextmanager
async def client(two: Two, base_url: str, auth: str = "authorization", **more: object) -> AsyncIterator[Gateway]:
    """Open a client whose token is bound to the first server, whatever its base URL."""
    settings = patient(base_url=base_url, auth=auth, **more)
    bound = canonical_origin(two.own.base_url)
    async with Gateway(base_url, Secret(two.token), settings, bound_origin=bound) as gateway:
        yield gateway


async def call(gateway: Gateway, path: str = "/v1/x", body: bytes | None = BODY, **more: object) -> list[object]:
    return [part async for part in gateway.call(path, R, body, **more)]


async def refusal(gateway: Gateway, path: str = "/v1/x", body: bytes | None = BODY, **more: object) -> CallError:
    with pytest.raises(CallError) as caught:
        await call(gateway, path, body, **more)
    return caught.value


# --- Another origin --------------------------------------------------------------------------------------------------

KEYS = ["authorization", "x-api-key", "api-key"]

OTHER_ADDRESSES = {
    "another port": "http://{host}:{other}",
    "another port with a prefix": "http://{host}:{other}/v1",
    "a host name for the address": "http://localhost:{own}",
    "another address of the loopback": "http://127.0.0.2:{own}",
    "the address as a number": "http://2130706433:{own}",
    "the address in hexadecimal": "http://0x7f000001:{own}",
    "the address in short": "http://127.1:{own}",
    "a trailing dot": "http://localhost.:{other}",
    "a trailing dot after the address": "http://{host}.:{own}",
    "another scheme": "https://{host}:{own}",
    "no port": "http://{host}",
    "IPv6 loopback": "http://[::1]:{own}",
    "IPv4 in IPv6": "http://[::ffff:127.0.0.1]:{own}",
    "IPv4 in IPv6, hexadecimal": "http://[::ffff:7f00:1]:{other}",
    "user before the other host": "http://{host}:{own}@{host}:{other}",
    "user before the own host": "http://me@{host}:{own}",
    "user and password": "http://me:pass-7@{host}:{own}",
    "user that looks like a host": "http://gateway.example@{host}:{other}",
}


@pytest.mark.parametrize("form", OTHER_ADDRESSES.values(), ids=OTHER_ADDRESSES)
async def test_a_base_url_of_another_origin_is_refused_and_nothing_is_sent(two: Two, form: str) -> None:
    async with client(two, two.address(form)) as gateway:
        error = await refusal(gateway)
    assert error.classification.category is Category.ORIGIN_REFUSED
    assert not error.was_sent
    assert error.http_status is None
    assert "nothing was sent" in error.classification.evidence
    assert two.token not in f"{error} {error.classification}"
    assert two.nothing_came()


@pytest.mark.parametrize("auth", KEYS)
@pytest.mark.parametrize("body", [BODY, None], ids=["POST", "GET"])
async def test_another_origin_is_refused_in_every_kind_of_request(two: Two, body: bytes | None, auth: str) -> None:
    async with client(two, two.other.base_url, auth) as gateway:
        error = await refusal(gateway, body=body)
    assert error.classification.category is Category.ORIGIN_REFUSED
    assert two.nothing_came()


OTHER_PATHS = {
    "user and another host": "@{host}:{other}/v1/x",
    "password and another host": "x:y@{host}:{other}/v1/x",
    "the rest of a host name": ".evil.example/v1/x",
    "an absolute URL": "http://{host}:{other}/v1/x",
    "more digits of a port": "0/v1/x",
    "a backslash": "\\@{host}:{other}/v1/x",
    "an encoded at": "%40{host}:{other}/v1/x",
}


@pytest.mark.parametrize("form", OTHER_PATHS.values(), ids=OTHER_PATHS)
async def test_a_path_that_makes_another_host_of_the_address_is_refused(two: Two, form: str) -> None:
    async with client(two, two.own.base_url) as gateway:
        error = await refusal(gateway, two.address(form))
    assert error.classification.category is Category.ORIGIN_REFUSED
    assert two.nothing_came()


@pytest.mark.parametrize(
    "form",
    [
        "//evil.example/v1/x", "//{host}:{other}/v1/x", "///{host}:{other}/x", "/../../v1/x", "/v1/../../../x",
        "/\\{host}:{other}/x", "/v1/x?to=http://{host}:{other}/", "/@{host}:{other}/x", "/http://{host}:{other}/x",
    ],
)  # fmt: skip
async def test_a_path_that_only_looks_like_another_host_stays_with_the_own_one(two: Two, form: str) -> None:
    async with client(two, two.own.base_url) as gateway:
        with contextlib.suppress(CallError):  # refused is as good
            await call(gateway, two.address(form))
    assert (two.other.connections, two.other.requests) == (0, [])
    assert all(request.header("host") == f"{HOST}:{port_of(two.own)}" for request in two.own.requests)


@pytest.mark.parametrize("form", ["HTTP://{host}:{own}", "Http://{host}:{own}/", "http://{host}:{own}/Prefix"])
async def test_the_own_origin_in_another_spelling_is_the_own_origin(two: Two, form: str) -> None:
    async with client(two, two.address(form)) as gateway:
        parts = await call(gateway)
    assert [part.status for part in parts if isinstance(part, Started)] == [200]
    assert len(two.own.requests) == 1
    assert two.other.connections == 0


@pytest.mark.parametrize("spelling", ["localhost", "LOCALHOST", "LocalHost"])
async def test_a_host_name_is_the_same_in_small_and_capital_letters(two: Two, spelling: str) -> None:
    url = f"http://{spelling}:{port_of(two.own)}"
    bound = f"http://localhost:{port_of(two.own)}"
    async with Gateway(url, Secret(two.token), patient(), bound_origin=bound) as gateway:
        await call(gateway)
    assert [request.header("authorization") for request in two.own.requests] == [f"Bearer {two.token}"]


async def test_a_token_without_a_bound_origin_belongs_to_its_base_urls(two: Two) -> None:
    async with Gateway(two.own.base_url, Secret(two.token), patient()) as gateway:
        await call(gateway)
        error = await refusal(gateway, two.address("@{host}:{other}/v1/x"))
    assert error.classification.category is Category.ORIGIN_REFUSED
    assert (len(two.own.requests), two.other.connections) == (1, 0)


async def test_a_base_url_that_has_no_origin_is_never_called(two: Two) -> None:
    url = two.address("http://me@{host}:{own}")
    async with Gateway(url, Secret(two.token), patient()) as gateway:
        error = await refusal(gateway)
    assert error.classification.category is Category.ORIGIN_REFUSED
    assert two.nothing_came()


REDIRECT_TARGETS = ["http://{host}:{other}/v1/x", "//{host}:{other}/", "/elsewhere", "http://me@{host}:{own}/"]


@pytest.mark.parametrize(
    ("status", "target"),
    [
        *((status, REDIRECT_TARGETS[0]) for status in (300, 301, 302, 303, 305, 307, 308, 399)),
        *((307, target) for target in REDIRECT_TARGETS[1:]),
    ],
)
@pytest.mark.parametrize(("body", "auth"), [(BODY, "authorization"), (None, "x-api-key")], ids=["POST", "GET"])
async def test_no_redirect_is_followed(status: int, target: str, body: bytes | None, auth: str) -> None:
    async with raw_server(GOOD) as other:
        location = target.format(host=HOST, other=port_of(other), own=1)
        async with raw_server(answer_with(whole(status, b"", f"location: {location}"))) as own:
            two = Two(own, other, fresh_token())
            async with client(two, own.base_url, auth) as gateway:
                error = await refusal(gateway, body=body)
            assert error.classification.category is Category.ORIGIN_REFUSED
            assert error.http_status == status
            assert (len(own.requests), own.connections, other.connections) == (1, 1, 0)
            assert location not in str(error)


async def test_a_refused_origin_is_a_result_with_no_request_sent(two: Two) -> None:
    result = await smoke_once(two.address("http://me@{host}:{own}"), token=two.token)
    assert result.status is SmokeStatus.BLOCKED
    assert result.classification is not None
    assert result.classification.category is Category.ORIGIN_REFUSED
    assert result.requests_sent == 0
    assert two.nothing_came()


# --- A token in what is sent -----------------------------------------------------------------------------------------

_FORMS: dict[str, Callable[[str], str]] = {
    "value": str,
    "quoted for a URL": lambda token: quote(token, safe=""),
    "in JSON": lambda token: json.dumps(token)[1:-1],
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64, one byte before": lambda token: base64.b64encode(b"x" + token.encode()).decode(),
    "base64, two bytes before": lambda token: base64.b64encode(b"xy" + token.encode()).decode(),
    "base64 for URLs": lambda token: base64.urlsafe_b64encode(token.encode()).decode(),
    "basic": lambda token: "Basic " + base64.b64encode(f"user:{token}".encode()).decode(),
    "hexadecimal": lambda token: token.encode().hex(),
}
_WHOSE = ["the profile's own", "another profile's"]


def planted(two: Two, whose: str) -> str:
    """Return a token that this process holds: the client's, or one that another profile resolved to."""
    if whose == "the profile's own":
        return two.token
    other = fresh_token()
    LEAK_GUARD.add(Secret(other))
    return other


_PLACES = ["body", "query", "path", "header"]


@pytest.mark.parametrize(
    ("write", "place", "whose"),
    [
        pytest.param(write, place, whose, id=f"{whose}, {name}, {place}")
        for row, (name, write) in enumerate(_FORMS.items())
        for column, place in enumerate(_PLACES)
        for whose in (_WHOSE if write is str else [_WHOSE[(row + column) % 2]])
    ],
)
async def test_a_token_in_what_is_sent_blocks_the_call(
    two: Two, write: Callable[[str], str], place: str, whose: str
) -> None:
    form = write(planted(two, whose))
    async with client(two, two.own.base_url) as gateway:
        match place:
            case "body":
                error = await refusal(gateway, body=json.dumps({"input": "key: "}).encode() + form.encode())
            case "query":
                error = await refusal(gateway, f"/v1/x?after={form.replace(' ', '%20')}", None)
            case "path":
                error = await refusal(gateway, f"/v1/{form.replace(' ', '%20')}/x", None)
            case _:
                error = await refusal(gateway, headers={"x-session": form})
    assert error.classification.category is Category.SECRET_IN_PROMPT
    assert not error.was_sent
    assert form not in f"{error} {error.classification}"
    assert two.nothing_came()


@pytest.mark.parametrize("name", ["cookie", "user-agent", "x-tags", "api-key", "x-goog-api-key", "proxy-authorization"])
async def test_a_token_in_a_header_that_is_no_key_header_blocks_the_call(two: Two, name: str) -> None:
    async with client(two, two.own.base_url) as gateway:
        error = await refusal(gateway, headers={name: f"a {two.token} b"})
    assert error.classification.category is Category.SECRET_IN_PROMPT
    assert two.nothing_came()


@pytest.mark.parametrize(
    ("auth", "name"),
    [
        ("authorization", "x-api-key"),
        ("x-api-key", "authorization"),
        ("api-key", "x-api-key"),
        ("x-api-key", "api-key"),
    ],
)
@pytest.mark.parametrize("whose", _WHOSE)
async def test_a_token_in_the_key_header_that_the_profile_does_not_use_blocks_the_call(
    two: Two, auth: str, name: str, whose: str
) -> None:
    async with client(two, two.own.base_url, auth) as gateway:
        error = await refusal(gateway, headers={name: f"Bearer {planted(two, whose)}"})
    assert error.classification.category is Category.SECRET_IN_PROMPT
    assert two.nothing_came()


@pytest.mark.parametrize(
    "token", ['tk-a"b+c/d<e>Qw3rTy7', "tk-a|b^c`d{e}Qw3rTy7", "tk-a%2Fb%25c+Qw3rTy7", "tk-a'b(c)d;e,Qw3r"]
)
@pytest.mark.parametrize("place", ["query", "path", "fields"])
async def test_a_token_that_the_client_quotes_in_its_own_way_is_found_in_the_address(
    two: Two, token: str, place: str
) -> None:
    LEAK_GUARD.add(Secret(token))
    url = httpx.URL(two.own.base_url)
    match place:
        case "query":
            url = httpx.URL(f"{two.own.base_url}/v1/x?after={token}")
        case "path":
            url = url.copy_with(path=f"/v1/{token}")
        case _:
            url = httpx.URL(f"{two.own.base_url}/v1/x", params={"after": token})
    async with httpx.AsyncClient(
        transport=BoundTransport(httpx.MockTransport(lambda _: httpx.Response(200)), canonical_origin(two.own.base_url))
    ) as outgoing:
        with pytest.raises(CallError) as caught:
            await outgoing.get(url)
    assert caught.value.classification.category is Category.SECRET_IN_PROMPT


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_token_in_an_address_within_the_address_is_found(two: Two, times: int) -> None:
    form = "".join(f"%{byte:02x}" for byte in two.token.encode())
    for _ in range(times - 1):
        form = quote(form, safe="")
    async with client(two, two.own.base_url) as gateway:
        error = await refusal(gateway, f"/v1/x?next={form}", None)
    assert error.classification.category is Category.SECRET_IN_PROMPT
    assert two.nothing_came()


@pytest.mark.parametrize("auth", KEYS)
@pytest.mark.parametrize("form", ["{0} {0}", "Bearer {0}, Bearer {0}", "Bearer {0}x", "Basic {0}", " {0}", "x{0}"])
async def test_the_key_header_lets_the_token_through_and_nothing_beside_it(two: Two, auth: str, form: str) -> None:
    async with bound_client(two, auth) as outgoing:
        with pytest.raises(CallError) as caught:
            await outgoing.get(two.own.base_url, headers={auth: form.format(two.token)})
    assert caught.value.classification.category is Category.SECRET_IN_PROMPT


@pytest.mark.parametrize("auth", KEYS)
async def test_another_token_in_the_key_header_blocks_the_call(two: Two, auth: str) -> None:
    other = planted(two, "another profile's")
    async with bound_client(two, auth) as outgoing:
        with pytest.raises(CallError) as caught:
            await outgoing.get(two.own.base_url, headers=key_of(auth, other))
        assert (await outgoing.get(two.own.base_url, headers=key_of(auth, two.token))).status_code == 200
    assert caught.value.classification.category is Category.SECRET_IN_PROMPT


@pytest.mark.parametrize("auth", KEYS)
async def test_a_token_in_a_header_s_name_blocks_the_call(two: Two, auth: str) -> None:
    LEAK_GUARD.add(Secret(token := "tk-" + secrets.token_hex(16)))
    async with bound_client(two, auth) as outgoing:
        with pytest.raises(CallError) as caught:
            await outgoing.get(two.own.base_url, headers={token: "x"})
    assert caught.value.classification.category is Category.SECRET_IN_PROMPT


def bound_client(two: Two, auth: str) -> httpx.AsyncClient:
    """Return a bare client on the last hop, where no header has been written yet."""
    LEAK_GUARD.add(Secret(two.token))
    answer = httpx.MockTransport(lambda _: httpx.Response(200))
    return httpx.AsyncClient(
        transport=BoundTransport(answer, canonical_origin(two.own.base_url), Secret(two.token), auth)
    )


def key_of(auth: str, token: str) -> dict[str, str]:
    return {auth: f"Bearer {token}" if auth == "authorization" else token}


@pytest.mark.parametrize("auth", KEYS)
async def test_the_token_goes_in_the_key_header_and_nowhere_else(two: Two, auth: str) -> None:
    async with client(two, two.own.base_url, auth) as gateway:
        await call(gateway)
    (request,) = two.own.requests
    holding = [name for name, value in request.headers if Secret(two.token).is_in(value)]
    assert holding == [auth]
    assert not Secret(two.token).is_in(request.path + request.body.decode())
    assert two.other.connections == 0


@pytest.mark.parametrize("token", ["m", "OK", "model", "input", "EMPTY", "gzip", "1234"])
async def test_a_short_token_of_a_gateway_that_checks_none_does_not_block_every_call(token: str) -> None:
    """In a process of its own the same would hold; here a registry of the test's own stands for it."""
    from console.domain.tokens.registry import SecretRegistry

    registry = SecretRegistry()
    registry.add(Secret(token))
    assert not registry.is_hit('{"model": "m", "input": "Reply with OK.", "max_output_tokens": 1234, "stream": true}')


async def test_a_good_call_still_passes(two: Two) -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        result = await smoke_once(server.base_url, token=two.token)
    assert result.status is SmokeStatus.PASSED
