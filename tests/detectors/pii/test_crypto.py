"""Addresses of crypto-currencies. The addresses are those of the specifications, and of the first block."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors.pii.crypto import CRYPTO, SURE, bech32_checks, eip55_checks, keccak256

GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
BIP173 = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
BIP350 = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
EIP55 = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
EXAMPLES = {
    "base58": ([GENESIS, f"pay {GENESIS}."], [GENESIS[:-1] + "b", GENESIS[:-4], "x" + GENESIS]),
    "base58_mistyped": ([f"send BTC to {GENESIS[:-1]}b"], [f"commit {GENESIS[:-1]}b", f"BTC to {GENESIS}"]),
    "bech32": ([BIP173, BIP173.upper(), BIP350], [BIP173[:-1] + "p", BIP173[:-2] + "DQ"]),
    "bech32_mistyped": ([f"my wallet: {BIP173[:-1]}p"], [f"see {BIP173[:-1]}p"]),
    "ethereum": ([EIP55, EIP55.lower()], [EIP55[:-1], "0x" + "0" * 40, EIP55.replace("aA", "Aa")]),
    "ethereum_mistyped": (["ETH to " + EIP55.replace("aA", "Aa")], ["hash " + EIP55.replace("aA", "Aa")]),
}


def test_addresses_and_near_misses() -> None:
    """Checksums decide; where one fails, words do."""
    check([CRYPTO], EXAMPLES)


def test_a_checksum_that_holds_is_nearly_certain() -> None:
    """One in four billion holds by chance."""
    assert [one.score for one in sightings(f"{GENESIS} {BIP173} {EIP55}")] == [SURE] * 3


def test_keccak_is_not_sha3() -> None:
    """The digests of the empty message and of a word, as Ethereum's documentation has them."""
    assert keccak256(b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")
    assert keccak256(b"testing").hex() == "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"


@pytest.mark.parametrize("text", ["bc1", "bc1q", "1" * 30, "bc1" + "q" * 30])
def test_short_and_dull_texts_are_no_addresses(text: str) -> None:
    """What is too short to hold a checksum fails it."""
    assert not bech32_checks(text)


def test_every_digit_counts() -> None:
    """A changed digit changes the capitals."""
    assert eip55_checks(EIP55)
    assert not eip55_checks(EIP55[:-1] + "c")
