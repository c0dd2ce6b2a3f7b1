"""Which addresses a page may be fetched from: none inside this machine or its network."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.pages.failure import SourceRefusedError, SourceUnreachableError
from console.services.pages.public_address import is_public, public_addresses, resolve_host

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "3ffe::1",
]
NOT_PUBLIC = {
    "this network": ["0.0.0.0", "0.255.255.255"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "carrier's NAT": ["100.64.0.0", "100.127.255.255"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
    "unspecified": ["::"],
    "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1", "2606:4700:4700::1111%eth0"],
    "site-local": ["fec0::1"],
    "unique local": ["fc00::1", "fd00:ec2::254", "fdff::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.254", "255.255.255.255", "4000::1", "5f00::1", "e000::1"],
    "protocols": ["192.0.0.1", "192.0.0.192", "2001:1::1", "2001:20::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "6to4": ["192.88.99.1", "2002:7f00:1::1", "2002:c0a8:1::1", "2002:808:808::1"],
    "Teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "mapped IPv4": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1", "::127.0.0.1"],
    "translated IPv4": ["::ffff:0:127.0.0.1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1"],
    "discard": ["100::1"],
    "no address": ["", "localhost", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "1.2.3.4.5", "1.2.3.256", "[::1]"],
}


def test_a_public_address_is_taken() -> None:
    assert [address for address in PUBLIC if not is_public(address)] == []


def test_an_address_that_is_not_public_is_refused() -> None:
    rows = [(kind, address) for kind, addresses in NOT_PUBLIC.items() for address in addresses]
    assert [(kind, address) for kind, address in rows if is_public(address)] == []


@given(address=st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_by_writing_it_as_ipv6(address: object) -> None:
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")
    assert not is_public(f"::{address}")


@given(text=st.text(max_size=50))
def test_no_text_makes_the_question_raise(text: str) -> None:
    assert is_public(text) in (True, False)


# --- Names -----------------------------------------------------------------------------------------------------------


async def resolve_to(*addresses: str) -> list[str]:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("docs.example", 443)
        return list(addresses)

    return list(await public_addresses("docs.example", 443, resolve))


async def test_a_name_has_its_public_addresses() -> None:
    assert await resolve_to("8.8.8.8", "2606:4700:4700::1111") == ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1", "8.8.8.8"], ["not an address"]])
async def test_one_address_that_is_not_public_is_enough_to_refuse_a_name(addresses: list[str]) -> None:
    with pytest.raises(SourceRefusedError, match="is inside this machine or its network") as caught:
        await resolve_to(*addresses)
    assert not any(address in str(caught.value) for address in addresses)


async def test_a_name_without_an_address_is_unreachable() -> None:
    with pytest.raises(SourceUnreachableError, match="has no address"):
        await resolve_to()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), OSError(), UnicodeError("label too long")])
async def test_a_name_that_is_not_known_is_unreachable(error: Exception) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise error

    with pytest.raises(SourceUnreachableError, match="name is not known"):
        await public_addresses("docs.example", 443, resolve)


async def test_an_address_is_no_name_and_nobody_is_asked_for_it() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("asked")

    assert list(await public_addresses("8.8.8.8", 443, resolve)) == ["8.8.8.8"]
    with pytest.raises(SourceRefusedError):
        await public_addresses("127.0.0.1", 443, resolve)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001"])
async def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises((SourceRefusedError, SourceUnreachableError)):
        await public_addresses(host, 80, resolve_host)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_loopback_is_taken_only_where_the_caller_says_so(address: str) -> None:
    assert list(await public_addresses(address, 80, resolve_host, allow_loopback=True)) == [address]


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1%lo"])
async def test_the_allowance_for_loopback_is_for_nothing_else(address: str) -> None:
    with pytest.raises(SourceRefusedError):
        await public_addresses(address, 80, resolve_host, allow_loopback=True)
