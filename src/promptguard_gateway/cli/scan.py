"""`promptguard scan`: the gateway's judgement on the command line, without a gateway.

One text gives one line a person reads. A .jsonl file gives one JSON line a row on standard output and a progress bar on
standard error. Exit codes: 0 nothing blocked, 1 an error, 2 something blocked.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track

from promptguard_gateway.app import Judge, Judgement, judge_of, judge_text, load_settings

# What ends like this, or holds a slash and no space, is meant as a path.
_SUFFIXES = (".txt", ".md", ".json", ".jsonl", ".log", ".csv")
_TEXT_FIELDS = ("text", "content", "prompt", "input")


def scan_command(environ: Mapping[str, str], folder: Path, text: str, *, answer: bool) -> None:
    """Judge a text, a file, or the rows of a .jsonl file."""
    judge = judge_of(load_settings(environ, folder))
    if text.endswith(".jsonl") and Path(text).is_file():
        blocked = _scan_rows(judge, Path(text), answer=answer)
    else:
        blocked = _scan_one(judge, _content(text), answer=answer)
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
        return _read(path)
    if _looks_like_a_path(text):
        raise _not_a_file(f"there is no file {text}")
    return text


def _looks_like_a_path(text: str) -> bool:
    return text.lower().endswith(_SUFFIXES) or ("/" in text and not any(map(str.isspace, text)))


def _not_a_file(what: str) -> SystemExit:
    hint = "a text that looks like a path goes to standard input: promptguard scan -"
    print(f"promptguard: {what}; {hint}", file=sys.stderr)
    return SystemExit(1)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"promptguard: {path} cannot be read as UTF-8 text ({type(error).__name__})", file=sys.stderr)
        raise SystemExit(1) from None


def _scan_one(judge: Judge, text: str, *, answer: bool) -> bool:
    judgement = judge_text(judge, text, answer=answer)
    print(judgement.decision.verb.value)
    for reason in judgement.decision.reasons:
        print(f"  {reason.text}")
    return _blocked(judgement)


def _scan_rows(judge: Judge, path: Path, *, answer: bool) -> bool:
    lines = _read(path).split("\n")  # JSON may hold the other characters that end a line elsewhere
    console = Console(stderr=True)
    blocked = False
    for number, line in enumerate(track(lines, description="scanning", console=console), start=1):
        if not line.strip():
            continue
        judgement = judge_text(judge, _row_text(line, number), answer=answer)
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


def _row_text(line: str, number: int) -> str:
    try:
        row = json.loads(line)
    except ValueError:
        raise SystemExit(_complain(number, "is not JSON")) from None
    if isinstance(row, str):
        return row
    for text in _texts(row):
        return text
    raise SystemExit(_complain(number, f"has none of the fields {', '.join(_TEXT_FIELDS)}"))


def _texts(row: object) -> Iterator[str]:
    if isinstance(row, dict):
        for field in _TEXT_FIELDS:
            if isinstance(row.get(field), str):
                yield row[field]


def _complain(number: int, what: str) -> int:
    print(f"promptguard: line {number} {what}", file=sys.stderr)
    return 1


def _blocked(judgement: Judgement) -> bool:
    return judgement.decision.verb.value == "block"
