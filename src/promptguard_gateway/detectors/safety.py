"""Explicit requests for serious harm: a short list, to be replaced by the encoder model.

Patterns cannot judge content; they can notice the plainest requests, where the verb, the object and the asking all
stand in one sentence. What is left out on purpose: anything that needs context to be told from news, fiction, history,
medicine or help. "How do I kill a Python process" must pass.
"""

import re

from promptguard_gateway.core.detector import BOTH, INPUT, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.segments import Direction

_SOURCE = "own list; a stand-in for the encoder model"


def _spec(id_: str, category: str, threat: str, summary: str, directions: tuple[Direction, ...] = INPUT) -> Spec:
    return Spec(
        id=id_,
        family=Family.SAFETY,
        category=category,
        threat_type=threat,
        severity=Severity.HIGH,
        label="UNSAFE",
        directions=directions,
        summary=summary,
        source=_SOURCE,
    )


_ASK = (
    r"(?:how\s+(?:to|do\s+(?:i|you|we|people)|can\s+(?:i|you|we|one)|could\s+(?:i|one)|would\s+(?:i|"
    r"you|one)|does\s+one|should\s+i)|"
    r"(?:step[\s-]by[\s-]step\s+)?(?:instructions?|guide|tutorial|recipe|steps|directions|method|"
    r"way|ways|plans?|blueprint)\s+(?:to|for|on|of)|"
    r"(?:teach|show|tell|help|explain(?:\s+to)?)\s+me\s+(?:how\s+)?(?:to)?|(?:write|give|generate|"
    r"create|provide)\s+(?:me\s+)?|i\s+(?:want|need|would\s+like)\s+to|best\s+way\s+to|what\s+is\s+the\s+b"
    r"est\s+way\s+to|can\s+you)"
)
_MAKE = (
    r"(?:mak(?:e|ing)|build(?:ing)?|creat(?:e|ing)|construct(?:ing)?|assembl(?:e|ing)|synthesi[sz](?:e|"
    r"ing)|cook(?:ing)?|produc(?:e|ing)|manufactur(?:e|ing)|prepar(?:e|ing)|brew(?:ing)?|3d[\s-]print|"
    r"obtain|acquire|get|buy|grow|extract|weaponi[sz](?:e|ing))"
)
_FILL = r"(?:[\w'’-]+\s+){0,4}"
_HARMLESS_BOMB = re.compile(
    r"(?i)\b(?:bath|seed|cake|chocolate|photo|zip|fork|logic|glitter|smoke|stink|water|f)[\s-]bombs?\b"
)
_ABOUT = re.compile(
    r"(?i)\b(?:story|novel|scene|poem|article|essay|blog|post|report|quiz|course|training|presentation|policy)\s+"
    r"(?:about|on|against)\b"
)

