"""How good the detectors are, beside what a user would pick instead: `python -m benchmarks.detectors [part ...]`.

Without a part's name all parts run, one after the other. Each measures ours and theirs on the same texts in one run.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import detectors_cost, detectors_pii, detectors_secrets
from benchmarks.false_alarms import SHARED

PARTS: dict[str, Callable[[Path], None]] = {
    "secrets": detectors_secrets.run,
    "pii": lambda data: detectors_pii.run(data / "pii" / "dev.jsonl"),
    "cost": lambda _: detectors_cost.run(),
}


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument(
        "--data", type=Path, default=SHARED, help="the folder that holds secrets/dev.jsonl and pii/dev.jsonl"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for name in options.parts:
        PARTS[name](options.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
