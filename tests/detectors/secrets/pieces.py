"""Pieces of credentials, drawn from a fixed sequence, and the check of one table.

No credential stands in a test as a whole: prefix and rest are joined when the test runs, so that no scanner takes these
files for a leak.
"""

import string
from hashlib import sha256

from detectors.examples import Examples, check
from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.detectors.secrets.detectors import KEYS

HEX = string.digits + "abcdef"
UPPER = string.digits + string.ascii_uppercase
LOWER = string.digits + string.ascii_lowercase
BOTH = string.digits + string.ascii_letters
BASE32 = string.ascii_uppercase + "234567"
BASE64 = BOTH + "+/"


def drawn(alphabet: str, count: int, seed: str = "") -> str:
    """So many characters of an alphabet, the same each time; the first three have a digit and both cases, if it can."""
    numbers = [sha256(f"{seed}{alphabet}{index}".encode()).digest()[0] for index in range(count)]
    text = "".join(alphabet[number % len(alphabet)] for number in numbers)
    head = "".join(one for one in "Aa7" if one in alphabet)
    return (head + text)[:count]


def hexa(count: int) -> str:
    return drawn(HEX, count)


def both(count: int) -> str:
    return drawn(BOTH, count)


def upper(count: int) -> str:
    return drawn(UPPER, count)


def lower(count: int) -> str:
    return drawn(LOWER, count)


def base32(count: int) -> str:
    return drawn(BASE32, count)


def base64(count: int) -> str:
    return drawn(BASE64, count)


UUID = f"{hexa(8)}-{hexa(4)}-4{hexa(3)}-8{hexa(3)}-{hexa(12)}"


def check_patterns(patterns: tuple[Pattern, ...], examples: Examples) -> None:
    """Each of these patterns is found in its examples and not believed in its near-misses."""
    check([PatternDetector(spec=KEYS.spec, patterns=patterns)], examples)
