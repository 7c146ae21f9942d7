"""Which addresses a connection may go to, by table."""

import pytest

from promptguard_gateway.upstream.addresses import why_denied

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.167.1.1", "100.63.0.1", "100.128.0.1"]
PUBLIC += ["198.17.0.1", "198.20.0.1", "169.253.1.1", "9.255.255.255", "11.0.0.0", "126.1.1.1", "128.0.0.1"]
PUBLIC += ["2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "2002:808:808::1"]

PRIVATE = ["10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3", "169.254.1.1"]
PRIVATE += ["172.16.0.1", "172.31.255.255", "192.0.0.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "192.0.2.1"]
PRIVATE += ["198.51.100.1", "203.0.113.1", "192.88.99.1", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0"]
PRIVATE += ["fec0::1", "2001:db8::1", "100::1", "4000::1", "5f00::1", "3fff::1"]
# an IPv4 address inside: mapped, compatible, translated, NAT64 twice, 6to4, Teredo, ISATAP
PRIVATE += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1"]
PRIVATE += [
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:1::",
]
PRIVATE += ["2001:0:4136:e378:8000:63bf:80ff:fffe", "2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:127.0.0.1"]
# translated public addresses are reached through a prefix that is not public itself
PRIVATE += ["64:ff9b::8.8.8.8", "::8.8.8.8"]

METADATA = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.169.253", "168.63.129.16", "100.100.100.200"]
METADATA += [
    "192.0.0.192",
    "169.254.0.23",
    "169.254.42.42",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
]
METADATA += ["fe80::a9fe:a9fe", "fe80::a9fe:a9fe%eth0"]
METADATA += [
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "::169.254.169.254",
]
METADATA += ["2001:0:0:0:0:0:5601:5601", "::ffff:0:169.254.169.254", "fd00::5efe:169.254.169.254"]
NO_SERVER = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "ff02::1"]
NO_SERVER += ["::ffff:0.0.0.0", "64:ff9b::", "2002:e000:1::", "2002::"]
NO_ADDRESS = [
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "1.2.3.4.5",
    "[::1]",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """A public address is allowed for every origin."""
    assert why_denied(address, private=False) is None
    assert why_denied(address, private=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    """A private, loopback, link-local or special address is allowed for listed origins only."""
    assert why_denied(address, private=False) == "a private address"
    assert why_denied(address, private=True) is None


@pytest.mark.parametrize("address", METADATA + NO_SERVER)
def test_never(address: str) -> None:
    """Metadata services and what cannot be a server are denied to listed origins too, in whatever clothing."""
    assert why_denied(address, private=False) is not None
    assert why_denied(address, private=True) is not None


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address(address: str) -> None:
    """What the standard library does not call an address is denied: somebody else might."""
    assert why_denied(address, private=True) == "not an address"
