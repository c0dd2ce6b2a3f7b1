"""Reading a public page: what comes whole, what is refused, and what a host can do wrong."""

import asyncio
import functools
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from support.gateway.certificates import make_certificate
from support.gateway.servers import (
    END,
    Peer,
    Request,
    Script,
    answer_and_close,
    answer_and_reset,
    answer_with,
    chunk,
    head,
    raw_server,
    stay_silent,
    unused_port,
    whole,
)
from support.system.loop_clock import Clock, held_loop_clock
from support.waiting import HANG_S

from console.services.pages.failure import SourceError, SourceRefusedError, SourceUnreachableError
from console.services.pages.fetch import REDIRECT_LIMIT, SIZE_LIMIT, Fetched, fetch

PAGE = b"<html><title>T</title><body><p>Use POST /v1/responses.</p></body></html>"
TEXT = "Use POST /v1/responses."
HTML = "text/html; charset=utf-8"

get: Callable[..., Awaitable[Fetched]] = functools.partial(fetch, allow_loopback=True, deadline_s=HANG_S)


async def fetched_from(script: Script, path: str = "/page", **options: object) -> Fetched:
    async with raw_server(script) as server:
        return await get(server.base_url + path, **options)


async def failure_of(script: Script, **options: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await fetched_from(script, **options)
    assert str(caught.value).isprintable()
    return caught.value


def redirect(location: str, status: int = 302) -> bytes:
    return whole(status, b"", f"location: {location}")


# --- A page that comes whole -----------------------------------------------------------------------------------------


async def test_a_page_comes_with_its_text_and_its_hash() -> None:
    page = await fetched_from(answer_with(whole(200, PAGE, content_type=HTML)))
    assert (page.status, page.text, page.content_type, len(page.sha256)) == (200, TEXT, "text/html", 64)
    assert page.url.endswith("/page")
    assert TEXT not in repr(page)


async def test_one_plain_get_is_sent_with_no_credential_no_cookie_and_no_compression(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with raw_server(answer_with(whole(200, PAGE, "set-cookie: a=b", content_type=HTML))) as server:
        await get(f"{server.base_url}/page?a=1#part")
        await get(f"{server.base_url}/page")
    first, second = server.requests
    assert (first.method, first.path, first.body) == ("GET", "/page?a=1", b"")
    assert {name for name, _ in first.headers} <= {"host", "accept", "accept-encoding", "user-agent", "connection"}
    assert first.header("accept-encoding") == "identity"
    assert second.header("cookie") is None


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(answer_with(whole(200, b"proxy", content_type=HTML))) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base_url)
        assert (await fetched_from(answer_with(whole(200, PAGE, content_type=HTML)))).text == TEXT
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "TEXT/HTML;charset=UTF-8",
        "application/xhtml+xml",
        "text/html; charset=no-such",
        "text/html;;=;",
        "",
    ],
)
async def test_markup_is_read_as_markup(content_type: str) -> None:
    assert (await fetched_from(answer_with(whole(200, PAGE, content_type=content_type)))).text == TEXT


@pytest.mark.parametrize("content_type", ["text/plain", "text/markdown", "application/json", "application/vnd.x+json"])
async def test_text_is_read_as_it_is(content_type: str) -> None:
    page = await fetched_from(answer_with(whole(200, b'{"a":\n  "<b>"}', content_type=content_type)))
    assert page.text == '{"a": "<b>"}'


async def test_invalid_utf8_gives_the_same_hash_each_time() -> None:
    body = b"<p>caf\xe9 \xff\xfe\xf0\x9f</p>"
    pages = [await fetched_from(answer_with(whole(200, body, content_type=HTML))) for _ in range(2)]
    assert pages[0].text.startswith("caf\ufffd")
    assert pages[0].sha256 == pages[1].sha256


