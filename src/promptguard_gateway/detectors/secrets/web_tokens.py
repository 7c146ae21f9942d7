"""Tokens of the web's standards, whoever issued them."""

from promptguard_gateway.detectors.secrets.checks import is_signed_header
from promptguard_gateway.detectors.secrets.formats import DISTINCT, WEAK, issued, unless

PATTERNS = (
    issued(
        "jwt",
        r"\beyJ[A-Za-z0-9_-]{8,300}\.eyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8}",
        "RFC 7515, RFC 7519",
        score=DISTINCT,
        doubts=(unless(is_signed_header, WEAK),),
        rest="[A-Za-z0-9_-]",
    ),
    issued(
        "encrypted_jwt",
        r"\beyJ[A-Za-z0-9_-]{8,300}\.[A-Za-z0-9_-]{0,700}\.[A-Za-z0-9_-]{8,30}\.[A-Za-z0-9_-]{8}",
        "RFC 7516",
        score=DISTINCT,
        doubts=(unless(is_signed_header, WEAK),),
        rest="[A-Za-z0-9_.-]",
    ),
    issued(
        "paseto", r"\bv[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{40}", "PASETO: the specification", rest="[A-Za-z0-9_-]"
    ),
)
