"""Texts made from other texts, so that the model learns what is said and not how it is spelt, framed or padded.

Everything here is applied to harmless texts and attacks alike: otherwise a disguise would become the signal. All chance
comes from the generator that is passed in.
"""

import json
from collections.abc import Callable, Sequence
from random import Random

_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_KEYS = "abcdefghijklmnopqrstuvwxyz"
_NOISE = "!?.,;:-_*#~|/\\()[]{}<>@$%^&+="


def typos(choose: Random, text: str) -> str:
    """A letter in thirty is dropped, doubled, exchanged with its neighbour or mistyped."""
    letters = list(text)
    for place in range(len(letters) - 1):
        if letters[place].isalpha() and choose.random() < 1 / 30:
            kind = choose.randrange(4)
            if kind == 0:
                letters[place] = ""
            elif kind == 1:
                letters[place] *= 2
            elif kind == 2:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            else:
                letters[place] = choose.choice(_KEYS)
    return "".join(letters)


def leet(choose: Random, text: str) -> str:
    """Digits for letters in some of the words, or in all."""
    share = choose.choice((0.2, 0.5, 1.0))
    return " ".join(word.translate(_LEET) if choose.random() < share else word for word in text.split(" "))


def split_letters(choose: Random, text: str) -> str:
    """Letters set apart in some of the words."""
    share = choose.choice((0.1, 0.3, 1.0)) if len(text) < 200 else 0.1
    glue = choose.choice((" ", ".", "-", "_", "*"))
    return " ".join(glue.join(word) if choose.random() < share else word for word in text.split(" "))


def noise(choose: Random, text: str) -> str:
    """Meaningless characters or words behind the text, before it, or both."""

    def made() -> str:
        if choose.random() < 0.5:
            return "".join(choose.choice(_NOISE) for _ in range(choose.randrange(3, 40)))
        words = (
            "".join(choose.choice(_KEYS) for _ in range(choose.randrange(2, 9))) for _ in range(choose.randrange(2, 9))
        )
        return " ".join(words)

    side = choose.randrange(3)
    return f"{made() if side else ''} {text} {made() if side != 1 else ''}".strip()


def shout(choose: Random, text: str) -> str:
    """Punctuation and emphasis of people in a hurry."""
    return choose.choice(
        (text.upper() + "!!!", f"**{text}**", text.replace(". ", "... "), text.rstrip(".?!"), f"{text} 🙏🙏")
    )


_FRAMES: tuple[Callable[[str], str], ...] = (
    lambda text: f"```\n{text}\n```",
    lambda text: f"> {text}",
    lambda text: f"# Notes\n\n{text}\n",
    lambda text: f"- {text}",
    lambda text: f'"{text}"',
    lambda text: f"<p>{text}</p>",
    lambda text: f"<!-- {text} -->",
    lambda text: f"Subject: {text.split('.')[0][:60]}\n\n{text}\n\nBest,\nSam",
    lambda text: f"/* {text} */",
    lambda text: f"Q: {text}\nA:",
    lambda text: f"User: {text}",
    lambda text: f"<message>{text}</message>",
    lambda text: f"2026-03-04 10:22:31 INFO {text}",
)


def framed(choose: Random, text: str) -> str:
    """The text as it stands in mails, code, markup and logs."""
    return choose.choice(_FRAMES)(text)


def in_json(choose: Random, text: str) -> str:
    """The text as a value among others."""
    fields = {"id": choose.randrange(10_000), "status": choose.choice(("open", "ok", "done")), "note": text, "total": 3}
    return json.dumps(fields, ensure_ascii=False)


TRICKS: tuple[Callable[[Random, str], str], ...] = (typos, leet, split_letters, noise, shout, framed, framed, in_json)


def tricked(choose: Random, text: str) -> str:
    """One trick, sometimes two."""
    text = choose.choice(TRICKS)(choose, text)
    return choose.choice(TRICKS)(choose, text) if choose.random() < 0.2 else text


def embedded(choose: Random, order: str, document: str) -> str:
    """The order somewhere in the document, at a sentence end or line end."""
    ends = [place + 1 for place, character in enumerate(document) if character in "\n.!?" and place + 1 < len(document)]
    places = [0, len(document), *ends]
    place = choose.choice(places)
    glue = choose.choice((" ", "\n", "\n\n"))
    return f"{document[:place]}{glue}{order}{glue}{document[place:]}".strip()


def padded(choose: Random, text: str, passages: Sequence[str]) -> str:
    """Harmless passages around the text."""
    before = [choose.choice(passages) for _ in range(choose.randrange(0, 3))]
    behind = [choose.choice(passages) for _ in range(choose.randrange(0, 3))]
    return "\n".join([*before, text, *behind])
