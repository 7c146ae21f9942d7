"""Credentials of those who watch programs: metrics, logs, errors and flags."""

from promptguard_gateway.detectors.secrets.checks import has_grafana_checksum
from promptguard_gateway.detectors.secrets.formats import CHECKED, UUID, issued, unless

PATTERNS = (
    issued(
        "grafana",
        r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b",
        "Grafana: service accounts",
        score=CHECKED,
        doubts=(unless(has_grafana_checksum),),
    ),
    issued(
        "grafana_token",
        r"\bgl(?:sa|c)_[A-Za-z0-9_+/=]{30}",
        "Grafana Cloud: access policy tokens",
        rest="[A-Za-z0-9_+/=]",
    ),
    issued("grafana_legacy", r"\beyJrIjoi[A-Za-z0-9+/]{60,120}={0,2}", "Grafana: API keys"),
    issued("new_relic", r"\bNR(?:AK|JS|II|BR|RA|SP)-[A-Za-z0-9_-]{19,42}", "New Relic: API keys"),
    issued("new_relic_license", r"\b(?:eu01xx|gov01x)?[0-9a-f]{30,36}(?:FFFF)?NRAL\b", "New Relic: license keys"),
    issued("sentry", r"\bsntryu_[0-9a-f]{64}\b", "Sentry: auth tokens"),
    issued("sentry_organization", r"\bsntrys_eyJ[A-Za-z0-9+/=_-]{60}", "Sentry: auth tokens", rest="[A-Za-z0-9+/=_-]"),
    issued("dynatrace", r"\bdt0[a-z]\d{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}\b", "Dynatrace: token format", score=CHECKED),
    issued("honeycomb", r"\bhc[abx][ilm]k_[0-9a-z]{26,58}\b", "Honeycomb: API keys"),
    issued("posthog", r"\bphx_[A-Za-z0-9]{40,52}\b", "PostHog: personal API keys"),
    issued("axiom", rf"\bxa[ap]t-{UUID}\b", "Axiom: tokens"),
    issued("logfire", r"\bpylf_v\d_(?:us|eu)_[A-Za-z0-9]{40,48}\b", "Logfire: write tokens"),
)
