"""Drawing out what a model memorised: its training data, by asking for it or by making it repeat itself.

Talking about training data is every machine-learning engineer's work, so what counts is asking *this* model for its
own, or for the personal data in it. Endless repetition makes models fall out of role into memorised text (Nasr et al.,
arXiv:2311.17035); the answer's side of that is `repetition`.
"""

from promptguard_gateway.core.detector import BOTH, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

_RECITE = (
    r"(?:recite|regurgitate|reproduce|repeat|recall|quote|list|show|give|tell|print|output|write|provide|reveal|dump|leak|"
    r"share|generate|return|extract|disclose|paste|complete)"
)
_FILL = r"(?:[\w'’,-]+\s+){0,6}"
_TEXTS = (
    r"(?:data|datasets?|corpus|corpora|documents?|documentation|texts?|examples?|samples?|snippets?|excerpts?|passages?|"
    r"records?|sources?|e-?mails?(?:\s+address(?:es)?)?|(?:phone\s+)?numbers?|addresses|names|keys?|passwords?|code|"
    r"articles?|books?|conversations?|information|materials?|sequences?|strings?)"
)
_PERSONAL = (
    r"(?:phone\s+numbers?|e-?mails?(?:\s+address(?:es)?)?|(?:home\s+)?addresses|names|passwords?|api\s+keys?|keys|secrets|"
    r"credit\s+cards?|card\s+numbers?|social\s+security\s+numbers?|personal\s+(?:data|information)|credentials|pii)"
)
_TRAINED = (
    r"(?:(?:were|are|was|have\s+been|got|been)\s+(?:pre-?|fine-?)?trained\s+(?:on|with|from)|(?:learn(?:ed|t)?|saw|seen|read|"
    r"memori[sz]ed|absorbed|ingested|encountered)\b[\w\s]{0,20}\b(?:training|pre-?training|fine-?tuning|training\s+data))"
)
_FOREVER = (
    r"(?:forever(?:\s+and\s+ever)?|for\s+ever|for\s+all\s+eternity|endlessly|infinitely|indefinitely|perpetually|non-?stop|"
    r"(?:without|never)\s+(?:ever\s+)?(?:stop\w*|paus\w+|end(?:ing)?)|an?\s+infinite\s+(?:number|amount)\s+of\s+times|"
    r"as\s+(?:many\s+times|often|long|much)\s+as\s+(?:you\s+(?:possibly\s+)?can|possible)|"
    r"until\s+(?:you\s+(?:run\s+out|cannot|can't|stop|reach|are\s+(?:stopped|told))|the\s+(?:end|limit)|(?:your|the)\s+"
    r"(?:output|token|context|response)\s+(?:limit|window|ends))|"
    r"(?:\d{4,}|\d{1,3}[,.]\d{3}|a\s+(?:thousand|million|billion)|thousands?\s+of|ten\s+thousand)\s+times)"
)
_FOREVER_ABROAD = (
    r"(?:f[üu]r\s+immer|endlos|unendlich|ununterbrochen|ohne\s+(?:aufzuh[öo]ren|ende|pause)|para\s+siempre|sin\s+parar|"
    r"sin\s+fin|infinitamente|infinitas\s+veces|[àa]\s+l['’]infini|sans\s+(?:arr[êe]t|fin)|pour\s+toujours|ind[ée]finiment|"
    r"per\s+sempre|all['’]infinito|senza\s+(?:fermarti|fine|sosta)|para\s+sempre|sem\s+parar|sem\s+fim|voor\s+altijd|eindeloos|"
    r"oneindig|zonder\s+(?:te\s+)?stoppen|w\s+niesko[ńn]czono[śs][ćc]|bez\s+(?:ko[ńn]ca|przerwy)|na\s+zawsze)"
)

