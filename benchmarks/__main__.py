"""One door to all measurements: `python -m benchmarks [NAME] [options]` with a name from below; default `gateway`."""

import sys

from benchmarks import body_size, detectors, gateway, recording, streams

MEASUREMENTS = {
    "gateway": gateway.main,
    "body_size": body_size.main,
    "streams": streams.main,
    "detectors": detectors.main,
    "recording": recording.main,
}

if __name__ == "__main__":
    named = len(sys.argv) > 1 and sys.argv[1] in MEASUREMENTS
    sys.exit(MEASUREMENTS[sys.argv.pop(1) if named else "gateway"]())
