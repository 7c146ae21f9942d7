"""Numbers of patients."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.health import RECORD

EXAMPLES = {
    "record": (
        ["MRN 00123456", "NHC: 7567884", "NºCol: 28 28 97102", "patient id: P-448812", "Patientennummer 4711234"],
        ["MRN", "patient 12", "the patient took 2500 mg", "NHC: pending", "chart 4711234"],
    ),
    "record_of_somebody": (
        ["Medical record: Ann Lee, 80, id 983 144 3470"],
        ["Medical record of Ann Lee, 80 years", "Medical record: Ann Lee, 80, idle 983 144 3470"],
    ),
}


def test_records_and_near_misses() -> None:
    """The word before it makes a number a patient's."""
    check([RECORD], EXAMPLES)
