"""Orders to drop earlier instructions, in languages other than English.

The same mechanism as `injection`, with each language's own word order. Accents are optional: people leave them out,
and one of the views does. Every pattern needs a word that is not English as well: "ignore" and "instructions" are
French and English, and English orders are for `injection` to judge.

German, Spanish and French have grammars of their own, whose orders are told from honest ones by many details. The
others share one: a verb of dropping, then *all* instructions, or *earlier* instructions or rules. In languages whose
verb comes last the parts stand in the opposite order.
"""

from msgspec import Struct

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.fold import fold_text
from promptguard_gateway.detectors.grammar import injection_spec

_FRENCH_WORDS = r"(?:[\w'’áàâéèêëîïôûùç,-]+\s+){0,5}"

# Up to three words of any script, never across the end of a sentence.
_WORDS = r"(?:[^\s.!?;:]{1,24}\s+){0,3}"
_QUOTED = r"[\"'“„‘«`「『]\s?$"


class _Language(Struct, frozen=True):
    """The words of one language: `drop` (verbs), `all`, `earlier` (before the noun), `later` (behind it), and what is
    dropped: `orders`, which mean nothing else, and `rules`, which games and roads have as well."""

    name: str
    drop: str
    all: str
    earlier: str
    later: str
    orders: str
    rules: str


# fmt: off
_VERB_FIRST = (
    _Language(
        "italian",
        drop=r"\bignor(?:a|ate|are)|\bdimentic(?:a|ate|are)|\btrascura(?:te|re)?|\bnon\s+(?:segui(?:re|te)|rispettare)",
        all="tutt[ei]|ogni|qualsiasi",
        earlier="precedent[ei]|tue|vostre|vecchie",
        later="precedenti|preced|iniziali|originali|sopra|date\\s+prima|di\\s+sistema",
        orders="istruzion[ei]|direttiv[ei]|indicazioni|comandi|ordini|prompt",
        rules="regole|restrizioni|limiti|linee\\s+guida",
    ),
    _Language(
        "portuguese",
        drop=r"\bignor(?:e|a|ar|em)|\besque[cç](?:a|am|er)|\bdesconsider(?:e|a|ar|em)|\bdescart(?:e|ar)|"
        r"\bn[aã]o\s+(?:siga|obede[cç]a|cumpra)|\bdeixe\s+de\s+(?:seguir|obedecer)",
        all="tod[ao]s|quaisquer|qualquer",
        earlier="anteriores|pr[eé]vi[ao]s|suas",
        later="anteriores|pr[eé]vi[ao]s|acima|iniciais|originais|do\\s+sistema",
        orders="instru[cç][oõ]es|diretrizes|comandos|orienta[cç][oõ]es|ordens|prompts?",
        rules="regras|restri[cç][oõ]es|limites",
    ),
    _Language(
        "dutch",
        drop=r"\bnegeer|\bnegeren|\bvergeet|\bsla\s+geen\s+acht\s+op",
        all="alle|elke|iedere",
        earlier="eerdere|vorige|voorgaande|voorafgaande|bovenstaande|jouw|oorspronkelijke",
        later="hierboven|hiervoor|van\\s+eerder",
        orders="instructies?|aanwijzingen|opdrachten|bevelen|richtlijnen|systeemprompt",
        rules="regels|beperkingen",
    ),
    _Language(
        "polish",
        drop=r"\bz?ignoruj(?:cie)?|\bzapomnij(?:cie)?\s+o|\bpomi[nń]|\bodrzu[cć]|"
        r"\bnie\s+(?:stosuj|przestrzegaj|wykonuj)",
        all=r"wszystki\pL{1,3}|wszelki\pL{1,3}",
        earlier=r"poprzedni\pL{1,3}|wcze[sś]niejsz\pL{1,3}|powy[zż]sz\pL{1,3}|swoi\pL{1,2}",
        later="powy[zż]ej|sprzed",
        orders=r"instrukcj\pL{1,3}|polece[nń]\pL{0,3}|wytyczn\pL{1,3}|rozkaz\pL{0,3}|prompt\pL{0,2}",
        rules=r"zasad\pL{0,2}|regu[lł]\pL{0,2}|ogranicze[nń]\pL{0,2}",
    ),
    _Language(
        "russian",
        drop=r"игнорируй(?:те)?|забудь(?:те)?|отбрось(?:те)?|отмени(?:те)?|пренебреги(?:те)?|"
        r"не\s+(?:следуй|выполняй|соблюдай)(?:те)?|не\s+обращай(?:те)?\s+внимания\s+на",
        all="все|всё|всех|любые",
        earlier=r"предыдущи\pL{1,2}|прежни\pL{1,2}|прошл\pL{1,2}|сво[ийюе]\pL{0,2}|системн\pL{1,2}|стар\pL{2}",
        later="выше|ранее|до\\s+этого|системы",
        orders=r"инструкци\pL{1,3}|указани\pL{1,2}|директив\pL{0,2}|распоряжени\pL{1,2}|команд\pL{0,2}|промпт\pL{0,2}",
        rules=r"правил\pL{0,2}|ограничени\pL{1,2}|установк\pL{0,2}",
    ),
    _Language(
        "arabic",
        drop="تجاهل|انس|انسى|أهمل|لا\\s+تتبع|لا\\s+تلتزم",
        all="جميع|كل|كافة",
        earlier="سابق",
        later="السابقة|السابقه|أعلاه|الأصلية|السابقين",
        orders="ال(?:تعليمات|أوامر|توجيهات|إرشادات)",
        rules="ال(?:قواعد|قيود)",
    ),
)
_VERB_LAST = (
    _Language(
        "turkish",
        drop=r"yok\s+say|g[oö]rmezden\s+gel|unut|dikkate\s+alma|g[oö]z\s+ard[ıi]\s+et",
        all="t[uü]m|b[uü]t[uü]n|her",
        earlier=r"[oö]nceki|yukar[ıi]daki|eski",
        later="",
        orders=r"talimat\pL{0,6}|y[oö]nerge\pL{0,6}|komut\pL{0,6}|emir\pL{0,6}",
        rules=r"kural\pL{0,6}|k[ıi]s[ıi]tlama\pL{0,6}",
    ),
    _Language(
        "hindi",  # folding takes the vowel signs, from texts as well
        drop=fold_text("अनदेखा|अनदेखी|नज़रअंदाज़|नजरअंदाज|उपेक्षा|भूल|मत\\s+मान"),
        all=fold_text("सभी|सारे|हर"),
        earlier=fold_text("पिछले|पिछली|पहले|पूर्व|ऊपर"),
        later="",
        orders=fold_text("निर्देशों|निर्देश|आदेशों|आदेश"),
        rules=fold_text("नियमों|नियम"),
    ),
)
# fmt: on


