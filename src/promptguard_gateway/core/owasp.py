"""Where findings stand in two lists of OWASP: the Top 10 for LLM applications (2025) and for agentic ones (2026).

One table, by family of findings; a detector that knows better says so in its `Spec`, for each list separately.
Sources: OWASP Top 10 for LLM Applications 2025 (genai.owasp.org/llm-top-10) and OWASP Top 10 for Agentic Applications
2026 (genai.owasp.org), whose own examples decided in doubt.
"""

from collections.abc import Mapping

from msgspec import Struct

from promptguard_gateway.core.findings import Family

LLM: Mapping[str, str] = {
    "LLM01": "Prompt Injection",
    "LLM02": "Sensitive Information Disclosure",
    "LLM03": "Supply Chain",
    "LLM04": "Data and Model Poisoning",
    "LLM05": "Improper Output Handling",
    "LLM06": "Excessive Agency",
    "LLM07": "System Prompt Leakage",
    "LLM08": "Vector and Embedding Weaknesses",
    "LLM09": "Misinformation",
    "LLM10": "Unbounded Consumption",
}
AGENTIC: Mapping[str, str] = {
    "ASI01": "Agent Goal Hijack",
    "ASI02": "Tool Misuse and Exploitation",
    "ASI03": "Identity and Privilege Abuse",
    "ASI04": "Agentic Supply Chain Vulnerabilities",
    "ASI05": "Unexpected Code Execution",
    "ASI06": "Memory and Context Poisoning",
    "ASI07": "Insecure Inter-Agent Communication",
    "ASI08": "Cascading Failures",
    "ASI09": "Human-Agent Trust Exploitation",
    "ASI10": "Rogue Agents",
}


class Codes(Struct, frozen=True):
    """Codes of both lists, the nearest first."""

    llm: tuple[str, ...]
    agentic: tuple[str, ...] = ()


CODES: Mapping[Family, Codes] = {
    Family.INJECTION: Codes(("LLM01",), ("ASI01",)),
    Family.FORGERY: Codes(("LLM01",), ("ASI01", "ASI06")),  # a forged turn poisons the context
    Family.EXFILTRATION: Codes(("LLM02", "LLM07"), ("ASI01",)),
    Family.PII: Codes(("LLM02",)),
    Family.SECRETS: Codes(("LLM02",), ("ASI03",)),  # whoever has the key acts as its owner
    Family.LEAK: Codes(("LLM07", "LLM02")),
    Family.LINK: Codes(("LLM02", "LLM05"), ("ASI01",)),  # as in EchoLeak, OWASP's example
    # Neither list has an entry for unsafe content. The nearest is LLM01, which covers getting around safety protocols.
    Family.SAFETY: Codes(("LLM01",)),
    Family.HIDDEN: Codes(("LLM01",), ("ASI01",)),
    Family.URL: Codes(("LLM05", "LLM02"), ("ASI02",)),
    Family.CODE: Codes(("LLM05", "LLM06"), ("ASI05", "ASI02")),
    Family.TOOL: Codes(("LLM06",), ("ASI02",)),
    # What an operator's rule is about, only the operator knows; most are about what may be said and done.
    Family.CUSTOM: Codes(("LLM06",)),
}
