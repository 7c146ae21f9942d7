"""Passports, driving licences, and numbers that are only called a tax or identity number."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.documents import LICENCE, NUMBERS, PASSPORT

PASSPORTS = {
    "passport": (
        [
            "passport number is C70784746",
            "Pasaporte MNV572442",
            "Reisepass: C01X00T47",
            "passeport n° 80NP76787",
            "Paszport FQ2120874",
        ],
        [
            "passport photo 35",
            "passport REQUIRED",
            "password C70784746",
            "passport office opens 20230401120000",
            "passport 000000000",
        ],
    )
}
LICENCES = {
    "licence": (
        [
            "Driver's licence E294-4796-1358",
            "Führerschein K83HW8DM066",
            "permis de conduire 762652022219",
            "driving license no. S7129784",
        ],
        ["Driver's licence plate", "software licence 12345678", "driving license renewal 2024", "Führerschein B"],
    )
}
NUMBERED = {
    "tax_number": (
        ["Tax number on file: 2637692391", "taxpayer id 12 345 6789", "numéro fiscal 12 34 567"],
        ["tax 2637692391", "tax number unknown", "tax number 12", "syntax number 2637692391"],
    ),
    "id_number": (
        ["national ID: 63040148", "identity card number AB1234567", "id card no 12345678"],
        ["id 63040148", "order id number unknown", "national idea 63040148"],
    ),
}


def test_documents_and_near_misses() -> None:
    """The word before it makes a value a document's number, if it looks like one."""
    check([PASSPORT], PASSPORTS)
    check([LICENCE], LICENCES)
    check([NUMBERS], NUMBERED)
