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
    r"convert|render|put|include|post|return|divulge|unveil|present)"
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

PROMPT = PatternDetector(
    spec=_spec("exfiltration.prompt", "system_prompt_extraction", "a request for the system prompt"),
    patterns=(
        Pattern(
            name="reveal_your_prompt",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:your|ur|thy)\s+(?:own\s+|full\s+|entire\s+|exact\s+|complete\s+|"
            rf"verbatim\s+|whole\s+){{0,2}}(?:{_HIDDEN}\s+){{1,2}}{_PROMPT}\b",
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
            r"(?:were|was)\s+(?:given|provided|told|sent)\s+to\s+you|(?:from|by)\s+(?:your|the)\s+(?:devel"
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
            validate=lambda text: not text.lower().startswith("summari"),
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
        Pattern(
            name="prompt_other_languages",
            regex=r"(?i)\b(?:zeig\w*|gib|geben|verrat\w*|nenn\w*|wiederhol\w*|druck\w*|ausgeben|muestra\w*|"
            r"mu[eé]strame|revela\w*|dime|imprime|repite|ens[eé][nñ]ame|affich\w*|montr\w*|r[eé]v[eè]l\w*|"
            r"r[eé]p[eè]t\w*|donn\w*|dis)\b[-\s]{1,2}(?:[\w'’äöüáéíóúñàèêç-]+\s+){0,6}"
            r"(?:system-?\s?prompts?|system(?:anweisung|nachricht|anweisungen)\w*|prompt\s+(?:del?\s+)?(?:"
            r"sistema|syst[eè]me|inicial|initial)|(?:versteckten?|geheimen?|urspr[uü]nglichen?|"
            r"internen?)\s+(?:anweisungen|instruktionen|regeln|prompts?)|"
            r"instrucciones\s+(?:del\s+sistema|ocultas|iniciales|internas|secretas|originales)|"
            r"(?:instructions|consignes)\s+(?:syst[eè]me|cach[eé]es|initiales|internes|secr[eè]tes|"
            r"d'origine))",
            score=0.85,
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
            name="secret_asked_for",
            regex=r"(?i)\b(?:give|tell|show|reveal|output|print|say|send|write|provide|display|share)\s+(?:me\s+"
            r"|us\s+|out\s+)?(?:the|your)\s+(?:[a-z]+\s+)?(?:password|pass\s?phrase|pass\s?code|"
            r"pin|access\s+(?:code|token|key)|code\s?word|secret\s+(?:word|key|code|phrase))\b",
            score=0.7,
        ),
        Pattern(
            name="training_data",
            regex=rf"(?i)\b(?:{_TELL}|regurgitate|generate)\s+{_FILL}(?:your\s+(?:[a-z]+\s+)?training\s+(?:data|"
            r"set|examples|corpus|documents)|(?:data|documents?|text|examples?|e-?mails?)\s+(?:that\s+)?yo"
            r"u\s+(?:were|have\s+been)\s+(?:trained|fine-?tuned)\s+on|"
            r"memori[sz]ed\s+(?:training\s+)?(?:data|text|examples|passages|documents))\b",
            score=0.82,
        ),
        Pattern(
            name="repeat_forever",
            regex=r"(?i)\b(?:repeat|say|write|print|output)\s+(?:the|this|these)\s+(?:following\s+)?(?:word|"
            r"letter|phrase|token|text)s?\s*[:,]?\s*[\"'“‘`]?[\w ]{1,30}[\"'”’`]?\s*(?:,|\.{2,3})?\s*(?:ov"
            r"er\s+and\s+over|again\s+and\s+again)?\s*\b(?:forever|endlessly|infinitely|indefinitely|"
            r"(?:without|never)\s+stop\w*|non-?stop|until\s+you\s+(?:run\s+out|cannot|can't|"
            r"stop))",
            score=0.83,
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
