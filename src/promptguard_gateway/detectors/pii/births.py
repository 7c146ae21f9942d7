"""Dates of birth: a date is only one beside a word that says so."""

import re

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.leads import lead
from promptguard_gateway.detectors.pii.specs import spec

BORN = (
    r"born(?:\s(?:on|in))?|dob|d\.o\.b\.?|date\s{0,2}of\s{0,2}birth|birth\s?-?date|birthday|date_of_birth|"
    r"geboren(?:\sam|\sop)?|geburtsdatum|geburtstag|geb\.?(?:\sam)?|"
    r"née?\s?(?:\(e\))?\sle|date\sde\snaissance|naissance|"
    r"nacid[oa]\sel|fecha\sde\snacimiento|f\.?\s?nac\.?|nacimiento|"
    r"nat[oa]\sil|data\sdi\snascita|nascita|"
    r"nascid[oa]\s(?:em|a)|data\sde\snascimento|nascimento|"
    r"geboortedatum|urodzon[ya]|ur\.|data\surodzenia|urodzenia|"
    r"född|födelsedatum|født|fødselsdato|syntynyt|syntymäaika|"
    r"дата\sрождения|родил(?:ся|ась)|doğum\starihi|生年月日|出生日期|생년월일"
)
_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|set|dic|mai|mag|giu|lug|ott|gen|fév|avr|jui|juil|aoû|"
    "déc|mär|okt|dez|mrt|mei|sty|lut|kwi|maj|cze|lip|sie|wrz|paź|lis|gru|fev|out"
)
_MONTH = rf"(?:{_MONTHS})[a-zà-ſ]{{0,9}}\.?"
_YEAR = r"(?:1[89]\d\d|20\d\d|'?\d\d)"
_DAY = r"[0-3]?\d"
_NUMBERS = rf"{_DAY}[./-][0-3]?\d[./-]{_YEAR}|(?:1[89]|20)\d\d[./-][01]?\d[./-]{_DAY}"
_WRITTEN = (
    rf"(?i:{_DAY}(?:st|nd|rd|th|er|\.|º)?\s(?:de\s|di\s)?{_MONTH},?\s(?:de\s)?{_YEAR}|{_MONTH}\s{_DAY}(?:st|"
    rf"nd|rd|th)?,?\s{_YEAR})"
)
_PART = re.compile(r"\d+")


def is_date(text: str) -> bool:
    """Numbers that can be a day, a month and a year, in any order."""
    parts = [int(part) for part in _PART.findall(text)]
    small = [part for part in parts if part <= 31]
    return (
        len(parts) in (2, 3)
        and all(part <= 99 or 1800 <= part <= 2099 for part in parts)
        and len(small) >= len(parts) - 1
        and small[0] > 0
    )


BIRTH = PatternDetector(
    spec=spec(
        "pii.birth",
        "date_of_birth",
        "DATE_OF_BIRTH",
        Severity.MEDIUM,
        "a date of birth",
        "ISO 8601 and the usual forms in eight languages",
    ),
    patterns=(
        Pattern(name="numbers", lead=lead(BORN), regex=rf"(?:{_NUMBERS})\b", score=0.95, validate=is_date),
        Pattern(name="written", lead=lead(BORN), regex=rf"{_WRITTEN}\b", score=0.95, validate=is_date),
    ),
)
