"""TLS: always verified; a CA file may be added; nothing of the environment weakens it or writes the keys down."""

import contextlib
import datetime
import ssl
from pathlib import Path

import pytest
from support.gateway.certificates import Certificate, make_certificate
from support.gateway.servers import Peer, answer_with, connection_server, good_stream, raw_server
from support.probes.smoking import smoke_once

from console.domain.errors.category import Category
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.services.gateway.tls import verifying_context

GOOD = answer_with(good_stream(EndpointFamily.RESPONSES))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


def evidence(result: SmokeResult) -> str:
    assert result.classification is not None
    assert result.classification.category is Category.UPSTREAM_UNAVAILABLE
    assert result.requests_sent == 0
    return result.classification.evidence


async def test_a_self_signed_certificate_is_refused_before_anything_is_sent(certificate: Certificate) -> None:
    async with raw_server(GOOD, tls=certificate.server) as server:
        result = await smoke_once(server.base_url)
    assert evidence(result).endswith("is not trusted")
    assert result.classification is not None
    assert "ca_file" in result.classification.action
    assert server.requests == []


async def test_a_certificate_that_the_ca_file_vouches_for_is_trusted(certificate: Certificate) -> None:
    async with raw_server(GOOD, tls=certificate.server) as server:
        result = await smoke_once(server.base_url, ca_file=certificate.path)
    assert (result.status, result.requests_sent) == (SmokeStatus.PASSED, 1)


@pytest.mark.parametrize(
    "unfit",
    [{"host": "gateway.example"}, {"host": "127.0.0.2"}, {"valid_for": datetime.timedelta(days=-1)}],
    ids=["another_name", "another_address", "run_out"],
)
async def test_a_ca_file_does_not_excuse_another_name_or_a_date_that_has_passed(
    tmp_path: Path, unfit: dict[str, object]
) -> None:
    certificate = make_certificate(tmp_path, **unfit)
    async with raw_server(GOOD, tls=certificate.server) as server:
        result = await smoke_once(server.base_url, ca_file=certificate.path)
    assert evidence(result).endswith("is not trusted")
    assert server.requests == []


def test_a_name_that_stands_in_the_common_name_alone_is_refused(tmp_path: Path) -> None:
    """RFC 9525: names are taken from subjectAltName. Python still takes the other where a certificate has none."""
    old = make_certificate(tmp_path, common_name="gateway.example", has_alternative=False)
    context = verifying_context()
    context.load_verify_locations(cafile=old.path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(context, old.server, "gateway.example")
    context.hostname_checks_common_name = True
    shake_hands(context, old.server, "gateway.example")


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Let two contexts speak TLS with one another, in memory."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(back, there, server_hostname=name), server.wrap_bio(there, back, server_side=True)]
    while sides:
        for side in tuple(sides):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
                sides.remove(side)


@pytest.mark.parametrize("name", ["PYTHONHTTPSVERIFY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_NO_VERIFY"])
async def test_no_variable_of_the_environment_turns_verification_off(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "0" if name == "PYTHONHTTPSVERIFY" else str(certificate.path))
    async with raw_server(GOOD, tls=certificate.server) as server:
        assert evidence(await smoke_once(server.base_url)).endswith("is not trusted")


async def test_the_session_keys_are_written_nowhere(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    async with raw_server(GOOD, tls=certificate.server) as server:
        result = await smoke_once(server.base_url, ca_file=certificate.path)
    assert result.status is SmokeStatus.PASSED
    assert not log.exists()


async def test_a_port_that_does_not_speak_tls_is_said_so() -> None:
    async def speak_plainly(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.wait_until_left()

    async with connection_server(speak_plainly) as server:
        result = await smoke_once(server.base_url.replace("http:", "https:"))
    assert evidence(result).endswith("does not speak TLS as expected")


async def test_plain_http_to_a_tls_port_ends_in_a_result_after_one_connection(certificate: Certificate) -> None:
    async with raw_server(GOOD, tls=certificate.server) as server:
        result = await smoke_once(server.base_url.replace("https:", "http:"))
    assert result.status is SmokeStatus.FAILED
    assert result.classification is not None
    assert result.classification.category in (Category.UPSTREAM_UNAVAILABLE, Category.CONTRACT_VIOLATION)
    assert server.requests == []
