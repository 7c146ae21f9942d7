"""Role forgery: control tokens and role headings typed as ordinary text.

Model servers tokenise special tokens wherever they stand, so `<|im_end|><|im_start|>system` inside a user's message
opens a real system turn. The tokens are those of the chat templates that open-weight models ship; the half-width and
full-width bars are folded before we look. Typed headings ("System:" on a line of its own) are weaker evidence.
"""

from promptguard_gateway.core.detector import BOTH, INPUT, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.segments import Direction

_TEMPLATES = "chat templates of ChatML, Llama 2 to 4, Mistral, DeepSeek, Gemma, Phi, Harmony, GLM, Command and Granite"


def _spec(id_: str, summary: str, source: str, directions: tuple[Direction, ...]) -> Spec:
    return Spec(
        id=id_,
        family=Family.FORGERY,
        category="role_forgery",
        threat_type="prompt_injection",
        severity=Severity.HIGH,
        label="CONTROL_TOKEN",
        owasp=("LLM01",),
        directions=directions,
        summary=summary,
        source=source,
    )


TOKENS = PatternDetector(
    spec=_spec("forgery.tokens", "a chat template's control token typed as text", _TEMPLATES, BOTH),
    patterns=(
        Pattern(
            name="chatml",
            regex=r"(?i)<\|\s?im_(?:start|end|sep)\s?\|>(?:\s{0,2}(?:system|user|assistant|tool)\b)?",
            score=0.92,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="llama3",
            regex=r"(?i)<\|\s?(?:begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|"
            r"python_tag|header_start|header_end|eot)\s?\|>",
            score=0.92,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="llama2_system",
            regex=r"(?i)<<\s?/?SYS\s?>>",
            score=0.92,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="instruction_brackets",
            regex=r"\[/?(?:INST|SYSTEM|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS)\]",
            score=0.85,
            context=r"(?i)(?:`|\b(?:between|and|tags?|markers?))\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="deepseek",
            regex=r"(?i)<\|\s?(?:user|assistant|begin[_▁ ]of[_▁ ]sentence|end[_▁ ]of[_▁ ]sentence|"
            r"tool[_▁ ](?:calls?|outputs?|sep)[_▁ ](?:begin|end)|tool[_▁ ]sep)\s?\|>",
            score=0.9,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="gemma",
            regex=r"(?i)<(?:start|end)_of_turn>(?:\s{0,2}(?:user|model|system)\b)?",
            score=0.92,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="phi_and_glm",
            regex=r"(?i)<\|\s?(?:system|developer|tool|observation|end|endofprompt|end_of_role|start_of_role|"
            r"fim_(?:prefix|middle|suffix))\s?\|>",
            score=0.9,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="harmony",
            regex=r"(?i)<\|\s?(?:channel|message|start|return|call|constrain)\s?\|>",
            score=0.9,
            context=r"`\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="end_of_text",
            regex=r"(?i)<\|\s?endoftext\s?\|>",
            score=0.85,
            context=r"(?i)(?:`|\b(?:what|does|is|the|of|token|mean|means)\b)\s?$",
            context_score=0.6,
        ),
        Pattern(
            name="command",
            regex=r"(?i)<\|(?:START|END)_OF_TURN_TOKEN\|>|<\|(?:SYSTEM|USER|CHATBOT)_TOKEN\|>",
            score=0.92,
        ),
        Pattern(
            name="sentence_marks",
            regex=r"</s>\s{0,3}(?:<s>|\[INST\]|\[SYSTEM|<\|)",
            score=0.88,
        ),
        Pattern(
            name="tool_call_marks",
            regex=r"(?i)</?(?:tool_call|tool_response|function_calls|function_results|tool_output)>",
            score=0.55,
        ),
    ),
)

_ORDER = (
    r"(?:you\s+(?:are|must|will|should|have|can|may|now)|ignore|disregard|forget|reveal|from\s+now|"
    r"new\s+|override|do\s+not|don'?t|always|never|"
    r"the\s+(?:user|assistant|previous|above)|please\s+|print|output|send|forward|delete|execute|your\s+)"
)

