"""How cost grows with the body: CPU of a request from 1 KB to 1 MB, and the exponent of the growth.

Run as `python -m benchmarks.body_size`. An exponent near 1 means that no detector is worse than linear on prose; the
floor beside it shows what carrying the bytes costs without reading them.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from benchmarks.fixtures import ANSWER, FILL, chat_body, http_request
from benchmarks.gateway import markdown, names, number
from benchmarks.load import Generator, Job, generator
from benchmarks.processes import cpu_seconds, end_on_sigterm
from benchmarks.systems import System, started
from benchmarks.upstream import static_upstream

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
QUICK = (1_000, 10_000, 100_000, 1_000_000)
FIT_FROM = 10_000  # below, what every request costs hides what its size costs


class Row(Struct, frozen=True, kw_only=True):
    """CPU in ms a request of `size` bytes of text."""

    system: str
    size: int
    cpu: float
    requests: int
    errors: dict[str, int]


def measure(system: System, load: Generator, size: int, seconds: float, runs: int) -> Row:
    """Median of the runs."""
    request = http_request(system.path, system.headers, chat_body(system.model, FILL.decode() * size))
    work = Job(
        port=system.port,
        request=request,
        fresh=size,
        concurrency=1,
        seconds=seconds,
        needle=ANSWER.encode(),
    )
    load.run(msgspec.structs.replace(work, requests=20))
    costs, errors, done = [], dict[str, int](), 0
    for _ in range(runs):
        before = cpu_seconds(system.pid or 0)
        report = load.run(work)
        costs.append(1000 * (cpu_seconds(system.pid or 0) - before) / max(len(report.latencies), 1))
        errors |= report.errors
        done += len(report.latencies)
    return Row(system=system.name, size=size, cpu=median(costs), requests=done, errors=errors)


def exponent(rows: Sequence[Row]) -> float:
    """The slope of log CPU over log size by least squares, from FIT_FROM bytes on."""
    points = [(math.log(row.size), math.log(max(row.cpu, 1e-6))) for row in rows if row.size >= FIT_FROM]
    x = sum(point[0] for point in points) / len(points)
    y = sum(point[1] for point in points) / len(points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def table(rows: Sequence[Row]) -> str:
    """A Markdown table. Cost per KB is over the same system's smallest body."""
    least = {row.system: min((r for r in rows if r.system == row.system), key=lambda r: r.size) for row in rows}
    lines = [["system", "text", "CPU ms/request", "us per further KB", "requests", "errors"]]
    for row in rows:
        base = least[row.system]
        further = 1e6 * (row.cpu - base.cpu) / (row.size - base.size) if row.size > base.size else None
        state = f"INVALID {row.errors}" if row.errors else "0"
        size = f"{row.size // 1000} KB"
        lines.append([row.system, size, number(row.cpu, 3), number(further, 1), str(row.requests), state])
    return markdown(lines)


def main() -> int:
    """Measure, fit and print. Exit status 1 if an answer was not the expected one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names, default=["direct", "floor", "ours"], help="systems, separated by commas")
    parser.add_argument("--quick", action="store_true", help="less than a minute, fewer sizes")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    options = parser.parse_args()
    end_on_sigterm()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="promptguard-bench-") as name:
        folder = Path(name)
        with static_upstream(folder) as port, started(options.only, port, folder) as systems, generator() as load:
            for system in [system for system in systems if system.pid]:
                for size in QUICK if options.quick else SIZES:
                    print(f"{system.name}: {size} bytes", file=sys.stderr)
                    rows.append(measure(system, load, size, *((0.5, 1) if options.quick else (2.0, 3))))
    print(table(rows))
    for system_name in dict.fromkeys(row.system for row in rows):
        fit = exponent([row for row in rows if row.system == system_name])
        print(f"\n{system_name}: CPU grows with size to the power {fit:.2f} from {FIT_FROM // 1000} KB on")
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    return 1 if any(row.errors for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
