"""Role forgery: control tokens of chat templates typed as ordinary text.

Model servers tokenise special tokens wherever they stand, so `<|im_end|><|im_start|>system` inside a user's message
opens a real system turn, in a code block as well. The tokens are those of the chat templates that open-weight models
ship; look-alike, full-width and invisible characters are folded and character references decoded before we look.

People also talk about single tokens. One that stands right behind a quotation mark or a word such as "token" scores
lower; a second one behind it does not, so a forged turn is found whatever it is introduced with.
"""

from promptguard_gateway.core.detector import BOTH, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.segments import Direction

_TEMPLATES = (
    "chat templates and tokenizers of ChatML, Qwen, Llama 2 to 4, Mistral, DeepSeek, Gemma, Phi, Harmony (gpt-oss), "
    "GLM, Command, Granite, Kimi, InternLM, Nemotron, EXAONE, Baichuan and Seed"
)


def forgery_spec(id_: str, summary: str, source: str, directions: tuple[Direction, ...]) -> Spec:
    """The description of a detector of this family."""
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


_NAMED = (
    r"(?i)(?:[`\"'“‘]\s?|\b(?:tokens?|tags?|markers?|marks?|symbols?|strings?|called|named|like|between|and|or|with|of|uses?|"
    r"using|means?|does|is|the|by|in)\s)$"
)
_ROLE = r"(?:\s{0,2}(?:system|user|assistant|tool|developer|model)\b)?"

# family of templates, its tokens, score
_TOKENS = (
    ("chatml", rf"(?i)<\|\s?im_(?:start|end|sep|system|user|assistant|middle)\s?\|>{_ROLE}", 0.92),
    (
        "llama3",
        (
            r"(?i)<\|\s?(?:begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|header_start|"
            r"header_end|eot|eom|bom)\s?\|>"
        ),
        0.92,
    ),
    ("llama2_system", r"(?i)<<\s?/?SYS\s?>>", 0.92),
    (
        "instruction_brackets",
        r"\[/?(?:INST|SYSTEM|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS|TOOL_CONTENT|THINK|MODEL_SETTINGS|gMASK)\]",
        0.85,
    ),
    (
        "deepseek",
        (
            r"(?i)<\|\s?(?:user|assistant|human|bot|begin[_▁ ]of[_▁ ]sentence|end[_▁ ]of[_▁ ]sentence|"
            r"tool[_▁ ](?:calls?|outputs?|sep)[_▁ ](?:begin|end)|tool[_▁ ]sep)\s?\|>"
        ),
        0.9,
    ),
    ("gemma", r"(?i)<(?:start|end)_of_turn>(?:\s{0,2}(?:user|model|system)\b)?|<(?:start|end)_of_image>", 0.92),
    (
        "phi_and_glm",
        (
            r"(?i)<\|\s?(?:system|developer|tool|observation|end|endofprompt|end_of_role|start_of_role|end_of_turn|"
            r"fim_(?:prefix|middle|suffix|pad)|repo_name|file_sep)\s?\|>"
        ),
        0.9,
    ),
    ("harmony", r"(?i)<\|\s?(?:channel|message|start|return|call|constrain)\s?\|>", 0.9),
    ("end_of_text", r"(?i)<\|\s?endoftext\s?\|>", 0.85),
    (
        "command",
        (
            r"(?i)<\|(?:START|END)_(?:OF_TURN_TOKEN|RESPONSE|THINKING|ACTION|TEXT|TOOL_RESULTS?)\|>|<\|(?:SYSTEM|USER|CHATBOT)_TOKEN\|>|"
            r"<(?:BOS|EOS)_TOKEN>"
        ),
        0.92,
    ),
    (
        "vision_and_plugins",
        (
            r"(?i)<\|\s?(?:vision_(?:start|end|pad)|(?:image|video|audio)_pad|(?:object_ref|box|quad)_(?:start|end)|"
            r"action_(?:start|end)|plugin|interpreter|tool_calls?_(?:section_)?(?:begin|end))\s?\|>"
        ),
        0.85,
    ),
    (
        "reserved",
        (
            r"<(?:SPECIAL_\d{1,3}|reserved_\d{2,3}|TOKENS_UNUSED_\d|seed:(?:bos|eos|think)|eo[ahs]|eosys|(?:beginning|end)_of_sentence)>|"
            r"<extra_id_\d>\s?(?:System|User|Assistant)|\[\|(?:system|user|assistant|endofturn)\|\]"
        ),
        0.85,
    ),
    ("sentence_marks", r"</s>\s{0,3}(?:<s>|\[INST\]|\[SYSTEM|<\|)", 0.88),
    (
        "end_of_thinking",
        (
            r"(?i)</(?:think|thinking|reasoning|scratchpad)>\s{0,4}(?:you\s+must|ignore|disregard|the\s+(?:user|answer|system)|i\s+(?:will|must|"
            r"should|can|now)|now\b|sure|okay)|<think(?:ing)?>\s{0,4}(?:the\s+(?:user|system|developer)|i\s+(?:should|must|will|can)|policy|okay)"
        ),
        0.82,
    ),
    ("tool_call_marks", r"(?i)</?(?:tool_call|tool_response|function_calls|function_results|tool_output)>", 0.55),
    (
        "tool_call_object",
        (
            r"(?i)<(?:tool_call|tool_response|function_calls?|function_results?|tool_outputs?|tool_results?)>\s{0,4}(?:\{|\[|[\w'’.-]+"
            r"[\s,:]+[\w'’.-]+)[^<]{0,400}</(?:tool_call|tool_response|function_|tool_output|tool_result)"
        ),
        0.82,
    ),
    ("shape_of_a_token", r"<\|[A-Za-z][A-Za-z0-9_]{1,30}\|>", 0.6),
)

TOKENS = PatternDetector(
    spec=forgery_spec("forgery.tokens", "a chat template's control token typed as text", _TEMPLATES, BOTH),
    patterns=tuple(
        Pattern(name=name, regex=regex, score=score, context=_NAMED, context_score=min(score, 0.6))
        for name, regex, score in _TOKENS
    ),
)
