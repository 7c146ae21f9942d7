"""Private keys: of SSH, TLS, OpenPGP, age and wallets."""

from base64 import b64encode

from promptguard_gateway.core.detector import Pattern
from promptguard_gateway.detectors.secrets.checks import has_base58_checksum, has_bech32_checksum, has_stellar_checksum
from promptguard_gateway.detectors.secrets.formats import CHECKED, NAMED, WEAK, issued, unless

_KINDS = ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")
_BEGIN = "-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_END = "-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
# A key begins on the next line, which in strings of programs is a backslash and a letter, or stands in the same line.
_BODY = r"(?:[ \t]{0,4}(?:(?:\\r)?\\n|\r?\n){1,2}[ \t\"'+,]{0,24}[A-Za-z0-9+/]{4}|[ \t]{0,2}[A-Za-z0-9+/]{24})"


def _encoded(kind: str) -> str:
    """The beginning of the base64 of a key file, as far as it does not depend on what follows."""
    header = f"-----BEGIN {kind}PRIVATE KEY"
    return b64encode(header[: len(header) // 3 * 3].encode()).decode().replace("+", r"\+")


PATTERNS = (
    Pattern(name="pem", regex=_BEGIN + _BODY, score=CHECKED, until=_END, source="RFC 7468; OpenSSH; OpenPGP"),
    Pattern(
        name="ssh2",
        regex="---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----",
        score=CHECKED,
        until="---- END SSH2 (?:ENCRYPTED )?PRIVATE KEY ----",
        source="RFC 4716; SSH Tectia",
    ),
    Pattern(
        name="pem_in_base64",
        regex="(?:" + "|".join(map(_encoded, _KINDS)) + ")[A-Za-z0-9+/]{20}",
        score=CHECKED,
        until="[^A-Za-z0-9+/=]",
        source="Kubernetes: kubeconfig and secrets",
    ),
    Pattern(
        name="putty",
        regex=r"PuTTY-User-Key-File-[23]: [a-z0-9-]{3,30}",
        score=CHECKED,
        until=r"Private-MAC: [0-9a-f]{8,128}",
        source="PuTTY: the key file format",
    ),
    issued(
        "age",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b",
        "age: the file format",
        score=CHECKED,
        doubts=(unless(has_bech32_checksum, 0.92),),
    ),
    issued(
        "nostr_key",
        r"\bnsec1[02-9ac-hj-np-z]{58}\b",
        "Nostr: NIP-19",
        score=CHECKED,
        doubts=(unless(has_bech32_checksum),),
    ),
    issued(
        "bitcoin_key",
        r"\b[5KL][1-9A-HJ-NP-Za-km-z]{50,51}\b",
        "Bitcoin: wallet import format",
        score=CHECKED,
        validate=has_base58_checksum,
    ),
    issued(
        "extended_private_key",
        r"\b[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107}\b",
        "Bitcoin: BIP 32",
        score=CHECKED,
        doubts=(unless(has_base58_checksum),),
    ),
    issued(
        "stellar_key",
        r"\bS[A-Z2-7]{55}\b",
        "Stellar: key formats",
        score=CHECKED,
        validate=has_stellar_checksum,
    ),
    issued(
        "wireguard",
        r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=",
        "WireGuard: the configuration file",
        lead=r"(?i:\b(?:PrivateKey|PresharedKey) {0,3}= {0,3})",
    ),
    issued(
        "ethereum_key",
        r"(?:0x)?[0-9a-fA-F]{64}\b",
        "Ethereum: accounts",
        score=NAMED,
        lead=r"(?i:\bprivate[_ -]?key[\"' ]{0,3}(?:=|:|is)[\"' ]{0,3})",
    ),
    issued("jwk", r"[A-Za-z0-9_-]{40}", "RFC 7517, RFC 7518", lead=r'"d" {0,2}: {0,2}"', rest="[A-Za-z0-9_-]"),
    issued(
        "recovery_phrase",
        r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}\b",
        "Bitcoin: BIP 39",
        score=NAMED,
        lead=r"(?i:\b(?:seed|mnemonic|recovery)[ _-](?:phrase|words|key)[\"' ]{0,2}(?:=|:|is)[\"' ]{0,3})",
        doubts=(unless(lambda text: len(set(text.split())) >= 10, WEAK),),
    ),
)
