"""Private keys. Values come from the specifications' test vectors or are drawn; none is anybody's."""

from base64 import b64encode

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import base64, both, check_patterns, hexa
from promptguard_gateway.detectors.secrets import private_keys

BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
EXTENDED = (  # the first vector of BIP 32
    "9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
)
EXAMPLES = {
    "pem": (
        [
            f"{BEGIN}\n{base64(64)}\n{END}",
            f'"private_key": "{BEGIN}\\n{base64(64)}\\n{END}\\n"',
            f"key: |\n    {BEGIN}\n    {base64(64)}\n    {END}",
            f"{BEGIN} {base64(64)} {END}",
            "-----BEGIN PGP PRIVATE " + f"KEY BLOCK-----\nVersion: GnuPG v2\n\n{base64(64)}",
        ],
        [
            "-----BEGIN PUBLIC KEY-----\n" + base64(64),
            "-----BEGIN CERTIFICATE-----\n" + base64(64),
            "Look for lines with " + BEGIN + " in your files.",
            f"grep -r '{BEGIN}' .",
        ],
    ),
    "ssh2": (["---- BEGIN SSH2 ENCRYPTED PRIVATE " + "KEY ----\n" + base64(64)], ["---- BEGIN SSH2 PUBLIC KEY ----"]),
    "pem_in_base64": (
        [b64encode(f"{BEGIN}\n{base64(64)}\n".encode()).decode()],
        [b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB").decode()],
    ),
    "putty": (["PuTTY-User-Key-File-3: ssh-ed25519\nx\nPrivate-MAC: " + hexa(64)], ["PuTTY is a client"]),
    "age": (["AGE-SECRET-" + "KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"], ["AGE-SECRET"]),
    "nostr_key": (["nsec" + "1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"], ["nsec1"]),
    "bitcoin_key": (
        ["5HueCGU8rMjxEXxiPuD5BDku" + "4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"],
        ["5HueCGU8rMjxEXxiPuD5BDku" + "4MkFqeZyd4dZ1jvhTVqvbTLvyTK", "K" + both(51)],
    ),
    "extended_private_key": (
        ["xprv" + EXTENDED],
        ["xprv", "xpub" + both(107)],
    ),
    "stellar_key": (
        ["SAV76USXIJOBMEQXPANUOQM6F5" + "LIOTLPDIDVRJBFFE2MDJXG24TAPUU7"],
        ["S" + "A" * 55, "SELECTEDCOUNTRIESANDREGIONSOFTHEWORLDBYNUMBEROFPEOPLEXYZ"],
    ),
    "wireguard": (["PrivateKey = " + base64(42) + "A="], ["PublicKey = " + base64(42) + "A=", "PrivateKey = <yours>"]),
    "ethereum_key": (["private key: 0x" + hexa(64)], ["tx 0x" + hexa(64), "private key: 0x" + hexa(40)]),
    "jwk": (['{"kty": "EC", "d": "' + both(43) + '"}'], ['{"kty": "EC", "x": "' + both(43) + '"}', '"d": "M10 10"']),
    "recovery_phrase": (
        [f"seed phrase: {WORDS}", f'mnemonic phrase = "{WORDS}"'],
        ["The seed phrase is twelve words that you must never lose or show to anybody else", f"words: {WORDS}"],
    ),
}


def test_every_format_is_found_and_no_near_miss():
    """Each kind of private key is found in its example and not believed in near-misses."""
    check_patterns(private_keys.PATTERNS, EXAMPLES)


def test_a_private_key_is_found_to_its_end_line_or_to_the_end_of_the_text():
    """What is redacted is the whole key, also when the text is cut off."""
    whole = f"key:\n{BEGIN}\n{base64(64)}\n{END}\nbye"
    [found] = [s for s in sightings(whole) if s.pattern.name == "pem"]
    assert whole[found.start : found.end] == f"{BEGIN}\n{base64(64)}\n{END}"
    cut = whole[: whole.index(END)]
    [found] = [s for s in sightings(cut) if s.pattern.name == "pem"]
    assert found.end == len(cut)


@pytest.mark.parametrize("name", ["age", "nostr_key", "extended_private_key"])
def test_a_mistyped_key_is_less_sure(name):
    """Where a checksum fails the score is lower."""
    key = EXAMPLES[name][0][0]
    other = key[:-1] + ("Q" if name == "age" else "q")
    before, after = (max(s.score for s in sightings(text) if s.pattern.name == name) for text in (key, other))
    assert before == 0.99 > after
