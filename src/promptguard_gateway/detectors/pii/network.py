"""Addresses of machines."""

import ipaddress

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import spec

_VERSION_WORD = (
    r"(?i)(?:\b(?:version|release[sd]?|ver|build|upgrade[sd]?|update[sd]?|driver|firmware|section|"
    r"chapter|sdk|kernel|revision|patch|oid)s?\b[\s:=#]{0,3}(?:to\s+|v)?|\b(?:from|version|upgrade[sd]?|"
    r"release[sd]?)\s[\w.-]{1,24}\sto\s|"
    r"\b(?:chrome|chromium|firefox|safari|edg[ea]?|opr|headlesschrome|electron)/|\bv|\d\.|[<>=~^]=?\s?)$"
)
# The whole run of dotted numbers, so that one which is no address is dropped at once and not tried again at every dot.
_DOTTED = r"\b[vV]?\d{1,3}(?:\.\d{1,3}){3}(?:\.\d+)*\b"


def is_public_ip(text: str) -> bool:
    """A version-4 address that can be routed (documentation ranges count: people use them for examples)."""
    address = _ipv4(text)
    return address is not None and not _is_special(address)


def is_special_ip(text: str) -> bool:
    """A private, loopback, link-local, multicast or unspecified version-4 address."""
    address = _ipv4(text)
    return address is not None and _is_special(address)


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    if text.count(".") != 3:  # long runs of dotted numbers would be many slow errors
        return None
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


_DOCUMENTATION = tuple(map(ipaddress.IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


def _is_special(address: ipaddress.IPv4Address) -> bool:
    return not address.is_global and not any(address in network for network in _DOCUMENTATION)


def is_ipv6(text: str) -> bool:
    """An address that `ipaddress` accepts, with three groups or more: `a::b` also stands in program code."""
    if text.count(":") > 7:
        return False
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    groups = [group for group in text.split(":") if group]
    return len(groups) >= 3 and any(map(str.isdigit, text)) and not (address.is_loopback or address.is_unspecified)


IP_ADDRESS = PatternDetector(
    spec=spec("pii.ip", "ip_address", "IP_ADDRESS", Severity.LOW, "an IP address", "RFC 791, RFC 4291, RFC 6890"),
    patterns=(
        Pattern(
            name="ipv4",
            regex=_DOTTED,
            score=0.84,
            validate=is_public_ip,
            context=_VERSION_WORD,
            context_score=0.2,
        ),
        Pattern(
            name="ipv4_special",
            regex=_DOTTED,
            score=0.4,
            validate=is_special_ip,
            context=_VERSION_WORD,
            context_score=0.1,
        ),
        Pattern(
            name="ipv6",
            regex=r"(?i)\b[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:)+[0-9a-f]{1,4}\b",
            score=0.84,
            validate=is_ipv6,
        ),
    ),
)

_DEVICE = r"(?i)\b(?:mac|hardware|ethernet|ether|wi-?fi|bluetooth|interface|vlan|bssid|adapter|device)\b"
_OCTET = "[0-9A-Fa-f]{2}"


def is_mac(text: str) -> bool:
    """Not the broadcast address, nor one octet repeated; with a letter, since times look alike."""
    return (
        any(map(str.isalpha, text))
        and len(set(text.lower().replace("-", ":").split(":" if "." not in text else "."))) > 2
    )


MAC = PatternDetector(
    spec=spec("pii.mac", "mac_address", "MAC_ADDRESS", Severity.LOW, "the hardware address of a device", "IEEE 802"),
    patterns=(
        Pattern(
            name="octets",
            regex=rf"\b{_OCTET}(?:(?::{_OCTET}){{5}}|(?:-{_OCTET}){{5}})\b",
            score=0.55,
            validate=is_mac,
            context=_DEVICE,
            context_score=0.93,
        ),
        Pattern(
            name="dotted",
            regex=r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
            score=0.5,
            validate=is_mac,
            context=_DEVICE,
            context_score=0.93,
        ),
    ),
)

CREDENTIALS = PatternDetector(
    spec=spec(
        "pii.url_credentials",
        "url_credentials",
        "URL_CREDENTIALS",
        Severity.HIGH,
        "a URL with a user name and a password",
        "RFC 3986, section 3.2.1",
    ),
    patterns=(
        Pattern(
            name="user_and_password",
            regex=r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>{}$]{1,64}:[^\s/@\"'<>{}$]{1,128}@[A-Za-z0-9.-]{1,253}(?::\d{1,5})?",
            score=0.9,
        ),
    ),
)
