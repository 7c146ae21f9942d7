"""The programs, once for the whole run, and clients pointed at them."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from clients import programs
from clients.programs import Gateway, Recorder, Vllm

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the client programs, and the first test of a run waits for vLLM."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with programs.vllm(tmp_path_factory.mktemp("vllm")) as server:
        yield server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, vllm: Vllm) -> Iterator[Gateway]:
    with programs.gateway(tmp_path_factory.mktemp("gateway"), vllm.url) as server:
        yield server


@pytest.fixture(scope="session")
def model(vllm: Vllm) -> str:
    """The model's name as a client of the gateway spells it."""
    return f"vllm/{vllm.model}"


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The OpenAI client as the guide makes it, with another address and key."""
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, max_retries=0) as made:
        yield made


@pytest.fixture
def direct(vllm: Vllm) -> Iterator[openai.OpenAI]:
    """The same client, pointed at vLLM itself."""
    with openai.OpenAI(base_url=f"{vllm.url}/v1", api_key="unused", max_retries=0) as made:
        yield made


@pytest.fixture(scope="session")
def echo() -> Iterator[Recorder]:
    with programs.recorder() as kept:
        yield kept


@pytest.fixture(scope="session")
def litellm(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway, vllm: Vllm, echo: Recorder) -> Iterator[str]:
    models = {vllm.model: vllm.url, "recorder": echo.url}
    with programs.litellm(tmp_path_factory.mktemp("litellm"), guard=gateway, models=models) as url:
        yield url
