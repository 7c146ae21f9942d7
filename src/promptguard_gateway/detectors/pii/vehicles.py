"""Vehicles: identification numbers by their check digit, plates by the word before them."""

from promptguard_gateway.core.detector import Candidate, Identity, Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.leads import lead
from promptguard_gateway.detectors.pii.specs import spec

# ISO 3779 and 49 CFR 565: letters count as these digits, places have these weights, the rest of 11 is the ninth place.
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "123456781234579234567890123456789"), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

VIN_WORDS = (
    r"vin|vehicle\sidentification(?:\snumber)?|chassis(?:\s(?:number|no))?|fahrgestellnummer|fahrzeug-?ident(?:ifizierungs)?nummer|FIN|"
    r"numéro\sde\schâssis|bastidor|telaio|chassisnummer|numer\svin|chassi"
)
PLATE_WORDS = (
    r"(?:licen[cs]e\s|number\s|registration\s)?plates?|licen[cs]e_plate|(?:vehicle|car)\sregistration|registration\s(?:number|no)|reg\.?\s(?:no|number)|"
    r"(?:kfz-)?kennzeichen|nummernschild|plaque(?:\sd'immatriculation)?|immatriculée?|immatriculation|matr[ií]cula|placa|"
    r"targata|targa|kenteken|numer\srejestracyjny|rejestracyjny(?:ch)?|tablic[ay](?:\srejestracyjn[ay])?|rekisteritunnus|registreringsnummer"
)


def vin_checks(text: str) -> bool:
    """The check digit of North American and Chinese numbers; European ones need not have it."""
    rest = sum(_VALUES[one] * weight for one, weight in zip(text, _WEIGHTS, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest))


def identify_vin(candidate: Candidate) -> Identity | None:
    """Without a word before it: letters and digits mixed, and a check digit that holds."""
    text = candidate.text
    mixed = sum(map(str.isdigit, text)) >= 4 and sum(map(str.isalpha, text)) >= 4 and text[-4:].isdigit()
    return Identity(len(text), 0.85, "vin") if mixed and vin_checks(text) else None


def is_vin(text: str) -> bool:
    """Letters and digits, three of each at least."""
    return sum(map(str.isdigit, text)) >= 3 and sum(map(str.isalpha, text)) >= 3


def is_plate(text: str) -> bool:
    """Four to eight letters and digits, with at least one digit; not a year."""
    value = [one for one in text if one.isalnum()]
    return 4 <= len(value) <= 9 and any(map(str.isdigit, value)) and any(map(str.isalpha, value))


VEHICLE = PatternDetector(
    spec=spec(
        "pii.vehicle",
        "vehicle_id",
        "VEHICLE_ID",
        Severity.MEDIUM,
        "the identification number or plate of a vehicle",
        "ISO 3779, 49 CFR 565; plates by the word before them",
    ),
    patterns=(
        Pattern(
            name="vin",
            regex=r"\b[A-HJ-NPR-Z0-9]{17}\b",
            score=0.85,
            identify=identify_vin,
            rules=("vin",),
            label="VIN",
        ),
        Pattern(
            name="named_vin",
            lead=lead(VIN_WORDS),
            regex=r"[A-HJ-NPR-Z0-9]{17}\b",
            score=0.95,
            validate=is_vin,
            label="VIN",
        ),
        Pattern(
            name="plate",
            lead=lead(PLATE_WORDS),
            regex=r"[A-ZÄÖÜ0-9]{1,7}(?:[ -][A-ZÄÖÜ0-9]{1,4}){0,3}\b",
            score=0.9,
            validate=is_plate,
            label="LICENSE_PLATE",
        ),
    ),
)
