"""A gateway with a policy of the operator's own: what clients, headers and events say of it."""

from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.house import House, chat, house
from promptguard_gateway.app import policy_of
from promptguard_gateway.core.findings import digest_of
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import read_policy

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = f"""
guardrails: {{fraud_detection: {{enabled: true}}}}
rules:
  - {{name: falcon, condition: contains_text, value: Project Falcon, action: redact}}
  - {{name: heron, condition: contains_text, value: Blue Heron, action: flag}}
  - {{name: stop, condition: contains_text, value: stop word}}
  - {{name: trial, condition: contains_text, value: on trial, status: candidate}}
  - {{name: kind, type: llm_guard, prompt: be kind}}
suppressions:
  - {{detector: pii.email, match_sha256: {digest_of("help@example.com")}}}
"""
MISSING = ["fraud_detection", "custom.kind"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    policy = read_policy(POLICY, "own.yaml")
    async with house(tmp_path_factory.mktemp("own"), policy=policy) as it:
        yield it


@pytest.mark.parametrize(
    ("text", "decision", "status", "reason"),
    [
        ("about Project Falcon", "redact", "active", "Redacted: a match of the rule falcon (1.00, threshold 0.80)"),
        ("the blue heron", "allow", "active", "Flagged: a match of the rule heron"),
        ("a stop word", "block", "active", "Blocked: a match of the rule stop"),
        ("this is on trial", "allow", "candidate", "Candidate: a match of the rule trial"),
        ("write to help@example.com", "allow", "suppressed", "Suppressed: an e-mail address"),
    ],
)
async def test_guard_headers_and_event_agree(here: House, text: str, decision: str, status: str, reason: str) -> None:
    """The same decision, status and sentence in all three, and the digest that a suppression would name."""
    answer = await here.ask({"messages": [{"role": "user", "content": text}]}, "/api/v1/guard")
    body = answer.json()
    [threat] = body["threats"]
    assert (body["decision"], threat["status"]) == (decision, status)
    assert threat["details"].startswith(reason)
    assert answer.headers["x-promptguard-reason"] == threat["details"]
    assert threat["rule"]["suppressible"] == (threat["rule"]["detector"] == "pii.email")
    event = here.event_of(answer)
    assert event.reasons[0].text == threat["details"]
    assert (event.findings[0].status, event.decision) == (status, decision)
    assert [one["detector"] for one in body["unavailable"]] == MISSING
    assert list(event.unavailable) == MISSING
    assert event.policy == "default:moderate+custom"


async def test_the_digest_of_a_threat_is_what_a_suppression_names(here: House) -> None:
    """SHA-256 of the matched text; it is not on the event, where it could be guessed."""
    answer = await here.ask({"messages": [{"role": "user", "content": "I am ana@example.com"}]}, "/api/v1/guard")
    [threat] = answer.json()["threats"]
    assert threat["match_sha256"] == digest_of("ana@example.com")
    [finding] = here.event_of(answer).findings
    assert finding.digest.startswith("blake2b:")
    assert threat["match_sha256"] not in finding.digest


async def test_whatever_is_said_to_be_suppressible_can_be_suppressed(here: House) -> None:
    """Encoded words too, which the inspector sees itself: the start takes what the threat names."""
    hidden = b64encode(b"the quick brown fox jumps over the lazy dog").decode()
    answer = await here.ask({"messages": [{"role": "user", "content": f"read {hidden}"}]}, "/api/v1/guard")
    [threat] = answer.json()["threats"]
    assert (threat["rule"]["detector"], threat["rule"]["suppressible"]) == ("hidden.encoded", True)
    policy = read_policy("suppressions: [{detector: hidden.encoded}]", "own.yaml")
    assert "hidden.encoded" in policy_of(Settings(policy=policy)).suppressions


async def test_redact_leaves_what_is_suppressed(here: House) -> None:
    """A finding that does not act is not replaced, and its event says so."""
    answer = await here.ask({"content": "help@example.com, ana@example.com"}, "/v1/security/redact")
    assert answer.json()["redacted"] == "help@example.com, [EMAIL_REDACTED]"
    assert [(one.status, one.action) for one in here.event_of(answer).findings] == [
        ("suppressed", "off"),
        ("active", "redact"),
    ]


async def test_scan_says_what_decided(here: House) -> None:
    """Not what stood first."""
    answer = await here.ask({"content": "the blue heron and a stop word"}, "/api/v1/security/scan")
    assert answer.json()["reason"].startswith("Blocked: a match of the rule stop")


async def test_a_blocked_exchange_says_why(here: House) -> None:
    """In the error and in the header; without the text."""
    answer = await here.ask(chat("this is a stop word"))
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (400, "request_blocked")
    assert error["details"]["reason"] == answer.headers["x-promptguard-reason"]
    assert answer.headers["x-promptguard-threat-type"] == "policy_violation"
    assert b"stop word" not in answer.body


async def test_a_flagged_exchange_says_why(here: House) -> None:
    """Although nothing happened to it."""
    answer = await here.ask(chat("the blue heron"))
    assert answer.status == 200
    assert answer.headers["x-promptguard-decision"] == "allow"
    assert answer.headers["x-promptguard-threat-type"] == "policy_violation"
    assert answer.headers["x-promptguard-reason"].startswith("Flagged: a match of the rule heron")
