"""Credentials of those who move money and parcels."""

from promptguard_gateway.detectors.secrets.checks import is_mixed
from promptguard_gateway.detectors.secrets.formats import UUID, issued

PATTERNS = (
    issued("stripe", r"\b(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16}", "Stripe: API keys", rest="[A-Za-z0-9]"),
    issued(
        "stripe_webhook", r"\bwhsec_[A-Za-z0-9+/]{24}", "Stripe: webhooks; Standard Webhooks", rest="[A-Za-z0-9+/=]"
    ),
    issued("square", r"\bsq0(?:atp-[A-Za-z0-9_-]{22}|csp-[A-Za-z0-9_-]{43})\b", "Square: credentials"),
    issued("square_access", r"\bEAAA[A-Za-z0-9_-]{60}\b", "Square: access tokens", validate=is_mixed),
    issued(
        "braintree",
        r"\baccess_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}\b",
        "Braintree: access tokens",
    ),
    issued("shopify", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b", "Shopify: access token formats"),
    issued("plaid", rf"\baccess-(?:sandbox|development|production)-{UUID}\b", "Plaid: access tokens"),
    issued("razorpay", r"\brzp_(?:live|test)_[A-Za-z0-9]{14,24}\b", "Razorpay: API keys"),
    issued("flutterwave", r"\bFLWSECK(?:_TEST)?-[0-9a-zA-Z]{32}-X\b", "Flutterwave: API keys"),
    issued("adyen", r"\bAQE[A-Za-z0-9+/]{60,120}[=-][A-Za-z0-9+/=-]{20,90}", "Adyen: API credentials"),
    issued("mollie", r"\b(?:live|test)_[A-Za-z0-9]{30}\b", "Mollie: authentication", validate=is_mixed),
    issued("paddle", r"\bpdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}\b", "Paddle: API keys"),
    issued("mercado_pago", r"\bAPP_USR-\d{10,20}-\d{6}-[0-9a-f]{32}-\d{5,12}\b", "Mercado Pago: credentials"),
    issued("easypost", r"\bEZ(?:AK|TK)[0-9A-Za-z]{54,58}\b", "EasyPost: API keys"),
    issued("shippo", r"\bshippo_(?:live|test)_[0-9a-f]{40}\b", "Shippo: authentication"),
    issued("duffel", r"\bduffel_(?:live|test)_[A-Za-z0-9_-]{43}", "Duffel: access tokens"),
    issued(
        "klarna",
        r"\bklarna_(?:live|test)_api_[A-Za-z0-9/+_-]{30}",
        "Klarna: API credentials",
        rest="[A-Za-z0-9/+=_-]",
    ),
)
