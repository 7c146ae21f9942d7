"""Credentials of the tools that people plan, write and draw with."""

from promptguard_gateway.detectors.secrets.checks import is_mixed
from promptguard_gateway.detectors.secrets.formats import UUID, issued

PATTERNS = (
    issued(
        "notion", r"\b(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,50})\b", "Notion: integrations", validate=is_mixed
    ),
    issued("linear", r"\blin_(?:api|oauth|wh)_[A-Za-z0-9]{32,64}\b", "Linear: API keys"),
    issued("airtable", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b", "Airtable: personal access tokens"),
    issued("figma", r"\bfig[dour]_[A-Za-z0-9_-]{40,48}", "Figma: access tokens"),
    issued("typeform", r"\btfp_[A-Za-z0-9_-]{40,64}", "Typeform: personal access tokens"),
    issued("clickup", r"\bpk_\d{6,10}_[A-Z0-9]{32}\b", "ClickUp: personal tokens"),
    issued("hubspot", rf"\bpat-(?:na|eu|ap)\d-{UUID}\b", "HubSpot: private apps"),
    issued("dropbox", r"\bsl\.(?:u\.)?[A-Za-z0-9_-]{60}", "Dropbox: access tokens", rest="[A-Za-z0-9_-]"),
    issued("contentful", r"\bCFPAT-[A-Za-z0-9_-]{43}", "Contentful: personal access tokens"),
    issued("readme", r"\brdme_[a-z0-9]{70}\b", "ReadMe: API keys"),
    issued("postman", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b", "Postman: API keys"),
    issued("mapbox", r"\bsk\.eyJ1Ijoi[A-Za-z0-9_-]{30,120}\.[A-Za-z0-9_-]{20,24}", "Mapbox: access tokens"),
    issued("salesforce", r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,120}", "Salesforce: session ids"),
    issued("launchdarkly", rf"\b(?:sdk|api)-{UUID}\b", "LaunchDarkly: keys"),
    issued("one_password", r"\bops_eyJ[A-Za-z0-9+/=_-]{60}", "1Password: service accounts", rest="[A-Za-z0-9+/=_-]"),
    issued(
        "one_password_secret_key",
        r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b",
        "1Password: Secret Key",
    ),
)
