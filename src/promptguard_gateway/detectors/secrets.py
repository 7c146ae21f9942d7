"""Credentials: keys with a format of their own, and values that a name calls a secret.

A format with a distinct prefix is nearly proof by itself. A format that is only "forty characters" counts beside the
provider's name. What a configuration calls a password counts if the value looks random or chosen, and not like the
placeholder, variable or call that documentation puts there.
"""

import re
from collections import Counter
from math import log2

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

_PROVIDERS = "token formats as their issuers document them and as public secret scanners list them"


def _spec(id_: str, category: str, threat: str, label: str, summary: str, source: str = _PROVIDERS) -> Spec:
    return Spec(
        id=id_,
        family=Family.SECRETS,
        category=category,
        threat_type=threat,
        severity=Severity.CRITICAL,
        label=label,
        owasp=("LLM02",),
        summary=summary,
        source=source,
    )


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values()) if text else 0.0


_STOP = re.compile(
    r"(?i)example|sample|placeholder|change_?me|your[-_ ]?|redacted|dummy|insert|replace|\bx{4,}|"
    r"x{6,}|\*{3,}|\.{3}|<[^>]*>?|\$\{|\$\(|\{\{|"
    r"%\(|goes[-_]here|request\.|process\.env|os\.environ|getenv|env\.|config\.|settings\.|secrets?\.|"
    r"vault\.|\bnull\b|\bnone\b|undefined|\btrue\b|\bfalse\b|"
    r"^my[-_]?(?:secret|password|key|token)|^(?:string|str|required|optional|password|secret|"
    r"token|value|todo|tbd|hidden|input|prompt)\b|^[A-Z_]+$|test[-_]?key|[()\[\]]"
)
_VALUE = re.compile(r"[^\s\"'`]+$")
# Between a name and its value: `x = v`, `"x": "v"`, `define("x", "v")`, `x is v`, `variable "x" { default = "v"`.
_ASSIGN = (
    r"[\"'\]]{0,2}\s{0,3}(?:(?:=>|:=|[:=]|\bis\b|\{\s{0,4}default\s{0,3}=)[ \t]{0,3}\n?[ \t]{0,8}[\"'`]?|"
    r",\s{0,3}[\"'`])"
)


def is_varied(text: str) -> bool:
    """Not one of the stand-ins that documentation writes: `sk-xxxxxxxx`, `ghp_your_token_here`.

    Dull digits are no reason to let a value of a vendor's exact shape pass: people paste dull test keys that work.
    """
    return not re.search(r"(?i)x{6,}|\*{3,}|your[-_]|example(?!7)|\.{3}", text)


def _has_capital_and_digit(text: str) -> bool:
    """Encoded bytes have both; a headline in an address has neither."""
    return any(map(str.isupper, text)) and any(map(str.isdigit, text))


def _value(text: str) -> str:
    found = _VALUE.search(text)
    return found[0].lstrip(":=>,").rstrip(",;.)") if found else ""


def is_assigned_secret(text: str) -> bool:
    """Is the value of this assignment random enough, and not a stand-in?"""
    value = _value(text)
    return len(value) >= 8 and not _STOP.search(value) and _is_random(value)


def _is_random(value: str) -> bool:
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", r"\d", r"[^A-Za-z\d]"))
    return kinds >= 2 and entropy(value) >= (2.8 if kinds >= 3 else 3.2)


def is_assigned_password(text: str) -> bool:
    """Passwords are chosen by people: letters and digits or signs are enough, or length."""
    value = _value(text)
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", r"\d", r"[^A-Za-z\d]"))
    return len(value) >= 6 and not _STOP.search(value) and kinds >= 2 and len(set(value)) >= 5


_CONNECTION = re.compile(r"://[^:/@\s]*:([^@\s]+)@")


def is_connection_with_password(text: str) -> bool:
    """Does the address carry a password, and not a stand-in for one?"""
    found = _CONNECTION.search(text)
    return bool(found) and not _STOP.search(found[1]) and found[1] not in ("pass", "pwd", "user") if found else False


_NEAR = r"[\w\s.\"'`:=>(,{-]{0,40}$"

