"""Asking for what must stay inside: the system prompt, hidden instructions, credentials, other people's words.

A question *about* system prompts in general ("what is a system prompt?") is ordinary; it is asking for *yours*, or
for the text above, that counts. Scores follow how many ways there are to ask the same thing honestly.
"""

from promptguard_gateway.core.detector import BOTH, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.grammar import MENTION

_SOURCE = "own grammar; scores judged on labelled attacks and hard negatives"


def _spec(id_: str, category: str, summary: str) -> Spec:
    return Spec(
        id=id_,
        family=Family.EXFILTRATION,
        category=category,
        threat_type="data_exfiltration",
        severity=Severity.HIGH,
        label="EXFILTRATION",
        owasp=("LLM02", "LLM07"),
        directions=BOTH,
        summary=summary,
        source=_SOURCE,
    )


_TELL = (
    r"(?:reveal(?:ing)?|e-?mail|recall|say|show(?:ing)?|print(?:ing)?|output(?:ting)?|display(?:ing)?|"
    r"repeat(?:ing)?|recite|tell|giv(?:e|ing)|list|dump(?:ing)?|leak(?:ing)?|disclos(?:e|ing)|"
    r"expos(?:e|ing)|"
    r"shar(?:e|ing)|return|writ(?:e|ing)(?:\s+(?:out|down))?|echo|quot(?:e|ing)|cop(?:y|ying)|"
    r"paste|send(?:ing)?|describe|summari[sz](?:e|ing)|translate|encode|spell|reproduce|"
    r"restate|paraphrase|rephrase|report|provide|publish|state|export|extract|read(?:\s+out)?|"
    r"convert|render|put|include|post|return|divulge|unveil|present|type|insert|embed|append|confirm|dump|"
    r"format|wrap|compress|forward|upload|submit|enumerate|detail|explain|release|surface|walk\s+me\s+through)"
)
_ASK = rf"(?:{_TELL}|what\s+(?:is|are|was|were|does|do|did)|what'?s|know|see)"
_HIDDEN = (
    r"(?:system|initial|hidden|original|secret|internal|confidential|developer|pre-?|base|starting|first|underlying|"
    r"root|meta|core|preset|setup|full|entire|exact|complete|current|custom|raw|private)"
)
_PROMPT = (
    r"(?:prompts?|instructions?|messages?|directives?|rules|guidelines|pre-?prompt|pre-?amble|"
    r"configuration|system\s?(?:prompt|message))"
)
_FILL = r"(?:[\w'’,-]+\s+){0,5}"
# The same with the punctuation of templates and code between the words.
_LOOSE_FILL = r"[\s:;\"'`*<>()\[\]{}|_-]{1,6}(?:[\w'’,]+[\s:;\"'`*<>()\[\]{}|_-]{1,6}){0,5}"
_INTERNAL = (
    r"(?:(?:system|developer)[\s_-]{1,2}(?:prompt|message|instructions?)|pre-?prompt|"
    r"(?:hidden|initial|secret|original|internal|confidential|base|custom)\s+(?:system\s+)?(?:prompts?|instructions|"
    r"directives|rules|guidelines)|(?:safety|content|internal)\s+(?:rules|guidelines|polic(?:y|ies))(?:\s+text)?|"
    r"conversation\s+history|chat\s+history|context\s+window|tool\s+definitions|knowledge\s+base(?:\s+file\s+names)?|"
    r"instructions|configuration|access\s+tokens?|api\s+keys?)"
)
_KEPT = (
    r"(?:password|pass\s?phrase|pass\s?code|pin(?:\s+code)?|access\s+(?:code|token|key)|code\s?word|"
    r"secret(?:\s+(?:word|key|code|phrase|number|value|token))?|api\s+keys?|credentials|private\s+keys?)"
)
_CODE = (
    r"(?:ascii|unicode|base\s?-?(?:32|64|85)|hex(?:adecimal)?|binary|octal|rot\s?-?13|caesar|morse|leet(?:speak)?|"
    r"pig\s+latin|nato|phonetic|emojis?|reversed?|backwards|acrostic|character\s+codes?|codes?)"
)

