"""The source check against real servers: what supports a claim, what does not, and what is never asked."""

import asyncio
import gzip
from collections.abc import Sequence

import pytest
from support.gateway.servers import (
    END,
    Peer,
    RawServer,
    Request,
    Script,
    answer_with,
    chunk,
    head,
    raw_server,
    stay_silent,
    unused_port,
    whole,
)
from support.waiting import HANG_S
from yarl import URL

from console.domain.sources.cited_page import SourceChecked, SourceVerdict, Unread, check_sources
from console.domain.sources.claim import Claim, named_claims
from console.services.gateway.tls import verifying_context
from console.services.pages.claim_check import CLAIM_LIMIT, REDIRECT_LIMIT, check_claims, source_fetch
from console.services.pages.failure import SourceRefusedError
from console.services.pages.fetch import SIZE_LIMIT, Fetched, _Fetcher
from console.services.pages.freshness_check import FETCH_LIMIT, Fetch
from console.services.pages.public_address import resolve_host

HTML = "text/html; charset=utf-8"
PAGE = b"<html><title>T</title><body><p>A request may hold at most <b>100</b> messages.</p></body></html>"
QUOTE, OTHER = "at most 100 messages", "at most 500 messages"
GOOD = whole(200, PAGE, content_type=HTML)
TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])
FIXED_HEADERS = {"host", "accept", "accept-encoding", "user-agent", "connection"}
NOW_S = 1_780_000_000.5


async def results_of(claims: Sequence[Claim], read: Fetch) -> list[SourceChecked]:
    return [each async for each in check_claims(claims, read, lambda: NOW_S)]


async def result_of(url: str, read: Fetch, quote: str = QUOTE) -> SourceChecked:
    [result] = await results_of([Claim("c1", url, quote)], read)
    return result


def read_from(*servers: RawServer, deadline_s: float = HANG_S) -> Fetch:
    return source_fetch(loopback_origins=frozenset(each.base_url for each in servers), deadline_s=deadline_s)


async def served(
    script: Script, quote: str = QUOTE, *, path: str = "/limits", deadline_s: float = HANG_S
) -> SourceChecked:
    async with raw_server(script) as server:
        return await result_of(server.base_url + path, read_from(server, deadline_s=deadline_s), quote)


def redirect(location: str, status: int = 302) -> bytes:
    return whole(status, b"", f"location: {location}")


async def resolve_nothing(host: str, port: int) -> Sequence[str]:
    raise AssertionError("a name was asked")


# --- What a page says ------------------------------------------------------------------------------------------------


async def test_words_on_the_page_support_the_claim() -> None:
    async with raw_server(answer_with(GOOD)) as server:
        result = await result_of(f"{server.base_url}/limits?page=2#part", read_from(server))
    assert result == SourceChecked(
        url=f"{server.base_url}/limits?page",
        verdict=SourceVerdict.SUPPORTED,
        checked_at_ms=1_780_000_000_500,
        claims=("c1",),
        supports=("c1",),
        final_origin=server.base_url,
        status=200,
        content_sha256=result.content_sha256,
        media_type="text/html",
        size=len(PAGE),
    )
    assert len(result.content_sha256 or "") == 64
    assert server.requests[0].path == "/limits?page=2"


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        (OTHER, SourceVerdict.UNSUPPORTED),
        ("messages", SourceVerdict.UNSUPPORTED),
        ("html body request", SourceVerdict.UNSUPPORTED),
        ("", SourceVerdict.LIVE),
    ],
)
async def test_other_words_do_not_and_no_words_are_only_live(quote: str, verdict: SourceVerdict) -> None:
    assert (await served(answer_with(GOOD), quote)).verdict is verdict


@pytest.mark.parametrize(
    "body",
    [
        "<p>A request may hold at <em>most</em> <code>100</code>&nbsp;mess<wbr>ages.</p>",
        "<p>at\n   most&#32;&#49;00 mess&shy;ages</p>",
        "<td>at most</td><td>100</td><td>messages</td>",
        "at most <!-- not --> 100<script>x()</script> messages",
    ],
)
async def test_words_are_found_across_tags_and_entities(body: str) -> None:
    answer = whole(200, f"<html>{body}</html>".encode(), content_type=HTML)
    assert (await served(answer_with(answer))).verdict is SourceVerdict.SUPPORTED


