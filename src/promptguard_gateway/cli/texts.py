"""Texts that a command is given in a file: whole, or as the rows of a .jsonl file."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

_TEXT_FIELDS = ("text", "content", "prompt", "input")


def texts_of_rows(path: Path) -> Iterator[str]:
    """The texts of a .jsonl file. Ends the program where it has none."""
    # JSON may hold the other characters that end a line elsewhere.
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield text_of_row(line, number)


def read_text(path: Path) -> str:
    """A file in UTF-8. Ends the program where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"promptguard: {path} cannot be read as UTF-8 text ({type(error).__name__})", file=sys.stderr)
        raise SystemExit(1) from None


def text_of_row(line: str, number: int) -> str:
    """The text of one row: a string, or an object with a field for it. Ends the program where there is none."""
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
