"""Headers by which a client can check that an answer came from here, unchanged: a hash, and a signature with its key.

The signature is HMAC-SHA256 over `timestamp.body` with the caller's own API key; receivers refuse a timestamp that is
older than five minutes. Streams have neither: their body is not known when their header is sent.
"""

import hashlib
import time

from promptguard_gateway.domain.keyed_hash import hmac_sha256


def verification_headers(body: bytes, key: str) -> dict[str, str]:
    """`X-PromptGuard-Content-Hash`, `-Signature` and `-Signature-Timestamp` (Unix seconds) of one body."""
    timestamp = str(int(time.time()))
    signed = hmac_sha256(key.encode(), timestamp.encode() + b"." + body)
    return {
        "X-PromptGuard-Content-Hash": f"sha256={hashlib.sha256(body).hexdigest()}",
        "X-PromptGuard-Signature": f"hmac-sha256={signed}",
        "X-PromptGuard-Signature-Timestamp": timestamp,
    }
