"""Personal data with a shape, beside presidio-analyzer: spans found, check digits, and CPU for each text.

Run as `python -m benchmarks.detectors_pii`. Texts come from JSON lines that `PROMPTGUARD_PII_DATA` or `--data` names:
`text`, `spans` (start, end, label) and `scope`, the labels that its annotators looked for. Only structured kinds count,
and both sides' names are mapped to the same kinds, so that nobody is charged for calling a number otherwise.
Ours are believed from the moderate policy's lower threshold on, Presidio from the threshold that serves it best.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import NamedTuple

from benchmarks.gateway import markdown
from benchmarks.identifier_values import twin, valid
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Role, Segment
from promptguard_gateway.detectors import pii
from promptguard_gateway.detectors.pii.national import IDENTIFIERS

CACHE = Path.home() / ".cache" / "promptguard" / "presidio"
PACKAGE = "presidio-analyzer==2.2.366"
OURS_FROM = PRESETS["moderate"].thresholds_of("pii", Family.PII).warn
PRESIDIO_FROM = (0.0, 0.3, 0.4, 0.5, 0.6, 0.85)
EACH = 4  # values of every identifier, and as many twins

LABELS = {
    "EMAIL": "email",
    "PHONE": "phone",
    "CREDIT_CARD": "card",
    "IBAN": "account",
    "BANK_ACCOUNT": "account",
    "IP": "ip",
    "MAC_ADDRESS": "mac",
    "CRYPTO_WALLET": "crypto",
    "DATE_OF_BIRTH": "birth",
    "PASSPORT": "passport",
    "DRIVER_LICENSE": "licence",
    "VEHICLE_ID": "vehicle",
    "US_SSN": "identifier",
    "NATIONAL_ID": "identifier",
    "TAX_ID": "identifier",
    "MEDICAL_ID": "identifier",
}
# Presidio's names by kind; whatever else it finds and names after a country is an identifier.
PRESIDIO = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "account",
    "US_BANK_NUMBER": "account",
    "ABA_ROUTING_NUMBER": "account",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "CRYPTO": "crypto",
    "DATE_TIME": "birth",
    "DE_FUEHRERSCHEIN": "licence",
    "UK_DRIVING_LICENCE": "licence",
    "DE_KFZ": "vehicle",
    # Places, links and things that no annotator looked for.
    **dict.fromkeys(("URL", "UUID", "DE_PLZ", "UK_POSTCODE", "CA_POSTAL_CODE", "DE_HANDELSREGISTER"), ""),
}
_ENDINGS = {
    "PASSPORT": "passport",
    "DRIVER_LICENSE": "licence",
    "LICENSE_PLATE": "vehicle",
    "VEHICLE_REGISTRATION": "vehicle",
}
KINDS = {
    "EMAIL": "email",
    "PHONE": "phone",
    "CREDIT_CARD": "card",
    "IBAN": "account",
    "BANK_ACCOUNT": "account",
    "ABA_ROUTING_NUMBER": "account",
    "SWIFT_CODE": "",
    "SORT_CODE": "account",
    "CRYPTO": "crypto",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "DATE_OF_BIRTH": "birth",
    "PASSPORT": "passport",
    "DRIVER_LICENSE": "licence",
    "VIN": "vehicle",
    "LICENSE_PLATE": "vehicle",
    **dict.fromkeys(("URL_CREDENTIALS", "COORDINATES", "ADDRESS"), ""),
}
WARM_UP = "my card is 4111 1111 1111 1111, a@b.com, PESEL 44051401359, DNI 12345678Z, call 030 901820 or +49 30 901820"
TEMPLATES = ("My {word} is {value}.", "{word}: {value}")


class Found(NamedTuple):
    """One span of a text."""

    start: int
    end: int
    kind: str
    score: float


class Row(NamedTuple):
    """One annotated text. `kinds` are those that its annotators looked for."""

    text: str
    spans: list[Found]
    dates: list[tuple[int, int]]
    kinds: frozenset[str]


def rows(path: Path) -> Iterator[Row]:
    """The texts whose annotators looked for anything that counts here."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        kinds = frozenset(LABELS[label] for label in row["scope"] if label in LABELS)
        if kinds:
            spans = [Found(s["start"], s["end"], LABELS[s["label"]], 1.0) for s in row["spans"] if s["label"] in LABELS]
            dates = [(s["start"], s["end"]) for s in row["spans"] if s["label"] == "DATE"]
            yield Row(row["text"], spans, dates, kinds)


