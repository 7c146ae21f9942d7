"""The stop list: what stands for a credential in documentation and is none.

A stand-in is not dropped. It is a finding of a detector of its own, `secrets.stand_in`, with a score below what any
preset acts on. A policy that sets thresholds for `secrets.stand_in` below that score has turned the stop list off.
"""

import re
from collections import Counter

from promptguard_gateway.core.detector import Doubt, Spec
from promptguard_gateway.core.findings import Family, Severity

SCORE = 0.2
"""Out of five values that look like these, one may be a credential all the same."""

# Credentials that vendors print in their documentation, by a part that is theirs alone and near the beginning.
DOCUMENTED = (
    "IOSFODNN7EXAMPLE",  # AWS: access key id
    "I44QH8DHBEXAMPLE",  # AWS: second access key id
    "wJalrXUtnFEMI",  # AWS: secret access key
    "je7MtGbClwBF",  # AWS: second secret access key
    "4eC39HqLyjWDarjt",  # Stripe: test key of every sample
    "BQokikJOvBiI2HlW",  # Stripe: test key of older samples
    "tGN0bIwXnHdwOa85",  # Stripe: test key of the quick starts
    "SflKxwRJ",  # the signature of the web token that everybody shows
    "TJVA95Or",  # the same, in older texts
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50u",  # Azure: the storage emulator's account
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM",  # Azure: the Cosmos DB emulator's account
    "4mt0t4l1yl3g1t5l4ck70k3n",  # Slack: "a totally legit Slack token"
    "16C7e42F292c6912E7710c838347Ae178B4a",  # GitHub: the sample of its authentication pages
    "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17",  # GitHub: the sample of its article on token formats
    "QWxhZGRpbjpvcGVuIHNlc2FtZQ",  # RFC 7617: Aladdin, open sesame
)
# Passwords of jokes, comics and default installations.
FAMOUS = (
    "hunter2",
    "correcthorsebatterystaple",
    "correct-horse-battery-staple",
    "changeit",
    "letmein",
    "tr0ub4dor&3",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "s3cr3t",
    "supersecret",
    "topsecret",
    "secret123",
    "password1",
    "password123",
    "pass1234",
    "pass123",
    "test123",
    "test1234",
    "testpass",
    "foobar",
    "qwerty",
    "qwerty123",
    "abc123",
    "admin123",
    "sk-1234",
)
_WORDS = re.compile(
    r"(?i)example|sample|placeholder|change[-_ ]?me|change[-_]this|your[-_ ]|redacted|dummy|insert[-_]|"
    r"replace[-_ ]?(?:me|with|this)|goes[-_]here|not[-_]?a[-_]?real|(?:^|[-_])fake(?:[-_]|$)|"
    r"^my[-_]?(?:secret|password|passwd|key|token|api)|(?:^|[-_])(?:todo|tbd|foo|bar|baz)(?:[-_]|$)|"
    r"^(?:secret|password|token|api)[-_]?(?:key|value|here)?\d{0,3}$|test[-_](?:key|token|secret|password)|"
    r"x{5,}|\*{3,}|\.{3}|^<|^\[|(?:abc|ABC)(?:def|DEF)(?:ghi|GHI)|"
    r"(?:0?123456789){2}|0123456789abcdef|deadbeef|1234567890(?:abc|$)"
)
_RUN = re.compile(r"([A-Za-z0-9])\1{6,}")


def is_stand_in(text: str) -> bool:
    """Is this a placeholder, a documented example, or a value in which one character fills most of the room?"""
    return (
        any(part in text for part in DOCUMENTED)
        or text.lower().rstrip("!") in FAMOUS
        or _WORDS.search(text) is not None
        or (_RUN.search(text) is not None and _is_dull(text))
    )


def _is_dull(text: str) -> bool:
    return 2 * Counter(text).most_common(1)[0][1] > len(text)


SPEC = Spec(
    id="secrets.stand_in",
    family=Family.SECRETS,
    category="stand_in",
    threat_type="secret_key_leak",
    severity=Severity.LOW,
    label="API_KEY",
    owasp=("LLM02",),
    summary="a placeholder or documented example of a credential",
    source="the vendors' documentation, from which these values are known",
)
DOUBT = Doubt(applies=is_stand_in, score=SCORE, spec=SPEC)
