"""Names of personal data."""

import pytest

from promptguard_gateway.core.entities import ALIASES, ENTITIES, label_of, labels_of
from promptguard_gateway.core.findings import Family
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.pii import DETECTORS as PERSONAL
from promptguard_gateway.detectors.pii.national import IDENTIFIERS


def test_every_label_of_personal_data_has_an_entity() -> None:
    """What detectors call their findings and what the table knows is the same."""
    assert {detector.spec.id for detector in PERSONAL} == {d.spec.id for d in DETECTORS if d.spec.family is Family.PII}
    labels = {row.entity for row in IDENTIFIERS}
    for detector in PERSONAL:
        named = {pattern.label for pattern in detector.patterns}
        labels |= {label or detector.spec.label for label in named}
    assert labels == {label_of(entity) for entity in ENTITIES}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("email", {"EMAIL"}),
        ("EMAIL_ADDRESS", {"EMAIL"}),
        ("Email", {"EMAIL"}),
        ("phone_us", {"PHONE"}),
        ("us_ssn", {"SSN"}),
        ("es_nif", {"ES_NIF"}),
        ("vehicle_id", {"VIN", "LICENSE_PLATE"}),
        ("shoe_size", set()),
        ("", set()),
    ],
)
def test_names_in_any_case(name: str, labels: set[str]) -> None:
    """Aliases, entities and labels, in any case; an unknown name stands for nothing."""
    assert labels_of(name) == labels


def test_every_alias_stands_for_something() -> None:
    """Aliases are lower case, and stand for entities."""
    for alias in ALIASES:
        assert alias == alias.lower()
        assert labels_of(alias)
