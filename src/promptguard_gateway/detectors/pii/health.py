"""Numbers of patients: clinics number them as they like, so the word before one decides."""

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.leads import lead
from promptguard_gateway.detectors.pii.specs import digits_of, spec

RECORD_WORDS = (
    r"mrn|medical\srecord(?:\s(?:number|no))?|medical_record|patient(?:\s|_|-)?(?:id|number|no)|hospital\s(?:number|no)|"
    r"chart\s(?:number|no)|health\s(?:card|insurance|plan)\s(?:number|no|id)|member\sid|medicare(?:\snumber)?|medicaid(?:\sid)?|"
    r"nhc|n\.h\.c|historia\sclínica|historia|cipa|nass|nuss|episodio|n[ºo°]?\.?\s?col(?:egiado)?|"
    r"patientennummer|patienten-?id|fallnummer|versichertennummer|"
    r"dossier\smédical|numéro\sde\spatient|cartella\sclinica|numero\spaziente|"
    r"patiëntnummer|numer\spacjenta|prontuário|número\sde\sutente|utente"
)


def is_record(text: str) -> bool:
    """Four to fourteen digits, with few letters."""
    value = [one for one in text if one.isalnum()]
    return 4 <= len(digits_of(text)) <= 14 and len(value) <= 16


_NUMBER = r"(?:[A-Z]{1,4}-?)?\d{2,12}(?:[ /-]\d{1,10}){0,3}[A-Z]?\b"

RECORD = PatternDetector(
    spec=spec(
        "pii.medical_record",
        "medical_record",
        "MEDICAL_RECORD",
        Severity.HIGH,
        "the number of a patient or a medical record",
        "formats differ: the word decides",
    ),
    patterns=(
        Pattern(name="record", lead=lead(RECORD_WORDS), regex=_NUMBER, score=0.93, validate=is_record),
        Pattern(
            name="record_of_somebody",
            lead=r"(?i:\b(?:medical\srecord|patient)\b[^\n\d]{1,40},?\s?\d{0,3},?\s(?:id|number|no\.?)[\s:#]{1,3})",
            regex=r"[A-Z0-9]{1,12}(?:[ ./-][A-Z0-9]{1,9}){0,4}\b",
            score=0.85,
            validate=is_record,
        ),
    ),
)