KEYS = PatternDetector(
    spec=_spec("secrets.keys", "api_key", "api_key_leak", "API_KEY", "an API key or access token"),
    patterns=(
        Pattern(
            name="openai",
            regex=r"\bsk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,200}",
            score=0.98,
            validate=is_varied,
        ),
        Pattern(name="openai_legacy", regex=r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b", score=0.99),
        Pattern(
            name="sk_prefixed", regex=r"\bsk-(?:or-v1-|lf-|ds-)?[A-Za-z0-9]{32,96}\b", score=0.9, validate=is_varied
        ),
        Pattern(
            name="anthropic",
            regex=r"\bsk-ant-(?:api|admin|oat|sid)\d{2}-[A-Za-z0-9_-]{20,200}",
            score=0.99,
            validate=is_varied,
        ),
        Pattern(name="promptguard", regex=r"\bpg_(?:live|test)_[A-Za-z0-9_-]{8,120}", score=0.97, validate=is_varied),
        Pattern(
            name="aws_access_key_id",
            regex=r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
            score=0.95,
            validate=lambda text: len(set(text)) >= 6,
        ),
        Pattern(
            name="aws_secret_access_key",
            regex=r"\b[A-Za-z0-9/+]{40}\b",
            score=0.2,
            validate=is_varied,
            context=r"(?i)(?:aws|secret_?access_?key)" + _NEAR,
            context_score=0.93,
        ),
        Pattern(name="github", regex=r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b", score=0.99, validate=is_varied),
        Pattern(
            name="github_fine_grained", regex=r"\bgithub_pat_[A-Za-z0-9_]{36,255}\b", score=0.99, validate=is_varied
        ),
        Pattern(
            name="gitlab",
            regex=r"\bgl(?:pat|dt|ptt|rt|cbt|oas|soat|ft|imt|agent)-[A-Za-z0-9_=-]{20,64}",
            score=0.97,
            validate=is_varied,
        ),
        Pattern(name="google_api_key", regex=r"\bAIza[A-Za-z0-9_-]{35}", score=0.97, validate=is_varied),
        Pattern(name="google_oauth_secret", regex=r"\bGOCSPX-[A-Za-z0-9_-]{20,40}", score=0.97, validate=is_varied),
        Pattern(name="google_oauth_token", regex=r"\bya29\.[A-Za-z0-9_-]{20,500}", score=0.93),
        Pattern(
            name="slack_token",
            regex=r"\bxox[abeoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,250}",
            score=0.97,
            validate=lambda text: is_varied(text) and any(map(str.isdigit, text)),
        ),
        Pattern(name="slack_app_token", regex=r"\bxapp-\d-[A-Za-z0-9-]{20,250}", score=0.97, validate=is_varied),
        Pattern(
            name="slack_webhook",
            regex=r"\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,120}",
            score=0.95,
            validate=is_varied,
        ),
        Pattern(
            name="discord_webhook",
            regex=r"\bdiscord(?:app)?\.com/api/webhooks/\d{15,21}/[A-Za-z0-9_-]{40,100}",
            score=0.96,
        ),
        Pattern(
            name="discord_bot",
            regex=r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,40}",
            score=0.92,
        ),
        Pattern(
            name="stripe", regex=r"\b(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,250}\b", score=0.98, validate=is_varied
        ),
        Pattern(name="stripe_webhook", regex=r"\bwhsec_[A-Za-z0-9+/]{24,100}", score=0.95, validate=is_varied),
        Pattern(name="twilio", regex=r"\bSK[0-9a-f]{32}\b", score=0.9),
        Pattern(
            name="twilio_account",
            regex=r"\bAC[0-9a-f]{32}\b",
            score=0.6,
            context=r"(?i)twilio" + _NEAR,
            context_score=0.85,
        ),
        Pattern(name="sendgrid", regex=r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}", score=0.98),
        Pattern(name="mailgun", regex=r"\bkey-[0-9a-f]{32}\b", score=0.9),
        Pattern(name="hugging_face", regex=r"\b(?:hf|api_org)_[A-Za-z]{30,40}\b", score=0.96, validate=is_varied),
        Pattern(name="npm", regex=r"\bnpm_[A-Za-z0-9]{36}\b", score=0.98, validate=is_varied),
        Pattern(name="pypi", regex=r"\bpypi-[A-Za-z0-9_-]{50,250}", score=0.98, validate=_has_capital_and_digit),
        Pattern(name="digitalocean", regex=r"\bdo[opr]_v1_[0-9a-f]{64}\b", score=0.99),
        Pattern(name="databricks", regex=r"\bdapi[0-9a-f]{32}(?:-\d)?\b", score=0.96),
        Pattern(name="grafana", regex=r"\bgl(?:sa|c)_[A-Za-z0-9_+/=]{30,400}", score=0.96),
        Pattern(name="shopify", regex=r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b", score=0.98),
        Pattern(name="atlassian", regex=r"\bATATT3[A-Za-z0-9_=-]{40,250}", score=0.98),
        Pattern(name="vault", regex=r"\bhv[sbr]\.[A-Za-z0-9_-]{24,250}", score=0.95, validate=is_varied),
        Pattern(name="new_relic", regex=r"\bNR(?:AK|JS|II|BR|RA)-[A-Za-z0-9_-]{19,42}", score=0.95, validate=is_varied),
        Pattern(name="telegram_bot", regex=r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}", score=0.95),
        Pattern(
            name="azure_storage",
            regex=r"\b[A-Za-z0-9+/]{86}==",
            score=0.4,
            context=r"(?i)(?:azure|storage|account_?key)" + _NEAR,
            context_score=0.95,
        ),
        Pattern(name="azure_client_secret", regex=r"\b[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", score=0.95),
        Pattern(name="cloudflare_origin", regex=r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b", score=0.98),
        Pattern(name="heroku", regex=r"\bHRKU-[A-Za-z0-9_-]{30,80}", score=0.97),
        Pattern(
            name="named_forty_characters",
            regex=r"\b[A-Za-z0-9_-]{40}\b",
            score=0.2,
            validate=is_varied,
            context=r"(?i)(?:cloudflare|cf[_-]?api|heroku|fastly|netlify|vercel|api[_ -]?(?:key|token)|"
            r"auth[_ -]?(?:key|token)|access[_ -]?token|bearer)" + _NEAR,
            context_score=0.88,
        ),
        Pattern(
            name="named_hexadecimal",
            regex=r"\b[0-9a-f]{32,64}\b",
            score=0.15,
            validate=is_varied,
            context=r"(?i)(?:data\s?dog|dd[_-]?(?:api|app)|cloudflare|api[_ -]?key|app[_ -]?key|auth[_ -]?token|"
            r"secret[_ -]?key|access[_ -]?token|client[_ -]?secret|twilio)" + _NEAR,
            context_score=0.88,
        ),
        Pattern(
            name="named_uuid",
            regex=r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            score=0.1,
            context=r"(?i)(?:heroku|api[_ -]?key|auth[_ -]?token|secret)" + _NEAR,
            context_score=0.84,
        ),
    ),
)

JWT = PatternDetector(
    spec=_spec("secrets.jwt", "token", "secret_key_leak", "JWT", "a signed web token", "RFC 7519"),
    patterns=(
        Pattern(
            name="jwt", regex=r"\beyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8,700}", score=0.93
        ),
        Pattern(
            name="encrypted_jwt",
            regex=r"\beyJ[A-Za-z0-9_-]{8,500}\.[A-Za-z0-9_-]{0,700}\.[A-Za-z0-9_-]{8,100}\.[A-Za-z0-9_-]{8,1000}"
            r"\.[A-Za-z0-9_-]{8,100}",
            score=0.9,
        ),
    ),
)

PRIVATE_KEYS = PatternDetector(
    spec=_spec(
        "secrets.private_key",
        "private_key",
        "secret_key_leak",
        "PRIVATE_KEY",
        "a private key",
        "RFC 7468, OpenSSH, OpenPGP",
    ),
    patterns=(
        Pattern(
            name="pem",
            regex=r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
            score=0.98,
            until=r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        ),
        Pattern(
            name="putty",
            regex=r"PuTTY-User-Key-File-[23]: [a-z0-9-]{3,30}",
            score=0.95,
            until=r"Private-MAC: [0-9a-f]{8,128}",
        ),
        Pattern(name="age", regex=r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b", score=0.99),
    ),
)

PASSWORDS = PatternDetector(
    spec=_spec(
        "secrets.password",
        "password",
        "secret_key_leak",
        "PASSWORD",
        "a password or secret value",
        "own grammar; Shannon entropy",
    ),
    patterns=(
        Pattern(
            name="connection_string",
            regex=r"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|oracle|"
            r"clickhouse|ftps?|sftp|smtps?|ldaps?|https?|jdbc:[a-z]{2,12}|s?nats)(?:\+[a-z0-9]{2,12})?://["
            r"^\s:/@\"'<>]{0,64}:[^\s/@\"'<>]{3,128}@[\w.-]{1,253}",
            score=0.92,
            validate=is_connection_with_password,
        ),
        Pattern(
            name="assigned_password",
            regex=r"(?i)\b[\w.-]{0,24}(?:password|passwd|passwort|contrase[nñ]a|mot_de_passe|passphrase|passcode)[\w-]{0,8}"
            + _ASSIGN
            + r"[^\s\"'`<>]{6,128}|\b[\w.-]{0,24}(?:pwd|pass)(?:\d{1,4}|[_-][\w-]{0,8})?"
            + _ASSIGN
            + r"[^\s\"'`<>]{6,128}",
            score=0.84,
            validate=is_assigned_password,
        ),
        Pattern(
            name="assigned_secret",
            regex=r"(?i)\b[\w.-]{0,32}(?:secret|api_?-?key|access_?-?key|auth_?-?token|access_?-?token|client_?-?secret|credentials?|private_?-?key|token|signing_?-?key|encryption_?-?key|bearer)[\w-]{0,12}"
            + _ASSIGN
            + r"(?:Bearer )?[a-z0-9_/+.=~!@#$%^&*-]{16,200}",
            score=0.84,
            validate=is_assigned_secret,
            label="API_KEY",
        ),
        Pattern(
            name="bearer_header",
            regex=r"(?i)\bauthorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:bearer|token|basic)\s{1,2}[a-z0-9_/+.=~-"
            r"]{20,500}",
            score=0.86,
            validate=lambda text: not _STOP.search(text.split()[-1]) and entropy(text.split()[-1]) > 3.2,
            label="API_KEY",
        ),
    ),
)
