"""Coordinates and postal addresses."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.location import ADDRESS, COORDINATES

PLACES = {
    "decimal": (
        ["at 52.520008, 13.404954", "GPS: -33.8688,151.2093"],
        ["0.1234, 0.5678", "95.1234, 13.4049", "52.5, 13.4", "3.1415926535897932, 2.71828"],
    ),
    "sexagesimal": (
        ["40°26'46\"N 79°58'56\"W", "48° 51′ 24″ N, 2° 21′ 08″ E"],
        ["40°C and 79°F", "an angle of 40°26'46\""],
    ),
    "uri": (["geo:52.5200,13.4050"], ["geo:berlin", "biogeo:52.5"]),
}
ADDRESSES = {
    "us": (
        ["1600 Pennsylvania Avenue, Washington, DC 20500", "12 Oak St Apt 4B, Springfield, IL 62704-1234"],
        ["12 Oak trees, Springfield", "5 Main Events, Boston, on 62704"],
    ),
    "uk": (["10 Downing Street, London SW1A 2AA", "4a Mill Lane, Cambridge, CB2 1RX"], ["10 Downing policies, London"]),
    "english_street": (
        ["lives at 221B Baker Street", "742 Evergreen Terrace"],
        ["on Baker Street", "3 people in the Street"],
    ),
    "german": (
        ["Hauptstraße 12, 10115 Berlin", "Lindenweg 3a, 80331 München"],
        ["Hauptstraße 12 ist zu", "ein Weg 3, 10115 Mal"],
    ),
    "french": (
        ["12 rue de la Paix, 75002 Paris", "3 bis avenue Foch, 69006 Lyon"],
        ["12 rue de rivières", "la rue est longue, 75002"],
    ),
    "spanish": (
        ["Calle Mayor 12, 28013 Madrid", "C/ Irunlarrea, 3, 31008 Pamplona"],
        ["la calle mayor 12", "Calle Mayor, Madrid"],
    ),
    "italian": (["Via Roma 12, 00184 Roma", "Piazza Duomo, 1, 20122 Milano"], ["Via libera 12 volte", "via Roma"]),
    "dutch": (["Kerkstraat 12, 1017 GL Amsterdam"], ["Kerkstraat 12 is dicht", "straat 12, 1017"]),
    "polish": (["ul. Zielona 88, 09-288 Gdańsk", "al. Jana Pawła 4/12, 00-001 Warszawa"], ["ul. Zielona", "ul 88"]),
    "portuguese": (["Rua Augusta 274, 1100-053 Lisboa"], ["Rua Augusta", "na rua 274"]),
}


def test_places_and_near_misses() -> None:
    """Two degrees within their bounds; measurements are none."""
    check([COORDINATES], PLACES)


def test_addresses_and_near_misses() -> None:
    """A street, a number, the postal code and the place, as each country writes them."""
    check([ADDRESS], ADDRESSES)
