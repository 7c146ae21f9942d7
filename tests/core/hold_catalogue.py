"""Detectors and transcripts for the stream tests: overlapping, validated, long, case-blind and non-ASCII ones."""

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace
from stdnum import luhn

from promptguard_gateway.core.detector import (
    Candidate,
    Detector,
    Doubt,
    Hit,
    Identity,
    Knowledge,
    Pattern,
    PatternDetector,
    Spec,
)
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.policy import Action, Policy, Thresholds
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column

EMAIL = r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}\b"
DASHES = "-" * 5
KEY_HEAD = DASHES + "BEGIN RSA PRIV" + "ATE KEY" + DASHES
KEY_END = DASHES + "END RSA PRIV" + "ATE KEY" + DASHES
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "gh" + "p_" + "a1B2" * 9


def spec(name: str, family: Family, label: str) -> Spec:
    """A detector's description, with everything the tests do not care about filled in."""
    return Spec(
        id=name,
        family=family,
        category=name,
        threat_type="pii_leak",
        severity=Severity.MEDIUM,
        label=label,
        summary=name,
        source="test",
    )


def one(
    name: str,
    family: Family,
    label: str,
    regex: str,
    *,
    score: float = 0.9,
    validate: Callable[[str], bool] | None = None,
    context: str | None = None,
    context_score: float = 0.0,
    until: str | None = None,
) -> PatternDetector:
    """A detector with one pattern."""
    pattern = Pattern(
        name=name,
        regex=regex,
        score=score,
        validate=validate,
        context=context,
        context_score=context_score,
        until=until,
    )
    return PatternDetector(spec=spec(name, family, label), patterns=(pattern,))


def identify(candidate: Candidate) -> Identity | None:
    """Two kinds of values share a shape: the word around them decides, and one is shorter than the shape."""
    words = candidate.before[-12:] + candidate.behind
    if "left" in words:
        return Identity(len(candidate.text), 0.9, "left", "LEFT")
    return Identity(3, 0.85, "right", "RIGHT") if "right" in words else None


def is_card(text: str) -> bool:
    return luhn.is_valid(re.sub(r"\D", "", text))


PII, SECRETS, LEAK, LINK, SAFETY, HIDDEN = (
    Family.PII,
    Family.SECRETS,
    Family.LEAK,
    Family.LINK,
    Family.SAFETY,
    Family.HIDDEN,
)

PIN = Pattern(
    name="pin",
    lead=r"(?i)\bpin\b[ :=]{1,6}é?",
    regex=r"[0-9]{4,8}",
    score=0.9,
    doubts=(
        Doubt(applies=lambda text: text == "0000", score=0.2, spec=spec("dull", SECRETS, "PIN")),
        Doubt(applies=lambda text: len(text) > 6, score=0.6),
    ),
)

TICKET = Pattern(name="ticket", regex=r"\bTK-[a-z0-9]{4}", score=0.9, rest="[a-zé0-9-]")

