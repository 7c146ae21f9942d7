"""Credentials of tools for planning, writing and drawing."""

from detectors.secrets.pieces import UUID, both, check_patterns, hexa, lower, upper
from promptguard_gateway.detectors.secrets import collaboration

EXAMPLES = {
    "notion": (["secret" + "_" + both(43), "nt" + "n_" + both(46)], ["secret_manager_client", "ntn_x"]),
    "linear": (["lin" + "_api_" + both(40)], ["lin_api_version"]),
    "airtable": (["pa" + "t" + both(14) + "." + hexa(64)], ["pattern.match"]),
    "figma": (["fi" + "gd_" + both(40)], ["figd_x"]),
    "typeform": (["tf" + "p_" + both(44)], ["tfp_x"]),
    "clickup": (["pk" + "_1234567_" + upper(32)], ["pk_1234567"]),
    "hubspot": (["pat" + "-na1-" + UUID], ["pat-na1-"]),
    "dropbox": (["sl" + "." + both(140)], ["sl.example"]),
    "contentful": (["CF" + "PAT-" + both(43)], ["CFPAT-x"]),
    "readme": (["rd" + "me_" + lower(70)], ["rdme_docs"]),
    "postman": (["PM" + "AK-" + hexa(24) + "-" + hexa(34)], ["PMAK-x"]),
    "mapbox": (
        ["sk" + ".ey" + "J1Ijoi" + both(50) + "." + both(22)],
        ["pk" + ".ey" + "J1Ijoi" + both(50) + "." + both(22)],
    ),
    "salesforce": (["00" + "D" + both(12) + "!" + both(96)], ["00D" + both(12)]),
    "launchdarkly": (["sd" + "k-" + UUID], ["sdk-version-4"]),
    "one_password": (["op" + "s_ey" + "J" + both(300)], ["ops_team"]),
    "one_password_secret_key": (
        ["A3" + "-ASWWYB-798JRY-LJVD4-23DC2-86TVM-H43EB"],
        ["A3-SIZE-PAPER-FOR-ALL"],
    ),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a tool for working together is found in its example and not believed in near-misses."""
    check_patterns(collaboration.PATTERNS, EXAMPLES)
