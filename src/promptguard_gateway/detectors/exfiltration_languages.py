"""Asking for the hidden instructions or for credentials, in languages other than English.

One grammar for all: a verb of telling, then something that belongs to the model and must stay inside. Each language is
a row of word lists; accents are optional, because people leave them out and one of the views does. "System prompt" is
said in every language, so it counts after any row's verb.

    verb  words{0,6}  (possessive words{0,3})?  secret object
    verb  words{0,6}  instructions  words{0,3}  "that you were given"
"""

from msgspec import Struct

from promptguard_gateway.core.detector import BOTH, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

_WORDS = r"(?:[^\s.!?:;]+\s+)"
_PROMPT = r"system[\s-]{0,2}(?:prompt|nachricht|anweisung|instru|message|meddel)[^\s.!?]{0,6}"


class _Language(Struct, frozen=True):
    """`verbs` of telling; `yours`: possessives; `rules`: what instructions are called; `given`: how people say that the
    model was given them, or that they stand above; `secrets`: prompts and credentials by names that need no possessive
    or, behind one, any of `keys`."""

    name: str
    verbs: str
    yours: str
    rules: str
    given: str
    secrets: str
    keys: str


_LANGUAGES = (
    _Language(
        "german",
        r"zeig\w{0,2}|gib|gebt|geben|verrat\w{0,2}|nenn\w{0,2}|wiederhol\w{0,2}|druck\w{0,2}|schreib\w{0,2}|sag\w{0,2}|"
        r"übersetz\w{0,2}|ubersetz\w{0,2}|kopier\w{0,2}|liste?|zitier\w{0,2}|beschreib\w{0,2}|ausgeben|offenbar\w{0,2}|"
        r"was\s+(?:ist|sind|steht)|wie\s+laute[nt]|lies",
        r"dein(?:e[nrsm]?)?|ihre?n?|eure?n?",
        r"(?:system)?(?:anweisung|instruktion|vorgabe|regel|richtlinie|befehl)(?:en|n|e)?|prompt|anfangstext",
        r"(?:die\s+)?(?:du|sie|dir|ihnen)\s+(?:\w+\s+){0,4}(?:erhalten|bekommen|gegeben|gesagt|mitgegeben|vorgegeben)|"
        r"(?:am|zu|vom)\s+(?:anfang|beginn)|über\s+dieser\s+nachricht",
        r"(?:versteckt|geheim|ursprünglich|ursprunglich|intern|verborgen)\w{0,2}\s+(?:system)?(?:anweisung|instruktion|regel|"
        r"vorgabe|prompt)\w{0,2}|alles\s*,?\s+(?:was\s+)?(?:oben|darüber|zuvor|vor\s+dieser)",
        r"passw[oö]rt\w{0,2}|zugangsdaten|api-?\s?schl[uü]ssel|geheimnis\w{0,2}|konfiguration|trainingsdaten|umgebungsvariablen",
    ),
    _Language(
        "french",
        r"affich\w{1,3}|montr\w{1,3}|r[ée]v[èe]l\w{1,3}|r[ée]p[èée]t\w{1,3}|donn\w{1,3}|dis|dites|[ée]cri[st]|[ée]crivez|tradui\w{1,4}|"
        r"copi\w{1,3}|list\w{1,3}|cit\w{1,3}|communiqu\w{1,3}|recopi\w{1,3}|quel(?:le)?s?\s+(?:est|sont|[ée]taient)",
        r"ton|ta|tes|votre|vos",
        r"(?:instructions?|consignes?|r[èe]gles?|directives?|prompt|invite)(?:\s+(?:syst[èe]me|initiale?s?|intern?e?s?))?",
        r"(?:qu(?:e|['’]on)\s+)(?:\w+['’]?\s*){0,4}(?:re[çc]u\w{0,2}|donn[ée]e?s?|fourni\w{0,2})|(?:au|depuis\s+le)\s+d[ée]but|"
        r"ci-dessus",
        r"(?:instructions|consignes|r[èe]gles|prompt)\s+(?:du\s+)?(?:syst[èe]me|cach[ée]e?s|secr[èe]te?s|confidentielles?|internes|"
        r"d['’]origine|initiale?s?)|tout\s+ce\s+qui\s+(?:pr[ée]c[èe]de|est\s+(?:[ée]crit\s+)?(?:ci-dessus|au-dessus|avant))",
        r"mots?\s+de\s+passe|identifiants|cl[ée]s?\s+(?:d['’])?(?:api|secr[èe]tes?)|configuration|donn[ée]es\s+d['’]entra[îi]nement",
    ),
    _Language(
        "spanish",
        r"mu[ée]stra\w{0,3}|muestre\w{0,3}|revel[ae]\w{0,2}|dime|d[íi]game|dame|d[ée]me|imprim[ae]|repit[ae]\w{0,2}|rep[ií]te\w{0,2}|"
        r"escrib[ae]\w{0,2}|ense[ñn]a\w{0,2}|traduc[ea]|copi[ae]|list[ae]|cit[ae]|comparte|cu[áa]l(?:es)?\s+(?:es|son|eran)",
        r"tus?|sus?|vuestr[oa]s?",
        r"(?:instrucciones|indicaciones|reglas|directrices|normas|[óo]rdenes|prompt)(?:\s+(?:iniciales|internas|originales|"
        r"del?\s+sistema))?",
        r"que\s+(?:te|le|has|ha|usted|t[úu]|se\s+te)\s?(?:\w+\s+){0,3}(?:dieron|dado|dio|recibi(?:ste|do|[óo])|dijeron)|"
        r"que\s+recibiste|al\s+(?:principio|inicio)|m[áa]s\s+arriba",
        r"(?:instrucciones|reglas|directrices|prompt|mensaje)\s+(?:del?\s+sistema|ocult[oa]s?|secret[oa]s?|intern[oa]s?|"
        r"confidenciales|originales|inicial(?:es)?)|todo\s+lo\s+(?:que\s+(?:est[áa]|hay|aparece)\s+)?(?:anterior|arriba|antes|"
        r"de\s+arriba)",
        r"contrase[ñn]as?|claves?\s+(?:secretas?|de\s+(?:acceso|api)|api)|credenciales|configuraci[óo]n|"
        r"datos\s+de\s+entrenamiento",
    ),
    _Language(
        "italian",
        r"mostra\w{0,3}|mostri|rivela\w{0,3}|dimmi|dammi|stampa|ripet[ei]\w{0,3}|scriv[ei]\w{0,3}|traduc[ei]|copia|elenca|cita|"
        r"condividi|qual(?:i|e)?\s*(?:['’]\s?)?(?:[èe]|sono|erano)",
        r"tu[oae]|tuoi|su[oae]|suoi|vostr[oaie]",
        r"(?:istruzioni|regole|direttive|indicazioni|linee\s+guida|prompt)(?:\s+(?:inizial[ei]|intern[ei]|di\s+sistema))?",
        r"che\s+(?:ti|hai|le|ha)\s+(?:\w+\s+){0,3}(?:ricevut[oe]|dat[oe]|fornit[oe]|assegnat[oe])|all['’]inizio|"
        r"(?:qui\s+)?sopra",
        r"(?:istruzioni|regole|prompt|messaggio)\s+(?:di|del)\s+sistema|(?:istruzioni|regole)\s+(?:nascoste|segrete|interne|"
        r"originali|riservate)|tutto\s+(?:ci[òo]|quello|quanto)\s+(?:che\s+)?(?:precede|sopra|(?:è|e|sta|viene|c['’][èe])\s+"
        r"(?:scritto\s+)?(?:sopra|prima))",
        r"password|credenziali|chiav[ei]\s+(?:api|segret[ae]|di\s+accesso)|configurazione|dati\s+di\s+addestramento",
    ),
    _Language(
        "portuguese",
        r"mostr[ae]\w{0,3}|revel[ae]\w{0,3}|diga\w{0,3}|diz\w{0,3}|d[áaêe]-?me|imprim[ae]|repit[ae]\w{0,3}|repete|escrev[ae]\w{0,3}|"
        r"traduz\w{0,2}|copi[ae]|list[ae]|cit[ae]|compartilh[ae]|me\s+d[êe]|qua(?:l|is)\s+(?:[ée]|s[ãa]o|eram)",
        r"teus?|tuas?|seus?|suas?|voss[oa]s?",
        r"(?:instru[çc][õo]es|regras|diretrizes|diretivas|orienta[çc][õo]es|prompt)(?:\s+(?:iniciais|internas|originais|"
        r"do\s+sistema))?",
        r"que\s+(?:te|lhe|voc[êe]|recebe)\w{0,3}\s*(?:\w+\s+){0,3}(?:deram|dad[ao]s|recebeu|recebeste|foram)|no\s+(?:in[íi]cio|"
        r"come[çc]o)|acima",
        r"(?:instru[çc][õo]es|regras|prompt|mensagem)\s+(?:do|de)\s+sistema|(?:instru[çc][õo]es|regras)\s+(?:ocultas|secretas|"
        r"escondidas|internas|confidenciais|originais)|tudo\s+(?:o\s+)?(?:que\s+(?:est[áa]|vem)\s+)?(?:acima|antes|anterior)",
        r"senhas?|palavras?-passe|credenciais|chaves?\s+(?:secretas?|de\s+(?:api|acesso)|api)|configura[çc][ãa]o|"
        r"dados\s+de\s+treinamento",
    ),
    _Language(
        "dutch",
        r"toon|laat|geef|vertel|herhaal|schrijf|zeg|onthul|druk|kopieer|vertaal|citeer|noem|deel|wat\s+(?:is|zijn|waren)",
        r"je|jouw|uw|jullie",
        r"(?:systeem)?(?:instructies?|regels|richtlijnen|opdracht(?:en)?|aanwijzingen|prompt)",
        r"die\s+(?:je|jij|u)\s+(?:\w+\s+){0,3}(?:kreeg|gekregen|ontvangen|gegeven)|aan\s+het\s+begin|hierboven",
        r"(?:verborgen|geheime|oorspronkelijke|interne|initi[ëe]le)\s+(?:systeem)?(?:instructies|regels|prompt|richtlijnen)|"
        r"systeem-?\s?(?:prompt|instructies|bericht)|alles\s+(?:wat\s+)?(?:hierboven|boven\s+dit)",
        r"wachtwoord(?:en)?|inloggegevens|api-?\s?sleutels?|geheime\s+sleutel|configuratie|trainingsdata|trainingsgegevens",
    ),
    _Language(
        "polish",
        r"poka[żz]\w{0,2}|podaj\w{0,2}|powiedz|powt[óo]rz\w{0,2}|wypisz|napisz|wy[śs]wietl|ujawnij|zdrad[źz]|przet[łl]umacz|skopiuj|"
        r"wymie[ńn]|zacytuj|jak(?:i|a|ie)\s+(?:jest|s[ąa]|by[łl]y)",
        r"twoj[ąaeię]\w{0,2}|tw[óo]j|twoich|swoj[ąaeię]\w{0,2}|sw[óo]j|swoich",
        r"(?:instrukcj\w{1,3}|zasad\w{0,2}|regu[łl]\w{0,2}|wytyczn\w{1,3}|polece[ńn]\w{0,2}|prompt\w{0,2})(?:\s+systemow\w{1,3})?",
        r"kt[óo]r\w{1,3}\s+(?:\w+\s+){0,3}(?:otrzyma[łl]\w{0,3}|dosta[łl]\w{0,3}|dano|podano)|na\s+pocz[ąa]tku|powy[żz]ej",
        r"(?:ukryt|tajn|pocz[ąa]tkow|wewn[ęe]trzn|pierwotn)\w{1,3}\s+(?:instrukcj|zasad|regu[łl]|wytyczn|polece)\w{0,3}|"
        r"(?:instrukcj|prompt|komunikat)\w{0,3}\s+systemow\w{1,3}|wszystko\s*,?\s+(?:co\s+(?:jest\s+)?)?powy[żz]ej",
        r"has[łl]\w{1,2}|dan\w{1,2}\s+(?:logowania|dost[ęe]pow\w{1,3}|treningow\w{1,3})|klucz\w{0,2}\s+(?:api|dost[ęe]pu)|"
        r"konfiguracj\w{1,2}",
    ),
    _Language(
        "russian",
        r"покажи[^\s.,!?]{0,2}|выведи[^\s.,!?]{0,2}|раскрой[^\s.,!?]{0,2}|повтори[^\s.,!?]{0,2}|напиши[^\s.,!?]{0,2}|скажи[^\s.,!?]{0,2}|дай[^\s.,!?]{0,2}|перечисли[^\s.,!?]{0,2}|"
        r"процитируй[^\s.,!?]{0,2}|переведи[^\s.,!?]{0,2}|назови[^\s.,!?]{0,2}|сообщи[^\s.,!?]{0,2}|как(?:ов|ие|ая)",
        r"твои|твой|твоих|твоего|твою|свои|свой|своих|своего|свою|ваши|ваш|ваших",
        r"(?:инструкци|правил|указани|директив|команд|промпт)[^\s.,!?]{0,3}",
        r"котор[^\s.,!?]{1,3}\s+(?:[^\s.,!?]+\s+){0,3}(?:получил[^\s.,!?]{0,2}|дали|даны)|в\s+начале|выше",
        r"системн[^\s.,!?]{1,3}\s+(?:промпт|инструкци|сообщени|подсказк|запрос)[^\s.,!?]{0,3}|(?:скрыт|секретн|внутренн|исходн|начальн)"
        r"[^\s.,!?]{1,3}\s+(?:инструкци|правил|указани|промпт)[^\s.,!?]{0,3}|вс[её]\s*,?\s+что\s+(?:было\s+)?(?:выше|до\s+этого)",
        r"парол[^\s.,!?]{1,2}|уч[её]тн[^\s.,!?]{1,3}\s+данн[^\s.,!?]{1,3}|ключ[^\s.,!?]{0,2}\s+(?:api|доступа)|конфигураци[^\s.,!?]{1,2}",
    ),
)

