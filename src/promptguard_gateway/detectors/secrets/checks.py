"""What can be computed about a credential: checksums, fixed parts, and how random a value is."""

import base64
import binascii
import json
import re
import string
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise
from math import log2
from zlib import crc32

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE36 = string.digits + string.ascii_lowercase
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values()) if text else 0.0


def _digits(number: int, alphabet: str, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text.rjust(width, alphabet[0])


# Checksums.


def has_github_checksum(text: str) -> bool:
    """GitHub and npm: the last six characters are the CRC-32 of the thirty before them, in base 62."""
    value = text.rpartition("_")[2]
    return value[-6:] == _digits(crc32(value[:-6].encode()), _BASE62, 6)


def has_gitlab_checksum(text: str) -> bool:
    """GitLab's routable tokens: the last seven characters are the CRC-32 of all before them, in base 36."""
    return text[-7:] == _digits(crc32(text[:-7].encode()), _BASE36, 7)


def has_grafana_checksum(text: str) -> bool:
    """Grafana's service accounts: the eight hexadecimal digits at the end are the CRC-32 of what precedes them."""
    secret, _, checksum = text.rpartition("_")
    return checksum == f"{crc32(secret.encode()):08x}" or checksum == f"{crc32(secret[5:].encode()):08x}"


def has_base58_checksum(text: str) -> bool:
    """Bitcoin's Base58Check: the last four bytes are the beginning of the double SHA-256 of the others."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def has_bech32_checksum(text: str) -> bool:
    """Bech32 (BIP 173), as age and Nostr use it."""
    prefix, _, data = text.lower().rpartition("1")
    values = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    return _polymod(values + [_BECH32.find(one) for one in data]) == 1


def _polymod(values: Iterable[int]) -> int:
    sum_ = 1
    for value in values:
        top = sum_ >> 25
        sum_ = (sum_ & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate(_BECH32_GENERATOR):
            sum_ ^= generator if top >> index & 1 else 0
    return sum_


def has_stellar_checksum(text: str) -> bool:
    """Stellar's keys: the last two bytes are the CRC-16 (XMODEM) of the others, lowest byte first."""
    data = base64.b32decode(text)
    return binascii.crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


# Fixed parts.


def has_aws_account(text: str) -> bool:
    """The account number in an AWS key id (its base-32 letters, bits 1 to 41) has twelve digits at most.

    Key ids from before 2019 begin with I or J and hold no account.
    """
    if text[4] in "IJ":
        return True
    data = int.from_bytes(base64.b32decode(text[4:])[:6], "big")
    return (data & 0x7FFFFFFFFF80) >> 7 < 10**12


def is_whole_base64(text: str) -> bool:
    """Base64 of whole bytes: the bits that padding leaves over are zero."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return base64.b64encode(data).decode() == text


def decoded(text: str) -> bytes:
    """The bytes of base64 in either alphabet with or without padding; none if it is not base64."""
    try:
        return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def is_signed_header(text: str) -> bool:
    """Is the first part of a web token a JSON object that names an algorithm, and one that signs (RFC 7515)?"""
    try:
        header = json.loads(decoded(text.partition(".")[0]))
    except ValueError:
        return False
    return isinstance(header, dict) and str(header.get("alg", "none")).lower() != "none"


def is_discord_user(text: str) -> bool:
    """The first part of a Discord bot's token is the base64 of its account's number."""
    return decoded(text.partition(".")[0]).isdigit()


# How random.


def is_mixed(text: str) -> bool:
    """Encoded bytes have digits, capitals and small letters; a headline in an address has not."""
    return any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))


def has_cases(text: str) -> bool:
    """Do capitals and small letters occur?"""
    return any(map(str.isupper, text)) and any(map(str.islower, text))


def has_digit(text: str) -> bool:
    """Does a digit occur? Words and identifiers mostly have none."""
    return any(map(str.isdigit, text))


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "capital" if character.isupper() else "small"
    return character


def is_random(value: str) -> bool:
    """Does the value look drawn rather than written?

    Written names keep to one kind of character for a while (`eu-west-1-prod-token`, `getSecretFromVault`); drawn ones
    change kind at every second character with letters of both cases, and at two of five with hexadecimal digits.
    """
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(value))
    digits = sum(map(str.isdigit, value))
    if len(value) < 8 or entropy(value) < 2.8 or re.fullmatch(r"\d[\d.,:-]*", value):
        return False
    if re.fullmatch(r"[0-9a-f]{16,}|[0-9A-F]{16,}", value):
        return digits >= 3
    rate = changes / (len(value) - 1)
    return (
        (rate >= 0.25 and digits >= 3)
        or (rate >= 0.45 and (digits >= 1 or len(value) >= 20))
        or (rate >= 0.35 and digits >= 1 and entropy(value) >= 4.2)
    )
