"""The vLLM under test, a gateway in front of it, and a client for each."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from clients import programs
from clients.programs import Gateway, Vllm

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a vLLM, and a large model takes its time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with programs.vllm(tmp_path_factory.mktemp("vllm")) as server:
        yield server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, vllm: Vllm) -> Iterator[Gateway]:
    with programs.gateway(tmp_path_factory.mktemp("gateway"), vllm.url) as server:
        yield server


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, max_retries=0) as made:
        yield made


@pytest.fixture
def direct(vllm: Vllm) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{vllm.url}/v1", api_key="unused", max_retries=0) as made:
        yield made