async def test_a_page_whose_nonce_changes_with_every_visit_keeps_its_hash() -> None:
    async def script(peer: Peer, _: Request) -> None:
        visit = len(server.requests)
        body = f'<script nonce="n{visit}">v={visit}</script><meta content="{visit}"><p>Same</p><!-- {visit} -->'
        await peer.send(whole(200, body.encode(), content_type=HTML))

    async with raw_server(script) as server:
        hashes = {(await get(server.base_url)).sha256 for _ in range(3)}
    assert (len(server.requests), len(hashes)) == (3, 1)


async def test_a_page_over_tls_is_taken_where_its_authority_is_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate.path))

    async with raw_server(answer_with(whole(200, PAGE, content_type=HTML)), tls=certificate.server) as server:
        assert (await get(server.base_url, make_tls=trusting)).text == TEXT
        with pytest.raises(SourceUnreachableError, match="no trusted certificate"):
            await get(server.base_url)
    assert len(server.requests) == 1


# --- Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://docs.example/",
        "gopher://docs.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "docs.example",
        "//docs.example/",
        "http://",
        "http:///path",
        "",
        "http://user@docs.example/",
        "http://user:password@docs.example/",
        "http://docs.example:0/",
        "http://docs.example:99999/",
        "http://docs.example:port/",
        "http://docs.example\\@127.0.0.1/",
        "http://docs.example/ x",
        "http://docs.example/\r\nx: y",
        "http://docs.example/\0",
        "http://dócs.example/",
        "http://[::1",
        "http://docs.example/" + "x" * 2048,
    ],
)
async def test_what_is_no_plain_web_address_is_refused_before_anybody_is_asked(url: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("asked")

    with pytest.raises(SourceRefusedError) as caught:
        await fetch(url, resolve=resolve)
    assert "password" not in str(caught.value).replace("user name or password", "")


async def test_without_the_allowance_this_machine_is_refused_and_not_connected_to() -> None:
    async with raw_server(answer_with(whole(200, PAGE))) as server:
        port = server.base_url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(SourceError):
                await fetch(f"http://{host}:{port}/")
    assert server.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked_however_the_name_changes() -> None:
    """A name that means a public place when it is asked first, and this machine's network a moment later."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with raw_server(answer_with(whole(200, PAGE, content_type=HTML))) as server:
        port = int(server.base_url.rpartition(":")[2])
        assert (await get(f"http://docs.example:{port}/", resolve=resolve)).text == TEXT
    assert asked == [("docs.example", port)]
    assert server.requests[0].header("host") == f"docs.example:{port}"


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    async with raw_server(answer_with(whole(200, PAGE))) as server:
        with pytest.raises(SourceRefusedError):
            await get(server.base_url.replace("127.0.0.1", "docs.example"), resolve=resolve)
    assert server.connections == 0


# --- Redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/there", "there", "?x=1", "#part", "{base}/there"])
async def test_a_redirect_is_followed(status: int, location: str) -> None:
    async def script(peer: Peer, _: Request) -> None:
        is_first = len(server.requests) == 1
        answer = whole(status, b"", f"location: {location.format(base=server.base_url)}", "set-cookie: a=b; path=/")
        await peer.send(answer if is_first else whole(200, PAGE, content_type=HTML))

    async with raw_server(script) as server:
        page = await get(f"{server.base_url}/here")
    assert page.text == TEXT
    assert server.requests[1].header("cookie") is None
    assert page.url.removeprefix(server.base_url) in ("/there", "/here?x=1", "/here")


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "//192.168.0.1/",
        "file:///etc/passwd",
        "ftp://docs.example/",
        "javascript:alert(1)",
        "http://user:password@docs.example/",
        "http://docs.example:0/",
        "http://[::1",
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_refused_and_not_repeated(location: str) -> None:
    error = await failure_of(answer_with(redirect(location)))
    assert isinstance(error, SourceRefusedError)
    assert not any(word in str(error) for word in ("10.0", "169.254", "passwd", "docs.example", "alert"))


async def test_a_redirect_to_a_name_is_resolved_and_checked_like_the_first() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["192.168.0.1"] if host == "inside.example" else ["127.0.0.1"]

    async with raw_server(answer_with(redirect("http://inside.example/"))) as server:
        with pytest.raises(SourceRefusedError):
            await get(server.base_url.replace("127.0.0.1", "docs.example"), resolve=resolve)
    assert len(server.requests) == 1


async def test_a_redirect_from_https_to_plain_http_is_refused(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate.path))

    async with (
        raw_server(answer_with(whole(200, PAGE))) as plain,
        raw_server(answer_with(redirect(plain.base_url)), tls=certificate.server) as server,
    ):
        with pytest.raises(SourceRefusedError, match="from https to plain http"):
            await get(server.base_url, make_tls=trusting)
    assert plain.connections == 0


async def test_five_redirects_are_followed_and_a_sixth_is_not() -> None:
    async def script(peer: Peer, request: Request) -> None:
        number = int(request.path[1:])
        await peer.send(redirect(f"/{number - 1}") if number else whole(200, PAGE, content_type=HTML))

    async with raw_server(script) as server:
        assert (await get(f"{server.base_url}/{REDIRECT_LIMIT}")).text == TEXT
        with pytest.raises(SourceUnreachableError, match="more than 5 times"):
            await get(f"{server.base_url}/{REDIRECT_LIMIT + 1}")


async def test_a_redirect_in_a_circle_ends() -> None:
    async with raw_server(answer_with(redirect("/"))) as server:
        with pytest.raises(SourceUnreachableError, match="more than 5 times"):
            await get(server.base_url)
    assert len(server.requests) == REDIRECT_LIMIT + 1


# --- Answers that are no page ----------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Script, str]] = {
    "not found": (answer_with(whole(404, PAGE, content_type=HTML)), "HTTP status 404"),
    "forbidden": (answer_with(whole(403, PAGE, content_type=HTML)), "HTTP status 403"),
    "down": (answer_with(whole(503, PAGE, content_type=HTML)), "HTTP status 503"),
    "multiple choices": (answer_with(whole(300, PAGE, "location: /x")), "HTTP status 300"),
    "not modified": (answer_with(b"HTTP/1.1 304 Told\r\n\r\n"), "HTTP status 304"),
    "redirect without address": (answer_with(whole(302, b"")), "names no URL"),
    "gzip": (
        answer_with(whole(200, gzip.compress(PAGE), "content-encoding: gzip", content_type=HTML)),
        "is compressed",
    ),
    "gzip bomb": (
        answer_with(whole(200, gzip.compress(bytes(300_000_000), 1), "content-encoding: gzip", content_type=HTML)),
        "is compressed",
    ),
    "unknown coding": (answer_with(whole(200, PAGE, "content-encoding: zz", content_type=HTML)), "is compressed"),
    "image": (answer_with(whole(200, PAGE, content_type="image/png")), "is not text"),
    "pdf": (answer_with(whole(200, PAGE, content_type="application/pdf")), "is not text"),
    "bytes": (answer_with(whole(200, PAGE, content_type="application/octet-stream")), "is not text"),
    "no content": (answer_with(b"HTTP/1.1 204 Told\r\n\r\n"), "has no text"),
    "empty": (answer_with(whole(200, b"", content_type=HTML)), "has no text"),
    "needs a browser": (
        answer_with(
            whole(200, b"<div id=root></div><noscript>Enable it</noscript><script>x()</script>", content_type=HTML)
        ),
        "has no text",
    ),
    "cut body": (answer_and_close(whole(200, PAGE, content_type=HTML)[:-5]), "in the middle of the page"),
    "cut chunk": (answer_and_close(head(content_type=HTML) + chunk(PAGE)), "in the middle of the page"),
    "bad chunk": (answer_and_close(head(content_type=HTML) + b"zz\r\nx\r\n"), "not valid HTTP"),
    "reset body": (answer_and_reset(head(content_type=HTML) + chunk(PAGE)), ""),
    "no answer": (answer_and_close(b""), "cannot be reached"),
    "reset": (answer_and_reset(b""), "cannot be reached"),
    "no http": (answer_and_close(b"SSH-2.0-OpenSSH_9\r\n"), "not valid HTTP"),
    "endless head": (answer_and_close(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"), "not valid HTTP"),
}


@pytest.mark.parametrize(("script", "words"), FAILURES.values(), ids=FAILURES.keys())
async def test_an_answer_that_is_no_page_says_why_in_our_words(script: Script, words: str) -> None:
    error = await failure_of(script)
    assert isinstance(error, SourceUnreachableError)
    assert words in str(error)
    if words.startswith("HTTP status "):
        assert error.http_status == int(words[-3:])


async def test_a_page_of_2_mb_is_read_and_one_byte_more_is_not() -> None:
    full = b"x" * SIZE_LIMIT
    assert len((await fetched_from(answer_with(whole(200, full, content_type="text/plain")))).text) == SIZE_LIMIT
    for answer in (whole(200, full + b"x", content_type="text/plain"), head() + chunk(full) + chunk(b"x") + END):
        assert "larger than 2 MB" in str(await failure_of(answer_with(answer)))


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_of_50_mb_is_not_read_to_its_end(is_announced: bool) -> None:
    sent = 0

    async def script(peer: Peer, _: Request) -> None:
        nonlocal sent
        begin = whole(200, b"", content_type=HTML).replace(b"length: 0", b"length: 52428800")
        await peer.send(begin if is_announced else head(content_type=HTML))
        piece = b"x" * 65_536
        for _ in range(800):
            await peer.send(piece if is_announced else chunk(piece))
            sent += len(piece)

    error = await failure_of(script)
    assert "larger than 2 MB" in str(error)
    assert sent < 20_000_000


# --- Time ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"", b""), (b"HTTP/1.1 200 OK\r\nx-slow: ", b"x"), (head(content_type=HTML), chunk(b"x"))],
    ids=["silence", "head_byte_by_byte", "page_byte_by_byte"],
)
async def test_one_deadline_holds_for_all_of_it_however_lively_the_host_is(
    clock: Clock, first: bytes, drop: bytes
) -> None:
    async def drip(peer: Peer, _: Request) -> None:
        await peer.send(first)
        while clock.now < 60:
            clock.now += 1
            await peer.send(drop)
            await asyncio.sleep(0)
        peer.writer.close()

    async with raw_server(drip) as server:
        with pytest.raises(SourceUnreachableError, match=r"^no complete page within 30 s$"):
            await get(server.base_url, deadline_s=30.0)
        await server.peers[0].wait_until_left()


async def test_redirects_share_one_deadline(clock: Clock) -> None:
    async def script(peer: Peer, _: Request) -> None:
        clock.now += 12
        await peer.send(redirect("/"))

    assert str(await failure_of(script, deadline_s=30.0)) == "no complete page within 30 s"


async def test_a_name_that_takes_too_long_to_resolve_is_left_at_the_deadline(clock: Clock) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        clock.now = 30.0
        await asyncio.Event().wait()
        return []

    with pytest.raises(SourceUnreachableError, match="no complete page within 30 s"):
        await fetch("http://docs.example/", resolve=resolve, deadline_s=30.0)


async def test_a_closed_port_is_said_so() -> None:
    with unused_port() as holder, pytest.raises(SourceUnreachableError, match="cannot be reached"):
        await get(f"http://127.0.0.1:{holder.getsockname()[1]}/")


async def test_a_reader_that_is_cancelled_leaves_the_host() -> None:
    async with raw_server(stay_silent) as server:
        reading = asyncio.create_task(get(server.base_url))  # type: ignore[arg-type]
        await server.came.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await server.peers[0].has_left.wait()
    assert len(server.requests) == 1
