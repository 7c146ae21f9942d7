"""The detectors that the files of this package make up."""

from collections.abc import Mapping

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.secrets import (
    assignments,
    cloud,
    code_hosting,
    collaboration,
    connections,
    databases,
    messaging,
    model_providers,
    monitoring,
    named,
    packages,
    payment,
    private_keys,
    stand_ins,
    web_tokens,
)

THEMES: Mapping[str, tuple[Pattern, ...]] = {
    "Clouds": cloud.PATTERNS,
    "Code hosting": code_hosting.PATTERNS,
    "Model providers": model_providers.PATTERNS,
    "Payment": payment.PATTERNS,
    "Messaging": messaging.PATTERNS,
    "Collaboration": collaboration.PATTERNS,
    "Databases": databases.PATTERNS,
    "Packages, builds and vaults": packages.PATTERNS,
    "Monitoring": monitoring.PATTERNS,
    "Named": named.PATTERNS,
}
"""The keys of vendors, by what they do."""

_VENDORS = "the vendors' documentation, named with each pattern"


def _spec(id_: str, category: str, threat: str, label: str, summary: str, source: str) -> Spec:
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


KEYS = PatternDetector(
    spec=_spec("secrets.keys", "api_key", "api_key_leak", "API_KEY", "an API key or access token", _VENDORS),
    patterns=tuple(pattern for theme in THEMES.values() for pattern in theme),
)
JWT = PatternDetector(
    spec=_spec("secrets.jwt", "token", "secret_key_leak", "JWT", "a signed web token", "RFC 7515, 7516, 7519"),
    patterns=web_tokens.PATTERNS,
)
PRIVATE_KEYS = PatternDetector(
    spec=_spec(
        "secrets.private_key",
        "private_key",
        "secret_key_leak",
        "PRIVATE_KEY",
        "a private key",
        "RFC 7468, OpenSSH, OpenPGP, wallets",
    ),
    patterns=private_keys.PATTERNS,
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
    patterns=(*connections.PATTERNS, *assignments.PATTERNS),
)
STAND_INS = PatternDetector(spec=stand_ins.SPEC, patterns=())
"""It has no patterns: what the others find and the stop list knows counts as its own."""
