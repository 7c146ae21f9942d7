"""Formats without a mark of their own: so many letters and digits, which count beside their issuer's name.

They share one shape behind a word for a credential. Which one it is, the 64 characters before it say: an issuer below
whose shape the candidate has.
"""

import re

from msgspec import Struct

from promptguard_gateway.core.detector import Candidate, Identity, Pattern
from promptguard_gateway.core.engine import Program, encode
from promptguard_gateway.detectors.secrets import stand_ins
from promptguard_gateway.detectors.secrets.formats import NAMED, UUID
from promptguard_gateway.detectors.secrets.grammar import ASSIGN

SIGNED = 0.92
"""The exact shape beside the exact name of the setting."""


class Named(Struct, frozen=True):
    """`words`: how texts name it. `shape`: the whole of its value."""

    name: str
    words: str
    shape: str
    source: str
    score: float = NAMED


_HEX32, _HEX40, _HEX64 = "[0-9a-f]{32}", "[0-9a-f]{40}", "[0-9a-f]{64}"

FORMATS = (
    Named("aws_secret_access_key", r"aws|secret_?access_?key", "[A-Za-z0-9/+]{40}", "AWS IAM: access keys", SIGNED),
    Named("azure_storage", r"azure|storage|account_?key", "[A-Za-z0-9+/]{86}==", "Azure Storage: access keys", SIGNED),
    Named("azure_service", r"azure|cognitive|openai|ocp-apim", _HEX32, "Azure AI services: keys"),
    Named("cloudflare_token", r"cloudflare|cf[_-]?api|\bcf\b", "[A-Za-z0-9_-]{40}", "Cloudflare: API tokens"),
    Named("cloudflare_global", r"cloudflare|x-auth-key", "[0-9a-f]{37}", "Cloudflare: global API key"),
    Named("heroku_legacy", r"heroku", UUID, "Heroku Platform API: authentication"),
    Named("scaleway_secret", r"scaleway|scw", UUID, "Scaleway: API keys"),
    Named("linode", r"linode", _HEX64, "Akamai: personal access tokens"),
    Named("vultr", r"vultr", "[A-Z0-9]{36}", "Vultr: API keys"),
    Named("hetzner", r"hetzner|hcloud", "[A-Za-z0-9]{64}", "Hetzner Cloud: API tokens"),
    Named("ibm_cloud", r"ibm|watson|bluemix", "[A-Za-z0-9_-]{44}", "IBM Cloud: API keys"),
    Named("fastly", r"fastly", "[A-Za-z0-9_-]{32}", "Fastly: API tokens"),
    Named("vercel", r"vercel", "[A-Za-z0-9]{24}", "Vercel: access tokens"),
    Named("railway", r"railway", UUID, "Railway: public API"),
    Named("datadog", r"data\s?dog|dd[_-]?(?:api|app)", "[0-9a-f]{32}(?:[0-9a-f]{8})?", "Datadog: API and app keys"),
    Named("splunk", r"splunk|hec", UUID, "Splunk: HTTP event collector"),
    Named("rollbar", r"rollbar", _HEX32, "Rollbar: access tokens"),
    Named("bugsnag", r"bugsnag", _HEX32, "Bugsnag: API keys"),
    Named("opsgenie", r"opsgenie|geniekey", UUID, "Opsgenie: API keys"),
    Named("pagerduty_key", r"pagerduty|pd[_-]?token", "[A-Za-z0-9_-]{20}", "PagerDuty: API keys"),
    Named("mistral", r"mistral", "[A-Za-z0-9]{32}", "Mistral AI: API keys"),
    Named("cohere", r"cohere|co_api", "[A-Za-z0-9]{40}", "Cohere: API keys"),
    Named("wandb_legacy", r"wandb|weights", _HEX40, "Weights & Biases: API keys"),
    Named("deepgram", r"deepgram", _HEX40, "Deepgram: API keys"),
    Named("assemblyai", r"assembly", _HEX32, "AssemblyAI: API keys"),
    Named("twilio_token", r"twilio", "[0-9a-f]{32}|AC[0-9a-f]{32}", "Twilio: auth tokens"),
    Named("postmark", r"postmark", UUID, "Postmark: server tokens"),
    Named("sparkpost", r"sparkpost", _HEX40, "SparkPost: API keys"),
    Named("vonage", r"vonage|nexmo", "[A-Za-z0-9]{16}", "Vonage: API secrets"),
    Named("pushover", r"pushover", "[a-z0-9]{30}", "Pushover: application tokens"),
    Named("algolia", r"algolia", _HEX32, "Algolia: API keys"),
    Named("okta", r"okta", "00[A-Za-z0-9_-]{40}", "Okta: API tokens", SIGNED),
    Named("auth0", r"auth0", "[A-Za-z0-9_-]{64}", "Auth0: client secrets"),
    Named("zendesk", r"zendesk", "[A-Za-z0-9]{40}", "Zendesk: API tokens"),
    Named("asana", r"asana", r"\d/\d{13,17}(?:/\d{13,17})?[:/][0-9a-f]{32}", "Asana: personal access tokens"),
    Named("trello", r"trello", "[0-9a-f]{32}|[0-9a-f]{64}", "Trello: API keys and tokens"),
    Named("segment", r"segment", "[A-Za-z0-9]{32}", "Segment: write keys"),
    Named("amplitude", r"amplitude", _HEX32, "Amplitude: keys"),
    Named("mixpanel", r"mixpanel", _HEX32, "Mixpanel: secrets"),
    Named("paypal", r"paypal", "E[A-Za-z0-9_-]{79}", "PayPal: REST API secrets"),
    Named("spotify", r"spotify", _HEX32, "Spotify: client secrets"),
    Named("twitch", r"twitch", "[a-z0-9]{30}", "Twitch: client secrets"),
    Named("x_api", r"twitter|\bx[_-]api", "[A-Za-z0-9]{50}|[A-Za-z0-9]{45}", "X API: consumer secrets"),
    Named("facebook_secret", r"facebook|fb[_-]?app|instagram", _HEX32, "Meta: app secrets"),
    Named("gitea", r"gitea|forgejo|codeberg", _HEX40, "Gitea: API usage"),
    Named("circleci_legacy", r"circle[_-]?ci|circle[_-]?token", _HEX40, "CircleCI: API tokens"),
    Named("codecov", r"codecov", UUID, "Codecov: tokens"),
    Named("snyk_legacy", r"snyk", UUID, "Snyk: API tokens"),
    Named("npm_legacy", r"_authtoken|npm[_-]?token", UUID, "npm: legacy tokens", SIGNED),
    Named("influxdb", r"influx", "[A-Za-z0-9_-]{86}==", "InfluxDB: API tokens", SIGNED),
    Named("upstash", r"upstash", "[A-Za-z0-9]{50,60}={0,2}", "Upstash: REST tokens"),
    Named("kubernetes_bootstrap", r"kubeadm|bootstrap", r"[a-z0-9]{6}\.[a-z0-9]{16}", "Kubernetes: bootstrap tokens"),
)
_LEAD = (
    r"(?i:(?:key|token|secret|auth|password|access)(?:_?\w{1,4})?(?:"
    + ASSIGN
    + r"|[ \t]{1,3}(?:is[ \t:]{1,3})?[\"'`]?))"
)
_WORDS = Program("(?i)" + "|".join(each.words for each in FORMATS))
_SHAPED = {each: (re.compile(f"(?i){each.words}"), re.compile(each.shape)) for each in FORMATS}


def identify(candidate: Candidate) -> Identity | None:
    """The first format whose issuer is named before and whose shape the candidate has."""
    if _WORDS.search(encode(candidate.before)) is None:
        return None
    for each, (words, shape) in _SHAPED.items():
        if shape.fullmatch(candidate.text) and words.search(candidate.before):
            return Identity(len(candidate.text), each.score, each.name)
    return None


PATTERNS = (
    Pattern(
        name="named",
        lead=_LEAD,
        regex=r"[A-Za-z0-9+/_.:-]{16,90}={0,2}",
        score=SIGNED,
        identify=identify,
        doubts=(stand_ins.DOUBT,),
        source="the vendors' pages, one for each name",
    ),
)
