"""False-alarm budgets: a threshold given as the share of harmless texts that may reach it.

The shares of a detector were measured when it was made (`Spec.operating`); between two measured thresholds they are
taken to lie on a line.
"""

import re
from itertools import pairwise

from promptguard_gateway.core.detector import Operating, Spec
from promptguard_gateway.domain.strict_tree import TreeError

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?) ?%")


def score_of(said: float | str, place: str, spec: Spec | None) -> float:
    """The score that a threshold stands for: itself, or for a budget what the detector was measured to need.

    Raises TreeError.
    """
    if not isinstance(said, str):
        return said
    share = _SHARE.fullmatch(said)
    if share is None:
        raise TreeError(place, "must be a number, or a share of harmless texts such as 0.5 %.")
    if spec is None or not spec.operating:
        raise TreeError(place, "is a share of false alarms, and nobody has measured them here. Give a score.")
    return _threshold(spec.operating, float(share[1]) / 100, place)


def _threshold(measured: tuple[Operating, ...], budget: float, place: str) -> float:
    """The lowest threshold within the budget."""
    most, least = measured[0].false_alarms, measured[-1].false_alarms
    if not least <= budget <= most:
        raise TreeError(place, f"must be between {_percent(least)} and {_percent(most)}, which is what was measured.")
    for low, high in pairwise(measured):
        if high.false_alarms <= budget <= low.false_alarms:
            fall = low.false_alarms - high.false_alarms
            part = (low.false_alarms - budget) / fall if fall else 0.0
            return low.threshold + part * (high.threshold - low.threshold)
    return measured[0].threshold


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"
