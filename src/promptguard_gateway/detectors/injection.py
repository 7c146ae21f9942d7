"""Text that tries to give the model new orders, by mechanism.

Why patterns at all, when paraphrase beats them: they are exact about *where*, cost microseconds, and catch what is
actually sent most. Each pattern is a small grammar (verb x qualifier x object), not a list of known attacks, and its
score is the share of hits that were attacks in text we looked at, lowered where honest speech has the same shape.
A mention in quotation marks ("phrases like 'ignore previous instructions'") scores below an order.
"""

import re

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.detectors.grammar import MENTION, MODEL, OBJECT, WORDS, injection_spec

_REFUSE = (
    r"ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|overrul(?:e|ing)|bypass(?:ing)?|neglect|"
    r"do\s+not\s+(?:follow|obey)|don'?t\s+(?:follow|obey|listen\s+to)|"
    r"(?:stop|quit|cease)\s+(?:following|obeying)|no\s+longer\s+(?:follow|obey)|pay\s+no\s+attention\s+to"
)
# What people also do with orders for shoes, tasks of a printer and old documents.
_DISCARD = r"dismiss|discard|abandon|erase|set\s+aside|never\s+mind|nullify|cancel|wipe|throw\s+(?:away|out)"
_DROP = rf"(?:{_REFUSE}|{_DISCARD})"
_EARLIER = (
    r"(?:previous(?:ly)?|prior|preceding|above|earlier|former|foregoing|existing|initial|original|past|old|current|"
    r"other|system|standing|before)"
)
_OUTPUT_VERB = (
    r"(?:say|print|tell|write|respond|reply|output|answer|give|show|reveal|repeat|return|act|do|become|pretend|"
    r"translate|list|execute|run|send|just|instead|start|follow)"
)
# What stands behind an object and makes another thing of it: a command line, a policy file.
_THING = (
    r"[\s-]+(?:lines?|buttons?|objects?|documents?|files?|engineering|lists?|queues?|managers?|bars?|keys?|runs?|"
    r"runners?|jobs?|data|sets?|shells?|windows?)"
)
_OTHER_THING = re.compile(rf"(?i){_THING}$")
_CORRESPONDENCE = re.compile(
    r"(?i)\b(?:e-?mails?|mails?|messages?|notes?|memos?|letters?|invoices?|quotes?|tickets?|warnings?|errors?|"
    r"notices?|drafts?|versions?|attachments?|reminders?|comments?|replies|reply|calls?|statements?),?\s+"
    r"(?:[\w'’-]+,?\s+){0,4}"
)
_OTHER_RULES = re.compile(
    r"(?i)\b(?:naming|formatting|lint(?:ing|er)?|style|firewall|routing|css|build|parking|traffic|tax|visa|dress|"
    r"business|validation|cache|travel|accounting|grammar|house|driving)\s+\w+$|"
    r"\b(?:old|existing|current|other|past|standing)\s+(?:polic(?:y|ies)|tasks?)$"
)
_INSTRUCTED = re.compile(rf"(?i)\b{_EARLIER}\s(?:.*\s)?{OBJECT}\b")
_ORDERS_TOO = re.compile(rf"(?i)^\w+(?:,\s+(?:and\s+|or\s+)?|\s+(?:(?:and|or)\s+)?(?:(?:all|any|the)\s+)?){OBJECT}\b")


def is_about_instructions(text: str) -> bool:
    """Is what is dropped an instruction, and not a mail, a warning or the naming rules of a project?"""
    if _OTHER_THING.search(text) or _OTHER_RULES.search(text):
        return False
    other = _CORRESPONDENCE.search(text)
    if other is None or _INSTRUCTED.search(text[: other.start()]):
        return True
    return _ORDERS_TOO.match(text[other.start() :]) is not None


_OTHER_PLACE = re.compile(r"(?i)\s(?:of\s+(?:the\s+)?|on\s+(?:my|our)\s+)\w+$|\sat\s+\w+$")

