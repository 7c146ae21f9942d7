"""Personal data with a shape that can be checked: addresses, numbers, accounts, documents.

RE2 finds candidates, and code may only drop them: a checksum decides where there is one, the numbering plans where
there is none (telephones), and a value without either is only believed beside a word that
names it. One file for each theme,
data on top; `entities` says what each kind is called.
"""

from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.detectors.pii.accounts import ACCOUNT
from promptguard_gateway.detectors.pii.births import BIRTH
from promptguard_gateway.detectors.pii.cards import CARD
from promptguard_gateway.detectors.pii.crypto import CRYPTO
from promptguard_gateway.detectors.pii.documents import LICENCE, NUMBERS, PASSPORT
from promptguard_gateway.detectors.pii.email import EMAIL
from promptguard_gateway.detectors.pii.health import RECORD
from promptguard_gateway.detectors.pii.ibans import IBAN
from promptguard_gateway.detectors.pii.location import ADDRESS, COORDINATES
from promptguard_gateway.detectors.pii.national import NATIONAL
from promptguard_gateway.detectors.pii.network import CREDENTIALS, IP_ADDRESS, MAC
from promptguard_gateway.detectors.pii.phone import PHONE
from promptguard_gateway.detectors.pii.social_security import SSN
from promptguard_gateway.detectors.pii.vehicles import VEHICLE

DETECTORS: tuple[PatternDetector, ...] = (
    EMAIL,
    PHONE,
    CARD,
    SSN,
    IBAN,
    ACCOUNT,
    CRYPTO,
    IP_ADDRESS,
    MAC,
    CREDENTIALS,
    COORDINATES,
    ADDRESS,
    BIRTH,
    PASSPORT,
    LICENCE,
    VEHICLE,
    RECORD,
    NATIONAL,
    NUMBERS,
)
