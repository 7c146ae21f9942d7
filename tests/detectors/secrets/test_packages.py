"""Credentials of registries, builds and vaults."""

from detectors.secrets.pieces import UUID, both, check_patterns, hexa, lower, upper
from promptguard_gateway.detectors.secrets import packages

EXAMPLES = {
    "npm": (["np" + "m_" + both(36)], ["npm_config_registry", "npm_" + "x" * 36]),
    "pypi_macaroon": (["py" + "pi-" + "AgEIcHlwaS5vcmc" + both(140)], ["pypi-AgE"]),
    "pypi": (
        ["py" + "pi-" + both(80)],
        ["pypi-simple", "pypi-a-very-long-name-of-a-project-that-nobody-would-ever-choose"],
    ),
    "rubygems": (["ruby" + "gems_" + hexa(48)], ["rubygems_org"]),
    "nuget": (["oy" + "2" + lower(43)], ["oy2" + lower(9)]),
    "crates": (["ci" + "o" + both(32)], ["cio" + "abcdefghijklmnopqrstuvwxyzabcdef"]),
    "clojars": (["CLOJ" + "ARS_" + hexa(60)], ["CLOJARS_USERNAME"]),
    "packagist": (["pack" + "agist_uut_" + hexa(68)], ["packagist_org"]),
    "docker_hub": (["dc" + "kr_pat_" + both(27)], ["dckr_pat_x", "dckr_pat_" + "x" * 27]),
    "circleci": (["CC" + "IPAT_" + both(22) + "_" + hexa(40)], ["CCIPAT_x"]),
    "buildkite": (["bk" + "ua_" + hexa(40)], ["bkua_x"]),
    "sonarqube": (["sq" + "p_" + hexa(40)], ["sqp_x"]),
    "terraform": ([both(14) + ".atl" + "asv1." + both(67)], ["x.atlasv1.y"]),
    "vault": (["hv" + "s." + both(90)], ["hvs.short"]),
    "pulumi": (["pu" + "l-" + hexa(40)], ["pul-x"]),
    "doppler": (["dp" + ".st.prod_eu." + both(40)], ["dp.st.x"]),
    "octopus": (["AP" + "I-" + upper(28)], ["API-GATEWAY", "API-" + UUID.upper()]),
    "harness": (["pa" + "t." + both(22) + "." + hexa(24) + "." + both(20)], ["pat.x.y"]),
    "snyk": (["snyk" + "_uat." + hexa(8) + "." + both(80)], ["snyk_uat.x"]),
    "travis_encrypted_key": (["encrypted" + "_" + hexa(12) + "_key=" + hexa(64)], ["$encrypted_" + hexa(12) + "_key"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a registry, a build or a vault is found in its example and not believed in near-misses."""
    check_patterns(packages.PATTERNS, EXAMPLES)