OVERRIDE = PatternDetector(
    spec=injection_spec("injection.override", "instruction_override", "an order to drop earlier instructions"),
    patterns=(
        Pattern(
            name="drop_earlier_instructions",
            regex=rf"(?i)\b(?:{_REFUSE})\s{WORDS}{_EARLIER}\s{WORDS}{OBJECT}\b(?:{_THING})?",
            score=0.95,
            validate=is_about_instructions,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="discard_earlier_instructions",
            regex=rf"(?i)\b(?:{_DISCARD})\s{WORDS}{_EARLIER}\s{WORDS}(?:(?:system\s+)?(?:instructions?|prompts?)|"
            rf"directives?|guidance|programming|guardrails|safeguards|"
            rf"(?:system|safety|content)\s+(?:messages?|rules?|polic(?:y|ies)))\b(?:{_THING})?",
            score=0.9,
            validate=is_about_instructions,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="drop_following_instructions",
            regex=r"(?i)\b(?:ignore|disregard|forget)\s+(?:(?:(?:all|any|the|this|these|those)\s+){0,2}(?:following|"
            r"below|upcoming|subsequent)\s+(?:[a-z]+\s+)?(?:instructions?|prompts?|directives?)|(?:(?:all|any|the|"
            r"these|those)\s+)?(?:instructions?|directives?)\s+(?:below|that\s+follow|to\s+translate|"
            r"about\s+translating)|(?:this|that|these|those)\s+(?:instructions?|directives?)\s+and)\b",
            score=0.87,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="drop_instructions",
            regex=r"(?i)(?:^|[\n.!?:;>\])-]\s{0,3}|\b(?:please|then|now)\s+)ignore\s+(?:(?:the|all|any)\s+)?"
            r"(?:this\s+)?instructions?\s*(?:[.!,:;]|\n|$|and\s+(?:say|print|output|write|reply|respond|answer)\b)",
            score=0.85,
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="drop_instructions_given",
            regex=rf"(?i)\b{_DROP}\s{WORDS}{OBJECT}\s+(?:that\s+)?(?:above|before|given|you\s+(?:were|"
            r"have\s+been|got|"
            rf"had|received|just)|(?:i|we|they)\s+(?:gave|have\s+given|told)|in\s+your\s+(?:system|prompt)|"
            rf"(?:so\s+far|until\s+now|up\s+to\s+(?:now|this\s+point)))(?:(?:\s+(?:given|taught|"
            rf"told))?\s+at\s+(?:school|work|home))?",
            score=0.93,
            validate=lambda text: not text.lower().endswith((" school", " work", " home")),
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="drop_all_instructions",
            regex=rf"(?i)\b{_DROP}\s+(?:all|any|every|all\s+of|each)\s+(?:(?:the|these|those|your|my|our|its)\s+)?"
            rf"(?:[a-z]+\s+){{0,2}}(?:instructions|guidelines|directives|rules|restrictions|safeguards|"
            r"policies|prompts)\b(?:\s+(?:of\s+(?:grammar|english|the\s+(?:house|game|road))|on\s+(?:my|our)\s+\w+))?",
            score=0.88,
            validate=lambda text: not _OTHER_PLACE.search(text),
            context=MENTION,
            context_score=0.6,
        ),
        Pattern(
            name="drop_your_rules",
            regex=rf"(?i)\b{_DROP}\s+(?:your|the\s+(?:system|developer)(?:'s)?)\s+(?:[a-z]+\s+){{0,2}}"
            r"(?:instructions|guidelines|directives|rules|restrictions|safeguards|polic(?:y|"
            r"ies)|programming|training|"
            rf"prompts?|guardrails|filters?|ethics|limitations|constraints)\b(?:{_THING})?",
            score=0.9,
            validate=lambda text: not _OTHER_THING.search(text),
            context=r"(?i)(?:\b(?:this|it|which|that|and)\s+(?:will|would|can|could|may|might|to)\s+|"
            r"\b(?:do|must|should)(?:\s+not|n'?t)\s+|\bnever\s+|[\"'“‘`]\s?)$",
            context_score=0.45,
        ),
        Pattern(
            name="drop_everything_before",
            regex=rf"(?i)\b{_DROP}\s+(?:all\s+(?:of\s+)?(?:that|this|the\s+above)|(?:every|any)thing\s+(?:(?:i|"
            r"we|they|"
            r"anyone)\s+(?:have\s+|had\s+|just\s+|previously\s+)?(?:said|told|wrote)|(?:that\s+(?:was|"
            r"is|came)\s+)?(?:said\s+|stated\s+|written\s+)?"
            r"(?:above|before|prior|earlier|previously|up\s+to\s+(?:now|here)|so\s+far)|you\s+(?:know|were|have|had|"
            r"learned|'ve)))(?:(?:\s+(?:told|taught|learned))?\s+about\b(?:\s+(?:your|yourself|being|safety|ethics|"
            r"rules|instructions|guidelines)\b)?)?",
            score=0.85,
            validate=lambda text: not text.lower().endswith("about"),
            context=MENTION,
            context_score=0.55,
        ),
        Pattern(
            name="drop_above_and_do",
            regex=rf"(?i)\b{_DROP}\s+(?:the\s+)?(?:above|previous|preceding|text\s+above|(?:above|previous|"
            r"following)\s+"
            r"(?:text|sentence|question|request|task|content|message|document|paragraph|conversation|"
            r"input|user|instruction))s?"
            r"\s*(?:[.,;:!]\s*)?(?:and|but|then|instead|now|please)?\s+(?:just\s+|only\s+|please\s+|"
            rf"instead\s+)?{_OUTPUT_VERB}\b",
            score=0.85,
        ),
        Pattern(
            name="outranks_instructions",
            regex=r"(?i)\b(?:takes?|has|have|gets?)\s+(?:absolute\s+|full\s+|top\s+)?(?:precedence|"
            rf"priority)\s+over\s+{WORDS}(?:(?:other|previous|earlier|prior|all)\s+rules|"
            r"instructions?|directives?|prompts?|guidelines|everything\s+else|orders)\b|"
            rf"\b(?:(?:supersedes?|overrides?|replaces?|cancels|voids)\s+(?:all|any|every|your)\s+{WORDS}(?:"
            rf"instructions?|directives?|prompts?|guidelines)|(?:supersedes?|overrides?)\s+(?:all|any|every|your)\s+"
            rf"{WORDS}orders)\b",
            score=0.85,
        ),
        Pattern(
            name="instructions_no_longer_apply",
            regex=rf"(?i)\b{_EARLIER}\s+(?:[a-z]+\s+){{0,2}}(?:instructions?|prompts?|directives?|directions|"
            r"rules|guidelines|orders)\s+"
            r"(?:no\s+longer|do(?:es)?\s+not|don'?t)\s+(?:apply|count|matter|exist)(?:\s+(?:to\s+(?:you|"
            r"this|the\s+(?:assistant|ai|model))|any\s?more|now)|\s*[.,;:!]|$)"
            rf"|\b{_EARLIER}\s+(?:instructions?|prompts?|directives?|directions|rules|guidelines|"
            r"orders)\s+(?:are|were|is|was|have\s+been)\s+"
            r"(?:now\s+|hereby\s+)?(?:cancel?led|null|void|obsolete|replaced|revoked|superseded|"
            r"a\s+test|a\s+mistake|outdated|invalid|lifted|suspended)",
            score=0.82,
        ),
    ),
)

