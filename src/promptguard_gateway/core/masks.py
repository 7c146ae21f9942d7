"""Masks: what a person may still see of a value, so that they know which one is meant and nobody else learns it.

A mask keeps what its kind is commonly recognised by (the last four digits of a card, the country of an account) and
writes a fixed number of stars for the rest, so that not even its length is told. A value that has not the form of its
kind (an address spelled out, a card in base64) gets the mask of any other value: its first and last character, and of
a short one nothing.
"""

import re
from collections.abc import Callable, Mapping

from promptguard_gateway.core.fold import fold_text

STARS = "***"
_SHORT = 8  # characters; of a shorter value two would be too large a part
_LEAST_CARD, _LEAST_PHONE, _LEAST_IBAN = 12, 7, 15  # ISO/IEC 7812, local numbers, ISO 13616 (Norway)

# What is shown of an address: the first character and the top-level domain; the first octet or group.
_EMAIL = re.compile(r"(\S)[^@]*@.*(\.[A-Za-z]{2,12})\Z", re.DOTALL)
_IP_ADDRESS = re.compile(r"([0-9]{1,3}(?=(?:\.[0-9]{1,3}){3}\Z)|[0-9A-Fa-f]{0,4}(?=:))(.)")

# Country codes of one and of two digits; every other one has three (ITU-T E.164, list of assigned codes).
_ONE_DIGIT = frozenset("17")
# fmt: off
_TWO_DIGITS = frozenset((
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
))
# fmt: on


def mask(label: str, value: str) -> str:
    """A value of this label, mostly starred: `j***@***.com`. Says neither the value nor its length."""
    shown = fold_text(value).strip()
    return _MASKS.get(label, _ends)(shown) or _ends(shown)


def _ends(value: str) -> str:
    return STARS if len(value) < _SHORT else value[0] + STARS + value[-1]


def _email(value: str) -> str:
    match = _EMAIL.match(value)
    return f"{match[1]}{STARS}@{STARS}{match[2]}" if match else ""


def _card(value: str) -> str:
    digits = _digits(value)
    return f"**** **** **** {digits[-4:]}" if len(digits) >= _LEAST_CARD else ""


def _phone(value: str) -> str:
    digits = _digits(value)
    if len(digits) < _LEAST_PHONE:
        return ""
    if value.startswith("+"):
        return f"+{_country(digits)} {STARS}{digits[-2:]}"
    return f"00{_country(digits[2:])} {STARS}{digits[-2:]}" if digits.startswith("00") else STARS + digits[-2:]


def _country(digits: str) -> str:
    if digits[0] in _ONE_DIGIT:
        return digits[0]
    return digits[: 2 if digits[:2] in _TWO_DIGITS else 3]


def _iban(value: str) -> str:
    compact = "".join(filter(str.isalnum, value)).upper()
    return f"{compact[:2]}** **** {compact[-4:]}" if len(compact) >= _LEAST_IBAN and compact[:2].isalpha() else ""


def _ip_address(value: str) -> str:
    match = _IP_ADDRESS.match(value)
    if match is None:
        return ""
    return f"{match[1]}.*.*.*" if match[2] == "." else f"{match[1]}:{STARS}"


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))


_MASKS: Mapping[str, Callable[[str], str]] = {
    "EMAIL": _email,
    "CREDIT_CARD": _card,
    "PHONE": _phone,
    "IBAN": _iban,
    "IP_ADDRESS": _ip_address,
}
