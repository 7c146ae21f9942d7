"""Personal data with a shape that can be checked: addresses, numbers and accounts.

RE2 finds candidates, and a validator may drop them: a checksum decides where there is one (cards, IBAN), the
numbering plans where there is none (telephones). A number without either is only believed beside a word that names it.
"""

import ipaddress

import phonenumbers
from stdnum import luhn

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.ibans import IBAN_REGEX, is_iban

_SEPARATED = r"[ ._-]{0,2}"


def _spec(id_: str, category: str, label: str, severity: Severity, summary: str, source: str) -> Spec:
    return Spec(
        id=id_,
        family=Family.PII,
        category=category,
        threat_type="pii_leak",
        severity=severity,
        label=label,
        owasp=("LLM02",),
        summary=summary,
        source=source,
    )


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def is_email(text: str) -> bool:
    """Is the candidate a possible address (RFC 5321 lengths, no empty labels), and not a Git remote?"""
    local, _, domain = text.rpartition("@")
    return (
        len(local) <= 64
        and ".." not in text
        and not local.endswith(".")
        and not domain.startswith((".", "-"))
        and local.lower() != "git"
    )


def is_international_phone(text: str) -> bool:
    """Does a numbering plan have this number? North America also counts by structure: samples use 555."""
    number = "+" + _digits(text.replace("(0)", "")).removeprefix("00")
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(parsed)) or (number.startswith("+1") and is_north_american(number[2:]))


def is_north_american(text: str) -> bool:
    """Area and exchange do not begin with 0 or 1 (any exchange for 555, the area of samples); digits vary."""
    digits = _digits(text)[-10:]
    made_up = digits[:3] == "555"
    return len(digits) == 10 and digits[0] > "1" and (made_up or digits[3] > "1") and len(set(digits)) > 2


def is_card(text: str) -> bool:
    """Luhn's checksum, a length and a first digit that issuers use, and not one digit repeated."""
    digits = _digits(text)
    return _issued(digits) and bool(luhn.is_valid(digits))


def is_long_card(text: str) -> bool:
    """A card of any length but those of 14 and 15 digits, which are grouped in another way."""
    return is_card(text) and len(_digits(text)) not in (14, 15)


def is_mistyped_card(text: str) -> bool:
    """An issuer's prefix and length, and a checksum that fails: people mistype. One that holds is a card already."""
    digits = _digits(text)
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


def is_ssn(text: str) -> bool:
    """The structure rules of the Social Security Administration; there is no checksum."""
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


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


EMAIL = PatternDetector(
    spec=_spec("pii.email", "email", "EMAIL", Severity.MEDIUM, "an e-mail address", "RFC 5321, RFC 5322"),
    patterns=(
        Pattern(
            name="email",
            regex=r"(?i)\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}\.[a-z]{2,24}\b",
            score=0.97,
            validate=is_email,
        ),
        Pattern(
            name="email_spelled_out",
            regex=r"(?i)\b[a-z0-9][a-z0-9._%+-]{0,63}\s?[\[({]\s?at\s?[\])}]\s?[a-z0-9-]{1,63}(?:\s?(?:\.|"
            r"[\[({]\s?dot\s?[\])}])\s?[a-z0-9-]{2,63}){1,4}\b",
            score=0.85,
        ),
    ),
)

_PHONE_WORD = (
    r"(?i)\b(?:tel(?:ephone|efon[oe]?|efoon|\.)?|phones?|mobile?|mobil(?:e|nummer|telefon)?|"
    r"cell(?:phone|ulare)?|fax|call(?:ing|ed)?|"
    r"whatsapp|sms|text(?:ed)?|dial|ring|reach(?:ed)?|contact|handy|rufnummer|durchwahl|t[ée]l(?:[ée]phone"
    r"|[ée]fono)?|m[óo]vil|"
    r"portable|numero|number|nr)\b[^\n\d]{0,24}$"
)

# Digits without any shape need more: a word that can only be about telephones, and nothing between it and them that
# names something else ("called about invoice ..."). Orders, tickets and customers have numbers too.
_PHONE_NAME = (
    r"(?i)(?:\b(?:(?:tele)?phones?|telefon[oe]?|telefoon|tel|mobiles?|mobil(?:e|nummer|telefon)|cell(?:phone|ulare)?|"
    r"fax|call(?:ing|ed)?|whatsapp|sms|text(?:ed)?|dial|ring|reach(?:ed)?|contact|handy|rufnummer|durchwahl|"
    r"t[ée]l(?:[ée]phone|[ée]fono)?|m[óo]vil|portable)\b|(?:^|[\n.,;:!?(]|\b(?:my|your|his|her|our|"
    r"their|whose|a|mi|mio|su|mon|tax|file|routing|identification|social|dni\s{0,2}/|id|identity|insurance|"
    r"passport|licen[cs]e|personal|new|office|home|private|work|emergency|direct|hotline|"
    r"a\s+different))\s{0,3}\b(?:number|n[uú]m[eé]ro|nr)\b)"
    r"(?:[\s.,:#]{1,3}(?:me|us|him|her|them|back|now|at|on|is|was|or|and|to|the|my|our|your|his|their|this|"
    r"following|account|file|fiscal|a|mi|su|esposa|marido|number|numero|nummer|nr|no|via|under|by|lautet|ist|es|"
    r"est|e|de|der|die|unter|al|au|il|le|el|line|home|work|"
    r"office|mobile|phone|support|registered|listed|contact|as))*[^\w\n]{0,6}$"
)

