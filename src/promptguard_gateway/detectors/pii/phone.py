"""Telephone numbers: one shape, and what tells a telephone from an order number.

In order: an international prefix with a number that its country's plan has; the grouping of North America; and for
everything else a word that names telephones or somebody to be called, in a language whose countries have such a
number. libphonenumber's own matcher costs a thousand times as much as RE2, so it only judges what the shape found.
"""

import re

import phonenumbers

from promptguard_gateway.core.detector import Candidate, Identity, Pattern, PatternDetector
from promptguard_gateway.core.engine import Program, encode
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import digits_of, spec

# Estimates, at or below the shares that were right in 6,000 texts drawn from train: 204 of 204 with a known plan,
# 34 of 40 only grouped, 137 of 137 grouped and named, 254 of 255 named with a known plan, 53 of 54 without.
INTERNATIONAL = 0.95
UNKNOWN_PLAN = 0.75
"""Written internationally, but no plan has it: all 73 were real there, but those were made up."""
GROUPED = 0.85
NAMED = 0.95
PLAUSIBLE = 0.83
"""Named, and with as many digits as telephones have, but not of a known plan."""

_TELEPHONE = (
    r"(?:tele)?phones?|telefon[oe]?|telefoon(?:nummer)?|telefonnummer|tel|telf?|tfn?o|tlf|telfs|teléfonos?|mobiles?|"
    r"mobil(?:e|nummer|telefon)?|cell(?:phone|ulare)?|fax|whatsapp|sms|handy|rufnummer|durchwahl|"
    r"t[ée]l(?:[ée]phone|[ée]fono)?|m[óo]vil|celular|(?:mon|son)\sportable|portable\s?:|gsm|komórka|"
    r"hotline|helpline|tlm|telemóvel"
)
# Verbs and owners: what they name may be something else, so only these words may stand before the number.
_CALLING = (
    r"call(?:ing|ed)?|text(?:ed)?|dial|ring|reach(?:ed)?|contact|appell?er?|rappell?er?|appelez|joindre|"
    r"anrufen|anruf|erreichbar|erreichen|zurückrufen|chiama(?:re|mi)?|llama(?:r|me)?|bel|bellen|"
    r"ligue|ligar|dzwonić|zadzwonić|dzwoń|zadzwoń"
)
_OWNED = (
    r"(?:^|[\n.,;:!?(]|\b(?:my|your|his|her|our|their|whose|mi|mio|su|mon|mein|mijn|meu|mój|new|office|home|private|"
    r"work|emergency|direct|a\s+different))\s{0,3}\b(?:number|n[uú]m[eé]ro|nummer|numer|nr)(?:'s)?\b"
)
_FILLERS = (
    r"(?:[\s.,:#]{1,3}(?:me|us|him|her|them|back|now|at|on|is|was|or|and|to|the|my|our|your|his|their|this|following|"
    r"account|a|mi|su|mon|mein|esposa|marido|number|numero|número|nummer|numer|nr|no|via|under|by|lautet|ist|es|est|è|é|to|e|de|"
    r"der|die|unter|al|au|il|le|el|op|em|do|auf|line|home|work|office|mobile|phone|support|registered|listed|"
    r"contact|as|y|i|fax|tel))*[^\w\n]{0,6}$"
)
_NAME = r"(?:[\s,]{1,2}[A-ZÀ-ÞĀ-ſ][A-Za-zÀ-ſ'’.-]{0,20}){1,4}(?:[\s,]{1,2}(?:at|on|under|unter|au|al|op|para|a|o))?"
_UNSPACED = "телефон|тел|電話|电话|전화"
_NAMED = Program(
    rf"(?i)(?:{_UNSPACED})[^\n\d]{{0,12}}$|\b(?:{_TELEPHONE})\b\.?[^\n\d]{{0,32}}$|(?:\b(?:{_CALLING})\b|{_OWNED}){_FILLERS}|"
    rf"\b(?:{_CALLING})(?:\s(?:do|para|z|a)|:)?(?-i:{_NAME})[^\w\n]{{0,4}}$"
)
# The second of two numbers with nothing between them but a sign or "and" is one if the first was named.
_SECOND = re.compile(
    r"(?i)\b(?:tel|telf?s?|tfno|tlf|phone|teléfono|fax)\b[.:\s]{1,4}\+?[\d ()-]{7,18}\s?(?:[/,-]|y|and|or|und|et)\s?$"
)

_LONG = 9  # digits: what has fewer and no plan may as well be a change of some figure
_EXTENSION = r"(?:\s?(?:x|ext\.?|extension|poste|durchwahl)\s?\d{1,6})?"
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?|001[ -])?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\d)")
_TRUNK = re.compile(r"\(0\)")
_EXTENDED = re.compile(r"(?i)\s?(?:x|ext|extension|poste|durchwahl).*", re.DOTALL)

