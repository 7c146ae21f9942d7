"""E-mail addresses."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.email import EMAIL

EXAMPLES = {
    "email": (
        ["write to jane.doe+x@mail.example.com now", "test@example.com"],
        ["git@github.com:a/b", "a@b"],
    ),
    "email_spelled_out": (["jane [at] example [dot] com"], ["meet me [at] noon"]),
}


def test_addresses_and_near_misses() -> None:
    """Plain and spelled-out addresses; not a Git remote, nor a meeting."""
    check([EMAIL], EXAMPLES)
