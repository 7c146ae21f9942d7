"""What stands for a value is not a value: a text that was redacted once is calm."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from stdnum import luhn

from promptguard_gateway.core.decision import decide
from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.core.findings import Family, Inspection
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.policy import Action, Policy, Replacement, Thresholds
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.detectors.catalogue import DETECTORS

INSPECTOR = Inspector(DETECTORS)
ALL_REDACTED = structs.replace(
    PRESETS["strict"],
    matrix={family: dict.fromkeys(Column, Action.REDACT) for family in Family},
    thresholds={family.value: Thresholds(0.5, 0.5) for family in Family},
)
POLICIES = {how: structs.replace(ALL_REDACTED, replacement={"pii": how, "secrets": how}) for how in Replacement}
KEY = "sk-" + "proj-" + "A1b2C3d4E5f6G7h8" * 3
TEXTS = [
    "mail me at jane.doe+x@mail.example.com, or jane [at] example [dot] com",
    "my phone number is +49 151 23456789, at work +1 (212) 555-0187, call 0049 30 901820",
    "phone: 555-867-5309 and fax 030 9018200",
    "card 4111 1111 1111 1111, amex 3782 822463 10005, visa 4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
    "my ssn is 078-05-1120, social security 219 09 9999",
    "IBAN DE89 3704 0044 0532 0130 00 or GB29NWBK60161331926819",
    "from 8.8.4.4 and 2001:4860:4860:0:0:0:0:8888",
    f"api_key = {KEY}",
    "password: hunter2-Blue-Horse",
    "born on 12 May 1971, date of birth: 1971-05-12",
    "MAC 3c:22:fb:9a:01:7e, VIN 1HGCM82633A004352, licence plate: B-MW 1234",
    "bitcoin 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa to 52.520008, 13.404954",
    "passport number: C01X00T47, driver's license D1234567, patient MRN: 00123456",
    "ship to 1600 Pennsylvania Avenue NW, Washington, DC 20500",
    "postgres://ana:hunter2blue" + "@" + "db.example.com/x",
    "my Steuer-ID is 65 929 970 489, and the NIF 12345678Z",
]


def redacted(policy: Policy, text: str) -> tuple[str, Inspection]:
    """The text as the model gets it, and what was found in it before."""
    segments = [Segment(("text",), Role.USER, text)]
    found = INSPECTOR.inspect(segments)
    edits = decide(policy, segments, found, {}, frozenset(), Vault(b"k" * 32)).edits
    for edit in sorted(edits, key=lambda one: -one.start):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text, found


def detectors(found: Inspection) -> Sequence[str]:
    return sorted({one.detector for one in found.findings if one.score >= 0.5})


@pytest.mark.parametrize("how", Replacement)
@pytest.mark.parametrize("text", TEXTS)
def test_what_was_replaced_is_not_found_again(text: str, how: Replacement) -> None:
    """Neither placeholder, token nor mask is a finding, in the words that stood around the value."""
    calm, found = redacted(POLICIES[how], text)
    assert found.findings
    assert detectors(redacted(POLICIES[how], calm)[1]) == []


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
EMAILS = st.builds("{}.{}@{}.{}".format, NAMES, NAMES, NAMES, st.sampled_from(["com", "org", "co.uk", "museum"]))
PHONES = st.builds(
    "{} {} {}".format,
    st.sampled_from(["+49 151", "+1 212", "+420 601"]),
    st.integers(234, 999),
    st.integers(4567, 9999),
)
CARDS = (
    st.integers(10**14, 10**15 - 1)
    .map(lambda number: "4" + str(number)[1:])
    .map(lambda text: text + luhn.calc_check_digit(text))
)
ADDRESSES = st.ip_addresses().map(str)


@settings(max_examples=120, derandomize=True, deadline=None)
@given(
    values=st.lists(EMAILS | PHONES | CARDS | ADDRESSES, min_size=1, max_size=3),
    before=st.sampled_from(["call ", "card: ", "", "id="]),
)
def test_no_mask_of_any_value_is_a_finding(values: list[str], before: str) -> None:
    """Also beside words that make a detector believe in less."""
    policy = POLICIES[Replacement.MASK]
    calm, _ = redacted(policy, " and ".join(before + value for value in values))
    assert [one for one in detectors(redacted(policy, calm)[1]) if one.startswith("pii.")] == []


def test_kinds_with_a_mask_of_their_own_are_kinds_that_are_found() -> None:
    """A detector that renames its label loses neither its mask nor the spellings that share a token."""
    labels = {detector.spec.label for detector in DETECTORS}
    labels |= {pattern.label for one in DETECTORS if isinstance(one, PatternDetector) for pattern in one.patterns}
    assert labels >= {"EMAIL", "CREDIT_CARD", "PHONE", "IBAN", "IP_ADDRESS"}
    assert labels >= {"BANK_ACCOUNT", "MAC_ADDRESS", "SORT_CODE", "SSN"}