# What only the model and its operator have: with "your" before it there is no honest reason to ask for it.
_OWN = (
    r"(?:(?:system|developer)[\s_-]{1,2}(?:prompt|message|instructions?)|pre-?prompt|(?:hidden|initial|secret|custom|confidential|"
    r"internal|original)\s+(?:instructions|guidelines|directives|rules|polic(?:y|ies)(?:\s+documents?)?|prompts?)|"
    r"(?:safety|content|moderation)[\s-](?:filters?|guidelines|rules|polic(?:y|ies))(?:\s+(?:rules|text|list|document))?|"
    r"configuration\s+text|knowledge\s+base\s+file\s?names|(?:tool|function)\s+(?:definitions|schemas?)|"
    r"list\s+of\s+(?:functions|tools|plugins)|context\s+window)"
)
# What people have done to a text that they pasted above.
_WORK = ("summari", "translat", "paraphras", "rephras", "describ", "convert", "explain", "read", "restat", "format")

PROMPT = PatternDetector(
    spec=_spec("exfiltration.prompt", "system_prompt_extraction", "a request for the system prompt"),
    patterns=(
        Pattern(
            name="reveal_your_prompt",
            regex=rf"(?i)\b{_ASK}{_LOOSE_FILL}(?:your|ur|thy)\s+(?:own\s+|full\s+|entire\s+|exact\s+|complete\s+|"
            rf"verbatim\s+|whole\s+){{0,2}}(?:{_HIDDEN}[\s_-]{{1,2}}){{1,2}}{_PROMPT}\b",
            score=0.88,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="reveal_the_system_prompt",
            regex=rf"(?i)\b{_TELL}\s+{_FILL}(?:the|this|all|any)\s+(?:(?:full|entire|exact|complete|"
            rf"whole|verbatim|hidden|secret|confidential|raw|original|initial)\s+){{0,2}}(?:system|"
            r"developer|pre-?|initial|hidden|secret|confidential|custom)[\s-]?(?:prompt|instructions|"
            r"message|directives?|preamble)\b",
            score=0.8,
            context=r"(?i)(?:\b(?:how|should|can|could|to|which|function|method|helper|we|they|it|button|"
            r"page|option|settings?)\b[\w\s,]{0,20}|[\"'“‘`]\s?)$",
            context_score=0.45,
        ),
        Pattern(
            name="your_instructions",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:your|ur)\s+(?:instructions|prompt|pre-?prompt|preamble|"
            r"directives|guidelines|rules|configuration|programming)\b",
            score=0.72,
        ),
        Pattern(
            name="question_about_your_prompt",
            regex=r"(?i)\b(?:do(?:es)?|did|which|how\s+(?:long|many|does|is)|is|are|who|where|when|"
            r"can|could|would|may|fill|complete|continue|guess|must\s+begin|i\s+(?:want|need|"
            r"would\s+like))\b[\w\s,'-]{0,40}\byour\s+(?:own\s+|full\s+|entire\s+|exact\s+)?(?:system|"
            r"initial|hidden|original|secret|confidential)\s+(?:prompt|instructions|message|"
            r"directives|rules)\b",
            score=0.76,
        ),
        Pattern(
            name="verbatim_prompt",
            regex=r"(?i)\b(?:system\s+prompt|pre-?prompt|preamble|(?:your|the|initial|custom|hidden)\s+(?:[a-z]+"
            r"\s+){0,2}instructions|(?:developer|system)\s+message|internal\s+(?:rules|polic(?:y|"
            r"ies)|guidelines)|(?:safety|content)\s+(?:[a-z]+\s+)?(?:guidelines|rules)(?:\s+text)?|"
            r"tool\s+definitions|file\s+names|access\s+tokens?)\b[\w\s,.;:'\"()-]{0,40}"
            r"\b(?:verbatim|word\s+(?:for|by)\s+word|letter\s+by\s+letter|character\s+by\s+character|"
            r"exactly\s+as|no\s+summary|in\s+reverse|backwards|(?:in|to|as)\s+(?:base64|rot13|"
            r"hex|ascii)|without\s+(?:any\s+)?changes|do\s+not\s+leave\s+(?:out|anything)|exact\s+wording|"
            r"starting\s+with\s+the\s+first\s+line)\b",
            score=0.82,
        ),
        Pattern(
            name="instructions_you_were_given",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:instructions?|prompts?|text|messages?|rules|guidelines|"
            r"directives|words?|information)\s+(?:that\s+|which\s+)?"
            r"(?:you\s+(?:were|have\s+been|got|received|had\s+been|was)\s+(?:given|told|provided|"
            r"initiali[sz]ed|configured|programmed|set|started)|you\s+(?:received|got)|"
            r"(?:were\s+|was\s+)?(?:given|provided|told|sent)\s+to\s+you|(?:from|by)\s+(?:your|the)\s+(?:devel"
            r"opers?|creators?|owner|operator|makers?|admins?|company|system))",
            score=0.84,
        ),
        Pattern(
            name="what_were_you_told",
            regex=r"(?i)\bwhat\s+(?:exactly\s+)?(?:were|are|have)\s+you\s+(?:been\s+)?(?:told|instructed|"
            r"programmed|configured|asked|ordered|prompted)\b[\w\s,]{0,40}\b(?:to\s+(?:do|say|"
            r"keep|hide|never|not|avoid)|before|by\s+(?:your|the)|at\s+the\s+(?:start|beginning)|"
            r"initially|above|first)\b",
            score=0.75,
        ),
        Pattern(
            name="text_above",
            regex=rf"(?i)\b{_TELL}\s+(?:me\s+|us\s+|back\s+|out\s+|again\s+|verbatim\s+)*(?:(?:all|"
            r"every|each|everything|the|any|exact|full|entire|of|words?|text|sentences?|content|"
            r"messages?|lines?|instructions?|conversation|prompt|tokens?|information|input|that\s+(?:is|"
            r"was|came|comes|appears)|which\s+(?:is|was)|written|stated|said|placed|standing|"
            rf"you\s+see|you\s+can\s+see|in\s+your\s+context)\s+){{1,9}}"
            r"(?:above|before|prior\s+to|preceding|until\s+now|up\s+to)\s*(?:(?:this|my|the|"
            r"our)\s+(?:line|message|prompt|point|conversation|sentence|request|question|chat|"
            r"text|user|word|first|input)|$|[.,!?\"':;\n]|verbatim|word|in\s+(?:a\s+)?(?:code|"
            r"full))",
            score=0.84,
            validate=lambda text: not text.lower().startswith(_WORK),
        ),
        Pattern(
            name="prompt_to_be_completed",
            regex=r"(?i)\b(?:complete|finish|fill\s+in|continue)\b[^\n]{0,40}(?:sentence|text|phrase|blank|line|story|quote|paragraph|:)[^\n]{0,20}?\bmy\s+(?:[a-z]+\s+){0,2}(?:instructions|guidelines|rules|"
            r"prompt|policy\s+document|configuration(?:\s+text)?)\s+(?:say|says|begins?|starts?|are|is|states?|reads?)\b|"
            r"\b(?:my|your|the|its)\s+(?:full\s+|exact\s+|original\s+)?(?:system|initial|hidden|secret|developer)"
            r"\s+(?:prompt|instructions|message)\s+(?:is|are|was|were|says?|begins?|starts?|reads?|goes|states?)"
            r"(?:\s+(?:with|as\s+follows|like\s+this))?\s?(?:[:\"“…_]|\.\.\.)",
            score=0.82,
            context=r"(?i)(?:\b(?:if|when|example|e\.g|because|since|think|sure|that|our|where)\b[\w\s,']{0,24}|[\"'“`]\s?)$",
            context_score=0.6,
        ),
        Pattern(
            name="your_internals",
            regex=rf"(?i)\b(?:{_ASK}|does|do|did|turn|make|e-?mail|summari[sz]e|translate|read|copy|fill\s+in|begin\s+with)\b"
            rf"{_LOOSE_FILL}your\s+(?:own\s+|full\s+|entire\s+|exact\s+|complete\s+|whole\s+){{0,2}}{_OWN}\b",
            score=0.82,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="internals_read_aloud",
            regex=rf"(?i)\b(?:reads?|prints?|reports?|recites?|reveals?|repeats?|shares?|lists?|displays?|outputs?|writes?)\s+(?:out\s+)?"
            rf"(?:(?:its|their|his|her)\s+own|your)\s+{_OWN}\b",
            score=0.82,
        ),
        Pattern(
            name="answer_begins_with_internals",
            regex=r"(?i)\b(?:answer|reply|response|message|output)s?\s+(?:must|should|shall|has\s+to|have\s+to|will|always)\s+"
            r"(?:always\s+)?(?:begins?|starts?|ends?|contains?|includes?|opens?)\s+(?:with\s+)?(?:the|your)\s+(?:full\s+|complete\s+|"
            rf"entire\s+|exact\s+)?(?:{_OWN}|{_KEPT})\b",
            score=0.84,
        ),
        Pattern(
            name="internals_from_code",
            regex=r"(?i)\b(?:print|echo|return|log|cat|dump|exec|eval)\b[^\n]{0,30}\b(?:context|memory|system|self|prompt|config|"
            rf"session|messages)\b\s?(?:\[|\.get\(|\.)\s?[\"']?(?:{_OWN}|{_KEPT}|internal|system|prompt|content|conversation|configuration)|"
            r"\bselect\b[^\n;]{1,40}\bfrom\s+(?:memory|context|system|prompts?|instructions|conversations?)\b[^\n]{0,60}"
            rf"(?:{_OWN}|{_KEPT}|instructions|prompt)",
            score=0.83,
        ),
        Pattern(
            name="image_to_be_filled",
            regex=r"(?i)!\[[^\]\n]{0,80}\]\(\s?https?://[^\s)]{3,200}[?&=/][^\s)]{0,40}[<{\[][^>}\])\n]{0,30}(?:chat|conversation|history|"
            r"prompt|secret|summary|password|e-?mail|message|context|token|key|data|answer|instructions)[^>}\])\n]{0,30}[>}\]]",
            score=0.85,
        ),
        Pattern(
            name="half_is_known",
            regex=rf"(?i)\b(?:know|have|got|guessed|saw|seen|read|figured\s+out)\s+(?:already\s+)?(?:the\s+)?(?:first\s+|second\s+|"
            rf"last\s+)?(?:half|part|most|parts|some|bits|all|letters?|characters?|words?)\s+of\s+your\s+(?:[a-z]+\s+){{0,2}}"
            rf"(?:{_INTERNAL}|{_KEPT})\b",
            score=0.85,
        ),
        Pattern(
            name="internals_into_an_address",
            regex=rf"(?i)\b(?:put|insert|embed|append|include|encode|write|add|place|fill|attach|send|stuff)\s+{_FILL}"
            rf"(?:your|the)\s+(?:[a-z]+\s+){{0,2}}(?:{_INTERNAL}|{_KEPT})\s+{_FILL}(?:in|into|to|onto|as|at\s+the\s+end\s+of)\s+"
            r"(?:this|the|an?|that|its)\s+(?:[a-z]+\s+){0,2}(?:urls?|links?|address|images?|query|parameter|webhook|endpoint|"
            r"path|sub-?domain|markdown)\b",
            score=0.88,
        ),
        Pattern(
            name="address_with_internals",
            regex=r"(?i)\b(?:create|make|render|build|generate|display|write|show|output|insert|add|embed|produce)\s+(?:me\s+)?"
            r"(?:an?|the|this|one)\s+(?:[a-z]+\s+){0,2}(?:link|image|url|img(?:\s+tag)?|picture|iframe|button|request)\b"
            r"[^\n]{0,120}?\b(?:followed\s+by|containing|contains|contain|with|plus|append(?:ing|ed)?|including|holding|"
            rf"carrying|filled\s+with)\s+{_FILL}(?:your|the|this|our)\s+(?:[a-z]+\s+){{0,2}}(?:{_INTERNAL}|{_KEPT}|"
            r"conversation|chat)\b",
            score=0.86,
        ),
        Pattern(
            name="compliance_pretext",
            regex=r"(?i)\b(?:audit|compliance|debugging|debug|verification|testing|test|diagnostics?|maintenance|migration|"
            r"backup|documentation|review|security|quality\s+assurance|troubleshooting|research)\b[\w\s,:'()-]{0,50}?\b"
            rf"{_TELL}\s+{_FILL}(?:the|all|any|your)\s+(?:[a-z]+\s+)?(?:(?:internal|safety|system|developer|hidden)\s+"
            r"(?:prompt|message|instructions|rules|guidelines)(?:\s+text)?|access\s+tokens?|system\s+credentials|"
            r"knowledge\s+base\s+file\s+names|tool\s+definitions)\b",
            score=0.82,
        ),
        Pattern(
            name="starts_with_you_are",
            regex=r"(?i)\b(?:start(?:s|ing)?|begin(?:s|ning)?)\s+(?:your\s+(?:reply|answer|response)\s+)?(?:with"
            r"|at|from)\s+(?:the\s+(?:words?|phrase|text)\s+)?[\"'“‘`]{0,2}you\s+are\b",
            score=0.82,
        ),
        Pattern(
            name="prompt_by_detour",
            regex=r"(?i)\b(?:poem|song|story|table|json|yaml|xml|code\s?block|base64|rot13|hex|french|"
            r"spanish|german|acrostic|translation|summary|rap|list|hint|riddle|letter|word|character|"
            r"line|sentence|paragraph|length|half|part|version|copy)s?\s+(?:[a-z]+\s+){0,3}(?:of|"
            r"about|from|with|containing|in)\s+"
            r"(?:your|the)\s+(?:[a-z]+\s+){0,2}(?:system\s+prompt|system\s+message|(?:hidden|"
            r"initial|secret|original|system|internal|confidential)\s+(?:prompt|instructions|"
            r"rules|message)|pre-?prompt)\b",
            score=0.82,
        ),
    ),
)

