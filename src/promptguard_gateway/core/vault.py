"""The vault of one exchange: which placeholder stands for which value of its request.

A placeholder is `[EMAIL_kqbtwfnd]`: the kind of value, so that the model can work with it, and letters that are a keyed
hash of the value. Counting, `[EMAIL_1]`, would be guessable and would mean somebody else in the next conversation. The
hash needs no memory: the same value has the same placeholder in every turn of a session, on every gateway that shares
the data folder's key, also after a restart. The letters have no vowels and no digits, so they are neither a word nor a
number of any kind.

The vault holds what this request's own body gave and ends with the exchange. Clients send the whole conversation with
each turn, so whatever may have to be turned back is in the body. A placeholder of another session, or one that somebody
made up, is not in the vault and is text like any other.
"""

import hashlib
import hmac
import json
from bisect import bisect_left
from functools import lru_cache

from promptguard_gateway.core.fold import fold_text

LETTERS = 8
"""How many letters a placeholder shows, of four bits each. Two values of one request that share them (among 1,000
values: one request in 10,000) are told apart by further letters of the later one."""

_ALPHABET = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstw")
_PURPOSE = "placeholders of a session"

# Kinds of which people write the same value in several ways: spaces and other separators, capitals.
_NUMBERS = frozenset({"BANK_ACCOUNT", "CREDIT_CARD", "IBAN", "MAC_ADDRESS", "PHONE", "SORT_CODE", "SSN"})
_CASELESS = frozenset({"EMAIL"})


@lru_cache(maxsize=1024)
def session_key(secret: bytes, project: str, api_key: str, end_user: str | None) -> bytes:
    """The key of a session's placeholders: of a project, one of its API keys, and the end user if there is a name.

    `secret`: the gateway's own, at least 128 bits.
    """
    session = json.dumps([_PURPOSE, project, api_key, end_user])
    return hmac.digest(secret, session.encode(), hashlib.sha256)


class Vault:
    """Filled while a request is decided on, read while its answer is restored. Belongs to one exchange.

    `letters`: how many of them a placeholder shows, at least.
    """

    def __init__(self, key: bytes, letters: int = LETTERS) -> None:
        self._key = key
        self._letters = letters
        self._issued: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._sorted: list[str] = []
        self._longest = 0

    def __repr__(self) -> str:
        return f"Vault({len(self._values)} values)"

    def __len__(self) -> int:
        return len(self._values)

    def issue(self, label: str, value: str) -> str:
        """The placeholder of a value. Spellings of the same value share it, and the first one is kept."""
        identity = (label, _same(label, value))
        known = self._issued.get(identity)
        if known is None:
            known = self._issued[identity] = self._unused(*identity)
            self._values[known] = value
            self._longest = max(self._longest, len(known))
        return known

    def value(self, placeholder: str) -> str | None:
        """The value that this exchange's request gave a placeholder; None of any other text."""
        return self._values.get(placeholder)

    def pending(self, text: str) -> int:
        """How many characters at the end are the beginning of a placeholder."""
        at = text.rfind("[")
        size = len(text) - at
        if at < 0 or size >= self._longest or "]" in text[at:]:
            return 0
        if len(self._sorted) != len(self._values):
            self._sorted = sorted(self._values)
        begin = text[at:]
        place = bisect_left(self._sorted, begin)
        return size if place < len(self._sorted) and self._sorted[place].startswith(begin) else 0

    def _unused(self, label: str, normal: str) -> str:
        data = f"{label}\0{normal}".encode("utf-8", "surrogatepass")
        letters = hmac.new(self._key, data, hashlib.sha256).hexdigest().translate(_ALPHABET)
        spelled = (f"[{label}_{letters[:size]}]" for size in range(self._letters, len(letters) + 1))
        return next(one for one in spelled if one not in self._values)


def _same(label: str, value: str) -> str:
    """What all spellings of a value have in common."""
    text = fold_text(value)
    if label in _NUMBERS:
        return "".join(filter(str.isalnum, text)).upper()
    return text.strip().lower() if label in _CASELESS else text
