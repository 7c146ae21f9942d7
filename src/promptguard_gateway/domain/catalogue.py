"""What a policy can speak of: detectors, their rules, guard models, kinds of personal data.

A name that is none of them is refused with the one that was probably meant: what a policy says of nothing does nothing.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from promptguard_gateway.core.detector import Detector, Spec, rules_of, specs_of
from promptguard_gateway.core.entities import ALIASES, ENTITIES, label_of, labels_of
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import HOLD_OVERFLOW, is_suppressible
from promptguard_gateway.domain.strict_tree import TreeError, near


class Catalogue(Struct, frozen=True):
    """`specs`: the detectors, by id. `verdicts`: the codes of each guard model, by the id that its findings have.

    `rules`: those of a detector or guard model, by id; one that is missing here has rules that nobody knows beforehand.
    """

    specs: Mapping[str, Spec]
    verdicts: Mapping[str, frozenset[str]] = {}
    rules: Mapping[str, frozenset[str]] = {}

    @staticmethod
    def of(
        detectors: Iterable[Detector], others: Iterable[Spec] = (), verdicts: Mapping[str, frozenset[str]] = {}
    ) -> "Catalogue":
        """The catalogue of these detectors, of `others` that findings can be of, and of guard models."""
        specs = {spec.id: spec for spec in others}
        rules: dict[str, frozenset[str] | None] = {spec.id: frozenset(spec.rules) or None for spec in others}
        for detector in detectors:
            own = rules_of(detector)
            for spec in specs_of(detector):
                specs[spec.id] = spec
                known = rules.get(spec.id, frozenset())
                rules[spec.id] = None if own is None or known is None else known | own
        known_rules = {name: own for name, own in rules.items() if own is not None}
        return Catalogue(specs, verdicts, {**known_rules, **verdicts})

    @property
    def detectors(self) -> tuple[str, ...]:
        """What a threshold, a suppression or a candidate can name."""
        return (*self.specs, *self.verdicts)

    @property
    def kinds(self) -> frozenset[str]:
        """The labels of every kind of personal data."""
        own = (spec.label for spec in self.specs.values() if spec.family is Family.PII)
        return frozenset((*map(label_of, ENTITIES), *own))

    def labels_of(self, name: str, place: str) -> frozenset[str]:
        """The labels of a kind of personal data: of an entity, an alias, or a detector of another package.

        Raises TreeError.
        """
        own = {spec.label for spec in self.specs.values() if spec.family is Family.PII and spec.label == name.upper()}
        labels = labels_of(name) | own
        if not labels:
            raise TreeError(place, f"{name!r} is no kind of personal data. {near(name.lower(), ALIASES)}")
        return labels

    def check_inactive(self, detector: str, place: str) -> None:
        """Raises TreeError for a detector that does not exist, or must stay active."""
        if detector == HOLD_OVERFLOW:
            raise TreeError(place, f"{detector} is no detector but the limit of what answers hold back, and stays on.")
        if detector not in self.detectors:
            raise TreeError(place, f"{detector!r} is no detector. {near(detector, self.detectors)}")
        spec = self.specs.get(detector)
        if spec is not None and not is_suppressible(detector, spec.family):
            raise TreeError(place, f"{detector} must stay active. Change the cells of {spec.family.value} instead.")

    def check_rule(self, detector: str, rule: str, place: str) -> None:
        """Raises TreeError for a rule that the detector does not have."""
        rules = self.rules.get(detector)
        if rules is not None and rule not in rules:
            raise TreeError(place, f"{rule!r} is no rule of {detector}. {near(rule, sorted(rules))}")

    def check_text(self, detector: str, place: str) -> None:
        """Raises TreeError for a detector whose findings are not about a text of their own."""
        if detector in self.verdicts:
            raise TreeError(place, f"{detector} judges many texts together, so no single one. Name its rule instead.")
