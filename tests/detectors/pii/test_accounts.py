"""Bank accounts and codes of banks."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.accounts import ACCOUNT

EXAMPLES = {
    "account": (
        [
            "account number 2593-04620-8",
            "Bank account no. 531055853026",
            "Kontonummer: 4075657377",
            "numéro de compte 00012345678",
        ],
        ["account number 12", "account number 1111111", "an account of 531055853026", "accountant number 531055853026"],
    ),
    "some_account": (["Account 4877977 at the bank"], ["accounting 4877977", "account manager 4877977"]),
    "routing": (["routing number 115450299", "ABA 324987320"], ["routing number 115450290", "route 115450299"]),
    "sort_code": (["sort code 20-00-00", "Sort Code: 200000"], ["sort by code 20-00-00", "code 20-00-00"]),
    "bic": (
        ["BIC COBADEFF", "SWIFT code: DEUTDEFF500", "bic: INGBNL2A"],
        ["BIC COBAXXFF", "a SWIFT RESPONSE", "BIC cobadeff"],
    ),
}


def test_accounts_and_near_misses() -> None:
    """The word decides about accounts; routing numbers and BICs are checked besides."""
    check([ACCOUNT], EXAMPLES)