@pytest.mark.parametrize(
    "body",
    [
        "<script>at most 100 messages</script>x",
        "<!-- at most 100 messages -->x",
        "<p title='at most 100 messages'>x",
        "<p>at most <del>500</del>100messages",
    ],
)
async def test_words_that_no_reader_sees_support_nothing(body: str) -> None:
    answer = whole(200, body.encode(), content_type=HTML)
    assert (await served(answer_with(answer))).verdict is SourceVerdict.UNSUPPORTED


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "no-such", "zlib", "idna", ""])
async def test_a_wrong_charset_breaks_nothing_and_makes_up_no_support(charset: str) -> None:
    body = "<p>Le café coûte au plus 100 €.</p>".encode()
    answer = whole(200, body, content_type=f"text/html; charset={charset}")
    wrong = await served(answer_with(answer), "Le cafe coute au plus 100")
    assert wrong.verdict is SourceVerdict.UNSUPPORTED
    right = await served(answer_with(answer), "Le café coûte au plus 100 €.")
    is_read_right = charset not in ("iso-8859-1", "utf-16")
    assert right.verdict is (SourceVerdict.SUPPORTED if is_read_right else SourceVerdict.UNSUPPORTED)


# --- One page for many claims ----------------------------------------------------------------------------------------


async def test_a_page_is_fetched_once_however_many_claims_name_it() -> None:
    async with raw_server(answer_with(GOOD)) as server:
        spellings = ("/limits", "/limits#part", "/limits#other", "/limits")
        claims = [Claim(f"c{n}", server.base_url + path, QUOTE) for n, path in enumerate(spellings)]
        claims += [Claim("wrong", f"{server.base_url}/limits", OTHER), Claim("bare", f"{server.base_url}/limits")]
        [result] = await results_of(claims, read_from(server))
    assert len(server.requests) == server.connections == 1
    assert result.verdict is SourceVerdict.UNSUPPORTED
    assert (result.supports, result.lacks) == (("c0", "c1", "c2", "c3"), ("wrong",))
    assert result.claims == ("c0", "c1", "c2", "c3", "wrong", "bare")


async def test_no_more_than_a_few_pages_are_read_at_once() -> None:
    under_way, most = 0, 0

    async def read(url: str) -> Fetched:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(10):
            await asyncio.sleep(0)
        under_way -= 1
        return Fetched(url, 200, "text/html", QUOTE, "a" * 64)

    claims = [Claim(f"c{n}", f"https://docs.example/{n}", QUOTE) for n in range(20)]
    assert {each.verdict for each in await results_of(claims, read)} == {SourceVerdict.SUPPORTED}
    assert most == FETCH_LIMIT


async def test_claims_over_the_limit_are_not_asked_for_and_said_to_be_unchecked() -> None:
    asked = []

    async def read(url: str) -> Fetched:
        asked.append(url)
        return Fetched(url, 200, "text/html", QUOTE, "a" * 64)

    claims = [Claim(f"c{n}", f"https://docs.example/{n // 2}", QUOTE) for n in range(CLAIM_LIMIT + 7)]
    results = await results_of(claims, read)
    assert len(asked) == CLAIM_LIMIT // 2
    assert sorted(name for each in results for name in each.claims) == sorted(each.id for each in claims)
    unchecked = [each for each in results if each.unread is Unread.OVER_LIMIT]
    assert sum(len(each.claims) for each in unchecked) == 7
    assert [each.id for each in check_sources(results)] == ["SRC-06"]


async def test_no_claim_means_no_result() -> None:
    assert await results_of([], source_fetch(resolve=resolve_nothing)) == []


async def test_who_stops_reading_ends_the_fetches() -> None:
    async with raw_server(stay_silent) as silent, raw_server(answer_with(GOOD)) as server:
        claims = [Claim("a", server.base_url, QUOTE), Claim("b", silent.base_url, QUOTE)]
        stream = check_claims(claims, read_from(server, silent))
        assert (await anext(stream)).claims == ("a",)
        await silent.came.wait()
        await stream.aclose()
        await silent.peers[0].has_left.wait()


async def test_a_bug_in_reading_is_no_verdict() -> None:
    async def read(url: str) -> Fetched:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await results_of([Claim("a", "https://docs.example/", QUOTE)], read)


# --- What is not read ------------------------------------------------------------------------------------------------

BOMB = gzip.compress(bytes(100_000_000), 1)
UNREAD: dict[str, tuple[bytes, int | None, str]] = {
    "not found": (whole(404, PAGE, content_type=HTML), 404, "HTTP status 404"),
    "gone": (whole(410, PAGE, content_type=HTML), 410, "HTTP status 410"),
    "down": (whole(503, PAGE, content_type=HTML), 503, "HTTP status 503"),
    "gzip bomb": (whole(200, BOMB, "content-encoding: gzip", content_type=HTML), 200, "compressed"),
    "hidden gzip bomb": (whole(200, BOMB, content_type="application/gzip"), 200, "not text"),
    "over the cap": (whole(200, b"x" * (SIZE_LIMIT + 1), content_type=HTML), None, "larger than 2 MB"),
    "over the cap unannounced": (head(content_type=HTML) + chunk(b"x" * (SIZE_LIMIT + 1)) + END, None, "larger than"),
    "picture": (whole(200, PAGE, content_type="image/png"), 200, "not text"),
    "empty": (whole(200, b"", content_type=HTML), 200, "no text"),
}


