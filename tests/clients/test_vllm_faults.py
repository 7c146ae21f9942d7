"""The guide's three troubleshooting headings, as the OpenAI client's users meet them."""

import openai
import pytest

from clients import programs
from clients.programs import Gateway


def ask(client: openai.OpenAI, model: str, **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}], **more)


@pytest.mark.parametrize("stream", [False, True])
def test_model_not_found(client, stream) -> None:
    """A model that vLLM does not serve is the client's NotFoundError, with the guide's heading."""
    with pytest.raises(openai.NotFoundError, match="Model not found") as caught:
        ask(client, "vllm/no-such-model", stream=stream)
    assert caught.value.code == "model_not_found"


def test_no_provider_found(client, vllm) -> None:
    """A name without prefix is a BadRequestError that says which prefix to use."""
    with pytest.raises(openai.BadRequestError, match="No provider found for model") as caught:
        ask(client, vllm.model)
    assert "vllm/" in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
def test_cannot_connect_to_vllm(tmp_path, stream) -> None:
    """Without vLLM the client gets a 502 with the guide's heading, and no address of the inside."""
    port = programs.free_port()
    with (
        programs.gateway(tmp_path, f"http://127.0.0.1:{port}") as gateway,
        openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, max_retries=0) as client,
        pytest.raises(openai.InternalServerError, match="Cannot connect to vLLM") as caught,
    ):
        ask(client, "vllm/tiny-chat", stream=stream)
    assert caught.value.status_code == 502
    assert caught.value.code == "upstream_unreachable"


def test_a_wrong_key_is_an_authentication_error(gateway: Gateway, model) -> None:
    """The SDK's AuthenticationError; the key is not repeated."""
    wrong = "pg_live_" + "wrongwrongwrong00"
    with (
        openai.OpenAI(base_url=gateway.base_url, api_key=wrong, max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        ask(client, model)
    assert wrong not in str(caught.value)


def read_until_error(stream: openai.Stream) -> tuple[str, openai.APIError | None]:
    """What arrived, and the error that ended it."""
    text = ""
    try:
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    except openai.APIError as error:
        return text, error
    return text, None


def test_an_error_in_the_middle_of_a_stream_raises(client, direct, vllm) -> None:
    """vLLM's error event after the first words reaches the program as an APIError, not as a quiet end."""
    forced = {"structured_outputs": {"choice": ["alpha beta"]}, "stop_token_ids": [64]}
    seen = []
    for made, name in ((direct, vllm.model), (client, f"vllm/{vllm.model}")):
        with ask(made, name, stream=True, temperature=0, max_tokens=50, extra_body=forced) as stream:
            text, error = read_until_error(stream)
        assert error is not None
        seen.append(text)
    assert seen[0].startswith(seen[1])


def test_an_error_as_the_first_event_of_a_stream_raises(client, model) -> None:
    """vLLM answers a broken pattern with 200 and an error event; the program gets an error either way."""
    with (
        pytest.raises(openai.APIError),
        ask(client, model, stream=True, extra_body={"structured_outputs": {"regex": "("}}) as stream,
    ):
        list(stream)
