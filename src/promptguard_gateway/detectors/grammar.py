"""Word classes that several phrase grammars share, so that a class is widened in one place.

All of them are fragments to stand after `(?i)`, in ASCII, because text is folded before it is read.
"""

from promptguard_gateway.core.detector import BOTH, Spec
from promptguard_gateway.core.findings import Family, Severity

# Up to a few words between the parts of a phrase; never across the end of a sentence.
WORDS = r"(?:[\w'’][\w'’,-]{0,30}\s+){0,5}"

# What instructions are called.
OBJECT = (
    r"(?:(?:system\s+)?(?:instructions?|prompts?)|directions|directives?|guidelines?|guidance|commands?|orders|"
    r"programming|(?:system|safety|content)\s+(?:messages?|rules?|polic(?:y|ies))|rules|restrictions|"
    r"guardrails|safeguards|training|"
    r"prompting|constraints|polic(?:y|ies)|tasks?)"
)

# What a model is called.
MODEL = (
    r"(?:ai(?:\s+(?:assistant|model|agent|system|language\s+model|bot))?|llm|(?:large\s+)?language\s+model|"
    r"(?:virtual\s+)?assistant|chat\s?bot|copilot|chatgpt|gpt|agent|model)"
)
TRUSTED = r"(?:administrator|admin|security\s+team|developer|manager|operator)"

# Somebody is talking *about* a phrase: a word for saying, then an opening quotation mark right before it; or the
# phrase is what somebody else attempts, or what must not be done.
MENTION = (
    r"(?i)(?:\b(?:such\s+as|like|e\.g\.,?|for\s+example,?|phrases?|examples?|strings?|called|"
    r"known\s+as|says?|said|writes?|"
    r"wrote|typed?|typing|words?|attack(?:er)?s?|detects?|blocks?|texts?|contains?|prompts?|"
    r"means?|does|is|what)\b[\w\s,:]{0,24}"
    r"[\"'“‘«`]\s?|\b(?:attempt(?:s|ed|ing)?|tr(?:y|ies|ied|ying)|able)\s+to\s+|"
    r"\b(?:do|does|did|must|should|will|would|can)(?:\s+not|n'?t)\s+|\bnever\s+)$"
)


def injection_spec(id_: str, category: str, summary: str, severity: Severity = Severity.HIGH) -> Spec:
    """The description of a detector of the injection family."""
    return Spec(
        id=id_,
        family=Family.INJECTION,
        category=category,
        threat_type="prompt_injection",
        severity=severity,
        label="INJECTION",
        owasp=("LLM01",),
        directions=BOTH,
        summary=summary,
        source="own grammar; scores judged on labelled attacks and hard negatives",
    )
