"""Dates of birth."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.births import BIRTH

EXAMPLES = {
    "numbers": (
        [
            "born 1974-09-03",
            "DOB: 2/4/08",
            "geboren am 21.5.1947",
            "Fecha de nacimiento: 13/09/1945",
            "urodzony 26/05/1957",
        ],
        ["on 1974-09-03", "born 45/99/1974", "a stubborn 1974-09-03", "born in 1974", "date of the meeting: 2/4/2008"],
    ),
    "written": (
        [
            "was born on 4 February 1974",
            "Date of birth: July 11, 1964",
            "nacido el 25 de septiembre de 1968",
            "née le 6 août 2001",
        ],
        ["due on 4 February 1974", "born in a storm", "Data urodzenia: 99 października 1965"],
    ),
}


def test_dates_and_near_misses() -> None:
    """A date is one of birth beside a word that says so, in any usual form."""
    check([BIRTH], EXAMPLES)
