"""Documents and numbers that only the words before them tell: passports, driving licences, tax and identity numbers.

Their formats differ from country to country and from decade to decade (ICAO 9303 says no more than nine letters and
digits), so the word that introduces a value is the evidence, and the value must look like a number of some kind.
"""

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.leads import lead
from promptguard_gateway.detectors.pii.specs import digits_of, spec

PASSPORT_WORDS = (
    r"passports?|pasaporte|passeport|reisepass|pass-?nr|passaporto|passaporte|paspoort|"
    r"paszport(?:u)?|pass|паспорт|护照|パスポート|여권"
)
LICENCE_WORDS = (
    r"driver'?s?\slicen[cs]e|driver’s\slicen[cs]e|driving\slicen[cs]e|driver_licen[cs]e|führerschein|permis(?:\sde\sconduire)?|"
    r"carn[eé]\sde\sconducir|permiso\sde\sconduc(?:ir|ción)|licencia\sde\sconducir|patente(?:\sdi\sguida)?|rijbewijs|"
    r"prawo\sjazdy|prawa\sjazdy|carta\sde\scondução|CNH|kör?kort|førerkort|ajokortti|удостоверение"
)
# Names of one country's number are not here: beside them its check digits decide (`national`).
TAX_WORDS = (
    r"tax(?:payer)?[\s_]?(?:number|id|identification|reference)|steuer-?(?:id|nummer)\s(?:bzw\.|oder)\s[A-Za-zÀ-ſ-]{1,30}|"
    r"(?:[A-Za-z]{2,4}\s/\s)?n[uú]mero\sfiscal|numéro\sfiscal|fiscal\s(?:number|code)|cpf\s/\snif|pesel\slub\snip|"
    r"belastingnummer|numer\spodatkowy"
)
ID_WORDS = (
    r"national\s(?:id|identity|identification)(?:\scard)?|(?:id|identity|identification)(?:\scard)?\s(?:number|no)|"
    r"personal\s(?:id|identity|identification)\s(?:number|no|code)|id[\s_-]card|"
    r"carte\snationale\sd'identité|carte\sd'identité|carta\sd'identità|documento\sde\sidentidad|ausweisnummer|"
    r"identiteitskaart|dowód\sosobisty|bilhete\sde\sidentidade"
)


def is_document(text: str) -> bool:
    """Six to twelve letters and digits, two digits at least, and not one digit repeated."""
    value = [one for one in text if one.isalnum()]
    return 6 <= len(value) <= 12 and len(digits_of(text)) >= 2 and len(set(value)) > 2


def is_licence(text: str) -> bool:
    """Six to eighteen letters and digits, two digits at least."""
    value = [one for one in text if one.isalnum()]
    return 6 <= len(value) <= 18 and len(digits_of(text)) >= 2 and len(set(value)) > 2


def is_number(text: str) -> bool:
    """Seven to nineteen letters and digits, five digits at least, more digits than letters or nearly."""
    value = [one for one in text if one.isalnum()]
    return 7 <= len(value) <= 19 and len(digits_of(text)) >= 5 and len(set(value)) > 2


_GROUPED = r"[A-Z0-9]{1,18}(?:[ ./-][A-Z0-9]{1,9}){0,5}\b"


PASSPORT = PatternDetector(
    spec=spec("pii.passport", "passport", "PASSPORT", Severity.HIGH, "a passport number", "ICAO 9303"),
    patterns=(
        Pattern(
            name="passport", lead=lead(PASSPORT_WORDS), regex=r"[A-Z0-9]{6,12}\b", score=0.93, validate=is_document
        ),
    ),
)

LICENCE = PatternDetector(
    spec=spec(
        "pii.driver_license",
        "driver_license",
        "DRIVER_LICENSE",
        Severity.HIGH,
        "the number of a driving licence",
        "formats differ: the word decides",
    ),
    patterns=(Pattern(name="licence", lead=lead(LICENCE_WORDS), regex=_GROUPED, score=0.93, validate=is_licence),),
)

NUMBERS = PatternDetector(
    spec=spec(
        "pii.named_id",
        "national_id",
        "NATIONAL_ID",
        Severity.HIGH,
        "a number called a tax, identity or insurance number",
        "the word decides, whatever the country",
    ),
    patterns=(
        Pattern(name="tax_number", lead=lead(TAX_WORDS), regex=_GROUPED, score=0.9, validate=is_number, label="TAX_ID"),
        Pattern(name="id_number", lead=lead(ID_WORDS), regex=_GROUPED, score=0.88, validate=is_number),
    ),
)
