"""Tokens of the web's standards."""

import json
from base64 import urlsafe_b64encode

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import both, check_patterns
from promptguard_gateway.detectors.secrets import web_tokens


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CLAIMS = encoded({"sub": "83162"})
SIGNED = encoded({"alg": "RS256", "typ": "JWT"}) + "." + CLAIMS + "." + both(43)
EXAMPLES = {
    "jwt": ([SIGNED, "Bearer " + SIGNED], [SIGNED[:30], encoded({"alg": "HS256"}) + "." + CLAIMS]),
    "encrypted_jwt": (
        [encoded({"alg": "dir", "enc": "A128GCM"}) + ".." + both(16) + "." + both(40) + "." + both(22)],
        [encoded({"alg": "dir"}) + ".."],
    ),
    "paseto": (["v4.local." + both(80)], ["v4.local.example", "v1.public.api"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each token is found in its example and not believed in near-misses."""
    check_patterns(web_tokens.PATTERNS, EXAMPLES)


@pytest.mark.parametrize(
    ("header", "score"),
    [
        (encoded({"alg": "HS256"}), 0.96),
        (encoded({"alg": "none"}), 0.65),
        (encoded({"typ": "JWT"}), 0.65),
        ("ey" + "J" + both(20), 0.65),
    ],
)
def test_the_header_of_a_web_token_is_read(header, score):
    """A header that is no JSON, or names no algorithm that signs, makes a token less sure."""
    assert max(one.score for one in sightings(f"{header}.{CLAIMS}.{both(43)}")) == score


def test_the_token_that_everybody_shows_is_a_stand_in():
    """The sample of the standard's introductions is known by its signature."""
    token = encoded({"alg": "HS256", "typ": "JWT"}) + "." + encoded({"sub": "1234567890"}) + "."
    [found] = [s for s in sightings(token + "SflKxwRJSMeKKF2QT4fwpM" + "eJf36POk6yJV_adQssw5c") if s.rule == "jwt"]
    assert (found.spec.id, found.score) == ("secrets.stand_in", 0.2)
