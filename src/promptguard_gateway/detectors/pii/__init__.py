"""Personal data with a shape that can be checked: addresses, numbers, accounts, documents.

RE2 finds candidates, and code may only drop them: a checksum decides where there is one, the numbering plans where
there is none (telephones), and a value without either is only believed beside a word that
names it. One file for each theme,
data on top; `entities` says what each kind is called.
"""

from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.detectors.pii.cards import CARD
from promptguard_gateway.detectors.pii.email import EMAIL
from promptguard_gateway.detectors.pii.ibans import IBAN
from promptguard_gateway.detectors.pii.national import NATIONAL
from promptguard_gateway.detectors.pii.network import IP_ADDRESS
from promptguard_gateway.detectors.pii.phone import PHONE
from promptguard_gateway.detectors.pii.social_security import SSN

DETECTORS: tuple[PatternDetector, ...] = (EMAIL, PHONE, CARD, SSN, IBAN, IP_ADDRESS, NATIONAL)
