"""Credentials of those who move money and parcels."""

from detectors.secrets.pieces import UUID, base64, both, check_patterns, hexa, lower
from promptguard_gateway.detectors.secrets import payment

EXAMPLES = {
    "stripe": (
        ["sk_" + "live_" + both(24), "rk_" + "test_" + both(99)],
        ["sk_" + "live_" + "x" * 24, "pk_" + "live_" + both(24), "sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc"],
    ),
    "stripe_webhook": (["wh" + "sec_" + both(32)], ["whsec_1", "wh" + "sec_" + "*" * 30]),
    "square": (["sq" + "0csp-" + both(43)], ["sq0idp-" + both(22)]),
    "square_access": (["EA" + "AA" + both(60)], ["EAAA" + both(12)]),
    "braintree": (["access_token$" + "production$" + lower(16) + "$" + hexa(32)], ["access_token$production$"]),
    "shopify": (["shp" + "at_" + hexa(32)], ["shpat_1", "shpat_" + hexa(12)]),
    "plaid": (["access-" + "production-" + UUID], ["access-production-team"]),
    "razorpay": (["rz" + "p_live_" + both(14)], ["rzp_live_x"]),
    "flutterwave": (["FLW" + "SECK_TEST-" + hexa(32) + "-X"], ["FLWPUBK_TEST-" + hexa(32) + "-X"]),
    "adyen": (["AQ" + "E" + base64(90) + "=-" + base64(43) + "="], ["AQE" + base64(20)]),
    "mollie": (["live" + "_" + both(30)], ["test_" + "abcdefghijklmnopqrstuvwxyzabcd", "live_" + both(9)]),
    "paddle": (["pdl_" + "live_apikey_" + lower(26) + "_" + both(22) + "_" + both(3)], ["pdl_live_apikey_"]),
    "mercado_pago": (["APP_" + "USR-" + "1234567890123456-051423-" + hexa(32) + "-123456789"], ["APP_USR-1"]),
    "easypost": (["EZ" + "AK" + both(54)], ["EZAK" + both(9)]),
    "shippo": (["shippo" + "_live_" + hexa(40)], ["shippo_live_rates"]),
    "duffel": (["duffel" + "_live_" + both(43)], ["duffel_live_orders"]),
    "klarna": (["klarna" + "_live_api_" + both(80)], ["klarna_live_api_url"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a payment service is found in its example and not believed in near-misses."""
    check_patterns(payment.PATTERNS, EXAMPLES)
