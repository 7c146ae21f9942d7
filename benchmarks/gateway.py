"""What one request costs: CPU of the whole process tree, added latency and memory, beside the alternatives.

Run as `python -m benchmarks.gateway`; `--quick` for less than a minute, `--only floor,ours` for a choice. Every system
gets the same requests in interleaved rounds, and medians over the rounds are compared, because a shared machine
drifts. A row with one unexpected answer is marked invalid.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from benchmarks.fixtures import ANSWER, QUESTION_LENGTH, chat_body, http_request
from benchmarks.load import Generator, Job, Report, generator
from benchmarks.processes import Memory, can_pin, cpu_seconds, end_on_sigterm, memory
from benchmarks.systems import NAMES, System, started
from benchmarks.upstream import static_upstream


class Plan(Struct, frozen=True, kw_only=True):
    """How long to measure: warm-up requests, rounds, seconds a round."""

    warm_up: int = 2000
    rounds: int = 5
    seconds: float = 3.0
    concurrencies: tuple[int, ...] = (1, 16)
    repeat: bool = False


QUICK = Plan(warm_up=300, rounds=2, seconds=1.0)


class Round(Struct, frozen=True, kw_only=True):
    """One system's share of one round. CPU in ms a request (0 for the upstream itself), latencies in ms."""

    requests: int
    rate: float
    cpu: float
    p50: float
    p99: float
    errors: dict[str, int]


class Row(Struct, frozen=True, kw_only=True):
    """Medians over the rounds. Times in ms; `added` is over the direct row of the same round; memory in bytes."""

    system: str
    concurrency: int
    requests: int
    rate: float
    cpu: float
    cpu_to_floor: float | None
    cpu_to_portkey: float | None
    p50: float
    p99: float
    p50_added: float | None
    p99_added: float | None
    memory: Memory | None
    errors: dict[str, int]

    @property
    def valid(self) -> bool:
        """Whether every answer was the expected one."""
        return not self.errors and self.requests > 0


def job(
    system: System, concurrency: int, *, repeat: bool = False, seconds: float = 30.0, requests: int = 1_000_000_000
) -> Job:
    """The load every system gets."""
    return Job(
        port=system.port,
        request=http_request(system.path, system.headers, chat_body(system.model)),
        fresh=QUESTION_LENGTH,
        repeat=repeat,
        concurrency=concurrency,
        seconds=seconds,
        requests=requests,
        needle=ANSWER.encode(),
    )


def check(system: System, load: Generator, *, repeat: bool) -> tuple[int, int]:
    """Ask once and read the answer as a client would. Returns the lengths later answers may have."""
    report = load.run(job(system, 1, repeat=repeat, requests=1))
    if report.errors:
        raise RuntimeError(f"{system.name} gave an unexpected answer: {report.errors} {report.first_body[:500]!r}")
    answer = json.loads(report.first_body)
    assert answer["choices"][0]["message"]["content"].startswith(ANSWER), answer
    assert answer["choices"][0]["finish_reason"] == "stop", answer
    length = len(report.first_body)
    # Answers differ in the six characters of their reference only; identifiers of LiteLLM's own vary in length.
    slack = 16 if system.name == "litellm" else 0
    return length - slack, length + slack


def measure(system: System, load: Generator, work: Job) -> Round:
    """One round: the CPU the tree spent, settled, divided by the answers it gave."""
    before = cpu_seconds(system.pid) if system.pid else 0.0
    report = load.run(work)
    time.sleep(0.2)  # what is written behind the answers belongs to them
    spent = cpu_seconds(system.pid) - before if system.pid else 0.0
    return to_round(report, spent)


