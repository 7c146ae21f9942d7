"""Values that a name or a sentence calls a secret: in settings, programs, logs, headers and prose.

The name decides that there is a secret, the value decides how sure that is: one that looks drawn or chosen acts under
`moderate`, one that could be anything acts under `strict`. What only says where the value comes from is no finding.
"""

import re

from promptguard_gateway.core.detector import Candidate, Identity, Pattern
from promptguard_gateway.detectors.secrets import stand_ins
from promptguard_gateway.detectors.secrets.checks import is_random
from promptguard_gateway.detectors.secrets.formats import GUESSED, NAMED, WEAK
from promptguard_gateway.detectors.secrets.grammar import ASSIGN, CHOSEN, DRAWN, SAID, SUFFIX
from promptguard_gateway.detectors.secrets.values import is_reference, kinds, trimmed

DULL = 0.4
"""A plain word: forms, schemas and tables have one beside `password` more often than settings do."""

_OWNERS = "db|user|admin|root|smtp|ftp|login"  # `dbPass`, but not `bypass`
# Names of things that lie beside secrets and are none.
_HARMLESS = re.compile(
    r"(?i)(?:public|publishable|next|page|paging|continuation|cursor|csrf|xsrf|max|num|count|total|input|output|prompt|"
    r"completion|sha|digest|checksum|etag|nonce|idempotency|cache|sort|partition|primary|foreign|row|object|group|"
    r"lookup|dedup|translation|i18n|site)[_ -]?"
    r"(?:page[_-]?)?(?:api)?[_ -]?(?:key|token|secret|salt)[\w-]{0,8}[\"'\]]{0,2}\s{0,3}(?:=>|:=|[:=,]|is)"
    r"[\s\"'`]{0,6}$"
)


def _assigned_password(candidate: Candidate) -> Identity | None:
    value = trimmed(candidate.text)
    if is_reference(value) or len(value) < 4 or candidate.behind[:1] in ("(", "["):
        return None
    return Identity(len(value), _chosen(value), "assigned_password")


def _chosen(value: str) -> float:
    """Passwords are chosen by people: letters and digits or signs are enough."""
    if value[1:].islower() and value.isalpha():
        return DULL
    if len(value) >= 6 and kinds(value) >= 2 and len(set(value)) >= 5:
        return GUESSED
    return WEAK if any(map(str.isdigit, value)) or kinds(value) >= 2 else DULL


def _said_password(candidate: Candidate) -> Identity | None:
    value = trimmed(candidate.text)
    if is_reference(value) or kinds(value) < 2 or len(value) < 6 or value.replace("-", "").isalpha():
        return None
    return Identity(len(value), _chosen(value), "said_password")


def _assigned_secret(candidate: Candidate) -> Identity | None:
    value = trimmed(candidate.text)
    if len(value) < 8 or candidate.behind[:1] in ("(", "[") or is_reference(value):
        return None
    score = _drawn(value)
    if score > DULL and _HARMLESS.search(candidate.before):
        score = DULL
    return Identity(len(value), score, "assigned_secret", "API_KEY")


def _said_secret(candidate: Candidate) -> Identity | None:
    found = _assigned_secret(candidate)
    if found is None or found.score < GUESSED:
        return None
    return Identity(found.length, found.score, "said_secret", "API_KEY")


def _drawn(value: str) -> float:
    """Keys are drawn by programs; short ones and those that read like names may be anything."""
    if is_random(value):
        return GUESSED if len(value) >= 12 else WEAK
    return WEAK if len(value) >= 16 and any(map(str.isdigit, value)) else DULL


def _header(candidate: Candidate) -> Identity | None:
    value = trimmed(candidate.text)
    return None if is_reference(value) or not is_random(value) else Identity(len(value), NAMED, "authorization_header")


PATTERNS = (
    Pattern(
        name="assigned_password",
        lead=rf"(?i:(?:{CHOSEN}){SUFFIX}{ASSIGN}|(?:\b|[_.-]|{_OWNERS})pass(?:[_-]?[0-9]{{1,4}})?{ASSIGN}"
        rf"|\benv \w{{0,32}}(?:{CHOSEN}|pass){SUFFIX} |(?:^|[\s\"'])--?(?:password|passwd|pass)[ =][\"']?)",
        regex=r"[^\s\"'`<>]{4,128}",
        score=GUESSED,
        identify=_assigned_password,
        doubts=(stand_ins.DOUBT,),
        source="OWASP: secrets management; own grammar of assignments",
    ),
    Pattern(
        name="said_password",
        lead=rf"(?i:(?:{CHOSEN}|\blogin|\bpin){SAID})",
        regex=r"[^\s\"'`<>]{6,128}",
        score=GUESSED,
        identify=_said_password,
        doubts=(stand_ins.DOUBT,),
        source="own grammar of sentences",
    ),
    Pattern(
        name="assigned_secret",
        lead=rf"(?i:(?:{DRAWN}|[a-z0-9]_key){SUFFIX}{ASSIGN}(?:bearer |token )?"
        rf"|\benv \w{{0,32}}(?:{DRAWN}|_key){SUFFIX} "
        r"|(?:^|[\s\"'])--?(?:api-key|(?:auth-)?token|secret|access-key)[ =][\"']?)",
        regex=r"[A-Za-z0-9_/+.=~!@#$%^*:|-]{8,200}",
        score=GUESSED,
        identify=_assigned_secret,
        doubts=(stand_ins.DOUBT,),
        behind=1,
        source="OWASP: secrets management; Shannon entropy; own measure of how often the kind of character changes",
        label="API_KEY",
    ),
    Pattern(
        name="said_secret",
        lead=rf"(?i:(?:{DRAWN}){SUFFIX}{SAID})",
        regex=r"[A-Za-z0-9_/+.=~!@#$%^*:|-]{12,200}",
        score=GUESSED,
        identify=_said_secret,
        doubts=(stand_ins.DOUBT,),
        source="own grammar of sentences; Shannon entropy",
        label="API_KEY",
    ),
    Pattern(
        name="authorization_header",
        lead=r"(?i:\bauthorization\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?(?:bearer|token|basic|apikey|key)\s{1,2})",
        regex=r"[A-Za-z0-9_/+.=~:-]{12,200}",
        score=NAMED,
        identify=_header,
        doubts=(stand_ins.DOUBT,),
        source="RFC 6750, RFC 7617",
        label="API_KEY",
    ),
)
