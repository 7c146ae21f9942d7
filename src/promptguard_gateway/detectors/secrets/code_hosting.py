"""Credentials of places where code is kept and reviewed."""

from promptguard_gateway.detectors.secrets.checks import has_github_checksum, has_gitlab_checksum
from promptguard_gateway.detectors.secrets.formats import CHECKED, issued, unless

PATTERNS = (
    issued(
        "github",
        r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
        "GitHub: token types; Behind GitHub's new authentication token formats",
        score=CHECKED,
        doubts=(unless(has_github_checksum),),
    ),
    issued("github_long", r"\bgh[pousr]_[A-Za-z0-9]{37}", "GitHub: token types", score=CHECKED, rest="[A-Za-z0-9]"),
    issued(
        "github_fine_grained",
        r"\bgithub_pat_[A-Za-z0-9_]{36}",
        "GitHub: token types",
        score=CHECKED,
        rest="[A-Za-z0-9_]",
    ),
    issued(
        "gitlab_routable",
        r"\bgl(?:pat|dt|ptt|rt|rtr|cbt|oas|soat|ft|imt|agent|ffct|wt)-[A-Za-z0-9_-]{27,300}\.(?:[0-9a-z]{2}\.)?[0-9a-z]{9}\b",
        "GitLab: token overview; routable tokens",
        score=CHECKED,
        doubts=(unless(has_gitlab_checksum),),
    ),
    issued(
        "gitlab",
        r"\bgl(?:pat|dt|ptt|rt|rtr|cbt|oas|soat|ft|imt|agent|ffct|wt)-[A-Za-z0-9_=-]{20,64}",
        "GitLab: token overview",
    ),
    issued("gitlab_runner", r"\bGR1348941[A-Za-z0-9_-]{20}\b", "GitLab: runner registration tokens"),
    issued("bitbucket", r"\bATBB[A-Za-z0-9]{28}[0-9A-F]{8}\b", "Bitbucket: app passwords"),
    issued("atlassian", r"\bATATT3[A-Za-z0-9_=-]{40}", "Atlassian: API tokens", rest="[A-Za-z0-9_=-]"),
    issued(
        "atlassian_repository",
        r"\bATCTT3[A-Za-z0-9_=-]{40}",
        "Bitbucket: repository access tokens",
        rest="[A-Za-z0-9_=-]",
    ),
    issued("sourcegraph", r"\bsgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}\b", "Sourcegraph: access tokens"),
    issued("jfrog_key", r"\bAKCp[A-Za-z0-9]{69,73}\b", "JFrog: API keys"),
    issued("jfrog_reference", r"\bcmVmdGtu[A-Za-z0-9]{56}\b", "JFrog: reference tokens"),
)
