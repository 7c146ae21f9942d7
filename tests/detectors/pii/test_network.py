"""Addresses of machines, and credentials in URLs."""

from detectors.examples import check, sightings
from promptguard_gateway.detectors.pii.network import CREDENTIALS, MAC

IP_ADDRESS = {
    "ipv4": (
        ["host 93.184.216.34 down", "203.0.113.9"],
        ["version 9.18.21.34", "1.2.3.4.5", "v1.2.3.4", "256.1.1.1", "1.2.3.4." * 99],
    ),
    "ipv6": (
        ["2001:db8:85a3::8a2e:370:7334"],
        ["12:30:45", "std::vector", "00:1A:2B:3C:4D:5E", "a::b", "1:2:3:" * 99 + "4"],
    ),
}

MACS = {
    "octets": (
        ["MAC 14:73:62:42:33:b2", "device 50-EF-BC-73-8F-73"],
        ["ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "14:73:62:42:33", "14:73-62:42-33:b2", "at 12:30:45:10:11:12:13"],
    ),
    "dotted": (["mac 1473.6242.33b2"], ["part 1473.6242.3312", "mac 1473.6242.3312"]),
}
URLS = {
    "user_and_password": (
        ["postgres://" + "ana:geheim1@db.example.com:5432/x", "https://" + "u:p%40ss@example.com"],
        ["https://example.com:8080/a@b", "mailto:ana@example.com", "https://${USER}:${PASS}@example.com"],
    )
}


def test_addresses_are_told_from_versions_and_private_ones_score_low():
    """Routable addresses are believed; versions are not; private addresses are recorded with a low score."""
    for name, (found, missed) in IP_ADDRESS.items():
        assert all(any(s.pattern.name == name and s.score > 0.8 for s in sightings(text)) for text in found)
        assert not any(s.pattern.name == name and s.score > 0.5 for text in missed for s in sightings(text))
    for text in ("10.0.0.7", "127.0.0.1", "192.168.1.1", "0.0.0.0"):
        assert [s.pattern.name for s in sightings(text)] == ["ipv4_special"]
        assert sightings(text)[0].score < 0.5


def test_devices_and_credentials() -> None:
    """Hardware addresses with one kind of separator; a user and a password before the host."""
    check([MAC], MACS)
    check([CREDENTIALS], URLS)