INTERNALS = PatternDetector(
    spec=_spec("exfiltration.internals", "internal_information", "a request for credentials or data of the service"),
    patterns=(
        Pattern(
            name="your_credentials",
            regex=rf"(?i)\b{_ASK}\s+(?:me\s+|us\s+|out\s+|all\s+|of\s+|the\s+|any\s+|full\s+){{0,4}}(?:your|"
            r"ur)\s+(?:(?:own|system|internal|full|entire|current|server|service|hidden|secret|"
            rf"private|stored|backend)\s+){{0,2}}(?:environment\s+variables?|env\s+vars?|api[\s_-]?keys?|"
            r"secret(?:s|\s+keys?)|passwords?|credentials?|access\s+tokens?|auth(?:entication)?\s+tokens?|"
            r"connection\s+strings?|config(?:uration)?\s+files?|\.env|source\s+code|database\s+(?:schema|"
            r"password|credentials)|private\s+keys?|passphrase)\b",
            score=0.84,
        ),
        Pattern(
            name="credentials_in_context",
            regex=r"(?i)\b(?:api[\s_-]?keys?|secrets?|secret\s+keys?|passwords?|credentials?|tokens?|"
            r"passphrase|confidential\s+\w+|private\s+\w+)\s+(?:(?:that\s+(?:is|are|was|were)\s+|"
            r"stored\s+|contained\s+|mentioned\s+|hidden\s+|available\s+|kept\s+|given\s+)){0,3}(?:in|"
            r"from|inside|within)\s+(?:your|ur|the\s+(?:system|prompt))\s+(?:[a-z]+\s+)?(?:context|"
            r"memory|prompt|instructions|system|message|training)\b",
            score=0.86,
        ),
        Pattern(
            name="the_secret_you_keep",
            regex=rf"(?i)\b(?:{_TELL}|what\s+is|what's)\s+(?:me\s+|us\s+)?(?:[a-z]+\s+){{0,4}}(?:the|"
            r"a|that)\s+(?:secret|hidden|confidential)\s+(?:key|password|word|code|passphrase|"
            r"phrase|token|value)\b",
            score=0.78,
        ),
        Pattern(
            name="secret_by_detour",
            regex=r"(?i)\b(?:hint|clue|riddle|rhyme|acrostic|poem|story|song|spell|encode|reverse|"
            r"backwards|first\s+(?:letter|character)|last\s+(?:letter|character)|translate|base64|"
            r"rot13|ascii|morse|describe|describes|begins?\s+with|fill\s+in|category|how\s+many\s+(?:lette"
            r"rs|characters))\b[\w\s,'\":-]{0,40}\b(?:the|your|that)\s+(?:[a-z]+\s+)?(?:password|"
            r"pass\s?phrase|pass\s?code|pin|access\s+(?:code|token|key)|code\s?word|secret(?:\s+(?:word|"
            r"key|code|phrase))?|api\s+key)\b",
            score=0.8,
            context=r"(?i)(?:\b(?:how\s+(?:do|can|to)|i\s+forgot\s+my)\b[\w\s]{0,30}|\b(?:url|percent)[\s-])$",
            context_score=0.45,
        ),
        Pattern(
            name="secret_in_code",
            regex=rf"(?i)\b{_TELL}\s+(?:me\s+|us\s+|out\s+)?(?:the|your|that)\s+(?:[a-z]+\s+)?{_KEPT}\s+{_FILL}"
            rf"(?:as|in|into|to|with|using|via)\s+(?:an?\s+)?(?:[a-z]+\s+)?{_CODE}\b",
            score=0.84,
            context=r"(?i)\b(?:how\s+(?:do|can|to|should)|function|method|should|to)\b[\w\s]{0,24}$",
            context_score=0.45,
        ),
        Pattern(
            name="secret_you_keep",
            regex=rf"(?i)\b{_KEPT}\s+(?:that\s+)?you\s+(?:know|guard|hold|keep|have|protect|hide|were\s+given|are\s+(?:guarding|"
            rf"hiding|protecting|keeping))\b|\b(?:let|set|assign|define|suppose)\s+[a-z]\w{{0,10}}\s+(?:be|to|equals?|is|=)\s+(?:the|your)\s+"
            rf"(?:[a-z]+\s+)?{_KEPT}\b|\b(?:the|your)\s+{_KEPT}\s+with\s+(?:an?\s+)?(?:[a-z]+\s+)?(?:spaces?|dash(?:es)?|dots?|hyphens?|"
            rf"commas?|stars?)\s+between\b|\b(?:anything|everything|any\s+word)\s+(?:except|but)\s+(?:the|your)\s+{_KEPT}\b|"
            rf"\b(?:letter|word|character|line)s?\s+(?:of\s+(?:each|every)\s+\w+\s+)?(?:is|are|spells?(?:\s+out)?|makes?|forms?)\s+(?:the|your)\s+"
            rf"{_KEPT}\b",
            score=0.83,
        ),
        Pattern(
            name="secret_guessed",
            regex=rf"(?i)\b(?:is|was|isn't|wasn't)\s+(?:the|your)\s+(?:[a-z]+\s+)?{_KEPT}\s+[\"'“‘`]?[\w-]{{2,30}}[\"'”’`]?\s*\?"
            r"[\w\s,.!]{0,20}\b(?:if\s+not|correct\s+me|am\s+i\s+(?:right|close|wrong)|right\s+or\s+wrong|yes\s+or\s+no|"
            r"true\s+or\s+false|hot\s+or\s+cold|confirm)\b",
            score=0.82,
        ),
        Pattern(
            name="what_is_the_secret",
            regex=rf"(?i)\bwhat(?:'s|\s+is|\s+was|\s+were)\s+(?:the|your|that)\s+(?:[a-z]+\s+)?{_KEPT}\s*(?:[?.!]|$|again|you\b)",
            score=0.55,
            context=r"(?i)\b(?:game|guard\w*|protect\w*|keep\w*|hid\w*|secret|over|won|win|unlocked|allowed|level|riddle|"
            r"you\s+can\s+now|tell\s+me\s+now)\b[\w\s,.!']{0,40}$",
            context_score=0.82,
        ),
        Pattern(
            name="in_your_environment",
            regex=r"(?i)\b(?:echo|print(?:env)?|cat|env|show|what\s+(?:does|would|do|is|are)|value\s+of)\b[^\n?]{1,60}?"
            r"\b(?:in|from|inside|of)\s+your\s+(?:own\s+|current\s+)?(?:environment|context|memory|runtime|shell|session|"
            r"sandbox|process)\b",
            score=0.82,
            context=r"(?i)\b(?:how|why|where|when)\b[\w\s]{0,24}$",
            context_score=0.45,
        ),
        Pattern(
            name="dump_of_internals",
            regex=r"(?i)\bdump(?:ing)?\s+(?:out\s+)?(?:all|your|every|the\s+(?:entire|full|whole)|everything\s+in)\s*(?:of\s+)?"
            r"(?:the\s+|your\s+)?[;:,]?\s?(?:memory|sessions?|cookies|context|environment|secrets|credentials|conversations?|"
            r"history|prompts?|users?|passwords?|tokens|keys)\b",
            score=0.6,
            context=r"(?i)\b(?:ignore|bypass|override|disregard|disable|limits?|restrictions?|filters?|safety|now)\b[\w\s,:;-]{0,24}$",
            context_score=0.84,
        ),
        Pattern(
            name="secret_asked_for",
            regex=r"(?i)\b(?:give|tell|show|reveal|output|print|say|send|write|provide|display|share)\s+(?:me\s+"
            r"|us\s+|out\s+)?(?:the|your)\s+(?:[a-z]+\s+)?(?:password|pass\s?phrase|pass\s?code|"
            r"pin|access\s+(?:code|token|key)|code\s?word|secret\s+(?:word|key|code|phrase))\b",
            score=0.7,
        ),
        Pattern(
            name="other_peoples_conversations",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:(?:other|another|previous|different|last|all)\s+(?:users?|"
            r"customers?|people|person|clients?|sessions?|tenants?)(?:'s?|s')?\s+(?:[a-z]+\s+)?(?:messages"
            r"?|prompts?|conversations?|chats?|data|questions?|sessions?|history|requests?|details)|"
            r"(?:conversations?|chats?|messages?|prompts?|histor(?:y|ies)|data|sessions?)\s+(?:history\s+)"
            r"?(?:of|from|with|by)\s+(?:your\s+|the\s+)?(?:other|another|previous|different|"
            r"all)\s+(?:users?|customers?|people|clients?|sessions?|tenants?))\b",
            score=0.84,
        ),
        Pattern(
            name="what_others_brought",
            regex=r"(?i)\b(?:which|what|whose|any|list|show|give|tell|find|see|read|all)\b[\w\s,'-]{1,50}?\b(?:uploaded|written|"
            r"sent|asked|said|shared|entered|submitted|provided|typed|discussed|stored|ordered|created)\s+(?:to\s+you\s+|here\s+)?"
            r"(?:by|from)\s+(?:the\s+|your\s+|any\s+|all\s+)?(?:other|another|previous|different|earlier)\s+(?:users?|"
            r"tenants?|customers?|people|clients?|sessions?|accounts?|organi[sz]ations?)\b",
            score=0.82,
        ),
        Pattern(
            name="tool_inventory",
            regex=rf"(?i)\b{_TELL}\s+{_FILL}(?:your|ur|the)\s+(?:[a-z]+\s+){{0,2}}(?:tool\s+definitions?|"
            r"function\s+(?:definitions?|schemas?|signatures?)|(?:list\s+of\s+)?(?:functions|"
            r"tools|plugins)\s+(?:that\s+)?you\s+(?:can|have|may)|tool\s+schemas?|retrieval\s+context|"
            r"knowledge\s+base\s+(?:file|document)\w*)",
            score=0.78,
        ),
        Pattern(
            name="send_to_address",
            regex=r"(?i)\b(?:send|forward|upload|post|exfiltrate|transmit|e-?mail|export|submit|leak)\s+(?:[\w'’"
            r",-]+\s+){0,10}(?:database|table|customers?|conversation|history|context|passwords?|"
            r"credentials|keys?|secrets?|tokens?|contacts?|inbox|e-?mails?|files?|documents?|"
            r"records|data|list|messages?|invoices?)\b[\w\s,.'-]{0,60}\bto\s+(?:https?://|[\w.+-]{1,40}@[\w"
            r"-]{1,40}\.)",
            score=0.7,
        ),
    ),
)
