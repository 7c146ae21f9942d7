"""Payment cards: issuers' prefixes and lengths, and Luhn's checksum."""

from stdnum import luhn

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import digits_of, spec

_SEPARATED = r"[ ._-]{0,2}"

_CARD_WORD = (
    r"(?i)\b(?:card|visa|master\s?card|amex|american\s+express|discover|credit|debit|cc|pan|kreditkarte|"
    r"karte|tarjeta|carte)\b[^\n\d]{0,30}$"
)


def is_card(text: str) -> bool:
    """Luhn's checksum, a length and a first digit that issuers use, and not one digit repeated."""
    digits = digits_of(text)
    return _issued(digits) and bool(luhn.is_valid(digits))


def is_long_card(text: str) -> bool:
    """A card of any length but those of 14 and 15 digits, which are grouped in another way."""
    return is_card(text) and len(digits_of(text)) not in (14, 15)


def is_mistyped_card(text: str) -> bool:
    """An issuer's prefix and length, and a checksum that fails: people mistype. One that holds is a card already."""
    digits = digits_of(text)
    return _issued(digits) and not luhn.is_valid(digits)


def _issued(digits: str) -> bool:
    if len(set(digits)) < 2:  # the card of every manual, 4111 and twelve ones, has two
        return False
    if digits[:2] in ("34", "37"):
        return len(digits) == 15
    if digits[:3] in ("300", "301", "302", "303", "304", "305") or digits[:2] in ("36", "38", "39"):
        return len(digits) in (14, 16)
    if digits[0] == "4":
        return len(digits) in (13, 16, 19)
    return (
        (digits[0] in "256" and len(digits) == 16) or (digits[0] == "6" and 16 <= len(digits) <= 19) or _is_jcb(digits)
    )


def _is_jcb(digits: str) -> bool:
    return digits[:2] == "35" and 16 <= len(digits) <= 19


CARD = PatternDetector(
    spec=spec("pii.card", "credit_card", "CREDIT_CARD", Severity.HIGH, "a payment card number", "ISO/IEC 7812, Luhn"),
    patterns=(
        Pattern(
            name="card",
            regex=rf"\b[2-6]\d{{3}}{_SEPARATED}\d{{4}}{_SEPARATED}\d{{4}}{_SEPARATED}\d{{1,4}}(?:{_SEPARATED}\d{{1,3}}"
            r")?\b",
            score=0.93,
            validate=is_long_card,
        ),
        Pattern(
            name="fifteen_digits",
            regex=rf"\b3[47]\d{{2}}{_SEPARATED}(?:\d{{6}}{_SEPARATED}\d{{5}}|\d{{4}}{_SEPARATED}\d{{4}}"
            rf"{_SEPARATED}\d{{3}})\b",
            score=0.93,
            validate=is_card,
        ),
        Pattern(
            name="fourteen_digits",
            regex=rf"\b3[0689]\d{{2}}{_SEPARATED}(?:\d{{6}}{_SEPARATED}\d{{4}}|\d{{4}}{_SEPARATED}\d{{4}}"
            rf"{_SEPARATED}\d{{2}})\b",
            score=0.88,
            validate=is_card,
        ),
        Pattern(
            name="single_digits",
            regex=r"\b[2-6](?:[ ._/,-]\d){14,18}\b",
            score=0.85,
            validate=is_card,
        ),
        Pattern(
            name="mistyped_card",
            regex=r"\b[3-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b",
            score=0.3,
            validate=is_mistyped_card,
            context=_CARD_WORD,
            context_score=0.6,
        ),
    ),
)