ROLES = PatternDetector(
    spec=_spec("forgery.roles", "a made-up turn of the conversation", "own grammar", INPUT),
    patterns=(
        Pattern(
            name="system_heading_with_order",
            regex=rf"(?i)(?:^|\n)[\s#*>\[(]{{0,6}}(?:system|developer)(?:\s+(?:message|prompt|role))?[\])*]{{0,3}}"
            rf"\s?:[*]{{0,2}}\s{{0,4}}{_ORDER}",
            score=0.82,
            context=r"(?i)(?:example|template|format|messages)\b[\w\s,:`\"'-]{0,24}$",
            context_score=0.55,
        ),
        Pattern(
            name="human_turn",
            regex=r"\n\n(?:Human|H|Assistant|A|AI)\s?:\s",
            score=0.5,
        ),
        Pattern(
            name="human_then_assistant",
            regex=r"(?i)(?:^|\n)\s{0,3}(?:human|user)\s?:\s[^\n]{1,200}\n{1,3}\s{0,3}(?:assistant|"
            r"ai)\s?:\s{0,2}(?:sure|of\s+course|certainly|absolutely|yes|okay|here)\b",
            score=0.7,
        ),
        Pattern(
            name="role_tag",
            regex=rf"(?i)<\s?/?(?:system|system[_-]?(?:prompt|message|instructions?)|developer|admin)\s?>\s{{0,4}}"
            rf"{_ORDER}",
            score=0.84,
        ),
        Pattern(
            name="role_element",
            regex=r"(?i)<\s?(?:system|developer|admin|assistant)(?:[_-]?(?:prompt|message|instructions?))?\s?>\s"
            r"{0,4}(?:[\w'’.-]+[\s,:]+){3}[^<]{1,400}</\s?(?:system|developer|admin|assistant)",
            score=0.82,
        ),
        Pattern(
            name="many_turns",
            regex=r"(?i)(?:^|\n)\s{0,3}(?:human|user|q)\s?:\s[^\n]{1,300}\n{1,3}\s{0,3}(?:assistant|"
            r"ai|a)\s?:\s{0,2}(?:sure|of\s+course|certainly|absolutely|yes|okay|here)\b[^\n]{0,400}\n{1,3}"
            r"\s{0,3}(?:human|user|q)\s?:",
            score=0.8,
        ),
        Pattern(
            name="closes_its_frame",
            regex=r"(?i)</(?:user|user_?(?:input|query|message|data)|document|context|untrusted\w{0,12}|"
            r"tool_?(?:result|output|response)|data|input)>\s{0,6}<(?:system|developer|assistant|"
            r"instructions?|admin)",
            score=0.88,
        ),
        Pattern(
            name="role_bracket",
            regex=rf"(?i)(?:^|[\n.!?\s])(?:\[|\{{|\(#?)\s?(?:system|developer|admin|root)(?:\s?(?:message|"
            rf"prompt|role|note|override|instruction)s?)?\s?(?:\]|\}}|\))\s?:?\s{{0,4}}{_ORDER}",
            score=0.84,
        ),
        Pattern(
            name="role_object",
            regex=r"(?i)[\"']role[\"']\s{0,3}:\s{0,3}[\"'](?:system|developer)[\"']\s{0,3},\s{0,3}[\"']content[\""
            r"']\s{0,3}:\s{0,3}[\"']\s{0,3}(?:ignore|disregard|forget|override|new\s+instructions?|"
            r"reveal)",
            score=0.88,
        ),
        Pattern(
            name="fake_tool_output",
            regex=r"(?i)(?:^|\n)[\s#*>\[(]{0,6}(?:tool|function|observation|search)[\s_-]?(?:result|"
            r"output|response|call)?s?[\])*]{0,3}\s?:\s{0,4}(?:(?:success|ok|done|complete[d]?|"
            r"error)\b[^\n]{0,80}\n)?[^\n]{0,40}(?:you\s+must|the\s+assistant\s+(?:must|should)|"
            r"next\s+step\s*:\s*|ignore\s+(?:all|the|previous)|disregard\s+(?:all|the|previous))",
            score=0.82,
        ),
    ),
)
