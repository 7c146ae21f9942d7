"""Credentials of code hosting, and what a checksum says about them."""

from zlib import crc32

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import LOWER, both, check_patterns, drawn, hexa, upper
from promptguard_gateway.detectors.secrets import code_hosting

SIGNED = "gh" + "p_" + both(30) + "0"  # not its checksum


def routable() -> str:
    content = "gl" + "pat-" + drawn(LOWER, 40) + "." + "14"
    number, digits = crc32(content.encode()), ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return content + digits.rjust(7, "0")


EXAMPLES = {
    "github": (
        ["gh" + "p_" + both(36)],
        ["gh" + "p_" + "x" * 36, "ghp_short", "gh" + "p_" + "16C7e42F292c6912E77" + "10c838347Ae178B4a"],
    ),
    "github_long": (["gh" + "s_" + both(60)], ["gh" + "s_" + both(36)]),
    "github_fine_grained": (["github" + "_pat_" + both(22) + "_" + both(59)], ["github" + "_pat_" + "x" * 60]),
    "gitlab_routable": ([routable()], ["gl" + "pat-" + both(20)]),
    "gitlab": (["gl" + "pat-" + both(20), "gl" + "dt-" + both(20)], ["glpat-short", "gl" + "pat-your-token-goes-here"]),
    "gitlab_runner": (["GR" + "1348941" + both(20)], ["GR1348941"]),
    "bitbucket": (["AT" + "BB" + both(28) + "0A1B2C3D"], ["ATBB" + both(10)]),
    "atlassian": (["ATA" + "TT3" + both(180) + "=0A1B2C3D"], ["ATATT3", "ATA" + "TT3" + "x" * 60]),
    "atlassian_repository": (["ATC" + "TT3" + both(180)], ["ATCTT3"]),
    "sourcegraph": (["sg" + "p_" + hexa(16) + "_" + hexa(40)], ["sgp_" + hexa(12)]),
    "jfrog_key": (["AK" + "Cp" + both(69)], ["AKCp" + both(20)]),
    "jfrog_reference": (["cmVm" + "dGtu" + both(56)], ["cmVmdGtu" + upper(8)]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of code hosting is found in its example and not believed in near-misses."""
    check_patterns(code_hosting.PATTERNS, EXAMPLES)


@pytest.mark.parametrize(
    ("token", "rule", "score"),
    [
        (routable(), "gitlab_routable", 0.99),
        (routable()[:-1] + "~", "gitlab", 0.96),
        (routable()[:-1] + ("0" if routable()[-1] != "0" else "1"), "gitlab_routable", 0.85),
        ("gh" + "p_" + both(36), "github", 0.85),
        ("gh" + "s_" + both(60), "github_long", 0.99),
    ],
)
def test_a_failed_checksum_lowers_the_score(token, rule, score):
    """Vendors change their formats: a token that fails the checksum of today is still one, but less surely."""
    assert (rule, score) in {(one.pattern.name, one.score) for one in sightings(token)}
