"""Places: coordinates, and postal addresses as nine countries write them.

An address is a street with a number, or a number with a street; alone it is believed a little, with the postal code of
its country behind it much more (Universal Postal Union, addressing systems of the member countries).
"""

import re

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import spec

_NEAR = (
    r"(?i)\b(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng|coord(?:inate)?s?|gps|geo(?:location)?|located|location|"
    r"position|standort|ubicación)\b[^\n]{0,30}$"
)
_DECIMAL = re.compile(r"-?\d+\.\d+")


def are_coordinates(text: str) -> bool:
    """Within 90 and 180 degrees, and not both below one degree: small decimals are measurements."""
    latitude, longitude = (float(one) for one in _DECIMAL.findall(text))
    return abs(latitude) <= 90 and abs(longitude) <= 180 and max(abs(latitude), abs(longitude)) > 1


COORDINATES = PatternDetector(
    spec=spec(
        "pii.coordinates", "location", "COORDINATES", Severity.LOW, "geographic coordinates", "ISO 6709, RFC 5870"
    ),
    patterns=(
        Pattern(
            name="decimal",
            regex=r"[+-]?\b\d{1,2}\.\d{4,10},\s?[+-]?\d{1,3}\.\d{4,10}\b",
            score=0.6,
            validate=are_coordinates,
            context=_NEAR,
            context_score=0.92,
        ),
        Pattern(
            name="sexagesimal",
            regex=r"\b\d{1,2}\s?°\s?\d{1,2}\s?['′]\s?(?:\d{1,2}(?:\.\d{1,4})?\s?(?:\"|″|''))?\s?[NS],?\s{0,2}"
            r"\d{1,3}\s?°\s?\d{1,2}\s?['′]\s?(?:\d{1,2}(?:\.\d{1,4})?\s?(?:\"|″|''))?\s?[EWO]\b",
            score=0.95,
        ),
        Pattern(name="uri", regex=r"\bgeo:-?\d{1,2}\.\d{1,10},-?\d{1,3}\.\d{1,10}", score=0.95),
    ),
)

# Latin letters with their accents, as one range: Unicode's own classes make automata a hundred times as large.
_UPPER = "[A-ZÀ-ÞĀ-ſ]"
_LETTER = "[A-Za-zÀ-ſ'’.-]"
_WORDS = "[A-Za-zÀ-ſ'’ .-]{2,32}"
_NAME = rf"{_UPPER}{_LETTER}{{1,20}}"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,3}}"
_CITY = rf"{_UPPER}{_LETTER}{{1,20}}(?:[ -]{_LETTER}{{1,20}}){{0,2}}"
_COMMA = r",?\s{1,2}"
_WAYS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Parkway|Pkwy|"
    "Highway|Hwy|Close|Crescent|Gardens|Grove|Mews|Row|Circle|Cir|Trail"
)
_UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.?\s?[A-Z0-9-]{1,6})?"
_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|"
    "RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_POSTCODE = r"[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}"


def _address(name: str, regex: str, score: float) -> Pattern:
    return Pattern(name=name, regex=regex, score=score)


ADDRESS = PatternDetector(
    spec=spec(
        "pii.address",
        "address",
        "ADDRESS",
        Severity.MEDIUM,
        "a postal address",
        "Universal Postal Union, postal addressing systems",
    ),
    patterns=(
        _address(
            "us",
            rf"\b\d{{1,6}} {_NAMES} (?:{_WAYS})\.?{_UNIT}{_COMMA}{_CITY},? (?:{_US_STATES}),? \d{{5}}(?:-\d{{4}})?\b",
            0.95,
        ),
        _address(
            "uk", rf"\b\d{{1,4}}[A-Za-z]? {_NAMES} (?:{_WAYS}){_COMMA}(?:{_CITY}{_COMMA}){{0,2}}{_POSTCODE}\b", 0.95
        ),
        _address("english_street", rf"\b\d{{1,6}}[A-Za-z]? {_NAMES} (?:{_WAYS})\b{_UNIT}", 0.7),
        _address(
            "german",
            rf"\b{_UPPER}{_LETTER}{{2,24}}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer) \d{{1,4}}"
            rf"(?: ?[a-z])?{_COMMA}(?:D-|A-|CH-)?\d{{4,5}} {_CITY}",
            0.95,
        ),
        _address(
            "french",
            rf"\b\d{{1,4}}(?: bis| ter)?,? (?:rue|avenue|boulevard|bd|place|allée|chemin|impasse|quai|route) "
            rf"{_WORDS}{_COMMA}\d{{5}} {_CITY}",
            0.95,
        ),
        _address(
            "spanish",
            rf"\b(?:Calle|C/|Avda\.?|Avenida|Av\.|Plaza|Paseo|Pº|Ronda|Camino) ?(?:de |del |de la )?{_WORDS}"
            rf",? (?:n[º°] ?)?\d{{1,4}}(?:[ ,]+[0-9]{{1,2}}[ºª°]? ?[A-Za-z]?)?{_COMMA}\d{{5}} {_CITY}",
            0.95,
        ),
        _address(
            "italian",
            rf"\b(?:Via|Viale|Piazza|Corso|Vicolo|Largo|Strada) {_WORDS},? \d{{1,4}}{_COMMA}\d{{5}},? {_CITY}",
            0.95,
        ),
        _address(
            "dutch",
            rf"\b{_UPPER}{_WORDS}(?:straat|laan|weg|plein|gracht|kade|singel|dreef) \d{{1,4}} ?[a-zA-Z]?{_COMMA}"
            rf"\d{{4}} ?[A-Z]{{2}} {_CITY}",
            0.95,
        ),
        _address(
            "polish",
            rf"\b(?:ul\.|al\.|aleja|plac|pl\.|"
            rf"os\.) ?{_WORDS} \d{{1,4}}[A-Za-z]?(?:/\d{{1,4}})?{_COMMA}\d{{2}}-\d{{3}} {_CITY}",
            0.95,
        ),
        _address(
            "portuguese",
            rf"\b(?:Rua|R\.|Avenida|Av\.|Praça|Travessa|Largo|Estrada) {_WORDS},? (?:n[º°] ?)?\d{{1,4}}"
            rf"(?:[ ,]+[0-9]{{1,2}}[ºª°]? ?[A-Za-z]{{0,4}}\.?)?{_COMMA}\d{{4}}-\d{{3}} {_CITY}",
            0.95,
        ),
    ),
)
