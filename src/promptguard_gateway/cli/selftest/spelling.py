"""Spellings that hide a text from patterns and not from a model: each takes a text and gives it disguised."""

import base64
import codecs
from urllib.parse import quote

_CYRILLIC = str.maketrans("aeiopcxy", "\u0430\u0435\u0456\u043e\u0440\u0441\u0445\u0443")
_UPSIDE_DOWN = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz",
    "\u0250q\u0254p\u01dd\u025f\u0183\u0265\u1d09\u027e\u029el\u026fuodb\u0279s\u0287n\u028c\u028dx\u028ez",
)
_LEET = str.maketrans("aeiost", "431057")
_MORSE_OF_A_TO_Z = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", _MORSE_OF_A_TO_Z.split(" "), strict=True))


def base64_of(text: str) -> str:
    """Base64, standard alphabet."""
    return base64.b64encode(text.encode()).decode()


def base64_url(text: str) -> str:
    """Base64, URL alphabet, without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def base32_of(text: str) -> str:
    """Base32."""
    return base64.b32encode(text.encode()).decode()


def hexadecimal(text: str) -> str:
    """Bytes as hexadecimal digits."""
    return text.encode().hex()


def rot13(text: str) -> str:
    """Letters moved by thirteen."""
    return codecs.encode(text, "rot13")


def backwards(text: str) -> str:
    """The last letter first."""
    return text[::-1]


def percent(text: str) -> str:
    """URL encoding of every blank and sign, letters too."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def percent_blanks(text: str) -> str:
    """URL encoding as a browser does it."""
    return quote(text)


def html_entities(text: str) -> str:
    """Numeric character references."""
    return "".join(f"&#{ord(letter)};" for letter in text)


def escapes(text: str) -> str:
    """Escapes of JSON and JavaScript."""
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def character_codes(text: str) -> str:
    """Decimal codes with blanks between."""
    return " ".join(str(ord(letter)) for letter in text)


def binary(text: str) -> str:
    """Bytes as zeros and ones."""
    return " ".join(f"{byte:08b}" for byte in text.encode())


def morse(text: str) -> str:
    """Morse code; ` / ` between words."""
    words = (" ".join(_MORSE[letter] for letter in word if letter in _MORSE) for word in text.lower().split())
    return " / ".join(words)


def look_alikes(text: str) -> str:
    """Cyrillic letters in place of Latin ones that look the same."""
    return text.translate(_CYRILLIC)


def full_width(text: str) -> str:
    """The forms for East Asian type."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def mathematical(text: str) -> str:
    """Bold letters of the mathematical alphabet."""
    return "".join(
        chr(0x1D41A + ord(letter) - ord("a"))
        if "a" <= letter <= "z"
        else chr(0x1D400 + ord(letter) - ord("A"))
        if "A" <= letter <= "Z"
        else letter
        for letter in text
    )


def accented(text: str) -> str:
    """A combining mark on every letter."""
    return "".join(letter + "\u0301" if letter.isalpha() else letter for letter in text)


def underlined(text: str) -> str:
    """A combining line under every letter."""
    return "".join(letter + "\u0332" if letter.isalpha() else letter for letter in text)


def upside_down(text: str) -> str:
    """Turned by half a circle: other letters, the last one first."""
    return text.lower().translate(_UPSIDE_DOWN)[::-1]


def zero_width(text: str) -> str:
    """An invisible character after every letter."""
    return "\u200b".join(text)


def soft_hyphens(text: str) -> str:
    """A soft hyphen inside every word."""
    return " ".join(word[:2] + "\u00ad" + word[2:] for word in text.split(" "))


def isolated(text: str) -> str:
    """Between the marks that change the direction of writing."""
    return "\u2066" + text.replace(" ", "\u202d ") + "\u2069"


def tags(text: str) -> str:
    """Invisible tag characters behind a harmless word."""
    return "Hello" + "".join(chr(0xE0000 + ord(letter)) for letter in text)


def in_emoji(text: str) -> str:
    """Invisible variation selectors behind an emoji, a byte in each."""
    marks = (chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())
    return "Nice \U0001f600" + "".join(marks)


def spaced(text: str) -> str:
    """A blank after every letter."""
    return "   ".join(" ".join(word) for word in text.split(" "))


def dotted(text: str) -> str:
    """A dot after every letter."""
    return " ".join(".".join(word) for word in text.split(" "))


def one_a_line(text: str) -> str:
    """A letter on each line."""
    return "\n".join(text.replace(" ", ""))


def glued(text: str) -> str:
    """Without blanks."""
    return text.replace(" ", "")


def leet(text: str) -> str:
    """Digits in place of letters."""
    return text.lower().translate(_LEET)


def shouted(text: str) -> str:
    """In capitals."""
    return text.upper()


def every_second(text: str) -> str:
    """What makes the demonstration model say a text that is not in the request."""
    return "Every second letter: " + "".join(letter + "x" for letter in text)