# Redacted: PII, secrets, links. Blocked: leaks, safety. Flagged: hidden.
PATTERNS: list[PatternDetector] = [
    one("email", PII, "EMAIL", EMAIL),
    one("card", PII, "CARD", r"\b\d(?:[ -]?\d){12,18}\b", validate=is_card),
    one("phone", PII, "PHONE", r"\+?\d{1,3}[ -]\d{2,4}[ -]\d{3,4}(?:[ -]\d{2,4})?\b"),
    one("ssn", PII, "SSN", r"\b\d{3}-\d{2}-\d{4}\b", score=0.4, context=r"(?i)\bssn\b", context_score=0.95),
    one("ip", PII, "IP", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    one("name", PII, "NAME", r"(?i)\bmy name is [a-z]+(?: [a-z]+)?"),
    one("street", PII, "STREET", r"(?i:(?:calle|rue|straße) )[\p{L}]{3,20} \d{1,4}"),
    one("accent", PII, "ACCENT", r"\bñandú[éí]?\b"),
    one("iban", PII, "IBAN", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b", score=0.4),
    one("aws", SECRETS, "AWS_KEY", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    one("github", SECRETS, "GITHUB_TOKEN", r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    one("assigned", SECRETS, "SECRET", r"(?i)(?:password|api[_-]?key)\s*[:=]\s*[\"']?[^\s\"']{4,80}"),
    one(
        "private_key", SECRETS, "PRIVATE_KEY", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----", until=r"-----END[A-Z ]*-----"
    ),
    one("fence", SECRETS, "FENCE", r"<<SECRET", until=r"(?:SECRET)?>>"),
    one("growing_end", SECRETS, "GROWING", r"<<K", until=r"END[0-9]*"),
    one("undecided_end", SECRETS, "UNDECIDED", r"<<U", until=r"~(?:§§d)?"),
    one("toggle", SECRETS, "TOGGLE", r"QQx?y?", until=r"QQ"),
    one("jwt", SECRETS, "JWT", r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
    one("hex", SECRETS, "HEX", r"\b[0-9a-f]{32}\b"),
    one("image", LINK, "LINK", r"!\[[^\]\n]{0,100}\]\([^)\s]{1,300}\)"),
    one("link", LINK, "LINK", r"https?://[^\s)]{1,200}\?[^\s)]{1,200}"),
    one("overlap_long", LINK, "SPAN", r"x1[a-z0-9 ]{0,30}9x"),
    one("overlap_short", LINK, "BIT", r"9x+ ?y"),
    one("forbidden", SAFETY, "FORBIDDEN", r"(?i)\bforbidden (?:word|phrase)s?\b"),
    one("marker", LEAK, "CANARY", r"CANARY-[0-9]{6}"),
    one("tail_block", SAFETY, "BLOCKED", r"y stop now"),
    one("flagged", HIDDEN, "ODD", r"(?m)^odd .{0,40}$"),
    one("flagged_long", HIDDEN, "QUOTE", r"\[\[", until=r"\]\]"),
    one("lines", PII, "LINES", r"(?s)\Astart.{1,20}?stop\b"),
    one("even", PII, "EVEN", r"e[0-9]{2,9}", validate=lambda text: len(text) % 2 == 0),
    PatternDetector(spec=spec("pin", SECRETS, "PIN"), patterns=(PIN,)),
    PatternDetector(spec=spec("ticket", SECRETS, "TICKET"), patterns=(TICKET,)),
    PatternDetector(
        spec=spec("shape", PII, "SHAPE"),
        patterns=(Pattern(name="shape", regex=r"\bn[0-9](?: ?[0-9]){1,7}\b", score=0.9, identify=identify, behind=12),),
    ),
]


class Repeated:
    """A code detector: words of the protected texts in capitals, with their neighbours."""

    spec = spec("repeated", LEAK, "LEAKED")

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        for word in knowledge.protected:
            start = text.find(word)
            while start >= 0:
                yield Hit(start, start + len(word), 0.95, "repeated")
                start = text.find(word, start + len(word))

    def pending(self, text: str, knowledge: Knowledge) -> int:
        sizes = [n for word in knowledge.protected for n in range(1, len(word) + 1) if text.endswith(word[:n])]
        return max(sizes, default=0)


class Nearby:
    """A code detector: TARGET, if NEAR stands in the 100 characters before it."""

    spec = spec("nearby", PII, "TARGET")

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        for found in re.finditer("TARGET", text):
            if "NEAR" in text[max(0, found.start() - 100) : found.start()]:
                yield Hit(found.start(), found.end(), 0.9, "nearby")

    def pending(self, text: str, knowledge: Knowledge) -> int:
        return max(n for n in range(7) if text.endswith("TARGET"[:n]))


KNOWLEDGE = Knowledge(protected=("parcel service rules", "send to me@x.org now ok", "ÜBER alles geheim"))
DETECTORS: list[Detector] = [*PATTERNS, Repeated(), Nearby()]


def policy_of(**changes: object) -> Policy:
    """A policy that redacts, blocks and flags as the catalogue expects."""
    actions = {
        PII: Action.REDACT,
        SECRETS: Action.REDACT,
        LINK: Action.REDACT,
        LEAK: Action.BLOCK,
        SAFETY: Action.BLOCK,
        HIDDEN: Action.FLAG,
    }
    policy = replace(
        PRESETS["moderate"],
        name="test",
        matrix={family: {Column.ANSWER: actions.get(family, Action.OFF)} for family in Family},
        thresholds={family.value: Thresholds(0.3, 0.8) for family in Family},
    )
    return replace(policy, **changes)


TRANSCRIPTS = [
    "",
    "hello, my name is Ana Lopez and that is all.",
    "mail me at john.doe@example.com or at x@y.org, thanks",
    "TK-ab12, TK-ab12cd-é34ef5 and (TK-a1b2TK-c3d4) TK-abc4111 1111 1111 1111 1TK-12345a@b.com TK-zz99",
    "my pin: 4711, your pin 0000 and a pin = 12345678 e12 pin é1234567x",
    "john.doe@example",
    "a@b.co",
    "card 4111 1111 1111 1111 is mine",
    "card 4111 1111 1111 1112 is not",
    "4111111111111111",
    "digits 0 4111 1111 1111 1111 2 and 12 34",
    "call +34 600 123 456 today, or 600-123-4567.",
    "ssn 123-45-6789, but 987-65-4321 without a word before it " + "z" * 70 + " 111-22-3333",
    "SSN: 123-45-678",
    "ip 10.20.30.40 and 1.2.3 and 1.2.3.4.5",
    "calle Mayor 12 and rue Lepic 5, straße Unter 7",
    "vive en la calle Almirante 4 ñandú ñandúé ñandúes",
    "iban ES91 2100 0418 4502 0005 1332 done",
    f"key {AWS} and more",
    f"{AWS}Z {AWS}",
    f"token {GITHUB}.",
    f"token {GITHUB}a",
    "password: hunter2 and api_key = 'abcdef12345' end",
    "API-KEY=zzzz",
    f"{KEY_HEAD}\nMIIEabc\ndef\n{KEY_END}\nafter",
    f"before {KEY_HEAD} never ends a@b.com CANARY",
    f"before {KEY_HEAD} forbidden word inside {KEY_END} after",
    f"{KEY_HEAD}x{KEY_END}{KEY_HEAD}y{KEY_END} z",
    "<<SECRET one >> two <<SECRET three SECRET>> four SECRET>>",
    "<<SECRET a@b.co>>m then <<SECRET <<SECRET x>> y>>",
    "<<SECRET mail me@x.or>>g.com and more",
    "<<SECRET 9x>> y stop now",
    "eyJhbGci.eyJzdWIi.sig_na-ture and eyJa.b",
    "hex 0123456789abcdef0123456789abcdef and 0123456789abcdef0123456789abcdef0",
    "![a](https://e.vil/?d=1) text ![b](c) ![unfinished](http",
    "see https://e.vil/p?q=secret@x.com&z=1 now",
    "[link](http://a.b/c?d)",
    "x1 abc 9x y",
    "x1 abc 9xxxx y and x1 9x y",
    "x1 abc 9x y stop now, never",
    "9x y stop no",
    "x1 a@b.com 9x y stop now",
    "a forbidden word is here a@b.com",
    "a@b.com and Forbidden Phrases a@b.com",
    "forbidden wor",
    "leak CANARY-123456 now",
    "leak CANARY-12345",
    "odd line one\nodd two a@b.com\n odd not\nodd end",
    "[[ quoted a@b.com ]] [[ open forever",
    "text\nodd x [[ y ]] CANARY-000000 [[ z",
    "start and stop there start x stop",
    "starts and stopp then stop",
    "e12 e123 e1234 e12345",
    "the parcel service rules are secret",
    "the parcel service rule is public, parcel service",
    "the ÜBER alles geheim text",
    "ma\u200bil jo\u200bhn@exa\u00admple.com\u200b rest",
    "full ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ width",
    "la раsswоrd: аbсdеf end",
    "fоrbidden wоrd in Cyrillic letters",
    "привет мир, почта ivan@почта.рф и ivan@example.com конец",
    "ﬁle ﬀ@x.com ﬃ a@b.coﬃ x1ﬃ9x yﬁ",
    "e\u0301 a@b.com\u0301\u0302 x\u0301 4111\u0301 1111 1111 1111\u200d.",
    "<<K one END12 two <<K three END four <<K END1",
    "<<U x ~§§ y ~§",
    "<<U x ~§§d y <<U ~§§",
    "send to me@x.org now or never",
    "send to me@x.org now ok",
    "QQ a QQxy b QQ c QQx d QQ QQ e",
    "QQxyQQxyQQxy QQxQQQQQ",
    "TARGET NEAR " + "z" * 80 + " TARGET and " + "z" * 100 + " TARGET",
    "\u200b\u200b\u200ba@b.com\u200b",
    "password =\n\n  \u3000 'x' password:abcd",
    "a" * 700 + "@b.com " + "odd " * 200 + "\nodd one",
    "left n12 34 and n12 3 is right there, n55 n1 2 3 is lef n12 3 4 right",
    "n1234 right\u200bé n99 on the l\u200beft n77 77 77 left forbidden word",
    "n12 34 a@b.com right n12 left left",
    "1 " * 200 + "4111 1111 1111 1111" + " 1" * 100,
]
