"""What ordinary people would notice: how many harmless texts the default policy blocks or changes.

Run as `python -m benchmarks.false_alarms --data FOLDER`; the folder holds `injection/dev.jsonl` and `safety/dev.jsonl`.
A block counts, whatever for. A redaction counts too unless somebody has looked at it and found it right: a real phone
number in a table is to be redacted. The digests of texts that were looked at stand in `accepted_redactions.txt`.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from promptguard_gateway.app import judge_of
from promptguard_gateway.core.policy import Action, Verb
from promptguard_gateway.core.segments import Channel, Direction, Role, Segment, column_of
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge

SHARED = Path(__file__).parents[2] / "shared" / "data"
ACCEPTED = Path(__file__).with_name("accepted_redactions.txt")
TEXTS = 2000
WIDTH = 100  # characters shown around a finding


class Alarm(Struct, frozen=True):
    """One text that was blocked or changed, and by what."""

    digest: str
    verb: Verb
    detectors: tuple[str, ...]
    shown: str


def benign(folder: Path) -> list[tuple[str, Role]]:
    """`TEXTS` harmless texts with who says them, drawn by their digests."""
    rows = [(row["text"], Role(row["channel"])) for row in _rows(folder / "injection") if row["label"] == "benign"]
    rows += [
        (row["text"], Role.USER) for row in _rows(folder / "safety") if not row["labels"] and row["role"] == "user"
    ]
    return sorted(dict.fromkeys(rows), key=lambda row: digest(row[0]))[:TEXTS]


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    with (folder / "dev.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that name a text without saying it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def accepted() -> frozenset[str]:
    """Digests of texts whose redactions a person has found right."""
    lines = ACCEPTED.read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if line and not line.startswith("#"))


def alarm(judge: Judge, text: str, role: Role) -> Alarm | None:
    """What the policy does to a text, if anything."""
    segment = Segment(("messages", 0, "content"), role, text, column_of(Direction.INPUT, role, Channel.CONTENT), turn=0)
    judgement = judge.request("false alarms", [segment])
    decision = judgement.decision
    if decision.outcome is Verb.ALLOW:
        return None
    acting = [
        finding
        for finding, action in zip(judgement.inspection.findings, decision.actions, strict=True)
        if action is (Action.BLOCK if decision.outcome is Verb.BLOCK else Action.REDACT)
    ]
    first = acting[0]
    around = text[max(0, first.start - WIDTH // 2) : first.end + WIDTH // 2].replace("\n", " ")
    names = sorted({f"{finding.detector}/{finding.rule}" for finding in acting})
    return Alarm(digest(text), decision.outcome, tuple(names), around)


def caught(judge: Judge, folder: Path) -> str:
    """How many of the attacks are blocked, by their kind."""
    blocked, all_of = Counter[str](), Counter[str]()
    for row in _rows(folder / "injection"):
        if row["label"] != "benign":
            found = alarm(judge, row["text"], Role(row["channel"]))
            all_of[row["label"]] += 1
            blocked[row["label"]] += found is not None and found.verb is Verb.BLOCK
    return ", ".join(f"{blocked[label]} of {count} {label}" for label, count in sorted(all_of.items()))


def main() -> int:
    """Count and print. Exit status 1 when more than one text in a hundred is blocked or wrongly changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with injection/ and safety/")
    parser.add_argument("--policy", default="moderate", help="a preset")
    parser.add_argument("--show", action="store_true", help="also print the text around each finding")
    options = parser.parse_args()
    judge = judge_of(Settings(policy=options.policy))
    texts = benign(options.data)
    alarms = [found for text, role in texts if (found := alarm(judge, text, role))]
    known = accepted()
    counted = [one for one in alarms if one.verb is Verb.BLOCK or one.digest not in known]
    for one in sorted(counted, key=lambda one: (one.verb, one.detectors)):
        print(one.digest, one.verb.value, ", ".join(one.detectors), *([repr(one.shown)] if options.show else []))
    verbs = Counter(one.verb.value for one in alarms)
    print(
        f"{len(texts)} harmless texts under {options.policy}: {verbs['block']} blocked, {verbs['redact']} redacted, "
        f"of which {len(alarms) - len(counted)} were found right. False alarms: {100 * len(counted) / len(texts):.2f} %"
    )
    print(f"Attacks that the patterns block: {caught(judge, options.data)}.")
    return 1 if len(counted) > len(texts) // 100 else 0


if __name__ == "__main__":
    sys.exit(main())
