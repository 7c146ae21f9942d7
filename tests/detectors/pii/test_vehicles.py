"""Vehicles."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.vehicles import VEHICLE

EXAMPLES = {
    "vin": (["1HGCM82633A004352", "5GZCZ43D13S812715"], ["1HGCM82643A004352", "11111111111111111", "1HGCM82633A00435"]),
    "named_vin": (
        ["VIN YDA9LBU5Y0TDM6PSB", "Fahrgestellnummer: WVWZZZ1JZXW000010"],
        ["VIN 12345678901234567", "vine YDA9LBU5Y0TDM6PSB"],
    ),
    "plate": (
        [
            "plate 9PGK175",
            "Kennzeichen B-JK 677",
            "matrícula 3346 JLU",
            "immatriculée CR-929-JX",
            "L'auto targata SL 442 ZR",
        ],
        ["plate of food", "plate 2024", "Kennzeichen ABC", "template 9PGK175", "license plate is MISSING"],
    ),
}


def test_vehicles_and_near_misses() -> None:
    """Check digits of identification numbers; words for the rest."""
    check([VEHICLE], EXAMPLES)
