"""Two detectors for what only Acme has: one that is data, and one that is code."""

import re
from collections.abc import Iterable

from msgspec import Struct

from promptguard_gateway.core.detector import Hit, Knowledge, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity


def last_digit_checks(number: str) -> bool:
    """Acme's rule: the last digit is the sum of the others, modulo ten."""
    *digits, check = (int(character) for character in number if character.isdigit())
    return sum(digits) % 10 == check


EMPLOYEE_ID = PatternDetector(
    spec=Spec(
        id="acme.employee_id",
        family=Family.PII,
        category="employee_id",
        threat_type="pii_leak",
        severity=Severity.MEDIUM,
        label="EMPLOYEE_ID",
        owasp=("LLM02",),
        summary="an employee number of Acme",
        source="Acme HR handbook, page 3",
    ),
    patterns=(Pattern(name="badge", regex=r"\bEMP-\d{3}-\d{4}\b", score=0.95, validate=last_digit_checks),),
)


class CodeNames(Struct, frozen=True):
    """Words that stand for unannounced products. A pattern could not hold thousands of them; a set can."""

    names: frozenset[str]

    @property
    def spec(self) -> Spec:
        return Spec(
            id="acme.code_name",
            family=Family.SECRETS,
            category="code_name",
            threat_type="data_exfiltration",
            severity=Severity.HIGH,
            label="CODE_NAME",
            owasp=("LLM02",),
            summary="the code name of an unannounced product",
            source="Acme product office",
        )

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Every word that is one of the names."""
        for word in re.finditer(r"\w+", text):
            if word.group().casefold() in self.names:
                yield Hit(word.start(), word.end(), score=0.9, rule="listed")

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The word at the end, which the next characters may go on with."""
        last = re.search(r"\w+\Z", text)
        return len(last.group()) if last else 0


DETECTORS = (EMPLOYEE_ID, CodeNames(frozenset({"bluefinch", "stonemarten"})))
