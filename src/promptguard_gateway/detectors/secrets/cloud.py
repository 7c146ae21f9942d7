"""Credentials of clouds and platforms that run programs."""

from promptguard_gateway.detectors.secrets.checks import has_aws_account, is_mixed, is_whole_base64
from promptguard_gateway.detectors.secrets.formats import CHECKED, FAILED, UUID, issued, unless

_IDENTIFIABLE = "Microsoft security utilities: identifiable keys"

PATTERNS = (
    issued(
        "aws_access_key_id",
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
        "AWS IAM: unique identifiers; STS: GetAccessKeyInfo",
        doubts=(unless(lambda text: len(set(text)) >= 6, 0.4), unless(has_aws_account)),
    ),
    issued(
        "aws_session_token",
        r"\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+]{80}",
        "AWS STS",
        rest="[A-Za-z0-9+/=]",
    ),
    issued("aws_bedrock_key", r"\bABSK[A-Za-z0-9+/]{60}", "Amazon Bedrock: API keys", rest="[A-Za-z0-9+/=]"),
    issued(
        "aws_bedrock_short_key",
        r"\bbedrock-api-key-[A-Za-z0-9+/=]{60}",
        "Amazon Bedrock: short-term API keys",
        rest="[A-Za-z0-9+/=]",
    ),
    issued("aws_marketplace", rf"\bamzn\.mws\.{UUID}", "Amazon MWS: authorization"),
    issued("google_api_key", r"\bAIza[A-Za-z0-9_-]{35}", "Google Cloud: API keys"),
    issued("google_oauth_secret", r"\bGOCSPX-[A-Za-z0-9_-]{20,40}", "Google Identity: OAuth clients"),
    issued("google_oauth_token", r"\bya29\.[A-Za-z0-9_-]{20}", "Google Identity: access tokens", rest="[A-Za-z0-9_-]"),
    issued("google_refresh_token", r"\b1//0[A-Za-z0-9_-]{40}", "Google Identity: refresh tokens", rest="[A-Za-z0-9_-]"),
    issued("google_hmac", r"\bGOOG1[A-Z2-7]{40,60}\b", "Cloud Storage: HMAC keys"),
    issued(
        "azure_storage_key",
        r"\b[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]==",
        _IDENTIFIABLE,
        score=CHECKED,
    ),
    issued(
        "azure_account_key",
        r"[A-Za-z0-9+/]{86}==",
        "Azure Storage: account access keys (64 bytes)",
        lead=r"(?i:AccountKey|account_key|accountkey)[\"' ]{0,3}(?:=|:|\bis\b)[\"' ]{0,3}",
        doubts=(unless(is_whole_base64, 0.91),),
    ),
    issued(
        "azure_cosmos_key",
        r"\b[A-Za-z0-9+/]{76}ACDb[A-Za-z0-9+/]{5}[AQgw]==",
        _IDENTIFIABLE,
        score=CHECKED,
    ),
    issued("azure_batch_key", r"\b[A-Za-z0-9+/]{76}\+ABa[A-Za-z0-9+/]{5}[AQgw]==", _IDENTIFIABLE, score=CHECKED),
    issued("azure_management_key", r"\b[A-Za-z0-9+/]{76}APIM[A-Za-z0-9+/]{5}[AQgw]==", _IDENTIFIABLE, score=CHECKED),
    issued("azure_service_bus_key", r"\b[A-Za-z0-9+/]{33}\+ASb[A-P][A-Za-z0-9+/]{5}=", _IDENTIFIABLE, score=CHECKED),
    issued("azure_event_hub_key", r"\b[A-Za-z0-9+/]{33}\+AEh[A-P][A-Za-z0-9+/]{5}=", _IDENTIFIABLE, score=CHECKED),
    issued("azure_relay_key", r"\b[A-Za-z0-9+/]{33}\+ARm[A-P][A-Za-z0-9+/]{5}=", _IDENTIFIABLE, score=CHECKED),
    issued("azure_redis_key", r"\b[A-Za-z0-9+/]{33}AzCa[A-P][A-Za-z0-9+/]{5}=", _IDENTIFIABLE, score=CHECKED),
    issued("azure_iot_key", r"\b[A-Za-z0-9+/]{33}AIoT[A-P][A-Za-z0-9+/]{5}=", _IDENTIFIABLE, score=CHECKED),
    issued("azure_search_key", r"\b[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}\b", _IDENTIFIABLE, score=CHECKED),
    issued("azure_function_key", r"\b[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==", _IDENTIFIABLE, score=CHECKED),
    issued("azure_registry_key", r"\b[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5}\b", _IDENTIFIABLE, score=CHECKED),
    issued(
        "azure_annotated_key",
        r"\b[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{26}(?:[A-Za-z0-9]{2}==)?",
        "Microsoft security utilities: common annotated security keys",
        score=CHECKED,
    ),
    issued("azure_client_secret", r"\b[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", "Microsoft Entra: client secrets"),
    issued(
        "azure_shared_access_signature",
        r"[A-Za-z0-9%/+]{40,90}(?:%3[Dd]|=)",
        "Azure Storage: shared access signatures",
        lead=r"[?&;]sig=",
    ),
    issued("alibaba", r"\bLTAI[A-Za-z0-9]{12,20}\b", "Alibaba Cloud: AccessKey pairs", validate=is_mixed),
    issued("tencent", r"\bAKID[A-Za-z0-9]{32}\b", "Tencent Cloud: API keys", validate=is_mixed),
    issued("digitalocean", r"\bdo[opr]_v1_[0-9a-f]{64}\b", "DigitalOcean: token formats"),
    issued("heroku", r"\bHRKU-[A-Za-z0-9_-]{30}", "Heroku Platform API: token formats", rest="[A-Za-z0-9_-]"),
    issued("cloudflare_origin", r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b", "Cloudflare: Origin CA keys"),
    issued("cloudflare_tunnel", r"\beyJhIjoi[A-Za-z0-9+/_-]{60}", "Cloudflare: tunnel tokens", rest="[A-Za-z0-9+/=_-]"),
    issued("scaleway", r"\bSCW[A-Z0-9]{17}\b", "Scaleway: API keys", score=FAILED),
    issued("fly", r"\bfm[12]_[A-Za-z0-9+/]{60}", "Fly.io: access tokens", rest="[A-Za-z0-9+/=]"),
    issued("render", r"\brnd_[A-Za-z0-9]{28,36}\b", "Render: API keys"),
    issued("netlify", r"\bnf[cpou]_[A-Za-z0-9_-]{36}\b", "Netlify: personal access tokens"),
    issued("vercel_blob", r"\bvercel_blob_rw_[A-Za-z0-9]{12,24}_[A-Za-z0-9]{24,40}\b", "Vercel: Blob"),
    issued(
        "tailscale",
        r"\btskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9-]{20}",
        "Tailscale: key prefixes",
        rest="[A-Za-z0-9-]",
    ),
    issued("openshift", r"\bsha256~[A-Za-z0-9_-]{43}", "OpenShift: OAuth access tokens"),
)