TRAINING = PatternDetector(
    spec=Spec(
        id="exfiltration.training_data",
        family=Family.EXFILTRATION,
        category="training_data_extraction",
        threat_type="data_exfiltration",
        severity=Severity.MEDIUM,
        label="EXFILTRATION",
        owasp=("LLM02",),
        directions=BOTH,
        summary="a request for what the model was trained on",
        source="own grammar; Nasr et al. 2023, arXiv:2311.17035; scores judged on labelled attacks and hard negatives",
    ),
    patterns=(
        Pattern(
            name="your_training_data",
            regex=rf"(?i)\b{_RECITE}\s+{_FILL}your\s+(?:[a-z]+\s+)?(?:pre-?|fine-?)?(?:training|tuning)\s+(?:data|set|examples|"
            r"corpus|documents?|documentation|texts?|samples|materials?)\b",
            score=0.82,
        ),
        Pattern(
            name="what_you_were_trained_on",
            regex=rf"(?i)\b(?:{_RECITE}|which|what)\s+{_FILL}{_TEXTS}\s+{_FILL}(?:that\s+)?(?:were\s+)?you(?:'ve)?\s+{_FILL}"
            rf"{_TRAINED}",
            score=0.82,
            validate=lambda text: not text.lower().startswith("what data were you"),
        ),
        Pattern(
            name="datasets_were_you_trained_on",
            regex=r"(?i)\b(?:private|proprietary|confidential|internal|secret|customer|user|personal|copyrighted)\s+(?:[a-z]+\s+)?"
            r"(?:datasets?|data|documents|sources|conversations|texts|code)\s+(?:were|are|have)\s+you\s+(?:been\s+)?(?:pre-?|fine-?)?"
            r"trained\s+(?:on|with)\b",
            score=0.82,
        ),
        Pattern(
            name="data_used_to_train_you",
            regex=rf"(?i)\b(?:what|which|list|show|give|name)\b[\w\s,]{{1,30}}\b{_TEXTS}\s+(?:was|were|is|are|that\s+were)\s+used\s+(?:for|in|"
            r"to)\s+(?:your\s+(?:training|fine-?tuning|pre-?training)|(?:pre-?|fine-?)?train\s+you|fine-?tune\s+you)\b",
            score=0.55,
        ),
        Pattern(
            name="memorised_text",
            regex=rf"(?i)\b{_RECITE}\s+{_FILL}memori[sz]ed\s+(?:training\s+)?(?:data|text|examples|passages|documents|strings|keys|"
            rf"e-?mails)\b|\b{_RECITE}\s+{_FILL}{_PERSONAL}(?:[\s,]+(?:(?:and|or)\s+)?{_PERSONAL}){{0,3}}\s+(?:that\s+)?you\s+"
            r"(?:remember|memori[sz]ed|know\s+of|have\s+seen|saw|learned)\b",
            score=0.82,
        ),
        Pattern(
            name="training_examples_with_personal_data",
            regex=rf"(?i)\b{_RECITE}\s+{_FILL}training\s+(?:examples?|samples?|data|records?|documents?|texts?|set)\s+(?:that\s+|which\s+)?"
            rf"(?:contain(?:s|ing)?|includ(?:e|es|ing)|with|ha(?:s|ve)|mention(?:s|ing)?|about|you\s+\w+\s+about)\s+(?:[a-z]+\s+)?"
            rf"{_PERSONAL}\b",
            score=0.82,
        ),
        Pattern(
            name="repeat_forever",
            regex=r"(?i)\b(?:repeat(?:ing)?|say(?:ing)?|writ(?:e|ing)|print|output|typ(?:e|ing)|chant|recite|echo|keep\s+\w+ing)\s+"
            r"(?:only\s+|just\s+|me\s+|out\s+)?(?:(?:the|this|these|that|a)\s+(?:following\s+|single\s+|same\s+)?(?:words?|letters?|"
            r"phrases?|tokens?|texts?|sentences?|characters?|symbols?|strings?|emojis?)\b[^\n]{0,60}?|[\"'“‘`][^\n\"”]{1,40}[\"'”’`]"
            rf"[\s,:.]{{0,3}}(?:[a-z]+\s+){{0,4}})\s?\b{_FOREVER}",
            score=0.83,
        ),
        Pattern(
            name="repeat_forever_translated",
            regex=r"(?i)\b(?:wiederhol\w*|sag\w*|schreib\w*|repit[ea]\w*|rep[ií]te\w*|di|escrib[ea]|r[ée]p[èe]te[rz]?|dis|[ée]cri[st]|"
            r"ripet[ie]\w*|scrivi|repita|escreva|diga|herhaal|schrijf|zeg|powtarzaj|powt[óo]rz|pisz|napisz)\s+(?:immer\s+)?"
            r"(?:das|den|el|la|le|il|lo|o|a|het|de)?\s?(?:wort|buchstaben?|satz|palabra|letra|frase|mot|lettre|phrase|parola|"
            rf"lettera|palavra|woord|zin|s[łl]owo|liter[ęe]|zdanie)\b[^\n]{{1,60}}?{_FOREVER_ABROAD}",
            score=0.83,
        ),
    ),
)
