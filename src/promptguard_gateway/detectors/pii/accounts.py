"""Bank accounts: IBANs in `ibans`; here what only words tell, and codes of banks."""

from stdnum import bic
from stdnum.us import rtn

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.leads import lead
from promptguard_gateway.detectors.pii.specs import digits_of, spec

ACCOUNT_WORDS = (
    r"(?:bank|checking|savings|current)\saccount|account\s(?:number|no|nr|#)|acct\.?(?:\s(?:number|no))?|account_number|bank_account|"
    r"kontonummer|konto-?nr|bankverbindung|compte\s(?:bancaire|courant)|numéro\sde\scompte|n[uú]mero\sde\scuenta|cuenta\sbancaria|"
    r"conto\scorrente|c/c|rekeningnummer|bankrekening|numer\skonta|rachunku|conta\s(?:bancária|corrente)|número\sda\sconta"
)


def is_account(text: str) -> bool:
    """Six to eighteen digits that are not one digit repeated."""
    digits = digits_of(text)
    return 6 <= len(digits) <= 18 and len(set(digits)) > 2


def is_routing(text: str) -> bool:
    """An ABA routing number: its check digit, and a prefix that is given out."""
    return bool(rtn.is_valid(text)) and text[:2] <= "80"


def is_bic(text: str) -> bool:
    """ISO 9362: four letters, a country, a place, perhaps a branch."""
    return bool(bic.is_valid(text))


_GROUPS = r"\d{2,18}(?:[ -]\d{1,8}){0,4}\b"

ACCOUNT = PatternDetector(
    spec=spec(
        "pii.account",
        "bank_account",
        "BANK_ACCOUNT",
        Severity.HIGH,
        "a bank account number",
        "formats differ: the word decides; ABA key to routing numbers, ISO 9362",
    ),
    patterns=(
        Pattern(name="account", lead=lead(ACCOUNT_WORDS), regex=_GROUPS, score=0.9, validate=is_account),
        Pattern(
            name="some_account",
            lead=lead("accounts?|konto|compte|cuenta|conta"),
            regex=_GROUPS,
            score=0.77,
            validate=is_account,
        ),
        Pattern(
            name="routing",
            lead=lead(r"aba|routing|rtn|transit|rtn_number|routing_number"),
            regex=r"\d{9}\b",
            score=0.96,
            validate=is_routing,
            label="ABA_ROUTING_NUMBER",
        ),
        Pattern(
            name="sort_code",
            lead=lead(r"sort[\s_-]?code"),
            regex=r"\d{2}[ -]?\d{2}[ -]?\d{2}\b",
            score=0.9,
            label="SORT_CODE",
        ),
        Pattern(
            name="bic",
            lead=lead(r"bic|swift|bic/swift|swift/bic|swift-bic|swift-code|bic-code"),
            regex=r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b",
            score=0.93,
            validate=is_bic,
            label="SWIFT_CODE",
        ),
    ),
)
