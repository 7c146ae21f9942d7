"""Undoing what people do to letters so that a phrase no longer looks like one.

Spaced, glued, mirrored, shifted or digit-for-letter text is only of interest if a phrase comes out, so most of these
readings are made only where a telltale word appears: a word of the phrases that the detectors look for. A phrase
without any of them would not be found in the reading either.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from promptguard_gateway.core.engine import Program
from promptguard_gateway.core.splices import Edit

_TELLTALE_TEXT = (
    "the you all your this that with what ignore ignoring disregard forget override bypass previous prior "
    "above earlier instructions instruction system prompt prompts reveal show print repeat tell write "
    "output rules guidelines restrictions pretend jailbreak developer mode unfiltered uncensored "
    "assistant model password secret message hidden initial original everything before from now follow "
    "following new task must respond answer bomb malware ransomware weapon hack kill drugs explosive "
    "ignoriere vergiss alle vorherigen anweisungen zeige regeln ignora olvida todas las instrucciones "
    "anteriores revela ignore oublie toutes les consignes precedentes affiche "
)
TELLTALES: Final = frozenset(_TELLTALE_TEXT.split())
"""Words of the phrases that detectors look for, in the languages they know."""

_SEPARATOR = r"[ ._*|/\\,~·+:;()\n\t\-]{1,3}"
SPACED_GATE: Final = rf"(?:^|[^\pL\pN])[\pL\pN@$](?:{_SEPARATOR}[\pL\pN@$]){{4}}(?:$|[^\pL\pN])"
_SPACED_RUN = re.compile(rf"(?<![^\W_])(?:[^\W_]|[@$])(?:{_SEPARATOR}(?:[^\W_]|[@$])){{4,}}(?![^\W_])")
_GAP = re.compile(_SEPARATOR)
_GLUED_RUN = re.compile(r"(?<![A-Za-z])[A-Za-z]+(?:[._*|/\\~+-]+[A-Za-z]+)*")
_JOINT = re.compile(r"[._*|/\\~+-]+")
_LONG_TELLTALES = sorted({word for word in TELLTALES if len(word) > 2}, key=len, reverse=True)
_JOINED = "|".join(_LONG_TELLTALES)
_TELLTALE = Program(f"(?i){_JOINED}")
_LEET = str.maketrans("0134567892@$!|+€", "oieasgtbgzasilte")
_LEET_TOKEN = re.compile(r"(?<![\w@$!|+€])[\w@$!|+€]{3,24}")
_SIGNS = {"o": "0", "i": "1!|", "l": "1|!", "e": "3€", "a": "4@", "s": "5$", "g": "69", "t": "7+", "b": "8", "z": "2"}
_SHORTEST_GLUED = 6
_DOUBLE_L = re.compile(r"(?<=[A-Za-z4@])11")
_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)
_TOKEN = re.compile(r"[^\s]+")
# What a letter looks like when the page is turned; the second line only occurs where somebody wanted that.
_TURNED = dict(zip("bdnpquɐɔǝɟƃɥᴉıɾʞɯɹʇʌʍʎ", "qpudbnacefghiijkmrtvwy", strict=True))
_TURNED_TABLE = str.maketrans(_TURNED)
_ONLY_TURNED = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ][^\n]{0,16}[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ][^\n]{0,16}[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]")


def rot13(text: str) -> str:
    """Letters moved by thirteen; as long as before."""
    return text.translate(_ROT13)


def upside_down(text: str) -> str | None:
    """The text read with the page turned, if it was written for that: the last letter first, as long as before."""
    return None if text.isascii() or _ONLY_TURNED.search(text) is None else text[::-1].translate(_TURNED_TABLE)


def _any_word(words: Iterable[str]) -> str:
    return rf"(?i)\b(?:{'|'.join(sorted(set(words)))})\b"


def _leet_spellings(word: str) -> Iterator[str]:
    """Patterns for the word with at least one sign in it, by where the first one stands."""
    either = [f"[{letter}{_SIGNS.get(letter, '')}]" for letter in word]
    for at, letter in enumerate(word):
        if letter in _SIGNS:
            yield f"{word[:at]}[{_SIGNS[letter]}]{''.join(either[at + 1 :])}"


GLUED_GATE: Final = rf"(?i)(?:{_JOINED})[._*|/\\~+-]?(?:{_JOINED})"
LEET_GATE: Final = "(?i)" + "|".join(
    spelling for word in _LONG_TELLTALES if len(word) > 4 for spelling in _leet_spellings(word)
)
# Words that read as ordinary ones when mirrored would open the gate for any text.
ROT13_GATE: Final = _any_word(map(rot13, _LONG_TELLTALES))
REVERSED_GATE: Final = _any_word(
    word[::-1] for word in _LONG_TELLTALES if word not in ("now", "las", "les", "mode", "tell")
)


def spaced_letters(text: str) -> list[Edit]:
    """Joins letters that stand apart: "i g n o r e  a l l", "i.g.n.o.r.e", one letter on each line.

    The usual separator of a run is dropped, any other one becomes a space. Where there is no other, known words are
    set apart.
    """
    edits: list[Edit] = []
    for run in _SPACED_RUN.finditer(text):
        gaps = [Edit(gap.start(), gap.end(), gap[0]) for gap in _GAP.finditer(text, run.start(), run.end())]
        [(usual, _)] = Counter(gap.text for gap in gaps).most_common(1)
        if all(gap.text == usual for gap in gaps):
            edits += _divided(text, run.start(), run.end(), gaps)
        else:
            address = "@" in run[0]  # its dots are part of it
            edits += (
                Edit(gap.start, gap.end, "" if gap.text == usual else gap.text.strip() if address else " ")
                for gap in gaps
            )
    return edits


def _divided(text: str, start: int, end: int, gaps: list[Edit]) -> list[Edit]:
    """Drops all gaps but those at the edges of known words."""
    letters = text[start:end].replace(gaps[0].text, "")
    edges = {edge for span in _words_in(letters) for edge in span}
    return [Edit(gap.start, gap.end, " " if index + 1 in edges else "") for index, gap in enumerate(gaps)]


def _words_in(letters: str) -> list[tuple[int, int]]:
    """Where known words stand in a run without spaces, from left to right."""
    data = letters.encode("ascii", "replace")
    found: list[tuple[int, int]] = []
    at = 0
    while span := _TELLTALE.search(data, at):
        found.append(span)
        at = span[1]
    return found


def glued_words(text: str) -> list[Edit]:
    """Sets words apart that stand together: "ignoreallpreviousinstructions", "ignore_all-previous.instructions"."""
    edits: list[Edit] = []
    for run in _GLUED_RUN.finditer(text):
        words = _words_in(run[0]) if run.end() - run.start() > _SHORTEST_GLUED else []
        if len(words) >= 2:
            edges = {run.start() + edge for span in words for edge in span} - {run.start(), run.end()}
            joints = {joint.start(): joint.end() for joint in _JOINT.finditer(text, run.start(), run.end())}
            inside = edges - joints.keys() - set(joints.values())
            spans = [*joints.items(), *((edge, edge) for edge in inside)]
            edits += (Edit(start, end, " ") for start, end in sorted(spans))
    return edits


def without_leet(text: str) -> str:
    """Digits and signs read as the letters they stand for, in words that mix them; as long as before."""
    return _LEET_TOKEN.sub(_without_signs, text)


def _without_signs(token: re.Match[str]) -> str:
    if token[0].isalpha() or not any(character.isalpha() or character == "@" for character in token[0]):
        return token[0]
    return _DOUBLE_L.sub("ll", token[0]).translate(_LEET)


def mirrored_words(text: str) -> list[Edit]:
    """Every word read backwards, in its place."""
    return [Edit(word.start(), word.end(), word[0][::-1]) for word in _TOKEN.finditer(text) if len(word[0]) > 1]