# Languages without spaces, where word order differs from all of these.
_UNSPACED = (
    r"(?:显示|告诉我|输出|打印|重复|透露|泄露|公开|写出|列出|翻译|给我|把|请)[^。！？\n]{0,12}(?:系统提示词?|系统指令|隐藏指令|初始指令|"
    r"(?:你|您)的?(?:提示词|指令|规则|设定|密码|密钥|凭据|训练数据)|上面(?:的)?(?:所有|全部)(?:内容|文字))|"
    r"(?:システムプロンプト|システム指示|初期指示|隠された指示|あなたの(?:指示|プロンプト|ルール|パスワード))[^。！？\n]{0,12}"
    r"(?:教えて|表示|見せて|出力|繰り返|開示|翻訳|書いて)|"
    r"(?:시스템\s?프롬프트|시스템\s?지시|숨겨진\s?지시|처음에\s?받은\s?지시|받은\s?지시|당신의\s?(?:지시|규칙|프롬프트|비밀번호))[^.!?\n]{0,24}"
    r"(?:알려|보여|출력|반복|공개|번역|말해|써)"
)


def _pattern(language: _Language) -> Pattern:
    yours = rf"(?:{language.yours})\s+{_WORDS}{{0,3}}(?:{_PROMPT}|{language.rules}|{language.keys})"
    given = rf"(?:{language.rules})\s*,?\s+(?:{_WORDS}{{0,2}})(?:{language.given})"
    return Pattern(
        name=language.name,
        regex=rf"(?i)(?:^|\b|[\s«„(])(?:{language.verbs})[\s-]{{1,3}}{_WORDS}{{0,6}}(?:{yours}|{given}|{_PROMPT}|{language.secrets})",
        score=0.83,
        context=r"(?:[\"'“„‘«`]\s?)$",
        context_score=0.6,
    )


OTHER_LANGUAGES = PatternDetector(
    spec=Spec(
        id="exfiltration.languages",
        family=Family.EXFILTRATION,
        category="system_prompt_extraction",
        threat_type="data_exfiltration",
        severity=Severity.HIGH,
        label="EXFILTRATION",
        owasp=("LLM02", "LLM07"),
        directions=BOTH,
        summary="a request for hidden instructions or credentials in another language",
        source="own grammar; scores judged on labelled attacks and hard negatives",
    ),
    patterns=(
        *map(_pattern, _LANGUAGES),
        Pattern(name="chinese_japanese_korean", regex=_UNSPACED, score=0.83, context=r"[「“\"]$", context_score=0.6),
    ),
)
