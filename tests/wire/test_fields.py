"""The tables of fields are complete and say what people need."""

import pytest

from promptguard_gateway.wire.fields import CHAT, COMPLETIONS, EMBEDDINGS, Field, Treatment

TABLES = {"chat": CHAT, "completions": COMPLETIONS, "embeddings": EMBEDDINGS}
ROWS = [(route, name, field) for route, table in TABLES.items() for name, field in table.items()]

# What vLLM 0.32 takes and what hides text from inspection, shows it otherwise, or steers the engine.
STEERING = [
    "chat_template",
    "chat_template_kwargs",
    "documents",
    "mm_processor_kwargs",
    "media_io_kwargs",
    "vllm_xargs",
    "kv_transfer_params",
    "ec_transfer_params",
    "prompt_embeds",
    "priority",
    "request_id",
    "session_id",
    "cache_salt",
    "truncate_prompt_tokens",
    "truncation_side",
    "echo",
    "add_generation_prompt",
    "continue_final_message",
    "prompt_logprobs",
    "return_token_ids",
    "return_tokens_as_token_ids",
    "return_prompt_text",
    "logprob_token_ids",
    "allowed_token_ids",
    "use_beam_search",
    "watermarking",
    "add_special_tokens",
    "skip_special_tokens",
]


@pytest.mark.parametrize(("route", "name", "field"), ROWS, ids=[f"{route}-{name}" for route, name, _ in ROWS])
def test_every_row_is_complete(route: str, name: str, field: Field) -> None:
    """A typed field says what it expects, a guarded one why it is refused."""
    assert name == name.lower()
    assert bool(field.guarded) != bool(field.expected)
    assert bool(field.guarded) != bool(field.types)
    assert bool(field.values) == (field.treatment is Treatment.CHOICE)


@pytest.mark.parametrize("name", STEERING)
def test_what_steers_the_engine_is_guarded_on_every_route(name: str) -> None:
    """No route is a way around the list."""
    assert all(table[name].guarded for table in TABLES.values())
