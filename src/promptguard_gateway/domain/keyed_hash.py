"""HMAC-SHA256 (RFC 2104) at the price of its hashing.

`hmac` sets OpenSSL's machinery up anew for each message, which takes several times as long as hashing an answer does.
Every exchange needs two: one to look its key up, one to sign its answer.
"""

from hashlib import sha256

_BLOCK = 64  # bytes that SHA-256 reads at a time
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def hmac_sha256(key: bytes, message: bytes) -> str:
    """The authentication code of a message, as 64 hexadecimal digits."""
    block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner = sha256(block.translate(_INNER) + message).digest()
    return sha256(block.translate(_OUTER) + inner).hexdigest()
