"""The hold-back over real frames: however an answer is cut, the client gets what the whole answer would give."""

import itertools
import random

import pytest

from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.relay import Relay
from proxy.transcripts import JUDGES, SCRIPTS, Cutter, Script, at, characters, hear, relayed, stream, uncut, whole

BY_NAME = {script.name: script for script in SCRIPTS}
each_script = pytest.mark.parametrize("name", BY_NAME)
each_policy = pytest.mark.parametrize("policy", JUDGES)


def findings(judgement: Judgement) -> set[tuple[object, ...]]:
    """Where and what, comparable between a stream and a whole answer."""
    return {
        (judgement.segments[one.segment].path, judgement.segments[one.segment].pointer, one.start, one.end, one.rule)
        for one in judgement.inspection.findings
    }


def check(judge: Judge, script: Script, relay: Relay, frames: bytes) -> None:
    """The promise, for one way of cutting."""
    expected, heard = whole(judge, script), hear(frames)
    assert relay.fault is None
    assert relay.blocked == expected.blocked
    decision = relay.judgement().decision
    assert decision.verb == expected.judgement.decision.verb
    if expected.blocked:
        for key, text in heard.texts.items():
            assert expected.texts.get(key, "").startswith(text), key
        return
    assert relay.complete
    assert {key: text for key, text in heard.texts.items() if text} == {
        key: text for key, text in expected.texts.items() if text
    }
    assert heard.tokens == expected.tokens
    assert heard.usage == script.usage
    assert heard.finished == (set() if script.end == "none" else set(script.choices))
    assert findings(relay.judgement()) == findings(expected.judgement)


def run(judge: Judge, script: Script, cutter: Cutter) -> None:
    check(judge, script, *relayed(judge, stream(script, cutter)))


@each_policy
@each_script
def test_uncut_and_letter_by_letter(name: str, policy: str) -> None:
    """One delta a strand, and one delta a character, give the whole answer's decision and text."""
    for cutter in (uncut, characters):
        run(JUDGES[policy], BY_NAME[name], cutter)


@each_script
def test_every_single_cut(name: str) -> None:
    """One cut, anywhere, changes nothing."""
    script = BY_NAME[name]
    for place in range(script.longest + 1):
        run(JUDGES["moderate"], script, at(place))


@each_policy
@each_script
def test_several_cuts(name: str, policy: str) -> None:
    """Two to six cuts, sampled, change nothing."""
    script, sample = BY_NAME[name], random.Random(name)
    for count in (2, 2, 2, 2, 2, 2, 3, 4, 5, 6):
        run(JUDGES[policy], script, at(*(sample.randint(0, script.longest) for _ in range(count))))


@each_script
def test_every_way_of_receiving_the_bytes(name: str) -> None:
    """Pieces of 1, 2, 7 and random numbers of bytes, through the middle of characters and line ends, say the same."""
    script, sample = BY_NAME[name], random.Random(name)
    data = stream(script, at(*(sample.randint(0, script.longest) for _ in range(3))))
    for size in (1, 2, 7):
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        check(JUDGES["moderate"], script, *relayed(JUDGES["moderate"], pieces))
    for _ in range(5):
        places = sorted(sample.randint(0, len(data)) for _ in range(8))
        edges = [0, *places, len(data)]
        pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
        check(JUDGES["moderate"], script, *relayed(JUDGES["moderate"], pieces))


BLOCKING = {"a leak", "a leak, then a key", "a key, then a leak", "reasoning leaks", "one of two leaks"}


def test_the_catalogue_holds_all_three_verbs() -> None:
    """The scripts allow, redact and block as their names say, so that the tests above prove something."""
    verbs = {name: whole(JUDGES["moderate"], script).judgement.decision.verb.value for name, script in BY_NAME.items()}
    assert all(verbs[name] == "block" for name in BLOCKING)
    assert verbs["a key in a call"] == verbs["an escaped key"] == verbs["one of the calls"] == "block"
    assert verbs["three keys"] == verbs["two links"] == verbs["a private key without end"] == "redact"
    assert verbs["near misses"] == verbs["a third of the prompt"] == verbs["the end mark as text"] == "allow"
    assert len(BY_NAME) == len(SCRIPTS) >= 40


def test_monitor_mode_changes_nothing() -> None:
    """Every text arrives as it was said, whatever was found."""
    for script in SCRIPTS:
        _, frames = relayed(JUDGES["monitor"], stream(script, at(5)))
        said = {one.key: one.text for one in script.strands if one.text}
        assert {key: text for key, text in hear(frames).texts.items() if text} == said


@pytest.mark.parametrize("name", sorted(BLOCKING))
def test_no_word_of_a_leak_gets_out(name: str) -> None:
    """What precedes a blocked span may leave; of the span itself nothing, and nothing after it."""
    _, frames = relayed(JUDGES["moderate"], stream(BY_NAME[name], characters))
    assert b"orange" not in frames
    assert b"elephant" not in frames
