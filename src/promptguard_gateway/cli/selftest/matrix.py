"""The result of a selftest as people and programs read it: a matrix of case by form, or one JSON object."""

from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from promptguard_gateway.cli.selftest.case import Section
from promptguard_gateway.cli.selftest.firing import Result

_SHOWN_FAULTS = 40
_WIDTH = 100  # columns of the widest table; a narrower window wraps it instead of hiding figures
_DIRECTIONS = {"input": "requests", "output": "answers", "whole": "whole requests"}


def print_matrix(results: Sequence[Result], console: Console) -> None:
    """Tables by section and direction, then what failed, then the sum."""
    console.width = max(console.width, _WIDTH)
    for section in Section:
        for direction, title in _DIRECTIONS.items():
            part = [one for one in results if one.section == section.value and one.form.startswith(direction)]
            if part:
                _print_table(f"{section.value}: {title}", part, console)
    _print_faults([result for result in results if result.fault], console)
    _print_remarks(results, console)
    _print_sum(results, console)


def _print_table(title: str, results: Sequence[Result], console: Console) -> None:
    """A row for each case, a column for each form; columns are numbered, and named below the title."""
    forms = list(dict.fromkeys(result.form for result in results))
    console.print(f"\n{title}", style="bold")
    console.print(
        "   ".join(f"{number} {form.partition(': ')[2]}" for number, form in enumerate(forms, 1)), highlight=False
    )
    cells: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        cells.setdefault((result.case, result.form), []).append(result)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for number in range(1, len(forms) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for case in dict.fromkeys(result.case for result in results):
        table.add_row(case, *(_cell(cells.get((case, form), [])) for form in forms))
    console.print(table)


def _cell(results: Sequence[Result]) -> Text:
    """`ok`, or how many of the spellings failed; a dot where a case cannot be said in a form."""
    if not results:
        return Text("·", style="dim")
    failed = sum(bool(result.fault) for result in results)
    return Text(f"-{failed}", style="bold red") if failed else Text("ok", style="green")


def _print_faults(faults: Sequence[Result], console: Console) -> None:
    for one in faults[:_SHOWN_FAULTS]:
        console.print(
            f"FAILED {one.case}, spelling {one.spelling}, {one.form}: {one.fault} {one.event}".rstrip(),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if len(faults) > _SHOWN_FAULTS:
        console.print(f"... and {len(faults) - _SHOWN_FAULTS} more; --json lists all of them")


def _print_remarks(results: Iterable[Result], console: Console) -> None:
    """Why a verdict other than the matrix's was accepted, once for each reason."""
    for reason in dict.fromkeys(result.because for result in results if result.because):
        console.print(f"Note: {reason}.", markup=False, highlight=False, soft_wrap=True)


def _print_sum(results: Sequence[Result], console: Console) -> None:
    cases = {result.case for result in results}
    failed = {result.case for result in results if result.fault}
    console.print(
        f"{len(results)} requests, {len(cases)} cases: {len(cases) - len(failed)} passed, {len(failed)} failed.",
        highlight=False,
    )


def as_json(results: Sequence[Result]) -> str:
    """`{"passed": ..., "requests": ..., "results": [...]}`."""
    summary = {"passed": not any(result.fault for result in results), "requests": len(results), "results": results}
    return msgspec.json.encode(summary).decode()