def to_round(report: Report, cpu: float) -> Round:
    """Figures of a report."""
    done = len(report.latencies)
    latencies = sorted(report.latencies) or [0.0]
    return Round(
        requests=done,
        rate=done / report.seconds,
        cpu=1000 * cpu / max(done, 1),
        p50=1000 * latencies[len(latencies) // 2],
        p99=1000 * latencies[int(len(latencies) * 0.99)],
        errors=report.errors,
    )


def campaign(systems: Sequence[System], load: Generator, plan: Plan, tell: Callable[[str], None]) -> list[Row]:
    """Warm everything up, then measure in interleaved rounds."""
    lengths = {}
    for system in systems:
        tell(f"warming up {system.name}")
        lengths[system.name] = check(system, load, repeat=plan.repeat)
        load.run(job(system, 16, repeat=plan.repeat, requests=plan.warm_up))
    rounds: dict[tuple[str, int], list[Round]] = {}
    for concurrency in plan.concurrencies:
        for number in range(plan.rounds):
            tell(f"concurrency {concurrency}, round {number + 1} of {plan.rounds}")
            # Each round starts with another system, so that no one always follows the same neighbour.
            for system in (*systems[number % len(systems) :], *systems[: number % len(systems)]):
                work = msgspec.structs.replace(
                    job(system, concurrency, repeat=plan.repeat, seconds=plan.seconds), lengths=lengths[system.name]
                )
                rounds.setdefault((system.name, concurrency), []).append(measure(system, load, work))
    return [
        row(system, concurrency, rounds, memory(system.pid) if system.pid else None)
        for concurrency in plan.concurrencies
        for system in systems
    ]


def row(system: System, concurrency: int, rounds: dict[tuple[str, int], list[Round]], used: Memory | None) -> Row:
    """Medians of a system's rounds; ratios and differences are taken within a round first."""
    own = rounds[system.name, concurrency]

    def against(name: str, compare: Callable[[Round, Round], float]) -> float | None:
        others = rounds.get((name, concurrency))
        if others is None or system.name == "direct":
            return None
        return median(compare(mine, other) for mine, other in zip(own, others, strict=True))

    errors: dict[str, int] = {}
    for part in own:
        for error, number in part.errors.items():
            errors[error] = errors.get(error, 0) + number
    return Row(
        system=system.name,
        concurrency=concurrency,
        requests=sum(part.requests for part in own),
        rate=median(part.rate for part in own),
        cpu=median(part.cpu for part in own),
        cpu_to_floor=against("floor", lambda mine, other: mine.cpu / max(other.cpu, 1e-9)),
        cpu_to_portkey=against("portkey", lambda mine, other: mine.cpu / max(other.cpu, 1e-9)),
        p50=median(part.p50 for part in own),
        p99=median(part.p99 for part in own),
        p50_added=against("direct", lambda mine, other: mine.p50 - other.p50),
        p99_added=against("direct", lambda mine, other: mine.p99 - other.p99),
        memory=used,
        errors=errors,
    )


def number(value: float | None, digits: int = 2) -> str:
    """A figure for a table; a dash for what was not measured."""
    return "-" if value is None else f"{value:.{digits}f}"


def table(rows: Sequence[Row]) -> str:
    """A Markdown table that also reads well in a terminal."""
    head = ["system", "conc.", "CPU ms/request", "to floor", "to Portkey", "p50 added ms", "p99 added ms", "requests/s"]
    lines = [[*head, "RSS MiB", "PSS MiB", "peak MiB", "errors"]]
    for entry in rows:
        used = (
            [f"{value / 2**20:.0f}" for value in (entry.memory.rss, entry.memory.pss, entry.memory.peak)]
            if entry.memory
            else ["-"] * 3
        )
        lines.append(
            [
                entry.system,
                str(entry.concurrency),
                number(entry.cpu if entry.memory else None, 3),
                number(entry.cpu_to_floor),
                number(entry.cpu_to_portkey),
                number(entry.p50_added),
                number(entry.p99_added),
                number(entry.rate, 0),
                *used,
                "0" if entry.valid else f"INVALID {entry.errors}",
            ]
        )
    return markdown(lines)


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a Markdown table; the first row is the head, the first column is aligned left."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = [
        "| "
        + " | ".join(c.ljust(w) if not i else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if not i else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def names(text: str) -> list[str]:
    """The chosen systems; `direct` always runs, since latency is counted from it."""
    chosen = text.split(",")
    unknown = set(chosen) - set(NAMES)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    return [name for name in NAMES if name in chosen or name == "direct"]


def main() -> int:
    """Measure and print. Exit status 1 if a row is invalid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names, default=list(NAMES), help="systems, separated by commas")
    parser.add_argument("--quick", action="store_true", help="less than a minute, less exact")
    parser.add_argument(
        "--repeat",
        action="store_true",
        help="one question and one answer over and over: what was inspected before is not inspected again",
    )
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args()
    end_on_sigterm()
    plan = msgspec.structs.replace(QUICK if options.quick else Plan(), repeat=options.repeat)
    if not can_pin():
        print("not pinned: needs taskset and two cores; figures will be less exact", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="promptguard-bench-") as name:
        folder = Path(name)
        with (
            static_upstream(folder, repeat=options.repeat) as port,
            started(options.only, port, folder) as systems,
            generator() as load,
        ):
            rows = campaign(systems, load, plan, lambda line: print(line, file=sys.stderr))
    print(table(rows))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    if options.markdown:
        options.markdown.write_text(table(rows) + "\n")
    return 0 if all(entry.valid for entry in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
