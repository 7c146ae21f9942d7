"""Every detector of the product, in the order in which people read about them. This list tells what the product does."""

from promptguard_gateway.core.detector import Detector
from promptguard_gateway.detectors import exfiltration, forgery, hidden, injection, leak, links, pii, safety, secrets

DETECTORS: tuple[Detector, ...] = (
    injection.OVERRIDE,
    injection.REPLACEMENT,
    injection.PERSONA,
    injection.REFUSAL,
    injection.EMBEDDED,
    injection.OTHER_LANGUAGES,
    forgery.TOKENS,
    forgery.ROLES,
    exfiltration.PROMPT,
    exfiltration.INTERNALS,
    pii.EMAIL,
    pii.PHONE,
    pii.CARD,
    pii.SSN,
    pii.IBAN,
    pii.IP_ADDRESS,
    secrets.KEYS,
    secrets.JWT,
    secrets.PRIVATE_KEYS,
    secrets.PASSWORDS,
    leak.LEAK,
    links.LINKS,
    safety.WEAPONS,
    safety.DRUGS,
    safety.MALWARE,
    safety.SELF_HARM,
    safety.MINORS,
    safety.HATE,
    hidden.HIDDEN,
)
