"""The shape of IBANs, country by country.

The length is fixed per country, and it must be in the pattern: a pattern of "groups of four" would swallow the capital
letters that follow an account number, and the checksum would then drop the whole finding.
"""

from stdnum import iban

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import spec

# ISO 13616 registry: length -> countries.
_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH CR HR LI LV",
    22: "BG BH DE GB GE IE ME RS",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}


def _shape(length: int, countries: str) -> str:
    return rf"(?:{countries.replace(' ', '|')})\d{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}"


IBAN_REGEX = rf"\b(?:{'|'.join(_shape(length, countries) for length, countries in _LENGTHS.items())})\b"


def is_iban(text: str) -> bool:
    """Mod 97. The check digits that some countries have inside are left out: people make up account numbers."""
    return bool(iban.is_valid(text.replace("-", " "), check_country=False))


IBAN = PatternDetector(
    spec=spec("pii.iban", "iban", "IBAN", Severity.HIGH, "a bank account number (IBAN)", "ISO 13616, mod 97"),
    patterns=(Pattern(name="iban", regex=IBAN_REGEX, score=0.96, validate=is_iban),),
)