def ours(texts: Sequence[str]) -> tuple[list[list[Found]], float]:
    """What our detectors of personal data find in every view, and the seconds of CPU."""
    inspector = Inspector(pii.DETECTORS)
    inspector.inspect([_segment(WARM_UP)])
    started = process_time()
    found = [inspector.inspect([_segment(text)]).findings for text in texts]
    seconds = process_time() - started
    return [
        [Found(one.start, one.end, KINDS.get(one.label, "identifier"), one.score) for one in each] for each in found
    ], seconds


def _segment(text: str) -> Segment:
    return Segment(("text",), Role.USER, text)


def presidio(texts: Sequence[str]) -> tuple[list[list[Found]], float, list[str]]:
    """What Presidio finds, the seconds of CPU, and the entities it knows. It is installed when it is not there yet."""
    python = CACHE / "bin" / "python"
    if not python.exists():
        venv.create(CACHE, with_pip=True)
    if subprocess.run([python, "-c", "import presidio_analyzer"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True)
    script = Path(__file__).with_name("presidio_pii.py")
    done = subprocess.run(
        [python, script], input=json.dumps(texts), capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    )
    answer = json.loads(done.stdout)
    found = [[Found(start, end, _kind(name), score) for start, end, name, score in each] for each in answer["found"]]
    return found, answer["seconds"], answer["entities"]


def _kind(entity: str) -> str:
    ending = next((kind for ending, kind in _ENDINGS.items() if entity.endswith(ending)), "identifier")
    return PRESIDIO.get(entity, ending)


def resolved(found: Sequence[Found], least: float) -> list[Found]:
    """What would be replaced: of overlapping findings the surest, then the longest."""
    kept: list[Found] = []
    believed = [one for one in found if one.score >= least and one.kind]
    for one in sorted(believed, key=lambda one: (-one.score, one.start - one.end)):
        if not any(overlap(one, other) for other in kept):
            kept.append(one)
    return kept


def overlap(one: Sequence, other: Sequence) -> bool:
    """Whether two spans have a character in common."""
    return one[0] < other[1] and other[0] < one[1]


class Tally:
    """Counts for one side, by kind: right, wrong and missed, for exact spans and for overlapping ones."""

    def __init__(self) -> None:
        self.exact: dict[str, Counter] = {}
        self.touching: dict[str, Counter] = {}

    def add(self, row: Row, found: Sequence[Found]) -> None:
        """Compare what was found in one text with its annotation."""
        seen = [one for one in found if one.kind in row.kinds and not _other_date(one, row)]
        for kinds, same in ((self.exact, lambda a, b: a[:3] == b[:3]), (self.touching, _touching)):
            for one in seen:
                right = any(same(one, span) for span in row.spans)
                kinds.setdefault(one.kind, Counter())["right" if right else "wrong"] += 1
            for span in row.spans:
                if not any(same(one, span) for one in seen):
                    kinds.setdefault(span.kind, Counter())["missed"] += 1

    def f1(self, kind: str | None, *, exact: bool) -> float:
        """F1 of one kind, or of all."""
        kinds = self.exact if exact else self.touching
        total = sum((kinds.get(kind, Counter()),) if kind else kinds.values(), Counter())
        wrong = total["right"] * 2 + total["wrong"] + total["missed"]
        return 2 * total["right"] / wrong if wrong else 0.0


def _touching(one: Found, other: Found) -> bool:
    return one.kind == other.kind and overlap(one, other)


def _other_date(one: Found, row: Row) -> bool:
    """A date that is not one of birth: annotated, and not asked for here."""
    return one.kind == "birth" and any(overlap(one, date) for date in row.dates)


def compare_spans(data: Sequence[Row]) -> None:
    """Print F1 by kind and CPU for each text."""
    texts = [row.text for row in data]
    mine, my_seconds = ours(texts)
    theirs, their_seconds, _ = presidio(texts)
    ahead = tally(data, mine, OURS_FROM)
    best = max((tally(data, theirs, least) for least in PRESIDIO_FROM), key=lambda one: one.f1(None, exact=False))
    kinds = sorted({span.kind for row in data for span in row.spans})
    table = [["kind", "spans", "ours exact", "ours overlap", "presidio exact", "presidio overlap"]]
    for kind in (*kinds, None):
        spans = sum(kind in (None, span.kind) for row in data for span in row.spans)
        scores = [f"{one.f1(kind, exact=exact):.3f}" for one in (ahead, best) for exact in (True, False)]
        table.append([kind or "all", str(spans), *scores])
    print(markdown(table))
    print(
        f"\nCPU for each of {len(texts)} texts: ours {my_seconds / len(texts) * 1e6:.0f} us, presidio "
        f"{their_seconds / len(texts) * 1e6:.0f} us ({their_seconds / my_seconds:.0f} times as much)\n"
    )


def tally(data: Sequence[Row], found: Sequence[Sequence[Found]], least: float) -> Tally:
    """The counts of one side at one threshold."""
    counts = Tally()
    for row, each in zip(data, found, strict=True):
        counts.add(row, resolved(each, least))
    return counts


def compare_check_digits() -> None:
    """Print how many valid and how many invalid values of every identifier are believed, beside its name."""
    random = Random(7)
    cases: list[tuple[str, str, int, int, bool]] = []
    for row in IDENTIFIERS:
        word = row.words.split("|")[0].replace("(?-i:", "").replace(")", "")
        for value in valid(row, random, EACH):
            for one, real in ((value, True), (twin(row, value, random), False)):
                template = random.choice(TEMPLATES)
                if one is not None:
                    text = template.format(word=word, value=one)
                    start = text.rindex(one)
                    cases.append((row.entity, text, start, start + len(one), real))
    texts = [case[1] for case in cases]
    mine, _ = ours(texts)
    theirs, _, known = presidio(texts)
    table = [["identifiers", "side", "valid found", "invalid believed", "F1"]]
    for title, counted in (
        (f"all {len(IDENTIFIERS)}, {len({row.country for row in IDENTIFIERS})} countries", None),
        ("those that Presidio names alike", frozenset(known)),
    ):
        for side, found, least in (("ours", mine, (OURS_FROM,)), ("presidio", theirs, PRESIDIO_FROM)):
            results = [_believed(cases, found, one, counted) for one in least]
            table.append([title, side, *max(results, key=lambda result: float(result[2]))])
    print(markdown(table))


def _believed(
    cases: Sequence[tuple[str, str, int, int, bool]],
    found: Sequence[Sequence[Found]],
    least: float,
    counted: frozenset[str] | None,
) -> tuple[str, str, str]:
    right = wrong = valid_ones = invalid_ones = 0
    for (entity, _, start, end, real), each in zip(cases, found, strict=True):
        if counted is not None and entity not in counted:
            continue
        hit = any(one.score >= least and one.kind == "identifier" and overlap(one, (start, end)) for one in each)
        right, wrong = right + (hit and real), wrong + (hit and not real)
        valid_ones, invalid_ones = valid_ones + real, invalid_ones + (not real)
    f1 = 2 * right / (right + wrong + valid_ones)
    return f"{right} of {valid_ones}", f"{wrong} of {invalid_ones}", f"{f1:.3f}"


def run(data: Path | None = None) -> None:
    """Print the comparison. Without annotated texts only the check digits are compared."""
    path = data or Path(os.environ.get("PROMPTGUARD_PII_DATA", ""))
    if path.is_file():
        compare_spans(list(rows(path)))
    else:
        print("No annotated texts: name a file with --data or PROMPTGUARD_PII_DATA.\n")
    compare_check_digits()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="JSON lines with text, spans and scope")
    run(parser.parse_args().data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
