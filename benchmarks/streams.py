"""What streamed answers cost: time to the first text, a thousand open streams, and busy ones.

Run as `python -m benchmarks.streams`. Every character of every stream is checked: one lost or changed makes the row
invalid. The upstream speaks one word an event; see `sse_upstream`.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.fixtures import chat_body, http_request
from benchmarks.gateway import markdown, names, number
from benchmarks.processes import (
    LOAD_CORE,
    cpu_seconds,
    end_on_sigterm,
    ended_after,
    free_port,
    memory,
    pinned,
    running,
    wait_until_up,
)
from benchmarks.sse_upstream import expected_text
from benchmarks.stream_load import StreamJob, StreamReport
from benchmarks.systems import System, started

_REPORT_SECONDS = 60.0  # for the load generator to start, open its streams and report


class Scene(Struct, frozen=True, kw_only=True):
    """So many streams, opened at a pace, of so many words with a pause between them in ms."""

    name: str
    streams: int
    per_second: float
    words: int
    pause: int


SCENES = (
    Scene(name="first text", streams=400, per_second=50, words=10, pause=10),
    Scene(name="1,000 open", streams=1000, per_second=200, words=15, pause=1000),
    Scene(name="50 busy", streams=50, per_second=50, words=300, pause=33),
)
QUICK = (
    Scene(name="first text", streams=100, per_second=50, words=10, pause=10),
    Scene(name="200 open", streams=200, per_second=200, words=5, pause=1000),
    Scene(name="50 busy", streams=50, per_second=50, words=90, pause=33),
)


class Row(Struct, frozen=True, kw_only=True):
    """One system in one scene. Times in ms, memory in bytes for each open stream, CPU in ms for each piece of text."""

    system: str
    scene: str
    first_p50: float
    first_p99: float
    gap_p50: float
    gap_p99: float
    cpu: float
    memory_per_stream: float | None
    errors: dict[str, int]


def quantile(values: Sequence[float], part: float) -> float:
    """A quantile in ms of values in seconds; 0 where there are none."""
    ordered = sorted(values)
    return 1000 * ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def job(system: System, scene: Scene) -> StreamJob:
    """The load of a scene for a system."""
    question = f"Tell me about my parcel, one word every {scene.pause} ms please. "
    body = chat_body(system.model, question, stream=True)
    body = body.replace(b'"max_tokens": 128', f'"max_tokens": {scene.words}'.encode())
    return StreamJob(
        port=system.port,
        request=http_request(system.path, system.headers, body),
        streams=scene.streams,
        per_second=scene.per_second,
        text=expected_text(scene.words),
        patience=scene.words * scene.pause / 1000 + 20,
    )


def play(system: System, scene: Scene) -> Row:
    """One system through one scene; memory is read when all streams are open and half are said."""
    before, cpu = (memory(system.pid).pss, cpu_seconds(system.pid)) if system.pid else (0, 0.0)
    work = job(system, scene)
    command = pinned([sys.executable, "-m", "benchmarks.stream_load"], LOAD_CORE)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(work) + b"\n")
        process.stdin.flush()
        time.sleep(scene.streams / scene.per_second + scene.words * scene.pause / 2000)
        during = memory(system.pid).pss if system.pid else 0
        with ended_after(process, work.patience + _REPORT_SECONDS):
            report = msgspec.json.decode(process.stdout.read(), type=StreamReport)
    time.sleep(0.3)
    spent = cpu_seconds(system.pid) - cpu if system.pid else 0.0
    return Row(
        system=system.name,
        scene=scene.name,
        first_p50=quantile(report.first, 0.5),
        first_p99=quantile(report.first, 0.99),
        gap_p50=quantile(report.gaps, 0.5),
        gap_p99=quantile(report.gaps, 0.99),
        cpu=1000 * spent / max(scene.streams * scene.words, 1),
        memory_per_stream=(during - before) / scene.streams if system.pid and scene.pause >= 1000 else None,
        errors=report.errors,
    )


def table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    head = ["scene", "system", "first text p50 ms", "p99", "added p50", "added p99", "gap p50 ms", "gap p99"]
    lines = [[*head, "CPU ms/word", "KiB/stream", "errors"]]
    direct = {row.scene: row for row in rows if row.system == "direct"}
    for row in rows:
        base = direct[row.scene]
        lines.append(
            [
                row.scene,
                row.system,
                number(row.first_p50),
                number(row.first_p99),
                number(row.first_p50 - base.first_p50),
                number(row.first_p99 - base.first_p99),
                number(row.gap_p50),
                number(row.gap_p99),
                number(row.cpu, 3) if row.system != "direct" else "-",
                number(row.memory_per_stream / 1024 if row.memory_per_stream is not None else None, 1),
                f"INVALID {row.errors}" if row.errors else "0",
            ]
        )
    return markdown(lines)


def main() -> int:
    """Measure and print. Exit status 1 if a stream was lost or changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names, default=["direct", "floor", "ours"], help="systems, separated by commas")
    parser.add_argument("--quick", action="store_true", help="less than a minute, fewer streams")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args()
    end_on_sigterm()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    rows = []
    with tempfile.TemporaryDirectory(prefix="promptguard-bench-") as name:
        folder, port = Path(name), free_port()
        command = [sys.executable, "-m", "benchmarks.sse_upstream", str(port)]
        with running(command, log=folder / "upstream.log", core=LOAD_CORE) as upstream:
            wait_until_up(f"http://127.0.0.1:{port}/v1/models", upstream, folder / "upstream.log")
            with started(options.only, port, folder) as systems:
                for scene in QUICK if options.quick else SCENES:
                    for system in systems:
                        print(f"{scene.name}: {system.name}", file=sys.stderr)
                        rows.append(play(system, scene))
    print(table(rows))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    if options.markdown:
        options.markdown.write_text(table(rows) + "\n")
    return 1 if any(row.errors for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