REPLACEMENT = PatternDetector(
    spec=injection_spec("injection.replacement", "instruction_smuggling", "new orders dressed as the real ones"),
    patterns=(
        Pattern(
            name="your_new_task",
            regex=r"(?i)\b(?:your|the)\s+(?:new|real|actual|true|updated)\s+"
            r"(?:and\s+only\s+)?(?:(?:new|real|true|only)\s+)?(?:task|instructions?|goal|objective|"
            r"mission|purpose|job|directives?|orders?)"
            r"\s*(?:now\s+)?(?:is\s+(?:to|now)|are\s+(?:to|now|as)|will\s+be|:|from\s+now)",
            score=0.8,
            context=r"(?i)\b(?:i|we|he|she|they)\s+[a-z ]{0,40}$",
            context_score=0.5,
        ),
        Pattern(
            name="new_instructions_heading",
            regex=r"(?i)(?:^|[\n.!?\]>*#\"'}-])[\s#*=\[<(-]{0,12}(?:(?:begin|start)\s+(?:of\s+)?)?(?:new|"
            r"updated|revised|real|true|actual|"
            r"priority|urgent|override|secret|hidden|(?:additional|special)\s+(?:system|ai|model|assistant|developer|"
            r"admin))\s+(?:(?:system|ai|model|assistant|developer|admin)\s+)?"
            r"(?:instructions?|directives?|prompt|orders?|commands?|rules?)\s*(?:[:\]>)*#=-]|\n)|"
            r"(?:^|[\n\]>*#])[\s#*=\[<(-]{0,12}new\s+task\s*[:\]>)*#=-]",
            score=0.82,
        ),
        Pattern(
            name="system_override",
            regex=r"(?i)\bsystem[\s_-]{1,2}(?:override|overwrite|directive|instructions?\s+update|"
            r"prompt\s+(?:update|override|change)|policy\s+update)\b|"
            r"\b(?:system|admin(?:istrator)?|developer|security)\s+(?:note|message|notice|alert|"
            r"command|instruction|directive|update)\s+"
            rf"(?:to|for)\s+(?:the\s+|all\s+|any\s+|this\s+)?{MODEL}",
            score=0.86,
        ),
        Pattern(
            name="system_note_heading",
            regex=r"(?i)(?:^|[\n\[<({*#])\s{0,3}(?:important\s+)?(?:system|admin(?:istrator)?|developer|"
            r"root)\s+(?:note|message|notice|alert|command|"
            r"instruction|update|prompt)s?\s*[:\]>)}]",
            score=0.6,
        ),
        Pattern(
            name="claimed_authority",
            regex=r"(?i)\b(?:as|i\s+am|i'm|this\s+is|we\s+are)\s+(?:the|your|a|an)\s+(?:[a-z]+\s+)?(?:developers"
            r"?|creators?|"
            r"administrators?|admin|owner|operator|engineer|maker|programmers?)\s+(?:(?:of|who|"
            rf"that|behind)\s+)?(?:[a-z]+\s+){{0,2}}"
            rf"(?:this\s+|the\s+)?(?:{MODEL}|you)\b",
            score=0.8,
        ),
        Pattern(
            name="text_ends_here",
            regex=r"(?i)\b(?:end\s+of\s+(?:the\s+)?(?:document|text|input|prompt|user\s+(?:input|message|"
            r"data)|context|data|article|e-?mail|content|page|file|record|untrusted\s+\w+)|"
            r"(?:text|document|input|quote|quotation|data|message|content|article|e-?mail)\s+(?:stops|"
            r"ends|is\s+over|finishes|finished)(?:\s+here)?)\b[^a-z]{0,24}"
            r"(?:now\s+|next\s+)?(?:new|now|next|system|user|human|instructions?|your|please|"
            rf"{MODEL}|follow|execute|begin)\b",
            score=0.8,
        ),
        Pattern(
            name="encoded_order",
            regex=r"(?i)\b(?:decode|decrypt|decipher|translate|unscramble|reverse)\s+(?:this|the|it|"
            r"following|below)[\w\s,'-]{0,50}\b"
            r"(?:and|then)\s+(?:then\s+)?(?:follow|execute|obey|run|carry|perform|do\s+what|act)\b",
            score=0.82,
        ),
        Pattern(
            name="previous_request_was_mistake",
            regex=r"(?i)\b(?:previous|earlier|above|original|first)\s+(?:user\s+)?(?:message|request|"
            r"question|task|text|instructions?)\s+"
            r"(?:was|were|is|are)\s+(?:[a-z]+\s+){0,2}(?:mistake|test|error|wrong|fake|obsolete|"
            r"outdated|placeholder|decoy)\b",
            score=0.8,
        ),
        Pattern(
            name="config_role_block",
            regex=r"(?i)[\"']role[\"']\s{0,3}:\s{0,3}[\"'](?:system|developer)[\"']\s{0,3},\s{0,3}[\"']content[\""
            r"']\s{0,3}:",
            score=0.62,
        ),
    ),
)
