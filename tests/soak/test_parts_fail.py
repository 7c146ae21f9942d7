"""A part of the gateway fails: the store is locked or takes no more bytes, or a detector raises.

What cannot be recorded does not happen, and what cannot be inspected happens only where the policy says so.
"""

import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from lab.rawclient import RawAnswer
from promptguard_gateway.app import policy_of, running
from promptguard_gateway.core.detector import Hit, Knowledge, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge
from promptguard_gateway.store.files import DATABASE
from soak.process import KEY, GatewayProcess, events_of, gateway_process
from soak.test_drain import ask
from soak.traffic import TOKEN, TokenUpstream


@contextmanager
def locked(gateway: GatewayProcess) -> Iterator[None]:
    """Another program holds the database's write lock."""
    connection = sqlite3.connect(gateway.data / DATABASE, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


@contextmanager
def full(gateway: GatewayProcess) -> Iterator[None]:
    """No file of the gateway may be written beyond its first byte."""
    _, hard = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    before = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, before)


async def ask_until_answered(gateway: GatewayProcess, token: str) -> RawAnswer:
    """Ask again, as clients do, for as long as the store may need to come back."""
    end = time.monotonic() + 10
    while (answer := await ask(gateway.port, token, stream=False)).status == 503 and time.monotonic() < end:
        pass
    return answer


@pytest.mark.parametrize("trouble", [locked, full])
async def test_what_cannot_be_recorded_is_not_sent(tmp_path: Path, trouble) -> None:
    """503 with a code of its own, plain or streamed, the upstream untouched; it heals without a restart."""
    async with TokenUpstream() as upstream, gateway_process(tmp_path / "data", upstream.origin) as gateway:
        assert (await ask(gateway.port, "before", stream=False)).status == 200
        with trouble(gateway):
            for stream in (False, True):
                answer = await ask(gateway.port, "during", stream=stream)
                assert (answer.status, answer.json()["error"]["code"]) == (503, "audit_unavailable")
                assert "retry-after" in answer.headers
            assert upstream.seen == ["before"]
        assert (await ask_until_answered(gateway, "after")).status == 200
        outcomes = {one.event.end_user: one.event.outcome for one in events_of(gateway.data)}
        assert outcomes["before"] == outcomes["after"] == "answered"
        assert outcomes.get("during", "failed") == "failed"


class Broken:
    """A detector that raises on every text."""

    def __init__(self, direction: Direction) -> None:
        self.spec = Spec(
            id="soak.broken",
            family=Family.SAFETY,
            category="soak",
            threat_type="policy_violation",
            severity=Severity.HIGH,
            label="BROKEN",
            directions=(direction,),
            summary="nothing, it fails",
            source="a test",
        )

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Fail."""
        raise ArithmeticError("broken on purpose")

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """Nothing is held."""
        return 0


@asynccontextmanager
async def with_broken(data: Path, direction: Direction, failure: str) -> AsyncIterator[tuple[TokenUpstream, int]]:
    """A gateway in this process, one detector of which raises in one direction."""
    async with TokenUpstream() as upstream:
        settings = Settings(
            port=0,
            data=str(data),
            api_key=KEY,
            vllm_base_url=upstream.origin,
            failure_input=failure,
            failure_output=failure,
        )
        judge = Judge((*DETECTORS, Broken(direction)), policy_of(settings))
        async with running(settings, judge=judge) as gateway:
            yield upstream, gateway.server.port


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("direction", Direction)
async def test_closed_a_detector_that_raises_is_a_503(tmp_path: Path, direction: Direction, stream: bool) -> None:
    """Nothing of a request goes upstream and nothing of an answer to the client; the event says what failed."""
    async with with_broken(tmp_path, direction, "closed") as (upstream, port):
        answer = await ask(port, "tok0000000x", stream=stream)
        if direction is Direction.INPUT:
            assert upstream.seen == []
        assert b"detector_unavailable" in answer.body
        assert answer.status == 503
        assert not TOKEN.search(answer.raw)
        assert b"[DONE]" not in answer.raw
    (event,) = [one.event for one in events_of(tmp_path)]
    assert (event.outcome, event.error) == ("failed", "detector_unavailable")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("direction", Direction)
async def test_open_a_detector_that_raises_is_marked(tmp_path: Path, direction: Direction, stream: bool) -> None:
    """The answer is whole, and its event says what had not been looked for."""
    async with with_broken(tmp_path, direction, "open") as (_, port):
        answer = await ask(port, "tok0000000x", stream=stream)
        assert answer.status == 200
        assert TOKEN.search(answer.body)
        assert not stream or answer.events[-1] == b"[DONE]"
    (event,) = [one.event for one in events_of(tmp_path)]
    assert (event.outcome, event.degraded) == ("answered", ("soak.broken",))
