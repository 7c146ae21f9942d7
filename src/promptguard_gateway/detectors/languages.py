"""Orders to drop earlier instructions, in German, Spanish and French.

The same mechanism as `injection`, with each language's own word order. Accents are optional: people leave them out,
and one of the views does. Every pattern needs a word that is not English as well: "ignore" and "instructions" are
French and English, and English orders are for `injection` to judge.
"""

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.detectors.grammar import injection_spec

_FRENCH_WORDS = r"(?:[\w'’áàâéèêëîïôûùç,-]+\s+){0,5}"

OTHER_LANGUAGES = PatternDetector(
    spec=injection_spec(
        "injection.languages", "instruction_override", "an order to drop earlier instructions (German, Spanish, French)"
    ),
    patterns=(
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
