"""Passwords: scrypt from the standard library, with the parameters kept beside the hash.

The default parameters are one of OWASP's choices for scrypt (N=2^15, r=8, p=3: 32 MiB, some tenths of a second of one
core). A hash holds its parameters, so raising them later locks nobody out.
"""

import base64
import hashlib
import hmac
import secrets

from msgspec import Struct

SHORTEST = 12  # characters; NIST SP 800-63B asks for eight and advises length over rules
LONGEST = 256

_SALT_BYTES, _HASH_BYTES = 16, 32


class Scrypt(Struct, frozen=True):
    """How passwords are hashed from now on."""

    n: int = 2**15
    r: int = 8
    p: int = 3

    def hash(self, password: str) -> str:
        """`scrypt$N$r$p$salt$hash`, with salt and hash in base64. Slow on purpose, off the interpreter lock."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return self._text(salt, _scrypt(password, salt, self.n, self.r, self.p))

    @property
    def nobodys(self) -> str:
        """For names that nobody has: a wrong name must take as long as a wrong password."""
        return self._text(bytes(_SALT_BYTES), bytes(_HASH_BYTES))

    def _text(self, salt: bytes, digest: bytes) -> str:
        return (
            f"scrypt${self.n}${self.r}${self.p}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
        )


def password_fits(password: str, stored: str) -> bool:
    """Whether a hash is this password's. Takes as long as making it."""
    _, n, r, p, salt, digest = stored.split("$")
    made = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r + 2**20, dklen=_HASH_BYTES)
