"""Credentials. Every sample is put together from pieces, so that no scanner takes this file for a leak."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors import secrets

LOW = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
MIXED = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC" + "kLmNoPqR"
LETTERS = "qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYuI"
AWS_ID = "AKIA" + "IOSFODNN7EXAMPLE"
KEYS = {
    "openai": (["sk-" + "proj-" + MIXED], ["sk-" + "proj-your-key-here-your-key", "task-proj-" + MIXED[:8]]),
    "openai_legacy": (["sk-" + MIXED[:20] + "T3Blbk" + "FJ" + MIXED[10:30]], ["sk-" + MIXED[:20]]),
    "sk_prefixed": (["sk-" + MIXED[:32]], ["sk-" + "x" * 32, "sk-short"]),
    "anthropic": (["sk-" + "ant-api03-" + MIXED], ["sk-" + "ant-api03-xxxxxxxxxxxxxxxxxxxxxxxx"]),
    "promptguard": (["pg_" + "live_" + MIXED[:24]], ["pg_" + "live_xxxxxxxxxxxx", "pg_dump_all"]),
    "aws_access_key_id": ([AWS_ID], ["AKIA" + "X" * 16, "AKIABC"]),
    "aws_secret_access_key": (["aws_secret_access_key = " + MIXED], ["checksum = " + MIXED]),
    "github": (["gh" + "p_" + MIXED[:36]], ["gh" + "p_" + "x" * 36, "ghp_short"]),
    "github_fine_grained": (["github" + "_pat_" + MIXED], ["github" + "_pat_" + "x" * 40]),
    "gitlab": (["gl" + "pat-" + MIXED[:20]], ["gl" + "pat-short"]),
    "google_api_key": (["AI" + "za" + MIXED[:35]], ["AI" + "za" + MIXED[:20]]),
    "google_oauth_secret": (["GOC" + "SPX-" + MIXED[:28]], ["GOC" + "SPX-1"]),
    "google_oauth_token": (["ya" + "29." + MIXED], ["ya29"]),
    "slack_token": (["xox" + "b-" + "2345678901-" + MIXED[:20]], ["xoxo-hugs-and-kisses"]),
    "slack_app_token": (["xa" + "pp-1-" + MIXED[:30]], ["xapp-1"]),
    "slack_webhook": (
        ["https://hooks.slack" + ".com/services/T0AB/B1CD/" + MIXED[:24]],
        ["https://slack.com/services/help"],
    ),
    "discord_webhook": (
        ["https://discord" + ".com/api/webhooks/123456789012345678/" + MIXED + MIXED[:20]],
        ["https://discord.com/api/users"],
    ),
    "discord_bot": (["M" + MIXED[:23] + ".Ab" + "cDeF." + MIXED[:27]], ["My.long.sentence"]),
    "stripe": (["sk_" + "live_" + MIXED[:24]], ["sk_" + "live_" + "x" * 24, "pk_" + "live_" + MIXED[:24]]),
    "stripe_webhook": (["wh" + "sec_" + MIXED[:32]], ["whsec_1"]),
    "twilio": (["SK" + LOW], ["SK" + LOW[:20]]),
    "twilio_account": (["twilio sid " + "AC" + LOW], ["AC" + LOW[:20]]),
    "sendgrid": (["SG" + "." + MIXED[:22] + "." + MIXED + "abc"], ["SG.1.2"]),
    "mailgun": (["key" + "-" + LOW], ["key-" + LOW[:12]]),
    "hugging_face": (["hf" + "_" + LETTERS], ["hf_transfer", "hf_" + "x" * 34]),
    "npm": (["npm" + "_" + MIXED[:36]], ["npm_config_registry"]),
    "pypi": (["pypi" + "-" + MIXED + MIXED], ["pypi-simple"]),
    "digitalocean": (["do" + "p_v1_" + LOW + LOW], ["dop_v1_" + LOW]),
    "databricks": (["da" + "pi" + LOW], ["dapi" + LOW[:10]]),
    "grafana": (["gl" + "sa_" + MIXED], ["glsa_1"]),
    "shopify": (["shp" + "at_" + LOW], ["shpat_1"]),
    "atlassian": (["ATA" + "TT3" + MIXED], ["ATATT3"]),
    "vault": (["hv" + "s." + MIXED], ["hvs.short"]),
    "new_relic": (["NR" + "AK-" + MIXED[:27]], ["NRAK-1"]),
    "telegram_bot": (["123456789" + ":AA" + MIXED[:33]], ["123456789:BB"]),
    "azure_storage": (["AccountKey=" + (MIXED * 3)[:86] + "=="], ["sha512-" + (MIXED * 3)[:86] + "=="]),
    "azure_client_secret": (["abc8" + "Q~" + MIXED[:34]], ["Q~1"]),
    "cloudflare_origin": (["v1.0-" + LOW[:24] + "-" + (LOW * 5)[:146]], ["v1.0-beta"]),
    "heroku": (["HR" + "KU-" + MIXED], ["HRKU-1"]),
    "named_forty_characters": (["cloudflare token: " + MIXED], ["commit " + MIXED]),
    "named_hexadecimal": (["datadog api_key: " + LOW], ["md5 " + LOW]),
    "named_uuid": (
        ["HEROKU_API_KEY=4f0f3f5e-8b7a-4c1d-9e2b-1a2b3c4d5e6f"],
        ["id 4f0f3f5e-8b7a-4c1d-9e2b-1a2b3c4d5e6f"],
    ),
}
JWT = {
    "jwt": (["ey" + "JhbGciOiJIUzI1NiJ9." + "ey" + "JzdWIiOiIxMjM0In0." + MIXED], ["eyJhbGciOiJIUzI1NiJ9"]),
    "encrypted_jwt": (
        ["ey" + "JhbGciOiJkaXIifQ.." + MIXED[:16] + "." + MIXED + "." + MIXED[:22]],
        ["eyJhbGciOiJkaXIifQ.."],
    ),
}
BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
PRIVATE_KEYS = {
    "pem": ([f"{BEGIN}\n{MIXED}\n{END}"], ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----"]),
    "putty": (["PuTTY-User-Key-File-3: ssh-ed25519\nx\nPrivate-MAC: " + LOW], ["PuTTY is a client"]),
    "age": (["AGE-SECRET-" + "KEY-1" + "QWERTYUIOPASDFGHJKLZXCVBNM0123456789QWERTYUIOPASDFGHJKLZXC"], ["AGE-SECRET"]),
}
PASSWORDS = {
    "connection_string": (
        ["postgresql://app:s3cr" + "3tPw@db.internal:5432/x"],
        ["postgresql://app:password@localhost/x", "https://example.com:8080/a@b"],
    ),
    "assigned_password": (
        ['password = "Winter' + '#2024!"', "my password is Tr0ub4" + "dor"],
        ["password = os.environ['PW']", "password: required", "the password is wrong"],
    ),
    "assigned_secret": (
        ["client_secret: '" + MIXED + "'"],
        ["client_secret: ${SECRET}", "api_key = your-api-key-goes-here", "token = request.headers.get"],
    ),
    "bearer_header": (
        ["Authorization: Bearer " + MIXED],
        ["Authorization: Bearer <your-access-token-here>", "Authorization: none"],
    ),
}


@pytest.mark.parametrize(
    ("detector", "examples"),
    [(secrets.KEYS, KEYS), (secrets.JWT, JWT), (secrets.PRIVATE_KEYS, PRIVATE_KEYS), (secrets.PASSWORDS, PASSWORDS)],
    ids=lambda value: value.spec.id if hasattr(value, "spec") else "",
)
def test_every_pattern_finds_its_examples_and_no_near_miss(detector, examples):
    """Each pattern is found in its own examples and not believed in near-misses."""
    check([detector], examples)


def test_a_private_key_is_found_to_its_end_line_or_to_the_end_of_the_text():
    """What is redacted is the whole key, also when the text is cut off."""
    whole = f"key:\n{BEGIN}\n{MIXED}\n{END}\nbye"
    [found] = [s for s in sightings(whole) if s.pattern.name == "pem"]
    assert whole[found.start : found.end] == f"{BEGIN}\n{MIXED}\n{END}"
    cut = whole[: whole.index(END)]
    [found] = [s for s in sightings(cut) if s.pattern.name == "pem"]
    assert found.end == len(cut)


@pytest.mark.parametrize("text", ["", "abab", "Winter2024"])
def test_entropy_is_zero_for_nothing_and_grows_with_variety(text):
    """Bits per character lie between nothing and the logarithm of the number of different characters."""
    assert 0 <= secrets.entropy(text) <= 4
