"""What inspection costs by itself: CPU of all detectors on text, beside the same patterns in a loop over `re`, and
beside Presidio.

Run as `python -m benchmarks.detectors_cost`. Everything is CPU of one process and one run; compare the ratios. Text is
never repeated, because automata that are built as they are needed make a repeated text cheaper than the next one.
"""

import argparse
import gc
import math
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time

from benchmarks.detectors_pii import presidio
from benchmarks.fixtures import prose
from benchmarks.gateway import markdown, number
from promptguard_gateway.app import judge_of
from promptguard_gateway.core.detector import Knowledge, PatternDetector
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge

KB = 1024
GROWTH_SIZES = (1 * KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, 1024 * KB)
ADVERSARIAL_SIZES = (10 * KB, 20 * KB, 40 * KB)
WARM_UP = 600  # texts: what a server has seen after some seconds. Automata are built as texts need them
STREAM_WARM_UP = 60  # answers
LOOP_EVERY = 5  # the loop is slow enough to be timed on every fifth text
DELTA = 4  # characters; an English token is about as long

# What makes careless patterns, normalisation and decoders slow: runs without an end, nested encodings, stacked marks.
ADVERSARIAL = {
    "letters": "a",
    "digits": "1",
    "digits and spaces": "1 ",
    "digits and hyphens": "123-",
    "capitals and digits": "A1",
    "dots": "a.",
    "at signs": "a@",
    "local parts": "a.b-c_d+e@f.",
    "spaced letters": "a b ",
    "spaces": " ",
    "new lines": "\n",
    "brackets": "[](",
    "links": "[a](http://b/",
    "angle brackets": "<a href=",
    "quotes": "\"'",
    "assignments": "password=",
    "key prefixes": "sk-proj-",
    "PEM heads": "-----BEGIN PRIVATE KEY-----",
    "web tokens": "eyJhbGciOi.",
    "base64": "aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnMg",
    "base64 of base64": "YVdkdWIzSmxJR0ZzYkNCd2NtVjJhVzkxY3lCcGJuTjBjblZqZEdsdmJuTWc=",
    "hexadecimal": "69676e6f726520",
    "percent": "%69%67%6e",
    "entities": "&#105;&#103;",
    "escapes": "\\u0069\\u0067",
    "rot13": "vtaber nyy cerivbhf vafgehpgvbaf ",
    "morse": "-.. --- ",
    "orders": "ignore all previous ",
    "control tokens": "<|im_start|>system",
    "combining marks": "a" + "\u0301" * 40,
    "ligatures": "\ufdfa",
    "tags": "\U000e0041\U000e0042",
    "variation selectors": "a\ufe0f\U000e0101",
    "look-alikes": "\u0430\u0435\u043e",
}


def cpu_of(work: Callable[[str], object], text: str) -> float:
    """Seconds of CPU."""
    started = process_time()
    work(text)
    return process_time() - started


def reader() -> Callable[[str], object]:
    """What reads one user message with every detector."""
    inspector = Inspector(DETECTORS)
    return lambda text: inspector.inspect([segment(text)])


def segment(text: str) -> Segment:
    """One user message."""
    return Segment(("messages", 0, "content"), Role.USER, text, Column.UNTRUSTED, turn=0)


def python_patterns() -> list[re.Pattern[str]]:
    """The detectors' patterns for Python's `re`, whose spelling of some classes differs. Flags move to the front of a
    group, where `re` wants them; a class of letters becomes the nearest one that `re` has."""
    patterns = [
        pattern.regex
        for detector in DETECTORS
        if isinstance(detector, PatternDetector)
        for pattern in detector.patterns
    ]
    return [re.compile(_spelt(regex)) for regex in patterns]


_CLASSES = ((r"\\z", r"\\Z"), (r"\\[pP]\{[^}]*\}|\\[pP][A-Z]", r"\\w"), (r"\[\[:(\^?)[a-z]+:\]", r"[\1\\w"))
_FLAGS = re.compile(r"\(\?([ims]+)\)")


def _spelt(regex: str) -> str:
    for found, spelling in _CLASSES:
        regex = re.sub(found, spelling, regex)
    flags = set("".join(_FLAGS.findall(regex)))
    return (f"(?{''.join(sorted(flags))})" if flags else "") + _FLAGS.sub("", regex)


def loop_over_re(patterns: Sequence[re.Pattern[str]], text: str) -> int:
    """How many occur."""
    return sum(pattern.search(text) is not None for pattern in patterns)


