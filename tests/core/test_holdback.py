"""The promise of the hold-back: for every way of cutting an answer, the client gets what a whole answer would give."""

import itertools
import random

import pytest
from hold_catalogue import DETECTORS, KEY_END, KEY_HEAD, KNOWLEDGE, TRANSCRIPTS, policy_of
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import Action, Replacement
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.stream import Piece, StreamInspector

PLAN = AnswerPlan.compile(DETECTORS, policy_of(), Column.ANSWER)
TIGHT = {
    action: AnswerPlan.compile(DETECTORS, policy_of(hold_limit=24, overflow=action), Column.ANSWER)
    for action in (Action.BLOCK, Action.REDACT)
}
MASKING = AnswerPlan.compile(
    DETECTORS, policy_of(replacement={"pii": Replacement.MASK, "secrets": Replacement.MASK}), Column.ANSWER
)


def outcome(pieces: list[Piece], inspector: StreamInspector) -> tuple[object, ...]:
    """Everything that must not depend on cutting."""
    text = "".join(piece.text for piece in pieces)
    return text, inspector.blocked, inspector.findings, inspector.scores, inspector.failures


def streamed(plan: AnswerPlan, deltas: list[str]) -> tuple[object, ...]:
    inspector = StreamInspector(plan, KNOWLEDGE)
    pieces: list[Piece] = []
    for delta in deltas:
        pieces += inspector.feed(delta).pieces
    pieces += inspector.finish().pieces
    assert [piece.start for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    return outcome(pieces, inspector)


def whole(plan: AnswerPlan, text: str) -> tuple[object, ...]:
    inspector = StreamInspector(plan, KNOWLEDGE)
    return outcome(list(inspector.whole(text).pieces), inspector)


def cut(text: str, places: tuple[int, ...]) -> list[str]:
    edges = [0, *sorted(places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_every_single_cut_gives_the_whole_decision(text: str) -> None:
    """One cut, anywhere, changes nothing."""
    expected = whole(PLAN, text)
    for place in range(0, len(text) + 1, max(1, len(text) // 300)):
        assert streamed(PLAN, cut(text, (place,))) == expected


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_single_characters_give_the_whole_decision(text: str) -> None:
    """One character at a time changes nothing."""
    assert streamed(PLAN, list(text)) == whole(PLAN, text)


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_two_cuts_give_the_whole_decision(text: str) -> None:
    """Two cuts, sampled, change nothing."""
    expected = whole(PLAN, text)
    sample = random.Random(text)
    for _ in range(60):
        places = (sample.randint(0, len(text)), sample.randint(0, len(text)))
        assert streamed(PLAN, cut(text, places)) == expected


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_masks_do_not_depend_on_cutting(text: str) -> None:
    """A mask shows parts of a value, so it is made when the whole value is known."""
    expected = whole(MASKING, text)
    assert streamed(MASKING, list(text)) == expected
    for place in range(0, len(text) + 1, max(1, len(text) // 60)):
        assert streamed(MASKING, cut(text, (place,))) == expected


@pytest.mark.parametrize("action", TIGHT)
@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_a_full_hold_is_decided_at_one_place(text: str, action: Action) -> None:
    """Also when the hold limit is met, cutting changes nothing."""
    plan = TIGHT[action]
    expected = whole(plan, text)
    assert streamed(plan, list(text)) == expected
    sample = random.Random(text)
    for _ in range(30):
        places = tuple(sample.randint(0, len(text)) for _ in range(sample.randint(1, 6)))
        assert streamed(plan, cut(text, places)) == expected


FRAGMENTS = st.sampled_from(
    [text[start : start + 12] for text in TRANSCRIPTS for start in range(0, min(len(text), 80), 6)]
)
TEXTS = st.lists(FRAGMENTS | st.text(max_size=3) | st.text("x19y @.<>-ab\u200bеﬁ", max_size=8), max_size=12).map(
    "".join
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(text=TEXTS, data=st.data())
def test_arbitrary_texts_and_cuts(text: str, data: st.DataObject) -> None:
    """Texts made of scraps of the catalogue, cut anywhere, with both limits."""
    places = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    for plan in (PLAN, MASKING, *TIGHT.values()):
        expected = whole(plan, text)
        assert streamed(plan, cut(text, places)) == expected
        assert streamed(plan, list(text)) == expected


@settings(max_examples=400, deadline=None, derandomize=True)
@given(text=TEXTS)
def test_a_text_that_passes_is_one_of_which_nothing_is_reported(text: str) -> None:
    """The quick question about a complete text never spares an inspection that would have found or changed anything."""
    if PLAN.passes(text, KNOWLEDGE):
        assert whole(PLAN, text) == (text, None, [], {}, [])


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_what_the_catalogue_reports_does_not_pass(text: str) -> None:
    """And ordinary text does pass, so that the quick question is worth asking."""
    _, blocked, findings, scores, _ = whole(PLAN, text)
    if blocked or findings or scores:
        assert not PLAN.passes(text, KNOWLEDGE)
    assert PLAN.passes("Your parcel left our warehouse in Madrid on Tuesday.", KNOWLEDGE)


def passes(text: str) -> bool:
    return whole(PLAN, text)[1] is None


CLOSING = " >> ]] QQ END " + KEY_END + "\n"
APART = ("<<", "BEGIN", "[[", "QQ", "TARGET")  # long values and code detectors: the book alone does not decide them
SIMPLE = [text for text in TRANSCRIPTS if text.isascii() and passes(text) and not any(word in text for word in APART)]


@pytest.mark.parametrize("seed", range(6))
def test_long_answers_forget_their_beginning_without_harm(seed: int) -> None:
    """An answer of many thousand characters, most of them trimmed from every buffer, in pieces of any size."""
    sample = random.Random(seed)
    calm = [text for text in TRANSCRIPTS if passes(text)]
    text = CLOSING.join(sample.choices(calm, k=80) + sample.choices(TRANSCRIPTS, k=20 * (seed % 2)))
    expected = whole(PLAN, text)
    assert seed % 2 or not expected[1]
    for largest in (1, 7, 300, 3000):
        deltas, rest = [], text
        while rest:
            size = sample.randint(1, largest)
            deltas.append(rest[:size])
            rest = rest[size:]
        assert streamed(PLAN, deltas) == expected


def by_the_book(text: str) -> str:
    """What redaction should give, from all hits in the whole text: the specification in its simplest form."""
    spans = sorted(
        (sighting.start, sighting.end, sighting.label or sighting.spec.label, sighting.row)
        for sighting in PLAN.acting.book.find(text)
        if sighting.score >= PLAN.policy.thresholds_of(sighting.spec.id, sighting.spec.family).block
        and PLAN.policy.cell(sighting.spec.family, Column.ANSWER) is Action.REDACT
    )
    groups: list[list[tuple[int, int, str, int]]] = []
    for span in spans:
        if groups and span[0] < max(end for _, end, *_ in groups[-1]):
            groups[-1].append(span)
        else:
            groups.append([span])
    done, place = "", 0
    for group in groups:
        winner = min(group, key=lambda span: (span[0] - span[1], span[0], span[3]))
        done += text[place : group[0][0]] + f"[{winner[2]}_REDACTED]"
        place = max(end for _, end, *_ in group)
    return done + text[place:]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.lists(st.sampled_from(SIMPLE), max_size=8).map("".join))
def test_redaction_follows_the_book(text: str) -> None:
    """The stream's result is the result of finding everything in the whole text and replacing what overlaps at once."""
    delivered, blocked, *_ = whole(PLAN, text)
    if blocked is None:
        assert delivered == by_the_book(text)


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_a_block_delivers_what_precedes_it(text: str) -> None:
    """Before a block the client got the original up to some place before the blocked span, redactions applied."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    pieces = inspector.whole(text).pieces
    if inspector.blocked is None:
        assert "".join(text[piece.start : piece.end] for piece in pieces) == text
        return
    assert all(piece.end <= inspector.blocked.start for piece in pieces)
    assert inspector.feed("more").pieces == ()
    assert inspector.finish().pieces == ()


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ("mail me at john.doe@example.com, thanks", "mail me at [EMAIL_REDACTED], thanks"),
        ("digits 0 4111 1111 1111 1111 2 and", "digits [PHONE_REDACTED] and"),
        (f"{KEY_HEAD}\nMIIEabc\n{KEY_END}\nafter", "[PRIVATE_KEY_REDACTED]\nafter"),
        (f"before {KEY_HEAD} never ends a@b.com", "before [PRIVATE_KEY_REDACTED]"),
        ("<<SECRET mail me@x.or>>g.com and", "[FENCE_REDACTED]g.com and"),
        ("x1 abc 9xxxx y and x1 9x y", "[SPAN_REDACTED]"),
        ("x1 abc 9x y stop now, never", ""),
        ("<<SECRET 9x>> y stop now", "[FENCE_REDACTED] "),
        ("a forbidden word is here", "a "),
        ("jo\u200bhn@exa\u00admple.com\u200b rest", "[EMAIL_REDACTED]\u200b rest"),
        ("full ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ width", "full [EMAIL_REDACTED] width"),
        ("la раsswоrd: аbсdеf end", "la [SECRET_REDACTED] end"),
        ("fоrbidden wоrd in Cyrillic letters", ""),
        ("the ÜBER alles geheim text", "the "),
    ],
)
def test_what_is_delivered(text: str, delivered: str) -> None:
    """Overlaps become one placeholder, long values are swallowed, a block ends where its component begins."""
    assert whole(PLAN, text)[0] == delivered


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ("mail me at john.doe@example.com, thanks", "mail me at j***@***.com, thanks"),
        ("card 4111 1111 1111 1111 and", "card 4***1 and"),
        (f"{KEY_HEAD}\nMIIEabc\n{KEY_END}\nafter", "[PRIVATE_KEY_REDACTED]\nafter"),
        ("jo\u200bhn@exa\u00admple.com\u200b rest", "j***@***.com\u200b rest"),
    ],
)
def test_what_is_delivered_masked(text: str, delivered: str) -> None:
    """The mask of the whole value; one that is decided by its beginning has a placeholder: its end is not known yet."""
    assert whole(MASKING, text)[0] == delivered
