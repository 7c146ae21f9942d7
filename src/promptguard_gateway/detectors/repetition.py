"""An answer that says the same again and again, without end.

A model that is made to repeat one word for long falls out of the repetition into text that it memorised in training
(Nasr et al., "Scalable Extraction of Training Data from (Production) Language Models", 2023), and until then it keeps
the server busy. Lists, songs, tables and punishments repeat themselves too, but not for `RUN` characters on end with a
unit of at most `UNIT`.

The finding is the first character behind a run of that length: what came before it has left long ago, and whatever
follows cannot change it.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.detector import OUTPUT, Hit, Knowledge, Spec
from promptguard_gateway.core.findings import Family, Severity

UNIT: Final = 64
RUN: Final = 2048
_SAMPLE: Final = 2 * UNIT
_STRIDE: Final = RUN // 2

SPEC = Spec(
    id="leak.repetition",
    family=Family.LEAK,
    category="training_data_extraction",
    threat_type="data_exfiltration",
    severity=Severity.MEDIUM,
    label="REPETITION",
    owasp=("LLM02", "LLM10"),
    directions=OUTPUT,
    summary="words repeated without end",
    source="Nasr et al. 2023, arXiv:2311.17035; length judged on lists, tables and code",
    reach=RUN + UNIT,
    rules=("endless_repetition",),
)


class RepetitionDetector(Struct, frozen=True):
    """See the module. Pure."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """The places behind runs that are long enough, in order."""
        seen = 0
        for at in range(0, len(text) - _SAMPLE, _STRIDE):
            unit = _unit(text[at : at + _SAMPLE]) if at >= seen else 0
            if unit:
                start, seen = _run(text, at, unit)
                if seen - start > RUN:
                    yield Hit(start + RUN, start + RUN + 1, 0.85, "endless_repetition")

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """Nothing: a run is found when it is long enough."""
        return 0


def _unit(sample: str) -> int:
    """The length of the words that the sample repeats, 0 if it does not. Rules and zeros are no words."""
    size = sample.find(sample[:UNIT], 1, 2 * UNIT)
    repeats = 1 < size <= UNIT and sample.startswith(sample[size:])
    return size if repeats and any(map(str.isalpha, sample[:size])) else 0


def _run(text: str, at: int, unit: int) -> tuple[int, int]:
    """How far to either side the text goes on with what it repeats at `at`."""
    start, end = at, at + unit
    while start and text[start - 1] == text[start - 1 + unit]:
        start -= 1
    while end < len(text) and text[end] == text[end - unit]:
        end += 1
    return start, end


REPETITION = RepetitionDetector()
