"""Role forgery: made-up turns, tool results and conversations inside a message.

A heading ("System:" on a line of its own), an element, an object or a block of settings that claims to be another
speaker is weaker evidence than a control token: logs, examples and exports look alike. So it takes an order behind it,
or a made-up agreement, to reach the score that blocks.
"""

from promptguard_gateway.core.detector import INPUT, Pattern, PatternDetector
from promptguard_gateway.detectors.forgery import forgery_spec

_ORDER = (
    r"(?:you\s+(?:are|must|will|should|have|can|may|now)|ignore|disregard|forget|reveal|from\s+now|"
    r"new\s+|override|do\s+not|don'?t|always|never|"
    r"the\s+(?:user|assistant|previous|above)|please\s+|print|output|send|forward|delete|execute|your\s+)"
)

ROLES = PatternDetector(
    spec=forgery_spec("forgery.roles", "a made-up turn of the conversation", "own grammar", INPUT),
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
            name="instruction_and_response",
            regex=r"(?i)(?:^|\n)#{2,4}\s?(?:instruction|system|user|human|input)\s?:\s{0,3}[^\n]{1,400}\n{1,3}#{2,4}\s?(?:response|assistant|"
            r"output)\s?:",
            score=0.8,
        ),
        Pattern(
            name="role_attribute",
            regex=rf"(?i)<(?:message|turn|msg|chat|entry|prompt|block)\b[^>]{{0,40}}\brole\s?=\s?[\"']?(?:system|developer|admin)[\"']?[^>]{{0,20}}>"
            rf"\s{{0,4}}(?:{_ORDER}|new\s)",
            score=0.84,
        ),
        Pattern(
            name="role_lines",
            regex=r"(?i)(?:^|\n)[\s-]{0,4}[\"']?role[\"']?\s?:\s?[\"']?(?:system|developer)[\"']?\s{0,3}\n\s{0,4}[\"']?content[\"']?\s?:\s?[\"'|>]?\s{0,4}"
            r"(?:you\s+must|ignore|disregard|forget|override|from\s+now\s+on|new\s+(?:rules|instructions))",
            score=0.84,
        ),
        Pattern(
            name="settings_of_a_model",
            regex=r"(?i)<(?:interaction[-_ ]?config|(?:blocked|allowed|forbidden)[-_ ]?"
            r"(?:modes?|strings?|responses?|requests?|topics?)|"
            r"response[-_ ]?policy|safety[-_ ]?(?:config|settings|level))\b[^>]{0,40}>",
            score=0.82,
            context=r"`\s?$",
            context_score=0.55,
        ),
        Pattern(
            name="fake_result",
            regex=r"(?i)(?:^|\n)\s{0,3}[\[<(](?:tool|function)[\s_-]?(?:result|output|response|call)s?[\])>]\s?:?\s{0,4}[^\n]{0,120}\b(?:you\s+(?:must|"
            r"should\s+now|may\s+now|can\s+now)|ignore|disregard|is\s+(?:now\s+)?(?:verified|an?\s+(?:verified\s+)?admin\w*|authori[sz]ed|approved))",
            score=0.82,
        ),
        Pattern(
            name="steps_of_an_agent",
            regex=r"(?i)(?:^|\n)\s{0,3}(?:thought|action)\s?:[^\n]{1,200}\n{1,2}\s{0,3}(?:action(?:\s+input)?|observation)\s?:[^\n]{1,200}",
            score=0.6,
        ),
        Pattern(
            name="fake_previous_conversation",
            regex=r"(?i)\b(?:previous|earlier|prior|past|last)\s+(?:conversation|chat|session|messages|turns|exchange)\b[^\n]{0,40}\n{1,3}\s{0,3}"
            r"(?:user|human|q|me)\s?:[^\n]{1,300}\n{1,3}\s{0,3}(?:assistant|ai|bot|model|a|you)\s?:[^\n]{0,60}\b(?:sure|of\s+course|certainly|"
            r"agreed|disabled|enabled|unlocked|no\s+(?:rules|limits|restrictions|filters)|developer\s+mode|unrestricted)\b",
            score=0.82,
        ),
        Pattern(
            name="what_was_agreed_before",
            regex=r"(?i)\b(?:previous|earlier|prior|last)\s+(?:conversation|chat|session|messages?)\b[\s,]{0,2}(?:you|we|it\s+was)\s+(?:\w+\s+){0,2}(?:agreed|"
            r"promised|confirmed|decided|said)\s+(?:[\w'’]+\s+){0,3}(?:to\s+)?(?:ignore|disable|bypass|drop|skip|reveal|answer\s+everything|(?:have|follow)\s+no\s+rules)",
            score=0.82,
        ),
        Pattern(
            name="banner_of_the_system",
            regex=r"(?i)(?:^|\n)\s{0,3}[=*#~<\[-]{1,8}\s{0,2}(?:(?:begin|start|new|end)\s+(?:of\s+)?(?:the\s+)?)?(?:system|developer)"
            r"(?:\s+(?:message|prompt|instructions?|override))?\s{0,2}[=*#~>\]-]{0,8}\s{0,3}\n\s{0,4}(?:new\s+instructions?|you\s+must|ignore|disregard|forget|"
            r"override|reveal|from\s+now\s+on)",
            score=0.83,
        ),
        Pattern(
            name="role_object",
            regex=r"(?i)[\"']role[\"']\s{0,3}:\s{0,3}[\"'](?:system|developer)[\"']\s{0,3},\s{0,3}[\"']content[\""
            r"']\s{0,3}:\s{0,3}[\"']\s{0,3}(?:ignore|disregard|forget|override|new\s+instructions?|"
            r"from\s+now\s+on|you\s+are\s+now|new\s+rules|reveal)",
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
