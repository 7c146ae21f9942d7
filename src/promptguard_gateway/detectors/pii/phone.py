"""Telephone numbers: numbering plans where they are written internationally, words beside them where not."""

import phonenumbers

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import digits_of, spec

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


def is_international_phone(text: str) -> bool:
    """Does a numbering plan have this number? North America also counts by structure: samples use 555."""
    number = "+" + digits_of(text.replace("(0)", "")).removeprefix("00")
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(parsed)) or (number.startswith("+1") and is_north_american(number[2:]))


def is_north_american(text: str) -> bool:
    """Area and exchange do not begin with 0 or 1 (any exchange for 555, the area of samples); digits vary."""
    digits = digits_of(text)[-10:]
    made_up = digits[:3] == "555"
    return len(digits) == 10 and digits[0] > "1" and (made_up or digits[3] > "1") and len(set(digits)) > 2


PHONE = PatternDetector(
    spec=spec(
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
            validate=lambda text: 8 <= len(digits_of(text)) <= 12,
            context=_PHONE_NAME,
            context_score=0.8,
        ),
    ),
)
