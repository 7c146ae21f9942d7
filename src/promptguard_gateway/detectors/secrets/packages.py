"""Credentials of package registries, builds, deployments and stores of other secrets."""

from promptguard_gateway.detectors.secrets.checks import has_github_checksum, is_mixed
from promptguard_gateway.detectors.secrets.formats import CHECKED, issued, unless

PATTERNS = (
    issued(
        "npm", r"\bnpm_[A-Za-z0-9]{36}\b", "npm: access tokens", score=CHECKED, doubts=(unless(has_github_checksum),)
    ),
    issued(
        "pypi_macaroon",
        r"\bpypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{40}",
        "PyPI: API tokens; the beginning is a macaroon's version and location",
        score=CHECKED,
        rest="[A-Za-z0-9_-]",
    ),
    issued("pypi", r"\bpypi-[A-Za-z0-9_-]{50}", "PyPI: API tokens", validate=is_mixed, rest="[A-Za-z0-9_-]"),
    issued("rubygems", r"\brubygems_[0-9a-f]{48}\b", "RubyGems: API keys"),
    issued("nuget", r"\boy2[a-z0-9]{43}\b", "NuGet: API keys"),
    issued("crates", r"\bcio[A-Za-z0-9]{32}\b", "Cargo: registry tokens", validate=is_mixed),
    issued("clojars", r"\bCLOJARS_[0-9a-f]{60}\b", "Clojars: deploy tokens"),
    issued("packagist", r"\bpackagist_(?:org|uut|out|ack)_[0-9a-f]{60,72}\b", "Packagist: API tokens"),
    issued("docker_hub", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}", "Docker Hub: access tokens"),
    issued("circleci", r"\bCCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[0-9a-f]{40}\b", "CircleCI: API tokens"),
    issued("buildkite", r"\bbk(?:ua|at|ct|pt|rt)_[A-Za-z0-9]{40}\b", "Buildkite: token formats"),
    issued("sonarqube", r"\bsq[puar]_[0-9a-f]{40}\b", "SonarQube: tokens"),
    issued("terraform", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}", "HCP Terraform: API tokens"),
    issued("vault", r"\bhv[sbr]\.[A-Za-z0-9_-]{24}", "Vault: token prefixes", rest="[A-Za-z0-9_-]"),
    issued("pulumi", r"\bpul-[0-9a-f]{40}\b", "Pulumi: access tokens"),
    issued(
        "doppler",
        r"\bdp\.(?:pt|ct|st|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}\b",
        "Doppler: token formats",
    ),
    issued("octopus", r"\bAPI-[A-Z0-9]{25,34}\b", "Octopus Deploy: API keys", score=0.9),
    issued("harness", r"\b(?:pat|sat)\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}\b", "Harness: API keys"),
    issued(
        "snyk", r"\bsnyk_(?:uat|sat)\.[0-9a-f]{8}\.[A-Za-z0-9_.-]{40}", "Snyk: token formats", rest="[A-Za-z0-9_.-]"
    ),
    issued(
        "travis_encrypted_key", r"\bencrypted_[0-9a-f]{12}_(?:key|iv)=[0-9a-f]{32,64}\b", "Travis CI: encrypting files"
    ),
)
