"""Alphabets that stand for letters: Morse code, the spelling alphabet of radio operators, Braille.

They are codecs like those of `core.decoding`. What comes out is small letters, and often no spaces: another reading
sets known words apart.
"""

import re
from typing import Final

from promptguard_gateway.core.decoding import Codec

_MORSE_LETTERS = {
    code: letter
    for letter, code in zip(
        "abcdefghijklmnopqrstuvwxyz0123456789.,?",
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
            ".-.-.-",
            "--..--",
            "..--..",
        ],
        strict=True,
    )
}
_MORSE_MARKS = str.maketrans("·•–—_", "..---")


def _morse(run: str) -> str | None:
    words = re.split(r"\s*[/|]\s*| {2,}|\n", run.translate(_MORSE_MARKS).strip())
    letters = [[_MORSE_LETTERS.get(code, "") for code in word.split()] for word in words]
    return " ".join(map("".join, letters)) if all(map(all, letters)) else None


_NATO: Final = [
    "al(?:f|ph)a",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliett?",
    "kilo",
    "lima",
    "mike",
    "november",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
    "tango",
    "uniform",
    "victor",
    "whiske?y",
    "x-?ray",
    "yankee",
    "zulu",
]
"""The ICAO spelling alphabet, in its usual spellings: each word stands for its first letter."""
_NATO_WORD = rf"(?:{'|'.join(_NATO)})"
_APART = r"[\s,./|_-]{1,3}"
_NATO_STEP = re.compile(rf"(?i)({_NATO_WORD})({_APART})?")
_WORD_BREAK = re.compile(r"[\n/|]| {2}")


def _nato(run: str) -> str:
    return "".join(
        word[0].lower() + (" " if apart and _WORD_BREAK.search(apart) else "")
        for word, apart in _NATO_STEP.findall(run)
    )


_BRAILLE = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))


def _braille(run: str) -> str | None:
    return "".join(_BRAILLE.get(character, "") for character in run) or None


ALPHABETS = (
    Codec(
        "morse",
        r"(?:[.\-·•–—_]{1,6}[ /|]{1,3}){8}",
        re.compile(r"(?<![^\s/|])[.\-·•–—_]{1,6}(?:[ /|\n]{1,3}[.\-·•–—_]{1,6}){7,}(?![^\s/|])"),
        _morse,
    ),
    Codec(
        "nato",
        rf"(?i)\b(?:{_NATO_WORD}{_APART}){{4}}",
        re.compile(rf"(?i)\b{_NATO_WORD}(?:{_APART}{_NATO_WORD}){{4,}}\b"),
        _nato,
    ),
    Codec("braille", r"[\x{2801}-\x{283F}]{4}", re.compile("[\u2801-\u283f]{3,}"), _braille),
)