WEAPONS = PatternDetector(
    spec=_spec("safety.weapons", "illicit", "policy_violation", "a request for instructions to build a weapon"),
    patterns=(
        Pattern(
            name="explosive",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}{_MAKE}\s+{_FILL}(?:pipe\s?bombs?|nail\s+bombs?|(?:car|dirty|"
            r"home-?made|fertili[sz]er|nuclear|petrol|gas|pressure\s+cooker|time|letter)\s+bombs?|"
            r"bombs?|explosives?|explosive\s+devices?|ieds?|molotov(?:\s+cocktails?)?|hand\s+grenades?|"
            r"napalm|thermite|c-?4|semtex|nitroglycerin|tatp|detonators?|land\s?mines?)\b",
            score=0.85,
            validate=lambda text: not _HARMLESS_BOMB.search(text),
        ),
        Pattern(
            name="mass_casualty",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:{_MAKE}|spread|releas\w+|disperse|culture)\s+{_FILL}(?:sarin|"
            r"vx\s+(?:gas|nerve)|nerve\s+(?:gas|agents?)|mustard\s+gas|ricin|anthrax|botulinum|"
            r"chlorine\s+gas|phosgene|chemical\s+weapons?|biological\s+weapons?|bio-?weapons?|"
            r"smallpox|plague\s+bacteria|poison\s+gas)\b",
            score=0.88,
        ),
        Pattern(
            name="firearm",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:{_MAKE}|convert|modify)\s+{_FILL}(?:ghost\s+guns?|untraceable\s+(?:"
            r"guns?|firearms?|weapons?)|illegal\s+(?:guns?|firearms?|weapons?)|(?:gun|firearm)\s+silencers"
            r"?|silencers?|(?:fully|full)\s+automatic|3d[\s-]printed\s+guns?|home-?made\s+(?:guns?|"
            r"firearms?))\b",
            score=0.84,
        ),
    ),
)

DRUGS = PatternDetector(
    spec=_spec("safety.drugs", "illicit", "policy_violation", "a request for instructions to make illegal drugs"),
    patterns=(
        Pattern(
            name="synthesis",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:mak(?:e|ing)|synthesi[sz](?:e|ing)|cook(?:ing)?|produc(?:e|"
            rf"ing)|manufactur(?:e|ing)|prepar(?:e|ing)|brew|extract)\s+{_FILL}(?:meth(?:amphetamine)?|"
            r"crystal\s+meth|amphetamines?|heroin|cocaine|crack|fentanyl|lsd|mdma|ecstasy|ghb|"
            r"pcp|ketamine|dmt|rohypnol|date\s+rape\s+drugs?)\b",
            score=0.86,
        ),
        Pattern(
            name="covert_drugging",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:drug|roofie|poison|spike)\s+(?:my|someone|somebody|a\s+(?:girl|"
            r"woman|man|person|guy)|her|him|people|the\s+(?:water|food)|(?:her|his|their|someone'?s)\s+(?:"
            r"drink|food|coffee))\b",
            score=0.84,
        ),
    ),
)

MALWARE = PatternDetector(
    spec=_spec("safety.malware", "malware", "malware", "a request to write malware or break into systems"),
    patterns=(
        Pattern(
            name="write_malware",
            regex=rf"(?i)\b(?:{_ASK}\s+{_FILL})?(?:write|create|creating|make|making|code|develop|developing|"
            r"build|building|program|generate|design|deploy|spread)\s+(?:me\s+)?(?:an?\s+|some\s+|"
            rf"the\s+)?(?:[\w-]+\s+){{0,3}}(?:ransomware|key-?loggers?|malware|trojan(?:s|\s+horse)?|"
            r"rootkits?|botnets?|spyware|(?:computer\s+)?worms?|computer\s+virus(?:es)?|info-?stealers?|"
            r"phishing\s+(?:e-?mails?|pages?|sites?|websites?|kits?|messages?))\b",
            score=0.82,
            validate=lambda text: not _ABOUT.search(text),
            context=r"(?i)\b(?:detect\w*|prevent\w*|protect\w*|defen[dcs]\w*|awareness|analy[sz]\w*|"
            r"stop\w*|avoid|remove|attackers?|criminals?|hackers?|they|people|who|history|policy|"
            r"compost)\b[\w\s,]{0,40}$",
            context_score=0.4,
        ),
        Pattern(
            name="break_in",
            regex=rf"(?i)\b{_ASK}\s+{_FILL}(?:hack|break)\s+(?:into\s+)(?:someone|somebody|my\s+\w+'?s|"
            r"his|her|their|another|other|a\s+(?:bank|government|company|hospital|school|neighbou?r)|"
            r"an?\s+\w+\s+account)\b",
            score=0.82,
        ),
    ),
)

SELF_HARM = PatternDetector(
    spec=_spec("safety.self_harm", "self_harm", "toxicity", "a request for methods of self-harm"),
    patterns=(
        Pattern(
            name="method",
            regex=r"(?i)\b(?:how\s+(?:to|do\s+i|can\s+i|should\s+i|would\s+i)|(?:best|easiest|fastest|"
            r"painless|quickest|least\s+painful|effective|most\s+\w+)\s+(?:way|ways|method|methods)\s+(?:t"
            r"o|of|for)|ways?\s+to|methods?\s+(?:to|of|for))\s+(?:[\w'-]+\s+){0,3}"
            r"(?:kill(?:ing)?\s+(?:myself|yourself|oneself)|commit(?:ting)?\s+suicide|end(?:ing)?\s+my\s+(?:"
            r"own\s+)?life|hang(?:ing)?\s+myself|overdos(?:e|ing)\s+on|cut(?:ting)?\s+my(?:self|"
            r"\s+wrists?)|starv(?:e|ing)\s+myself|suicide)\b",
            score=0.82,
            context=r"(?i)\b(?:prevent\w*|help|stop|support|talk|avoid)\b[\w\s,]{0,40}$",
            context_score=0.4,
        ),
    ),
)

MINORS = PatternDetector(
    spec=_spec("safety.minors", "sexual_minors", "policy_violation", "sexual content with minors"),
    patterns=(
        Pattern(
            name="sexual_request",
            regex=r"(?i)\b(?:write|create|generate|describe|give|show|tell|find|draw|make|where\s+can\s+i)\b[\w\s"
            r",'-]{0,60}\b(?:sexual(?:ly)?|erotic|porn(?:ograph\w+)?|nude|naked|sex|nsfw|explicit)\b[\w\s,"
            r"'-]{0,40}\b(?:child(?:ren)?|minors?|under-?age|pre-?teens?|kids?|toddlers?|(?:1[0-7]|"
            r"[3-9])[\s-]year[\s-]olds?|school\s?girls?|little\s+(?:girls?|boys?))\b",
            score=0.84,
            context=r"(?i)\b(?:prevent\w*|protect\w*|report\w*|laws?|education|abuse\s+(?:survivor|victim)\w*)\b[\w"
            r"\s,]{0,40}$",
            context_score=0.4,
        ),
        Pattern(
            name="minors_sexualised",
            regex=r"(?i)\b(?:child(?:ren)?|minors?|under-?age|pre-?teen|kiddie|loli|shota)\s+(?:porn(?:ography)?"
            r"|erotica|sex\s+(?:story|scene|video)s?|nudes?)\b",
            score=0.82,
            context=r"(?i)\b(?:prevent\w*|protect\w*|report\w*|laws?|against|fight\w*|illegal|detect\w*|"
            r"combat\w*|what|why|charges?|convicted|possess\w*)\b[\w\s,]{0,40}$",
            context_score=0.4,
        ),
    ),
)

HATE = PatternDetector(
    spec=_spec("safety.hate", "hate", "toxicity", "incitement against a group of people", BOTH),
    patterns=(
        Pattern(
            name="incitement",
            regex=r"(?i)\b(?:(?:we|you|they|someone|everyone|somebody)\s+(?:should|must|need\s+to|"
            r"have\s+to|ought\s+to)\s+(?:all\s+)?|let'?s\s+(?:all\s+)?)(?:kill|exterminate|gas|"
            r"hang|lynch|burn|eradicate|wipe\s+out|get\s+rid\s+of|deport)\s+(?:all\s+|every\s+|"
            r"each\s+)?(?:of\s+)?(?:the\s+|these\s+|those\s+)?(?:jews?|muslims?|blacks?|black\s+people|"
            r"christians?|gays?|homosexuals?|trans\s+people|immigrants?|refugees?|mexicans?|"
            r"arabs?|women|asians?|whites?|white\s+people|disabled(?:\s+people)?|gypsies|roma)\b",
            score=0.84,
        ),
        Pattern(
            name="write_hatred",
            regex=r"(?i)\b(?:write|create|generate|compose|make|give\s+me|tell\s+me)\s+(?:[\w'-]+\s+){0,4}(?:rac"
            r"ist|anti-?semitic|islamophobic|homophobic|transphobic|hateful|white\s+supremacist|"
            r"nazi|sexist|misogynist\w*)\s+(?:[\w'-]+\s+){0,2}(?:jokes?|speech(?:es)?|tweets?|"
            r"posts?|articles?|propaganda|rants?|manifestos?|stor(?:y|ies)|slurs?|messages?|"
            r"letters?|essays?|poems?|songs?|slogans?)\b",
            score=0.82,
        ),
    ),
)