def _verb_first(words: _Language) -> Pattern:
    named = rf"(?:{words.orders}|{words.rules})"
    return Pattern(
        name=f"{words.name}_drop_instructions",
        regex=rf"(?i)(?:{words.drop})\s+{_WORDS}(?:(?:{words.all})\s+{_WORDS}(?:{words.orders})|"
        rf"(?:{words.earlier})\s+{_WORDS}{named}|{named}\s+(?:[^\s.!?;:]{{1,24}}\s+)?(?:{words.later}))",
        score=0.83,
        context=_QUOTED,
        context_score=0.6,
    )


def _verb_last(words: _Language) -> Pattern:
    named = rf"(?:{words.orders}|{words.rules})"
    return Pattern(
        name=f"{words.name}_drop_instructions",
        regex=rf"(?i)(?:(?:{words.all})\s+{_WORDS}(?:{words.orders})|(?:{words.earlier})\s+{_WORDS}{named})\s+{_WORDS}"
        rf"(?:{words.drop})",
        score=0.83,
        context=_QUOTED,
        context_score=0.6,
    )


_SAME_SENTENCE = r"[^。！？!?\n]"
# Without blanks between words.
_DENSE = (
    Pattern(
        name="chinese_drop_instructions",
        regex=r"(?:忽略|忽视|忽視|无视|無視|忘记|忘記|忘掉|抛弃|拋棄|不要理会|不要理會|不要遵守|不再遵守|停止遵守)"
        rf"{_SAME_SENTENCE}{{0,10}}(?:之前|以前|先前|上述|上面|以上|前面|所有|一切|全部|原有|原来|你的|系统|系統)"
        rf"{_SAME_SENTENCE}{{0,8}}(?:指令|指示|提示词|提示詞|命令|系统提示|系統提示|设定|設定|限制|规则|規則)",
        score=0.84,
        context=_QUOTED,
        context_score=0.6,
    ),
    Pattern(
        name="japanese_drop_instructions",
        regex=r"(?:以前|これまで|今まで|上記|先ほど|先程|前述|すべて|全て|全部|元)の?"
        rf"{_SAME_SENTENCE}{{0,12}}(?:指示|命令|ルール|規則|プロンプト|指令|制約){_SAME_SENTENCE}{{0,8}}"
        r"(?:無視し|無視せ|忘れて|忘れろ|破棄し|従わない|取り消し)",
        score=0.84,
        context=_QUOTED,
        context_score=0.6,
    ),
    Pattern(
        name="korean_drop_instructions",
        regex=r"(?:이전|앞선|앞의|위의|기존|모든|지금까지|시스템)"
        r"[^.!?\n]{0,16}(?:지시|명령|지침|규칙|프롬프트|제한)[^.!?\n]{0,8}(?:무시하|무시해|잊어|잊고|따르지\s?마|취소하)",
        score=0.84,
        context=_QUOTED,
        context_score=0.6,
    ),
)

