"""Presidio's side of the comparison: run by a Python that has presidio-analyzer, never imported by ours.

Texts come as JSON on standard input. A blank spaCy pipeline with lower-cased words as lemmas stands in for its language
models, which are not on PyPI, so that context words work; every pattern recogniser it ships is enabled, whatever its
country or language.
"""

import json
import sys
import time

import presidio_analyzer.predefined_recognizers as shipped
import spacy
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from spacy.language import Language


@Language.component("lower_lemmas")
def lower_lemmas(document):
    for token in document:
        token.lemma_ = token.lower_
    return document


class BlankEngine(SpacyNlpEngine):
    """No model: words only."""

    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
        self.nlp["en"].add_pipe("lower_lemmas")

    def load(self):
        pass


def recognizers():
    """One of every recogniser that needs no model."""
    for name in dir(shipped):
        kind = getattr(shipped, name)
        if not isinstance(kind, type) or kind is PatternRecognizer:
            continue
        if issubclass(kind, PatternRecognizer) or name == "PhoneRecognizer":
            yield kind(supported_language="en")


def main():
    texts = json.load(sys.stdin)
    engine = AnalyzerEngine(registry=RecognizerRegistry(recognizers=list(recognizers())), nlp_engine=BlankEngine())
    engine.analyze("my card is 4111 1111 1111 1111, a@b.com, call 030 901820 or +49 30 901820", "en")
    found = []
    started = time.process_time()
    for text in texts:
        results = engine.analyze(text, "en")
        found.append([[one.start, one.end, one.entity_type, one.score] for one in results])
    seconds = time.process_time() - started
    names = sorted({entity for one in engine.registry.recognizers for entity in one.supported_entities})
    json.dump({"found": found, "seconds": seconds, "entities": names}, sys.stdout)


if __name__ == "__main__":
    main()
