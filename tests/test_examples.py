"""What stands in `examples/` works as its page says: installed as a package, named in a setting, in streams too."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.house import chat, spoken
from lab.faultup import FaultUpstream
from lab.rawclient import RawAnswer, RawClient
from soak.process import KEY, GatewayProcess, events_of, start

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "detector-employee-id"
PACKAGE = "acme-promptguard-detectors"
BADGE, NO_BADGE = "EMP-123-4561", "EMP-123-4560"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example is installed, as any package would be; without a network."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run(
        [*pip, "--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder), str(EXAMPLE)], check=True
    )
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream() -> AsyncIterator[FaultUpstream]:
    async with FaultUpstream() as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    installed: Path, upstream: FaultUpstream, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GatewayProcess]:
    """`promptguard serve` with the package on its path and in its settings."""
    settings = {"PYTHONPATH": str(installed), "PROMPTGUARD_PLUGINS": PACKAGE, "PROMPTGUARD_POLICY": "strict"}
    running = await start(tmp_path_factory.mktemp("gateway") / "data", upstream.origin, settings=settings)
    yield running
    running.terminate()
    await running.process.wait()


async def ask(gateway: GatewayProcess, body: object) -> RawAnswer:
    async with RawClient("127.0.0.1", gateway.port) as client:
        await client.send(client.post("/v1/chat/completions", body, key=KEY))
        return await client.answer(timeout=10)


async def test_in_a_request(gateway: GatewayProcess, upstream: FaultUpstream) -> None:
    """The model gets a placeholder named by the package; a number that fails its check digit stays."""
    await ask(gateway, chat(f"Badges {BADGE} and {NO_BADGE}."))
    sent = json.loads(upstream.requests[-1].body)["messages"][0]["content"]
    assert sent == f"Badges [EMPLOYEE_ID_REDACTED] and {NO_BADGE}."


async def test_code_blocks_a_request(gateway: GatewayProcess) -> None:
    """The detector that is code counts like any other of its family, and the event names it."""
    answer = await ask(gateway, chat("When does BlueFinch launch?"))
    assert answer.status == 400
    [event] = [stored.event for stored in events_of(gateway.data) if stored.event.outcome == "blocked"]
    assert [finding.detector for finding in event.findings] == ["acme.code_name"]


async def test_in_answers_of_both_kinds(gateway: GatewayProcess, upstream: FaultUpstream) -> None:
    """A whole answer and a stream that comes letter by letter say the same, and no half of a value gets out."""
    upstream.text = f"It is {BADGE}, and bluefinch, not bluefinches."
    expected = "It is [EMPLOYEE_ID_REDACTED], and [CODE_NAME_REDACTED], not bluefinches."
    whole = (await ask(gateway, chat("Who?"))).json()
    assert whole["choices"][0]["message"]["content"] == expected
    assert spoken(await ask(gateway, chat("Who?", "letters", stream=True))) == expected


async def test_installed_is_not_enough(installed: Path, upstream: FaultUpstream, tmp_path: Path) -> None:
    """A package that the operator does not name changes nothing."""
    running = await start(tmp_path / "data", upstream.origin, settings={"PYTHONPATH": str(installed)})
    try:
        upstream.text = BADGE
        assert spoken(await ask(running, chat("Who?", "letters", stream=True))) == BADGE
    finally:
        running.terminate()
        await running.process.wait()


async def test_a_package_that_is_not_there_stops_the_start(upstream: FaultUpstream, tmp_path: Path) -> None:
    """One line names the setting and the package."""
    with pytest.raises(RuntimeError, match="PROMPTGUARD_PLUGINS names 'acme-promptguard-detectors', which is not"):
        await start(tmp_path / "data", upstream.origin, settings={"PROMPTGUARD_PLUGINS": PACKAGE})


async def test_the_page_shows_the_code_that_runs() -> None:
    """docs/detectors.md prints the example's module letter for letter, and its entry point."""
    page = (ROOT / "docs" / "detectors.md").read_text(encoding="utf-8")
    assert f"```python test\n{(EXAMPLE / 'acme_detectors.py').read_text(encoding='utf-8')}```" in page
    entry = (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8").partition("[project.entry-points")[2]
    assert entry.splitlines()[1] in page
