"""The identifiers of each country, as data: one row for each kind of number.

Check digits are python-stdnum's where it knows them; it names the law or the authority for each. Words are what the
country itself calls the number, in its languages. Entity names are Presidio's where it has one.
"""

from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.identifiers import Identifier, patterns
from promptguard_gateway.detectors.pii.national import (
    africa,
    americas,
    asia,
    eastern_europe,
    northern_europe,
    western_europe,
)
from promptguard_gateway.detectors.pii.specs import spec

IDENTIFIERS: tuple[Identifier, ...] = (
    *western_europe.ROWS,
    *northern_europe.ROWS,
    *eastern_europe.ROWS,
    *americas.ROWS,
    *asia.ROWS,
    *africa.ROWS,
)

NATIONAL = PatternDetector(
    spec=spec(
        "pii.national",
        "national_id",
        "NATIONAL_ID",
        Severity.HIGH,
        "a national identifier (tax, social security, identity card, health)",
        "python-stdnum and the issuing authorities, see detectors/pii/national",
    ),
    patterns=patterns(IDENTIFIERS),
)