# Half of the order in English, half in another language.
_FOREIGN_ORDERS = (
    r"anweisungen|instruktionen|vorgaben|befehle|richtlinien|instrucciones|[oó]rdenes|directrices|consignes|istruzioni|"
    r"instru[cç][oõ]es|instructies|opdrachten|instrukcje|polecenia"
)
_FOREIGN_DROP = (
    r"ignorier\w{0,3}|vergiss|vergesst|ignora|ignorez|olvida|oublie[rz]?|dimentica|esque[cç]a|negeer|vergeet|"
    r"z?ignoruj"
)
_MIXED = Pattern(
    name="mixed_drop_instructions",
    regex=rf"(?i)\b(?:ignore|ignoring|forget|disregard|override)\s+{_WORDS}(?:{_FOREIGN_ORDERS})\b|"
    rf"\b(?:{_FOREIGN_DROP})\s+{_WORDS}(?:previous|prior|earlier|above|your)\s+{_WORDS}"
    r"(?:instructions|prompts?|rules|guidelines|directives)\b",
    score=0.84,
    context=_QUOTED,
    context_score=0.6,
)

OTHER_LANGUAGES = PatternDetector(
    spec=injection_spec(
        "injection.languages", "instruction_override", "an order to drop earlier instructions, not in English"
    ),
    patterns=(
        *map(_verb_first, _VERB_FIRST),
        *map(_verb_last, _VERB_LAST),
        *_DENSE,
        _MIXED,
        Pattern(
            name="german_drop_instructions",
            regex=r"(?i)\b(?:ignorier\w{0,3}|vergi(?:ss|ß|sst)|vergessen|missachte\w{0,2}|mi(?:ß|ss)achte\w{0,2}"
            r"|übergeh\w{0,2}|ubergeh\w{0,2}|verwirf|verwerfen|überschreib\w{0,2}|umgeh\w{0,2}|"
            r"befolge\w{0,2}|beachte\w{0,2}|folge)\s+(?:[\w'äöüÄÖÜß,-]+\s+){0,5}"
            r"(?:anweisung|instruktion|befehl|vorgabe|regel|richtlini|aufgabe|prompt|weisung|"
            r"einschr[äa]nkung)\w{0,3}(?:\s+(?:oben|zuvor|davor|nicht(?:\s+mehr)?|von\s+(?:oben|"
            r"vorhin)))?",
            score=0.82,
            context=r"(?i)(?:[\"'“„‘«`]\s?|\b(?:ich|er|sie|man|wir)\s+)$",
            context_score=0.6,
        ),
        Pattern(
            name="german_obey_no_more",
            regex=r"(?i)\b(?:folg\w{1,2}|befolg\w{1,2}|gehorch\w{1,2}|halt\w{0,2}\s+dich|gelten?|gilt)\s+(?:[\w'"
            r"äöüÄÖÜß,-]+\s+){0,6}(?:nicht\s+(?:mehr|l[äa]nger)|keine[nr]?\s+(?:anweisung|regel|"
            r"vorgabe|richtlini)\w*)|\b(?:ab\s+(?:jetzt|sofort)|von\s+nun\s+an|du\s+bist\s+(?:jetzt|"
            r"nun|ab))\s+(?:[\w'äöüÄÖÜß,-]+\s+){0,6}(?:ohne|keine)\s+(?:[\w'äöüÄÖÜß-]+\s+)?(?:regeln|"
            r"einschr[äa]nkungen|beschr[äa]nkungen|filter|grenzen|richtlinien)",
            score=0.8,
        ),
        Pattern(
            name="spanish_drop_instructions",
            regex=r"(?i)\b(?:ignor(?:a|e|en|ar|ad|es)|olvid(?:a|e|en|ar|ad|es)(?:te)?|omit(?:e|a|an|"
            r"ir)|descart(?:a|e|en|ar)|desatiend(?:e|a)|desobedec(?:e|er)|haz\s+caso\s+omiso|"
            r"no\s+(?:sigas|hagas\s+caso|obedezcas)|deja\s+de\s+(?:seguir|obedecer)|anul(?:a|"
            r"e))\s+(?:[\w'áéíóúñü,-]+\s+){0,5}"
            r"(?:instrucci[oó]n(?:es)?|[oó]rden(?:es)?|reglas?|directrices|directivas|indicaci[oó]n(?:es)?"
            r"|comandos?|restricciones|normas)\b(?:\s+(?:anteriores|previas|originales|iniciales|"
            r"de\s+arriba))?",
            score=0.83,
            context=r"(?i)(?:[\"'“„‘«`]\s?|\b(?:yo|[eé]l|ella)\s+)$",
            context_score=0.6,
        ),
        Pattern(
            name="french_drop_instructions",
            regex=rf"(?i)\b(?:(?:ignor(?:ez|er)|ignore\s+{_FRENCH_WORDS}(?:toutes?|tous|les|tes|vos|votre|"
            rf"nos|notre|mes|ces|cette)|oubli(?:e|ez|er)|n[eé]glig(?:e|ez|er)|ne\s+(?:tiens|"
            r"tenez|suis|suivez|respecte|respectez)\s+(?:pas|plus)|fai(?:s|tes)\s+abstraction|"
            r"tu\s+n'ob[eé]is\s+plus|vous\s+n'ob[eé]issez\s+plus|annul(?:e|ez)|abandonn(?:e|"
            rf"ez)|contourn(?:e|ez))\s+{_FRENCH_WORDS}"
            r"(?:instructions?|consignes?|ordres?|directives?|r[eè]gles?|commandes?|restrictions?|"
            r"contraintes?)\b(?:\s+(?:pr[eé]c[eé]dentes?|ant[eé]rieures?|initiales?|ci-dessus))?|ignore\s+"
            rf"{_FRENCH_WORDS}(?:(?:consignes?|r[eè]gles?|contraintes?)\b|(?:instructions?|ordres?|"
            r"directives?)\s+(?:pr[eé]c[eé]dentes?|ant[eé]rieures?|ci-dessus)))",
            score=0.83,
            context=r"(?i)(?:[\"'“„‘«`]\s?|\b(?:il|elle|on)\s+)$",
            context_score=0.6,
        ),
        Pattern(
            name="note_to_model_translated",
            regex=r"(?i)\b(?:(?:hinweis|anweisung|nachricht|notiz|befehl|nota|mensaje|instrucci[oó]n|"
            r"aviso|consigne)\s+(?:an|f[üu]r|para|al|a|à|pour|destin[eé]e?\s+[aà])|(?:note|message|instruction)\s+"
            r"(?:à|a(?:\s+la|\s+les|\s+l['’])|pour|destin[eé]e?\s+[aà]))\s*(?:den|die|das|alle|el|la|los|l['’]|"
            r"le|les)?\s?(?:ki|ia|ai|llm|sprachmodell\w*|"
            r"assistent\w*|asistente\w*|modelo\w*|mod[eè]le\w*|chatbot)\b",
            score=0.82,
        ),
    ),
)
