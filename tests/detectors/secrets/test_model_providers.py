"""Credentials of those who serve models."""

from detectors.secrets.pieces import UUID, both, check_patterns, hexa, lower, upper
from promptguard_gateway.detectors.secrets import model_providers

EXAMPLES = {
    "openai_signed": (
        ["sk-" + both(20) + "T3Blbk" + "FJ" + both(20), "sk-" + "proj-" + both(74) + "T3Blbk" + "FJ" + both(74)],
        ["sk-" + both(20), "T3BlbkFJ alone"],
    ),
    "openai": (["sk-" + "proj-" + both(48)], ["sk-" + "proj-your-key-here-your-key", "task-proj-" + both(8)]),
    "anthropic_signed": (["sk-" + "ant-api03-" + both(93) + "AA"], ["sk-" + "ant-api03-" + both(40)]),
    "anthropic": (["sk-" + "ant-api03-" + both(40)], ["sk-" + "ant-api03-xxxxxxxxxxxxxxxxxxxxxxxx"]),
    "openrouter": (["sk-" + "or-v1-" + hexa(64)], ["sk-" + "or-v1-" + hexa(20)]),
    "langfuse": (["sk-" + "lf-" + UUID], ["pk-" + "lf-" + UUID]),
    "sk_prefixed": (["sk-" + hexa(32), "sk-" + both(48)], ["sk-" + "x" * 32, "sk-short", "ask-" + hexa(32) + "-"]),
    "promptguard": (["pg_" + "live_" + both(24)], ["pg_" + "live_xxxxxxxxxxxx", "pg_dump_all"]),
    "hugging_face": (
        ["hf" + "_" + both(34)],
        ["hf_transfer", "hf_" + "x" * 34, "hf_" + "snapshotdownloadofthewholemodelhere"],
    ),
    "replicate": (["r8" + "_" + both(37)], ["r8_" + both(10)]),
    "groq": (["gs" + "k_" + both(52)], ["gsk_" + both(10)]),
    "perplexity": (["pp" + "lx-" + both(48)], ["pplx-7b-online"]),
    "xai": (["xa" + "i-" + both(80)], ["xai-explainable"]),
    "nvidia": (["nv" + "api-" + both(64)], ["nvapi-sys"]),
    "langsmith": (["ls" + "v2_pt_" + hexa(32) + "_" + hexa(10)], ["lsv2_pt_" + hexa(10)]),
    "together": (["tg" + "p_v1_" + both(43)], ["tgp_v1_short"]),
    "fireworks": (["fw" + "_" + both(24)], ["fw_update_available", "fw_" + "abcdefghijklmnopqrstuvwx"]),
    "cerebras": (["cs" + "k-" + lower(48)], ["csk-" + lower(9)]),
    "voyage": (["pa" + "-" + both(43)], ["pa-" + both(12)]),
    "jina": (["ji" + "na_" + hexa(32) + both(28)], ["jina_embeddings"]),
    "tavily": (["tv" + "ly-dev-" + both(32)], ["tvly-dev-"]),
    "elevenlabs": (["sk" + "_" + hexa(48)], ["sk_" + hexa(12)]),
    "pinecone": (["pc" + "sk_" + both(6) + "_" + both(63)], ["pcsk_index"]),
    "weights_and_biases": (["wandb" + "_v1_" + both(77)], ["wandb_v1_run"]),
    "firecrawl": (["fc" + "-" + hexa(32)], ["fc-" + hexa(8)]),
    "e2b": (["e2" + "b_" + hexa(40)], ["e2b_" + hexa(8)]),
    "anyscale": (["ese" + "cret_" + lower(26)], ["esecret_" + lower(6)]),
    "modal": (["ak" + "-" + both(22)], ["ak-" + both(8), "as-" + "abcdefghijklmnopqrstuv"]),
    "runpod": (["rp" + "a_" + upper(42)], ["rpa_bots"]),
    "helicone": (["sk-" + "helicone-" + "abc7def-" + lower(30)], ["sk-helicone-key"]),
    "cursor": (["ke" + "y_" + hexa(64)], ["key_" + hexa(16)]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a model provider is found in its example and not believed in near-misses."""
    check_patterns(model_providers.PATTERNS, EXAMPLES)
