"""Which endpoint answers: a choice among the operator's list."""

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import Settings, UpstreamLimits, UpstreamSettings
from promptguard_gateway.upstream.registry import Upstreams

LIST = [
    UpstreamSettings(origin="http://localhost:8000", key="first" + "-key"),
    UpstreamSettings(origin="http://gpu.internal:9000"),
]


def upstreams(*, demo: bool = False) -> Upstreams:
    """Two endpoints."""
    return Upstreams(LIST, limits=UpstreamLimits(), demo=demo)


@pytest.mark.parametrize(
    ("model", "there"),
    [
        ("vllm/tiny", "tiny"),
        ("vllm/meta-llama/Llama-3-70B-Instruct", "meta-llama/Llama-3-70B-Instruct"),
        ("vllm/vllm/x", "vllm/x"),
        ("vllm/demo", "demo"),
        ("vllm/ü", "ü"),
    ],
)
def test_the_prefix_is_taken_off_once(model: str, there: str) -> None:
    """The model's name upstream is what follows the first `vllm/`."""
    choice = upstreams().resolve(model)
    assert (choice.model, choice.upstream.origin) == (there, "http://localhost:8000")


@pytest.mark.parametrize("model", ["", "gpt-4o", "vllm", "vllm/", "vllm/ ", "VLLM/x", " vllm/x", "openai/x", "/vllm/x"])
def test_no_provider(model: str) -> None:
    """A name without the prefix, or with nothing behind it, has no provider, and the message tells the way out."""
    with pytest.raises(GatewayError) as caught:
        upstreams().resolve(model)
    error = caught.value
    assert (error.code, error.status, error.param) == ("no_provider", 400, "model")
    assert error.message.startswith("No provider found for model")
    assert "vllm/" in error.message


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        (None, "http://localhost:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000/v1", "http://localhost:8000"),
        ("http://[::1]:8000/", "http://localhost:8000"),
        ("http://GPU.internal:9000", "http://gpu.internal:9000"),
    ],
)
def test_the_header_chooses(header: str | None, origin: str) -> None:
    """X-VLLM-Base-URL chooses among the approved endpoints, in any plain spelling."""
    assert upstreams().resolve("vllm/x", header).upstream.origin == origin


@pytest.mark.parametrize(
    "header",
    [
        "",
        "http://evil.example:8000",
        "http://localhost:8001",
        "https://localhost:8000",
        "http://localhost:8000@evil.example",
        "http://gpu.internal:9000.evil.example",
        "http://gpu.internal.:9000",
        "http://169.254.169.254",
        "http://localhost:8000/" + "x" * 10_000,
        "http://127.0.0.2:8000",
    ],
)
@pytest.mark.parametrize("model", ["vllm/x", "vllm/demo"])
def test_the_header_never_adds(header: str, model: str) -> None:
    """Any other endpoint is refused, for the demonstration model too, and the message does not repeat it."""
    with pytest.raises(GatewayError) as caught:
        upstreams(demo=True).resolve(model, header)
    assert (caught.value.code, caught.value.status) == ("upstream_not_allowed", 400)
    assert "evil" not in caught.value.message


def test_the_demonstration_model_only_when_enabled() -> None:
    """`vllm/demo` is inside the process when enabled and an ordinary name otherwise."""
    assert upstreams(demo=True).resolve("vllm/demo").upstream.name == "demo"
    assert upstreams(demo=True).resolve("vllm/demo2").upstream.name == "vllm"
    assert upstreams(demo=False).resolve("vllm/demo").upstream.name == "vllm"


@pytest.mark.parametrize(
    ("host", "demo", "enabled"),
    [("127.0.0.1", True, True), ("localhost", True, True), ("0.0.0.0", True, False), ("127.0.0.1", False, False)],
)
def test_settings_enable_the_demonstration_on_loopback(host: str, demo: bool, enabled: bool) -> None:
    """The demonstration model needs no vLLM, so it answers only this machine."""
    assert (Upstreams.from_settings(Settings(host=host, demo=demo)).demo is not None) is enabled


def test_settings_list_each_place_once() -> None:
    """The base URL comes first, and another spelling of it is no second endpoint."""
    listed = Settings(vllm_base_url="http://localhost:8000/v1", vllm_upstreams=("http://127.0.0.1:8000", "http://b:1"))
    origins = [endpoint.origin for endpoint in Upstreams.from_settings(listed).endpoints]
    assert origins == ["http://localhost:8000", "http://b:1"]


def test_a_list_that_is_none() -> None:
    """An empty list and an endpoint that is no origin are refused at the start."""
    with pytest.raises(ValueError):
        Upstreams([], limits=UpstreamLimits())
    with pytest.raises(ValueError):
        Upstreams([UpstreamSettings(origin="localhost:8000")], limits=UpstreamLimits())