# Where a number is tried that does not say its country: where the language of the words around it is spoken.
_REGIONS = (
    (
        ("DE", "AT", "CH"),
        r"telefon(?:nummer)?|rufnummer|handy|durchwahl|mobil(?:nummer|telefon)?|mein|anruf\w*|unter|zurück\w*",
    ),
    (("FR", "BE", "CH", "CA"), r"t[ée]l(?:[ée]phone)?|num[ée]ro|mon|portable|appel\w*|rappel\w*|joindre"),
    (
        ("ES", "MX", "CO", "AR", "CL", "PE"),
        r"tel[ée]fonos?|t[ée]l|telf?s?|tfn?o|tlf|m[óo]vil|celular|n[úu]mero|mi|llam\w*",
    ),
    (("IT", "CH"), r"telefono|cellulare|mio|chiam\w*"),
    (("NL", "BE"), r"telefoon\w*|mijn|bel|bellen|nummer"),
    (("PL",), r"telefon|komórka|numer|mój|dzwo\w*|zadzwo\w*"),
    (("PT", "BR"), r"telefone|telem[óo]vel|tlm|celular|meu|lig(?:ue|ar)"),
    (
        ("US", "GB", "IN", "AU", "IE", "NZ", "ZA"),
        r"phones?|telephone|mobile|cell|number|call\w*|text|dial|ring|reach|contact|fax",
    ),
)
_SPOKEN = tuple((regions, re.compile(rf"(?i)\b(?:{words})\b")) for regions, words in _REGIONS)


def is_international(number: str) -> bool:
    """Does the plan of its country have this number? `number` is a plus and digits."""
    return _valid_in(number, None)


def is_national(number: str, before: str) -> bool:
    """Does the plan of a country have this number, whose language names it in the text before?"""
    regions = dict.fromkeys(region for regions, words in _SPOKEN if words.search(before) for region in regions)
    return any(_valid_in(number, region) for region in regions)


def _valid_in(number: str, region: str | None) -> bool:
    parsed = _parsed(number, region)
    return parsed is not None and bool(phonenumbers.is_valid_number(parsed))


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def is_north_american(text: str) -> bool:
    """Area and exchange do not begin with 0 or 1 (any exchange for 555, the area of samples); digits vary."""
    digits = digits_of(text)[-10:]
    made_up = digits[:3] == "555"
    return len(digits) == 10 and digits[0] > "1" and (made_up or digits[3] > "1") and len(set(digits)) > 2


def identify(candidate: Candidate) -> Identity | None:
    """What kind of telephone number the candidate is, if it is one."""
    number = _EXTENDED.sub("", candidate.text)
    digits = digits_of(_TRUNK.sub("", number))
    if not 7 <= len(digits) <= 17 or (candidate.before[-1:] in tuple("./-") and candidate.before[-2:-1].isdigit()):
        return None
    grouped = _NORTH_AMERICAN.match(number)
    if grouped is not None and is_north_american(grouped[0]):
        whole = len(candidate.text) if grouped.end() == len(number) else grouped.end()
        return Identity(whole, NAMED if _named(candidate.before) else GROUPED, "north_american")
    if number.lstrip("(").startswith("+"):
        return _international(candidate, digits)
    return _told_by_words(candidate, number, digits)


def _international(candidate: Candidate, digits: str) -> Identity | None:
    if candidate.before[-1:].isalnum():  # a sum
        return None
    if is_international("+" + digits):
        return Identity(len(candidate.text), INTERNATIONAL, "international")
    return Identity(len(candidate.text), UNKNOWN_PLAN, "international") if len(digits) >= _LONG else None


def _told_by_words(candidate: Candidate, number: str, digits: str) -> Identity | None:
    if len(digits) > 15 or len(set(digits)) < 3 or not _named(candidate.before):
        return None
    if digits.startswith("00") and is_international("+" + digits[2:]):
        return Identity(len(candidate.text), NAMED, "international_00")
    return Identity(len(candidate.text), NAMED if is_national(number, candidate.before) else PLAUSIBLE, "named")


def _named(before: str) -> bool:
    return _NAMED.search(encode(before)) is not None or _SECOND.search(before) is not None


PHONE = PatternDetector(
    spec=spec(
        "pii.phone", "phone", "PHONE", Severity.MEDIUM, "a telephone number", "ITU-T E.164; libphonenumber's plans"
    ),
    patterns=(
        Pattern(
            name="phone",
            regex=rf"(?i)(?:\(?\+|\(|\b)\d(?:[ ./()-]{{0,3}}\d){{6,16}}{_EXTENSION}\b",
            score=NAMED,
            identify=identify,
            rules=("north_american", "international", "international_00", "named"),
        ),
    ),
)
