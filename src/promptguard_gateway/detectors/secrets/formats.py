"""How a credential format is written down: its name, its shape, and the vendor's page that describes it.

The scores are the tiers. A format that proves itself acts under every preset; one that has only its shape and a name
beside it acts under `moderate` and `strict`; a value that merely could be a secret acts under `strict` alone.
"""

from collections.abc import Callable

from promptguard_gateway.core.detector import Doubt, Pattern
from promptguard_gateway.detectors.secrets import stand_ins

CHECKED = 0.99
"""A checksum or a fixed part in the middle holds."""
DISTINCT = 0.96
"""A prefix that only this issuer uses, and its alphabet and length."""
NAMED = 0.88
"""A shape that many things have, beside the issuer's name."""
FAILED = 0.85
"""The shape is right and the checksum is not: mistyped, made up, or of a newer format."""
GUESSED = 0.84
"""A value that looks drawn or chosen where a name says that it is a secret."""
WEAK = 0.65
"""The name says so, the value does not."""

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def issued(
    name: str,
    regex: str,
    source: str,
    *,
    score: float = DISTINCT,
    lead: str | None = None,
    validate: Callable[[str], bool] | None = None,
    doubts: tuple[Doubt, ...] = (),
    rest: str | None = None,
) -> Pattern:
    """A format that its issuer made recognisable. `source` is the page of the vendor's documentation.

    `rest`: of a format without a fixed length, the regex is the beginning, as long as the shortest that was issued.
    """
    return Pattern(
        name=name,
        regex=regex,
        score=score,
        lead=lead,
        validate=validate,
        doubts=(stand_ins.DOUBT, *doubts),
        rest=rest,
        source=source,
    )


def unless(check: Callable[[str], bool], score: float = FAILED) -> Doubt:
    """The doubt that a failed check leaves."""
    return Doubt(applies=lambda text: not check(text), score=score)
