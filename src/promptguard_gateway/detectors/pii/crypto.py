"""Addresses of crypto-currencies, by their checksums.

Base58Check: Bitcoin's protocol documentation and each currency's version bytes (`chainparams`). Bech32 and Bech32m:
BIP 173 and BIP 350. Ethereum: EIP-55, which writes a checksum into the capitals; Keccak is not in Python's library.
An address whose checksum fails is a mistyped one where the text speaks of such money.
"""

import re
from hashlib import sha256

from promptguard_gateway.core.detector import Candidate, Identity, Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import spec

SURE = 0.98
MENTIONED = 0.82
"""No checksum, or one that fails, in a text that names the currency or a wallet."""
ETHER = 0.9
"""Written in one case, an Ethereum address has no checksum; forty digits of hexadecimals are little else."""

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
# Bitcoin and its test net, Litecoin, Dogecoin, Dash, Tron, Zcash's transparent ones have two bytes.
_VERSIONS = frozenset((0, 5, 111, 196, 48, 50, 30, 22, 76, 16, 65, 28))
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_SUMS = (1, 0x2BC830A3)
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_MENTION = re.compile(
    r"(?i)\b(?:btc|bitcoins?|eth|ether(?:eum)?|ltc|litecoins?|doge(?:coin)?|xrp|ripple|trx|tron|usdt|crypto\w*|wallets?"
    r"|blockchain|satoshis?|monero|xmr|solana|portafoglio|portefeuille|monedero|cartera|carteira|geldbörse|portfel)\b"
)


def base58_checks(text: str) -> bool:
    """Base58Check with a known version byte, or Ripple's with its own alphabet."""
    alphabet = _RIPPLE if text[0] == "r" else _BASE58
    number = 0
    for one in text:
        place = alphabet.find(one)
        if place < 0:
            return False
        number = number * 58 + place
    if number >> 200:
        return False
    data = number.to_bytes(25, "big")
    return data[0] in _VERSIONS and sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def bech32_checks(text: str) -> bool:
    """The checksum of BIP 173 or BIP 350, and one case only."""
    if text not in (text.lower(), text.upper()):
        return False
    prefix, _, data = text.lower().rpartition("1")
    places = [_BECH32.find(one) for one in data]
    if min(places, default=-1) < 0:
        return False
    values = [*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix), *places]
    return _polymod(values) in _BECH32_SUMS


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check


def eip55_checks(text: str) -> bool:
    """Are the capitals of a mixed-case Ethereum address those of its hash?"""
    digits = text[2:]
    sums = keccak256(digits.lower().encode()).hex()
    return all(
        one == (one.upper() if int(bits, 16) > 7 else one.lower()) for one, bits in zip(digits, sums, strict=False)
    )


_ROUNDS = 24
_WORD = (1 << 64) - 1
_RATE = 136


def keccak256(data: bytes) -> bytes:
    """Keccak as submitted, with the padding that SHA-3 changed later. For messages below one block of 136 bytes."""
    block = bytearray(data.ljust(_RATE, b"\0"))
    block[len(data)] ^= 0x01
    block[-1] ^= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for index in range(_RATE // 8):
        lanes[index % 5][index // 5] = int.from_bytes(block[8 * index : 8 * index + 8], "little")
    state = 1
    for _ in range(_ROUNDS):
        lanes = _permuted(_mixed(lanes))
        for bit in range(7):
            state = (state << 1 ^ (state >> 7) * 0x71) % 256
            if state & 2:
                lanes[0][0] ^= 1 << (1 << bit) - 1
    return b"".join(lanes[index % 5][index // 5].to_bytes(8, "little") for index in range(4))


def _mixed(lanes: list[list[int]]) -> list[list[int]]:
    columns = [lane[0] ^ lane[1] ^ lane[2] ^ lane[3] ^ lane[4] for lane in lanes]
    changes = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
    return [[one ^ changes[x] for one in lanes[x]] for x in range(5)]


def _permuted(lanes: list[list[int]]) -> list[list[int]]:
    x, y, current = 1, 0, lanes[1][0]
    for step in range(_ROUNDS):
        x, y = y, (2 * x + 3 * y) % 5
        current, lanes[x][y] = lanes[x][y], _turned(current, (step + 1) * (step + 2) // 2)
    return [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]


def _turned(word: int, bits: int) -> int:
    bits %= 64
    return ((word << bits) | (word >> (64 - bits))) & _WORD


def _whole(candidate: Candidate, score: float, rule: str) -> Identity:
    return Identity(len(candidate.text), score, rule)


def _mentioned(candidate: Candidate) -> bool:
    return _MENTION.search(candidate.before) is not None


def identify_base58(candidate: Candidate) -> Identity | None:
    """An address in Base58, by its checksum or by the words before it."""
    if base58_checks(candidate.text):
        return _whole(candidate, SURE, "base58")
    return _whole(candidate, MENTIONED, "base58_mistyped") if _mentioned(candidate) else None


def identify_bech32(candidate: Candidate) -> Identity | None:
    """An address in Bech32, by its checksum or by the words before it."""
    if bech32_checks(candidate.text):
        return _whole(candidate, SURE, "bech32")
    return _whole(candidate, MENTIONED, "bech32_mistyped") if _mentioned(candidate) else None


def identify_ethereum(candidate: Candidate) -> Identity | None:
    """An Ethereum address: in one case always, in mixed case by its checksum or by the words before it."""
    digits = candidate.text[2:]
    if digits in (digits.lower(), digits.upper()):
        return _whole(candidate, ETHER, "ethereum") if len(set(digits)) > 4 else None
    if eip55_checks(candidate.text):
        return _whole(candidate, SURE, "ethereum")
    return _whole(candidate, MENTIONED, "ethereum_mistyped") if _mentioned(candidate) else None


CRYPTO = PatternDetector(
    spec=spec(
        "pii.crypto",
        "crypto",
        "CRYPTO",
        Severity.MEDIUM,
        "an address of a crypto-currency",
        "Base58Check, BIP 173, BIP 350, EIP-55",
    ),
    patterns=(
        Pattern(
            name="base58",
            regex=r"\b[13LMDTXA79r][1-9A-HJ-NP-Za-km-z]{25,34}\b",
            score=SURE,
            identify=identify_base58,
            rules=("base58", "base58_mistyped"),
        ),
        Pattern(
            name="bech32",
            regex=r"(?i)\b(?:bc1|tb1|ltc1|addr1|cosmos1)[02-9ac-hj-np-z]{25,100}\b",
            score=SURE,
            identify=identify_bech32,
            rules=("bech32", "bech32_mistyped"),
        ),
        Pattern(
            name="ethereum",
            regex=r"\b0x[0-9A-Fa-f]{40}\b",
            score=SURE,
            identify=identify_ethereum,
            rules=("ethereum", "ethereum_mistyped"),
        ),
    ),
)