PHONE = PatternDetector(
    spec=_spec(
        "pii.phone", "phone", "PHONE", Severity.MEDIUM, "a telephone number", "ITU-T E.164; libphonenumber's plans"
    ),
    patterns=(
        Pattern(
            name="international",
            regex=r"\+\d{1,3}[ ./()-]{0,3}(?:\d[ ./()-]{0,2}){5,13}\d\b",
            score=0.93,
            validate=is_international_phone,
        ),
        Pattern(
            name="international_named",
            regex=r"\+\d{1,3}[ ./()-]{0,3}(?:\d[ ./()-]{0,2}){5,13}\d\b",
            score=0.4,
            context=_PHONE_WORD,
            context_score=0.82,
        ),
        Pattern(
            name="international_00",
            regex=r"\b00[1-9]\d{0,2}[ ./()-]{0,3}(?:\d[ ./()-]{0,2}){6,12}\d\b",
            score=0.6,
            validate=is_international_phone,
            context=_PHONE_WORD,
            context_score=0.9,
        ),
        Pattern(
            name="north_american",
            regex=r"(?:\b1[ .-])?(?:\([2-9]\d{2}\)[ .-]?|\b[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}\b",
            score=0.82,
            validate=is_north_american,
            context=_PHONE_WORD,
            context_score=0.95,
        ),
        Pattern(
            name="national",
            regex=r"(?:\(0\d{1,5}\)|\b0\d{1,5})[ ./()-]{0,3}(?:\d[ ./-]{0,2}){4,9}\d\b",
            score=0.3,
            context=_PHONE_WORD,
            context_score=0.86,
        ),
        Pattern(
            name="named_number",
            regex=r"\b[1-9]\d{1,3}[ .-]?\d{2,4}(?:[ .-]?\d{2,4}){1,3}\b",
            score=0.1,
            validate=lambda text: 8 <= len(_digits(text)) <= 12,
            context=_PHONE_NAME,
            context_score=0.8,
        ),
    ),
)

_CARD_WORD = (
    r"(?i)\b(?:card|visa|master\s?card|amex|american\s+express|discover|credit|debit|cc|pan|kreditkarte|"
    r"karte|tarjeta|carte)\b[^\n\d]{0,30}$"
)

CARD = PatternDetector(
    spec=_spec("pii.card", "credit_card", "CREDIT_CARD", Severity.HIGH, "a payment card number", "ISO/IEC 7812, Luhn"),
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

_SSN_WORD = r"(?i)\b(?:ssn|social\s+security|soc(?:ial)?\s?sec|tax\s?payer\s+id|itin|tin)\b[^\n\d]{0,30}$"

SSN = PatternDetector(
    spec=_spec("pii.ssn", "ssn", "SSN", Severity.HIGH, "a US social security number", "SSA structure rules"),
    patterns=(
        Pattern(
            name="dashed",
            regex=r"\b\d{3}-\d{2}-\d{4}\b",
            score=0.85,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.97,
        ),
        Pattern(
            name="spaced",
            regex=r"\b\d{3}[ .]\d{2}[ .]\d{4}\b",
            score=0.4,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.92,
        ),
        Pattern(
            name="undivided",
            regex=r"\b\d{9}\b",
            score=0.05,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.88,
        ),
    ),
)

IBAN = PatternDetector(
    spec=_spec("pii.iban", "iban", "IBAN", Severity.HIGH, "a bank account number (IBAN)", "ISO 13616, mod 97"),
    patterns=(Pattern(name="iban", regex=IBAN_REGEX, score=0.96, validate=is_iban),),
)

_VERSION_WORD = (
    r"(?i)(?:\b(?:version|release[sd]?|ver|build|upgrade[sd]?|update[sd]?|driver|firmware|section|"
    r"chapter|sdk|kernel|revision|patch|oid)s?\b[\s:=#]{0,3}(?:to\s+|v)?|\b(?:from|version|upgrade[sd]?|"
    r"release[sd]?)\s[\w.-]{1,24}\sto\s|"
    r"\b(?:chrome|chromium|firefox|safari|edg[ea]?|opr|headlesschrome|electron)/|\bv|\d\.|[<>=~^]=?\s?)$"
)
# The whole run of dotted numbers, so that one which is no address is dropped at once and not tried again at every dot.
_DOTTED = r"\b[vV]?\d{1,3}(?:\.\d{1,3}){3}(?:\.\d+)*\b"

IP_ADDRESS = PatternDetector(
    spec=_spec("pii.ip", "ip_address", "IP_ADDRESS", Severity.LOW, "an IP address", "RFC 791, RFC 4291, RFC 6890"),
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
