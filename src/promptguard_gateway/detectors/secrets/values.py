"""What stands on the right-hand side: a value, or only where a value comes from."""

import re

_REFERENCE = re.compile(
    r"\$\{|\$\(|\{\{|^\$\w|^%\w+%$|%\(|^<|^\{|^[&*][A-Za-z][\w-]*$|^!(?:Ref|Sub|GetAtt|Join|vault|secret|env)\b"
    r"|\w://"  # variables of shells, templates and YAML
    r"|(?:^|\W)(?:request|req|response|process|os|env|environ|config|cfg|settings|secrets?|vault|var|vars|self|this|"
    r"props|params|args|options|opts|data|local|module|each|ctx|credentials|form|state|user|session)[.\[?](?:\w|[\"'])"
    r"|getenv|environ\b|^[A-Za-z_$][\w.$:]*(?:\(|\[|->|\?\.)|^\w+\.\w+\.\w*[A-Z]\w*$|^(?:ENC|vault|op|ssm|arn|file|s3|gs|secretsmanager)[:(]"
    r"|^[A-Z][A-Z_]{3,}$|^/[\w./-]+$|^[\w.-]+(?:/[\w.-]+)+\.\w{1,5}$|^\.{1,2}/|^https?://[^:]*$|^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$"
)
# What schemas, forms and prose put where a value would stand.
_TYPES = re.compile(
    r"(?i)^(?:str|string|text|bytes|int|integer|bool|boolean|any|object|null|none|nil|undefined|true|false|yes|no|on|off|"
    r"optional|required|password|passwd|passwort|secret|token|value|hidden|input|prompt|field|forgot|reset|encrypted|"
    r"hashed|sha-?\d{1,3}(?:-\d+)?|md5|base64|bcrypt|argon2\w*|scrypt|pbkdf2\w*|utf-?8|auto|default|empty|blank|unknown|"
    r"basic|bearer|oauth2?|jwt|saml|sso|mfa|2fa|totp|plaintext|plain)(?:[|,;:.?!)\]}>-].*)?$"
)


def is_reference(value: str) -> bool:
    """Is this a variable, a call, a path or a type rather than a value?"""
    return _REFERENCE.search(value) is not None or _TYPES.match(value) is not None


def kinds(value: str) -> int:
    """How many of small letters, capitals, digits and signs occur; signs that join words do not count."""
    return sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", r"\d", r"[^A-Za-z\d\s_.,:;/'’-]"))


def trimmed(value: str) -> str:
    """Without the signs that end a sentence, a statement or a string inside a string."""
    value = value.rstrip("\\")
    return value.rstrip(",;.:!?)]}") if value[-1:] in (",", ";", ".", ":", ")", "]", "}") else value
