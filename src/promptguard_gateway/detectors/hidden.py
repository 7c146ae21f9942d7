"""Text that a person would not see, or not see as it is.

Hidden text is no attack by itself (emoji, Persian and right-to-left text need invisible characters), so its severity is
low and runs must be longer than honest ones. What hidden characters spell out is read in views (`core.views`).

Every rule looks at a run of neighbouring characters only, so a hit can change only while its run touches the end.
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.detector import Hit, Knowledge, Spec
from promptguard_gateway.core.findings import Family, Severity

_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TAGS = "\U000e0000-\U000e007f"
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_LATIN = "A-Za-z"
_CYRILLIC = "\u0400-\u0481\u048a-\u052f"
# Greek letters that look Latin; mu, omega and beta stand beside Latin letters in honest text.
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ"
_FOREIGN = _CYRILLIC + _GREEK
_LETTERS = _LATIN + _FOREIGN


class _Rule(Struct, frozen=True):
    name: str
    score: float
    run: re.Pattern[str]


_RULES: Final = (
    _Rule("tag_characters", 0.95, re.compile(f"(?<!\U0001f3f4)(?<![{_TAGS}])[{_TAGS}]+")),
    _Rule("variation_selectors", 0.9, re.compile(f"[{_SELECTORS}]{{2,}}")),
    _Rule("invisible_run", 0.7, re.compile(f"[{_INVISIBLE}]{{3,}}")),
    _Rule("invisible_between_letters", 0.8, re.compile(f"(?:[A-Za-z][{_INVISIBLE}]){{3,}}")),
    _Rule("bidi_override", 0.8, re.compile("[\u202d\u202e]+")),
    _Rule("bidi_control", 0.5, re.compile("[\u202a-\u202c\u2066-\u2069]+")),
    _Rule("stacked_marks", 0.8, re.compile(f"[{_MARKS}]{{9,}}")),
    _Rule("mixed_scripts", 0.6, re.compile(f"(?:[{_LATIN}](?=[{_FOREIGN}])|[{_FOREIGN}](?=[{_LATIN}]))+[{_LETTERS}]")),
)
SPEC = Spec(
    id="hidden.text",
    family=Family.HIDDEN,
    category="hidden_text",
    threat_type="syntactic_masking",
    severity=Severity.LOW,
    label="HIDDEN_TEXT",
    owasp=("LLM01",),
    summary="invisible or misleading characters",
    source="Unicode 16; UTS 39 (mixed scripts), UTR 36",
    rules=tuple(rule.name for rule in _RULES),
)

_SPECIAL = re.compile(f"[{_INVISIBLE}{_SELECTORS}{_TAGS}{_BIDI}{_MARKS}]")
_MIXED_PAIR = re.compile(f"[{_LATIN}][{_FOREIGN}]|[{_FOREIGN}][{_LATIN}]")
_MAY_START = re.compile(f"[{_LETTERS}{_INVISIBLE}{_SELECTORS}{_TAGS}{_BIDI}{_MARKS}]")


def _linked(pair: str) -> bool:
    """Whether a run may go through these two neighbours."""
    return bool(_SPECIAL.match(pair) or (_SPECIAL.match(pair, 1) and pair[0].isalpha()) or _MIXED_PAIR.match(pair))


class HiddenTextDetector(Struct, frozen=True):
    """See the module. Pure, and free for ASCII."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Runs of hidden or misleading characters, by start."""
        if text.isascii():
            return ()
        hits = [
            Hit(run.start(), run.end(), rule.score, rule.name) for rule in _RULES for run in rule.run.finditer(text)
        ]
        return sorted(hits, key=lambda hit: hit.start)

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The run at the end that another character could prolong."""
        at = len(text) - 1
        if at < 0 or not _MAY_START.match(text, at):
            return 0
        while at and _linked(text[at - 1 : at + 1]):
            at -= 1
        return len(text) - at


HIDDEN = HiddenTextDetector()
