"""Secrets: span F1 and false alarms beside detect-secrets, on rows with known spans and on hard negatives.

Run as `python -m benchmarks.detectors secrets`. The rows are JSON lines with `text` and `spans` (start, end, label); a
row without spans is a hard negative. detect-secrets is installed into an environment of its own, at a pinned version.
Exact: a span found is a span given. Overlap: they share a character. Spans that overlap each other are one, for all.
"""

import argparse
import json
import subprocess
import sys
import time
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.false_alarms import SHARED
from benchmarks.gateway import markdown
from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Role, Segment
from promptguard_gateway.detectors.catalogue import DETECTORS

RIVAL = "detect-secrets==1.5.0"
CACHE = Path.home() / ".cache" / "promptguard"

Span = tuple[int, int]


class Row(Struct, frozen=True):
    """A text and the spans of its secrets, with the kind of each."""

    text: str
    spans: dict[Span, str]


class Result(Struct, frozen=True):
    """The spans that one detector found in each row, and its CPU seconds for all of them."""

    name: str
    found: list[list[Span]]
    seconds: float


def rows_of(path: Path) -> list[Row]:
    """The rows of a file of JSON lines."""
    read = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Row(row["text"], {(one["start"], one["end"]): one["label"] for one in row["spans"]}) for row in read]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def ours(rows: Sequence[Row]) -> list[Result]:
    """Our secret detectors alone, in every view, at the block threshold of each preset."""
    secrets = [one for one in DETECTORS if isinstance(one, PatternDetector) and one.spec.family is Family.SECRETS]
    inspector = Inspector(secrets)
    started = time.process_time()
    inspections = [inspector.inspect([Segment((), Role.USER, row.text, 0)]) for row in rows]
    seconds = time.process_time() - started
    results = []
    for name in ("strict", "moderate", "permissive"):
        block = PRESETS[name].thresholds[Family.SECRETS.value].block
        kept = [[one for one in inspection.findings if one.score >= block] for inspection in inspections]
        found = [joined((one.start, one.end) for one in findings) for findings in kept]
        results.append(Result(f"PromptGuard, {name}", found, seconds))
    return results


def rivals(rows: Sequence[Row]) -> list[Result]:
    """detect-secrets, in both of its ways to read a text."""
    return [rival(rows, way) for way in ("string", "file")]


def rival(rows: Sequence[Row], way: str) -> Result:
    """One run of detect-secrets over all rows."""
    worker = [installed() / "bin" / "python", Path(__file__).with_name("detect_secrets_worker.py"), way]
    texts = "".join(json.dumps(row.text) + "\n" for row in rows)
    done = subprocess.run(worker, input=texts, capture_output=True, text=True, check=True)
    *lines, seconds = map(json.loads, done.stdout.splitlines())
    return Result(f"{RIVAL}, as {way}", [joined(map(tuple, line)) for line in lines], seconds)


def installed() -> Path:
    """The environment of detect-secrets, made when it is first needed."""
    folder = CACHE / RIVAL.replace("==", "-")
    if not (folder / "done").exists():
        print(f"Installing {RIVAL} into {folder} (once).", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-qq", RIVAL], check=True)
        (folder / "done").touch()
    return folder


class Score(Struct):
    """Counts of spans given and found, and how many of each meet the other."""

    given: int = 0
    found: int = 0
    exact: int = 0
    given_met: int = 0
    found_met: int = 0

    def add(self, given: Iterable[Span], found: Sequence[Span]) -> None:
        """One row's."""
        given = list(given)
        self.given += len(given)
        self.found += len(found)
        self.exact += len(set(given) & set(found))
        self.given_met += sum(any(meets(one, other) for other in found) for one in given)
        self.found_met += sum(any(meets(one, other) for other in given) for one in found)

    @property
    def exact_f1(self) -> float:
        """With spans that are equal."""
        return f1(self.exact, self.found, self.exact, self.given)

    @property
    def overlap_f1(self) -> float:
        """With spans that share a character."""
        return f1(self.found_met, self.found, self.given_met, self.given)


def meets(one: Span, other: Span) -> bool:
    """Whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]


def f1(right: int, found: int, recalled: int, given: int) -> float:
    """The harmonic mean of precision and recall."""
    precision, recall = right / max(found, 1), recalled / max(given, 1)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def scored(rows: Sequence[Row], result: Result, label: str | None = None) -> Score:
    """Over all rows, or over those with a secret of one kind."""
    score = Score()
    for row, found in zip(rows, result.found, strict=True):
        if label is None or label in row.spans.values():
            score.add(row.spans, found)
    return score


def summary(rows: Sequence[Row], results: Sequence[Result]) -> str:
    """One line for each detector."""
    harmless = [not row.spans for row in rows]
    lines = [["detector", "exact F1", "overlap F1", "false alarms per 1,000", "CPU us/text"]]
    for result in results:
        score = scored(rows, result)
        alarms = sum(bool(found) for found, clean in zip(result.found, harmless, strict=True) if clean)
        rate = 1000 * alarms / max(sum(harmless), 1)
        each = 1e6 * result.seconds / len(rows)
        lines.append([result.name, f"{score.exact_f1:.3f}", f"{score.overlap_f1:.3f}", f"{rate:.1f}", f"{each:.0f}"])
    return markdown(lines)


def by_kind(rows: Sequence[Row], results: Sequence[Result]) -> str:
    """Exact and overlap F1 of each kind, on the rows that have it."""
    lines = [["kind", *(result.name for result in results)]]
    for label in sorted({label for row in rows for label in row.spans.values()}):
        scores = [scored(rows, result, label) for result in results]
        lines.append([label, *(f"{score.exact_f1:.2f} / {score.overlap_f1:.2f}" for score in scores)])
    return markdown(lines)


def run(data: Path = SHARED) -> None:
    """Measure and print."""
    rows = rows_of(data / "secrets" / "dev.jsonl")
    results = [*ours(rows), *rivals(rows)]
    print(f"Secrets: {len(rows)} texts, {sum(not row.spans for row in rows)} of them hard negatives\n")
    print(summary(rows, results))
    print("\nExact / overlap F1 by kind\n")
    print(by_kind(rows, results))


def main() -> int:
    """This part alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="the folder with secrets/dev.jsonl")
    run(parser.parse_args().data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