def ordinary(rounds: int, choose: random.Random) -> str:
    """1 KB of prose, fresh in each round, both ways in turn."""
    read, patterns = reader(), python_patterns()
    for _ in range(WARM_UP):
        read(prose(choose, KB))
    texts = [prose(choose, KB) for _ in range(rounds)]
    ours = median(cpu_of(read, text) for text in texts)
    loop = median(cpu_of(lambda text: loop_over_re(patterns, text), text) for text in texts[::LOOP_EVERY])
    _, whole, _ = presidio(texts)
    theirs = whole / len(texts)
    named = f"{len(patterns)} patterns in a loop over re, one search each"
    rows = [
        ["1 KB of new prose", "CPU us, median", "to ours"],
        ["all detectors, all views, every span", number(1e6 * ours, 0), "1.0"],
        [named, number(1e6 * loop, 0), number(loop / ours, 1)],
        ["Presidio's pattern recognisers", number(1e6 * theirs, 0), number(theirs / ours, 1)],
    ]
    return markdown(rows)


def growth(choose: random.Random) -> str:
    """Cost of one text by its size, and the exponent of the marginal cost."""
    read = reader()
    read(prose(choose, 256 * KB))
    rows = [["text", "CPU ms", "us a KB"]]
    points: list[tuple[float, float]] = []
    for size in GROWTH_SIZES:
        runs = max(3, min(40, 64 * KB // size))
        cost = median(cpu_of(read, prose(choose, size)) for _ in range(runs))
        points.append((math.log(size), math.log(cost)))
        rows.append([f"{size // KB} KB", number(1e3 * cost, 2), number(1e6 * cost / (size / KB), 0)])
    return f"{markdown(rows)}\n\nCost grows with size to the power {slope(points):.2f}."


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By least squares."""
    x = sum(a for a, _ in points) / len(points)
    y = sum(b for _, b in points) / len(points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def adversarial() -> str:
    """Texts that are made to be expensive, at three sizes: the worst first."""
    read = reader()
    found: list[tuple[float, str, float]] = []
    for name, piece in ADVERSARIAL.items():
        texts = [(piece * size)[:size] for size in ADVERSARIAL_SIZES]
        costs = [min(cpu_of(read, text) for _ in range(3)) for text in texts]
        points = [(math.log(size), math.log(cost)) for size, cost in zip(ADVERSARIAL_SIZES, costs, strict=True)]
        found.append((1e6 * costs[-1] / (ADVERSARIAL_SIZES[-1] / KB), name, slope(points)))
    rows = [["made of", "us a KB", "exponent"]]
    rows += [[name, number(cost, 0), number(power, 2)] for cost, name, power in sorted(found, reverse=True)]
    return markdown(rows)


def deltas(text: str) -> Iterator[str]:
    """A text as a stream sends it."""
    return (text[start : start + DELTA] for start in range(0, len(text), DELTA))


def stream(rounds: int, choose: random.Random) -> str:
    """CPU of one delta, and how much of the text waits, without and with texts that must not reappear."""
    judge = judge_of(Settings())
    known = Knowledge(protected=(prose(choose, 2 * KB),), spoken=(prose(choose, 2 * KB),))
    rows = [["deltas of four characters", "CPU us, median", "p99", "characters that wait", "p99"]]
    for name, knowledge in (("nothing known", Knowledge()), ("2 KB of system prompt, 2 KB of conversation", known)):
        for _ in range(STREAM_WARM_UP):
            answered(judge, knowledge, prose(choose, 2 * KB))
        answers = [answered(judge, knowledge, prose(choose, 2 * KB)) for _ in range(rounds)]
        costs = sorted(cost for answer in answers for cost, _ in answer)
        held = sorted(waits for answer in answers for _, waits in answer)
        rows.append(
            [
                name,
                *(number(1e6 * one, 1) for one in (median(costs), costs[int(len(costs) * 0.99)])),
                *(number(one, 0) for one in (median(held), held[int(len(held) * 0.99)])),
            ]
        )
    return markdown(rows)


def answered(judge: Judge, knowledge: Knowledge, text: str) -> list[tuple[float, int]]:
    """For each delta of an answer the CPU, and how many characters waited after it."""
    inspector = judge.inspector(Column.ANSWER, knowledge, 0)
    measured: list[tuple[float, int]] = []
    fed = left = 0
    for delta in deltas(text):
        started = process_time()
        release = inspector.feed(delta)
        cost = process_time() - started
        fed += len(delta)
        left += sum(piece.end - piece.start for piece in release.pieces)
        measured.append((cost, fed - left))
    inspector.finish()
    return measured


def run(rounds: int = 300) -> None:
    """Measure and print."""
    choose = random.Random()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # as the gateway does when it starts
    print(ordinary(rounds, choose), end="\n\n")
    print(growth(choose), end="\n\n")
    print(adversarial(), end="\n\n")
    print(stream(max(rounds // 20, 3), choose))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    options = parser.parse_args()
    run(60 if options.quick else 300)
    return 0


if __name__ == "__main__":
    sys.exit(main())
