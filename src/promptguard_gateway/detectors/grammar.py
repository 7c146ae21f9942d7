"""Word classes that several phrase grammars share, so that a class is widened in one place.

All of them are fragments to stand after `(?i)`, in ASCII, because text is folded before it is read.
"""

# Up to a few words between the parts of a phrase; never across the end of a sentence.
WORDS = r"(?:[\w'’,-]+\s+){0,5}"
GAP = r"[\w\s,'-]{0,40}"

# What instructions are called.
OBJECT = (
    r"(?:(?:system\s+)?(?:instructions?|prompts?)|directions|directives?|guidelines?|guidance|commands?|orders|"
    r"programming|(?:system|safety|content)\s+(?:messages?|rules?|polic(?:y|ies))|rules|restrictions|guardrails|safeguards|training|"
    r"prompting|constraints|polic(?:y|ies)|tasks?)"
)

# What a model is called.
MODEL = (
    r"(?:ai(?:\s+(?:assistant|model|agent|system|language\s+model|bot))?|llm|(?:large\s+)?language\s+model|"
    r"(?:virtual\s+)?assistant|chat\s?bot|copilot|chatgpt|gpt|agent|model)"
)
TRUSTED = r"(?:administrator|admin|security\s+team|developer|manager|operator)"

# Somebody is talking *about* a phrase: a word for saying, then an opening quotation mark right before it.
MENTION = (
    r"(?i)(?:such\s+as|like|e\.g\.,?|for\s+example,?|phrases?|examples?|strings?|called|known\s+as|says?|said|writes?|"
    r"wrote|typed?|typing|words?|attack(?:er)?s?|detects?|blocks?|texts?|contains?|prompts?|means?)\b[\w\s,:]{0,24}"
    r"[\"'“‘«`]\s?$"
)