@pytest.mark.parametrize(("answer", "status", "words"), UNREAD.values(), ids=UNREAD.keys())
async def test_a_page_that_does_not_come_whole_is_unreachable_and_no_lie(
    answer: bytes, status: int | None, words: str
) -> None:
    result = await served(answer_with(answer))
    assert (result.verdict, result.unread) == (SourceVerdict.UNREACHABLE, Unread.NO_PAGE)
    assert result.status == status
    assert words in result.reason
    assert result.claims == ("c1",)
    assert (result.supports, result.lacks) == ((), ())
    assert [each.id for each in check_sources([result])] == ["SRC-02"]


async def test_a_page_of_exactly_the_cap_is_read() -> None:
    body = PAGE + b" " * (SIZE_LIMIT - len(PAGE))
    result = await served(answer_with(whole(200, body, content_type=HTML)))
    assert (result.verdict, result.size) == (SourceVerdict.SUPPORTED, SIZE_LIMIT)


async def test_a_host_that_drips_or_is_silent_is_left_at_the_deadline() -> None:
    async def drip(peer: Peer, _: Request) -> None:
        await peer.send(head(content_type=HTML))
        while not peer.writer.is_closing():
            await peer.send(chunk(b"x"))
            await asyncio.sleep(0)

    for script in (drip, stay_silent):
        result = await served(script, deadline_s=0.3)
        assert (result.unread, result.reason) == (Unread.NO_PAGE, "no complete page within 0.3 s")


async def test_nobody_listens() -> None:
    with unused_port() as holder:
        origin = f"http://127.0.0.1:{holder.getsockname()[1]}"
        result = await result_of(origin, source_fetch(loopback_origins=frozenset({origin})))
    assert (result.unread, result.status) == (Unread.NO_PAGE, None)


async def test_one_page_that_fails_leaves_the_others_alone() -> None:
    async def script(peer: Peer, request: Request) -> None:
        await peer.send(GOOD if request.path == "/limits" else whole(404, b""))

    async with raw_server(script) as server:
        claims = [Claim("a", f"{server.base_url}/gone", QUOTE), Claim("b", f"{server.base_url}/limits", QUOTE)]
        verdicts = {each.claims: each.verdict for each in await results_of(claims, read_from(server))}
    assert verdicts == {("a",): SourceVerdict.UNREACHABLE, ("b",): SourceVerdict.SUPPORTED}


# --- Redirects -------------------------------------------------------------------------------------------------------


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async def script(peer: Peer, request: Request) -> None:
        number = int(request.path[1:])
        await peer.send(redirect(f"/{number - 1}") if number else GOOD)

    assert (await served(script, path=f"/{REDIRECT_LIMIT}")).verdict is SourceVerdict.SUPPORTED
    assert "more than 3 times" in (await served(script, path=f"/{REDIRECT_LIMIT + 1}")).reason


async def test_a_redirect_in_a_circle_ends() -> None:
    async with raw_server(answer_with(redirect("/limits", 308))) as server:
        result = await result_of(f"{server.base_url}/limits", read_from(server))
    assert (result.unread, len(server.requests)) == (Unread.NO_PAGE, REDIRECT_LIMIT + 1)


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "file:///etc/passwd",
        "data:text/html,at most 100 messages",
        "http://user:password@docs.example/",
    ],
)
async def test_a_redirect_to_where_nobody_may_be_asked_is_refused(location: str) -> None:
    result = await served(answer_with(redirect(location)))
    assert (result.verdict, result.unread) == (SourceVerdict.UNREACHABLE, Unread.REFUSED)
    assert [each.id for each in check_sources([result])] == ["SRC-03"]


async def test_a_redirect_to_loopback_is_refused_where_that_origin_is_not_allowed_by_itself() -> None:
    async with raw_server(answer_with(GOOD)) as inside, raw_server(answer_with(redirect(inside.base_url))) as server:
        result = await result_of(server.base_url, read_from(server))
        assert (result.unread, inside.connections) == (Unread.REFUSED, 0)
        moved = await result_of(server.base_url, read_from(server, inside))
    assert (moved.verdict, moved.final_origin) == (SourceVerdict.MOVED, inside.base_url)
    assert [each.id for each in check_sources([moved])] == ["SRC-04"]


