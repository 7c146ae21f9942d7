"""`promptguard events`: read the store while the gateway writes it."""

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from promptguard_gateway.app import Event
from promptguard_gateway.cli.folder import opened

_COLOURS = {"block": "red", "redact": "yellow", "allow": "green"}
_POLL_SECONDS = 0.5


def tail_command(environ: Mapping[str, str], folder: Path, count: int, *, follow: bool, as_json: bool) -> None:
    """The newest events, oldest of them first; with `follow` also those to come."""
    store = opened(environ, folder)
    console = Console(highlight=False)
    try:
        seen = max(0, store.events.last_sequence() - count)
        while True:
            for stored in store.events.tail(seen, 1000):
                seen = stored.sequence
                _show(console, stored.event, as_json=as_json)
            if not follow:
                return
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return
    finally:
        store.close()


def _show(console: Console, event: Event, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
        sys.stdout.flush()
        return
    when = datetime.fromtimestamp(event.time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    line = Text(f"{when} {event.id} ")
    line.append(f"{event.decision:<6}", style=_COLOURS.get(event.decision, ""))
    if event.mode == "monitor" and event.decision != "allow" and event.route != "security.redact":
        line.append(" (monitor: let through)", style="bold")
    line.append(f" {event.outcome:<14} {event.status} {event.route} {event.model}")
    if event.reasons:
        more = f" And {len(event.reasons) - 1} more." if len(event.reasons) > 1 else ""
        line.append(f"  {event.reasons[0].text}{more}")
    console.print(line, soft_wrap=True)


def show_command(environ: Mapping[str, str], folder: Path, event_id: str) -> None:
    """One event as indented JSON; exit code 1 when there is none of this id."""
    store = opened(environ, folder)
    try:
        stored = store.events.get(event_id)
    finally:
        store.close()
    if stored is None:
        print("promptguard: there is no event of this id", file=sys.stderr)
        raise SystemExit(1)
    print(msgspec.json.format(msgspec.json.encode(stored.event), indent=2).decode())
