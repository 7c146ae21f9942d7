"""How a value is introduced: a word that names it, then perhaps "number", "is" or a colon, and nothing else.

A lead stands directly before the value and is no part of it (`Pattern.lead`). It is short: answers are held back
from the beginning of a lead on.
"""

_FILLERS = (
    "numbers?|num|no|nr|n[º°o]|nº|número|numero|numéro|nummer|numer|código|code|id|"
    "is|are|was|es|est|è|é|lautet|ist|to|of|de|der|del|du|van|on|file|for|with|with the|the|a|der|die|das|"
    "now|new|old|same|my|mi|mon|mein|below|follows|listed as"
)


def lead(words: str, *, fillers: int = 3) -> str:
    """A pattern of one of the words, with what may stand between it and the value. `words` is a pattern."""
    return (
        rf"(?i:(?:^|[^0-9A-Za-z_À-ſͰ-ӿ])(?:{words})(?:[\s.:]{{1,2}}(?:{_FILLERS})){{0,{fillers}}}[.]?"
        r"[\s:=#\-\"'(\[]{1,4})"
    )
