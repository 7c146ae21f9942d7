"""`promptguard scan`: the gateway's judgement on the command line, without a gateway.

One text gives one line a person reads. A .jsonl file gives one JSON line a row on standard output and a progress bar on
standard error. Exit codes: 0 nothing blocked, 1 an error, 2 something blocked.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track

from promptguard_gateway.app import Judgement, judge_of, judge_text, load_settings, understanding_of
from promptguard_gateway.cli.texts import read_text, text_of_row

# What ends like this, or holds a slash and no space, is meant as a path.
_SUFFIXES = (".txt", ".md", ".json", ".jsonl", ".log", ".csv")


def scan_command(environ: Mapping[str, str], folder: Path, text: str, *, answer: bool) -> None:
    """Judge a text, a file, or the rows of a .jsonl file."""
    settings = load_settings(environ, folder)
    understanding = understanding_of(settings)
    judged = partial(judge_text, judge_of(settings), answer=answer, understanding=understanding)
    if text.endswith(".jsonl") and Path(text).is_file():
        blocked = _scan_rows(judged, Path(text))
    else:
        blocked = _scan_one(judged, _content(text))
    if understanding is not None:
        understanding.close()
    raise SystemExit(2 if blocked else 0)


def _content(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    path = Path(text)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError:  # a long text is no file's name
        exists = is_folder = False
    if text and is_folder:
        raise _not_a_file(f"{text} is a folder")
    if text and exists:
        return read_text(path)
    if _looks_like_a_path(text):
        raise _not_a_file(f"there is no file {text}")
    return text


def _looks_like_a_path(text: str) -> bool:
    return text.lower().endswith(_SUFFIXES) or ("/" in text and not any(map(str.isspace, text)))


def _not_a_file(what: str) -> SystemExit:
    hint = "a text that looks like a path goes to standard input: promptguard scan -"
    print(f"promptguard: {what}; {hint}", file=sys.stderr)
    return SystemExit(1)


def _scan_one(judged: Callable[[str], Judgement], text: str) -> bool:
    judgement = judged(text)
    print(judgement.decision.verb.value)
    for reason in judgement.decision.reasons:
        print(f"  {reason.text}")
    return _blocked(judgement)


def _scan_rows(judged: Callable[[str], Judgement], path: Path) -> bool:
    lines = read_text(path).split("\n")  # JSON may hold the other characters that end a line elsewhere
    console = Console(stderr=True)
    blocked = False
    for number, line in enumerate(track(lines, description="scanning", console=console), start=1):
        if not line.strip():
            continue
        judgement = judged(text_of_row(line, number))
        decision = judgement.decision
        row = {
            "line": number,
            "decision": decision.verb.value,
            "threat_type": decision.threat_type,
            "confidence": round(decision.confidence, 4),
            "reasons": [reason.text for reason in decision.reasons],
        }
        print(json.dumps(row))
        blocked = blocked or _blocked(judgement)
    return blocked


def _blocked(judgement: Judgement) -> bool:
    return judgement.decision.verb.value == "block"
