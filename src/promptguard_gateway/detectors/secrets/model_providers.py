"""Credentials of those who serve models, and of tools around models."""

from promptguard_gateway.detectors.secrets.checks import has_cases, is_mixed
from promptguard_gateway.detectors.secrets.formats import CHECKED, UUID, issued

PATTERNS = (
    issued(
        "openai_signed",
        r"\bsk-(?:[a-z]{3,8}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}",
        "OpenAI: API keys; the middle is the base64 of OpenAI",
        score=CHECKED,
    ),
    issued("openai", r"\bsk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20}", "OpenAI: API keys", rest="[A-Za-z0-9_-]"),
    issued(
        "anthropic_signed",
        r"\bsk-ant-(?:api03|admin01)-[A-Za-z0-9_-]{93}AA\b",
        "Anthropic: API keys and admin keys",
        score=CHECKED,
    ),
    issued(
        "anthropic",
        r"\bsk-ant-(?:api|admin|oat|ort|sid)\d{2}-[A-Za-z0-9_-]{20}",
        "Anthropic: API keys",
        rest="[A-Za-z0-9_-]",
    ),
    issued("openrouter", r"\bsk-or-v1-[0-9a-f]{64}\b", "OpenRouter: API keys"),
    issued("langfuse", rf"\bsk-lf-{UUID}\b", "Langfuse: API keys"),
    issued("sk_prefixed", r"\bsk-(?:lf-|ds-)?[A-Za-z0-9]{32,96}\b", "DeepSeek, Stability AI and others: API keys"),
    issued("promptguard", r"\bpg_(?:live|test)_[A-Za-z0-9_-]{8}", "PromptGuard: API keys", rest="[A-Za-z0-9_-]"),
    issued(
        "hugging_face", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,40}\b", "Hugging Face: user access tokens", validate=has_cases
    ),
    issued("replicate", r"\br8_[A-Za-z0-9_-]{37}", "Replicate: API tokens"),
    issued("groq", r"\bgsk_[A-Za-z0-9]{48,56}\b", "Groq: API keys"),
    issued("perplexity", r"\bpplx-[A-Za-z0-9]{40,56}\b", "Perplexity: API keys"),
    issued("xai", r"\bxai-[A-Za-z0-9]{70,86}\b", "xAI: API keys"),
    issued("nvidia", r"\bnvapi-[A-Za-z0-9_-]{60,70}", "NVIDIA API catalog: keys"),
    issued("langsmith", r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b", "LangSmith: API keys"),
    issued("together", r"\btgp_v1_[A-Za-z0-9_-]{40,48}", "Together AI: API keys"),
    issued("fireworks", r"\bfw_[A-Za-z0-9]{22,26}\b", "Fireworks AI: API keys", validate=is_mixed),
    issued("cerebras", r"\bcsk-[a-z0-9]{44,52}\b", "Cerebras: API keys"),
    issued("voyage", r"\bpa-[A-Za-z0-9_-]{43}\b", "Voyage AI: API keys", validate=is_mixed),
    issued("jina", r"\bjina_[0-9a-f]{32}[A-Za-z0-9_-]{28}", "Jina AI: API keys"),
    issued("tavily", r"\btvly-(?:dev-|prod-)?[A-Za-z0-9]{32}\b", "Tavily: API keys"),
    issued("elevenlabs", r"\bsk_[0-9a-f]{48}\b", "ElevenLabs: API keys"),
    issued("pinecone", r"\bpcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{56,72}\b", "Pinecone: API keys"),
    issued("weights_and_biases", r"\bwandb_v1_[A-Za-z0-9_]{60,90}", "Weights & Biases: API keys"),
    issued("firecrawl", r"\bfc-[0-9a-f]{32}\b", "Firecrawl: API keys"),
    issued("e2b", r"\be2b_[0-9a-f]{40}\b", "E2B: API keys"),
    issued("anyscale", r"\besecret_[a-z0-9]{26,32}\b", "Anyscale: API keys"),
    issued("modal", r"\ba[ks]-[A-Za-z0-9]{22}\b", "Modal: token pairs", validate=is_mixed),
    issued("runpod", r"\brpa_[A-Z0-9]{40}[A-Za-z0-9]{2,8}\b", "RunPod: API keys"),
    issued("helicone", r"\bsk-helicone-[a-z0-9-]{28,60}", "Helicone: API keys"),
    issued("cursor", r"\bkey_[0-9a-f]{64}\b", "Cursor: API keys"),
)
