"""Credentials of those who watch programs."""

from zlib import crc32

from detectors.examples import sightings
from detectors.secrets.pieces import UUID, both, check_patterns, hexa, lower, upper
from promptguard_gateway.detectors.secrets import monitoring

EXAMPLES = {
    "grafana": (["gl" + "sa_" + both(32) + "_" + hexa(8)], ["glsa_1"]),
    "grafana_token": (["gl" + "c_ey" + both(120)], ["glc_x"]),
    "grafana_legacy": (["ey" + "JrIjoi" + both(80)], ["eyJrIjoi"]),
    "new_relic": (["NR" + "AK-" + upper(27)], ["NRAK-1"]),
    "new_relic_license": ([hexa(36) + "NR" + "AL"], ["NRAL"]),
    "sentry": (["sntr" + "yu_" + hexa(64)], ["sntryu_x"]),
    "sentry_organization": (["sntr" + "ys_ey" + "J" + both(120)], ["sntrys_x"]),
    "dynatrace": (["dt" + "0c01." + upper(24) + "." + upper(64)], ["dt0c01.x"]),
    "honeycomb": (["hc" + "aik_" + lower(58)], ["hcaik_x"]),
    "posthog": (["ph" + "x_" + both(43)], ["phc_" + both(43)]),
    "axiom": (["xa" + "at-" + UUID], ["xaat-x"]),
    "logfire": (["py" + "lf_v1_us_" + both(43)], ["pylf_v1_us_x"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a monitoring service is found in its example and not believed in near-misses."""
    check_patterns(monitoring.PATTERNS, EXAMPLES)


def test_grafanas_checksum_is_computed():
    """A token whose checksum holds is surer than one whose does not."""
    secret = "gl" + "sa_" + both(32)
    good, bad = f"{secret}_{crc32(secret.encode()):08x}", f"{secret}_00000000"
    [one, other] = [max(s.score for s in sightings(text) if s.pattern.name == "grafana") for text in (good, bad)]
    assert (one, other) == (0.99, 0.85)
