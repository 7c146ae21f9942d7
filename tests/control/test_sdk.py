"""PromptGuard's own Python SDK against a running gateway with the demonstration model, as its users would point it."""

import asyncio
from collections.abc import AsyncIterator

import promptguard
import pytest
import pytest_asyncio
from promptguard import GuardClient, PromptGuard, PromptGuardError

from control.parts import AWS, CALM, INJECTION, MAIL
from gateway.house import KEY, House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("sdk")) as it:
        yield it


def address(here: House) -> str:
    return f"http://127.0.0.1:{here.port}/api/v1"


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


async def test_verify(here: House) -> None:
    """Reachable, authenticated, the injection found and the personal data too."""
    report = await asyncio.to_thread(promptguard.verify, api_key=KEY, base_url=address(here))
    checks = {check["name"]: check["status"] for check in report["checks"]}
    assert {checks[name] for name in ("connectivity", "authentication", "threat_detection", "pii_redaction")} == {
        "pass"
    }


async def test_guard_client(here: House) -> None:
    """Allow, redact and block; the redacted messages are there to be sent instead."""

    def run() -> None:
        with GuardClient(api_key=KEY, base_url=address(here)) as guard:
            assert guard.scan(user(CALM)).decision == "allow"
            redacted = guard.scan(user(f"I am {MAIL}"))
            assert redacted.decision == "redact"
            assert redacted.redacted_messages[0]["content"] == "I am [EMAIL_REDACTED]"
            blocked = guard.scan(user(INJECTION))
            assert blocked.decision == "block"
            assert blocked.threat_type

    await asyncio.to_thread(run)


async def test_guard_client_asynchronous(here: House) -> None:
    """The same, awaited, for an answer."""
    async with GuardClient(api_key=KEY, base_url=address(here)) as guard:
        assert (await guard.scan_async(user(CALM), direction="output")).decision == "allow"
        secret = await guard.scan_async(user(f"The key is {AWS}"), direction="output")
    assert secret.decision == "redact"
    assert AWS not in str(secret.redacted_messages)


async def test_chat_and_stream(here: House) -> None:
    """The proxy client on `vllm/demo`: an answer, a stream, and a block that is the SDK's own error."""

    def run() -> None:
        with PromptGuard(api_key=KEY, base_url=address(here), max_retries=0) as sdk:
            answer = sdk.chat.completions.create(model="vllm/demo", messages=user(CALM))
            assert answer["choices"][0]["message"]["content"]
            chunks = list(sdk.chat.completions.create(model="vllm/demo", messages=user(CALM), stream=True))
            assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
            with pytest.raises(PromptGuardError) as caught:
                sdk.chat.completions.create(model="vllm/demo", messages=user(INJECTION))
            assert (caught.value.status_code, caught.value.code) == (400, "request_blocked")

    await asyncio.to_thread(run)


async def test_agent(here: House) -> None:
    """The SDK's question whether a tool may be called."""

    def run() -> None:
        with PromptGuard(api_key=KEY, base_url=address(here), max_retries=0) as sdk:
            allowed = sdk.agent.validate_tool("agent/7", "get_weather", {"city": "Oslo"}, session_id="s-1")
            assert (allowed["allowed"], allowed["risk_level"]) == (True, "safe")
            refused = sdk.agent.validate_tool("agent/7", "execute_shell", {"command": "ls"})
            assert (refused["allowed"], refused["risk_level"]) == (False, "critical")

    await asyncio.to_thread(run)