async def test_no_public_page_leads_to_an_allowed_loopback_origin() -> None:
    class FromOutside(_Fetcher):
        """Plays the public page, which no test can reach; all that it leads to is real."""

        async def _get(self, url: URL) -> Fetched | URL:
            return URL(inside.base_url) if url.host == "docs.example" else await super()._get(url)

    async with raw_server(answer_with(GOOD)) as inside:

        def fetcher() -> _Fetcher:
            origins = frozenset({inside.base_url})
            return FromOutside(
                SIZE_LIMIT, 3, resolve_host, verifying_context, allow_loopback=False, loopback_origins=origins
            )

        with pytest.raises(SourceRefusedError):
            await fetcher().follow("http://docs.example/")
        assert inside.connections == 0
        assert (await fetcher().follow(inside.base_url)).status == 200


async def test_an_allowed_origin_is_no_way_to_another_private_address() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.1"]

    read = source_fetch(loopback_origins=frozenset({"http://docs.example"}), resolve=resolve)
    assert (await result_of("http://docs.example/", read)).unread is Unread.REFUSED


# --- What is never asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://docs.example/limits",
        "data:text/html,at most 100 messages",
        "javascript:alert(1)",
        "gopher://docs.example/",
        "https://user:password@docs.example/",
        "https://user@docs.example/",
        "https://docs.example\\@127.0.0.1/",
        "https://docs.example/\r\nx-injected: 1",
        "https://dócs.example/",
        "https://",
        "docs.example/limits",
        "",
        f"https://docs.example/?key={TOKEN}",
        f"https://docs.example/{TOKEN}",
    ],
)
async def test_what_is_no_plain_public_address_is_refused_and_no_name_is_asked(url: str) -> None:
    result = await result_of(url, source_fetch(resolve=resolve_nothing))
    assert (result.verdict, result.unread, result.status) == (SourceVerdict.UNREACHABLE, Unread.REFUSED, None)
    shown = repr(result) + repr(check_sources([result]))
    assert not any(words in shown for words in (TOKEN, "passwd", "user:", "user@", "alert", "\\r", "\\n"))


HOSTS_INSIDE = (
    "127.0.0.1", "127.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1%25lo]", "%31%32%37.0.0.1",
)  # fmt: skip


async def test_this_machine_is_not_asked_however_its_address_is_spelled() -> None:
    async with raw_server(answer_with(GOOD)) as server:
        port = server.base_url.rpartition(":")[2]
        claims = named_claims(Claim("", f"http://{host}:{port}/{n}", QUOTE) for n, host in enumerate(HOSTS_INSIDE))
        results = await results_of(claims, source_fetch())
    assert len(results) == len(HOSTS_INSIDE)
    assert {each.verdict for each in results} == {SourceVerdict.UNREACHABLE}
    assert server.connections == 0


async def test_an_allowed_origin_is_that_spelling_and_port_and_no_other() -> None:
    async with raw_server(answer_with(GOOD)) as allowed, raw_server(answer_with(GOOD)) as other:
        port = allowed.base_url.rpartition(":")[2]
        for url in (other.base_url, f"http://localhost:{port}/", f"http://2130706433:{port}/"):
            assert (await result_of(url, read_from(allowed))).unread is Unread.REFUSED
    assert allowed.connections == other.connections == 0


async def test_a_name_is_asked_once_and_what_it_meant_then_is_connected_to() -> None:
    """A name that means an honest place when it is checked, and this network a moment later."""
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with raw_server(answer_with(GOOD)) as server:
        origin = server.base_url.replace("127.0.0.1", "docs.example")
        result = await result_of(origin, source_fetch(loopback_origins=frozenset({origin}), resolve=resolve))
    assert (result.verdict, asked) == (SourceVerdict.SUPPORTED, ["docs.example"])


async def test_a_request_carries_no_header_but_the_fixed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODEL_GATEWAY_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    async with raw_server(answer_with(whole(200, PAGE, "set-cookie: a=b; path=/", content_type=HTML))) as server:
        claims = [Claim(f"c{n}", f"{server.base_url}/{n}", QUOTE) for n in range(3)]
        await results_of(claims, read_from(server))
    assert len(server.requests) == server.connections == 3
    for request in server.requests:
        assert (request.method, request.body) == ("GET", b"")
        assert {name for name, _ in request.headers} <= FIXED_HEADERS
        assert request.header("accept-encoding") == "identity"
