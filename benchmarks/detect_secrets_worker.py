"""What detect-secrets finds in texts: JSON lines in, JSON lines out. Runs in an environment of its own.

All its plugins and its default filters are on, its look-ups in the network are off. `string` reads each line by the
function for single strings, `file` as the lines of a text file.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from detect_secrets.core.scan import scan_file, scan_line
from detect_secrets.settings import default_settings


def spans(text, way, file):
    """Where the values stand that it reports."""
    found, start = set(), 0
    if way == "file":
        file.write_text(text, encoding="utf-8")
        reported = [(secret.line_number, secret.secret_value) for secret in scan_file(str(file))]
    for number, line in enumerate(text.split("\n"), 1):
        values = (
            [secret.secret_value for secret in scan_line(line)]
            if way == "string"
            else [value for at, value in reported if at == number]
        )
        for value in filter(None, values):
            place = line.find(value)
            if place >= 0:
                found.add((start + place, start + place + len(value)))
        start += len(line) + 1
    return sorted(found)


def main():
    """Answer each line of the input; afterwards, the CPU seconds of it all."""
    way, texts = sys.argv[1], [json.loads(line) for line in sys.stdin]
    with default_settings() as settings, tempfile.TemporaryDirectory() as folder:
        settings.disable_filters("detect_secrets.filters.common.is_ignored_due_to_verification_policies")
        started = time.process_time()
        for text in texts:
            print(json.dumps(spans(text, way, Path(folder) / "text.txt")))
        print(json.dumps(time.process_time() - started))


if __name__ == "__main__":
    main()
