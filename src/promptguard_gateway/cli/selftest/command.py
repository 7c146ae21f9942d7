"""The command: what to fire at, with which key, and the exit code."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from promptguard_gateway.app import Settings, load_settings, policy_of
from promptguard_gateway.cli.selftest.firing import Result, Target, Unreachable, Unready, fire_all
from promptguard_gateway.cli.selftest.matrix import as_json, print_matrix

_PASSED, _FAILED, _UNREACHABLE = 0, 1, 3
_DEMO = "vllm/demo"


def selftest_command(
    environ: Mapping[str, str], folder: Path, url: str | None, key: str | None, *, only: str = "", json: bool
) -> None:
    """Fire the catalogue and show what came of it. Exits with 0, 1 (something failed) or 3 (no gateway)."""
    settings = load_settings(environ, folder)
    target = Target((url or _address(settings)).rstrip("/"), _key(settings, key), _DEMO)
    try:
        results = _fire(settings, target, only, quiet=json)
    except Unreachable as error:
        raise SystemExit(_said(error, _UNREACHABLE)) from None
    except Unready as error:
        raise SystemExit(_said(error, _FAILED)) from None
    if json:
        print(as_json(results))
    else:
        print_matrix(results, Console())
    raise SystemExit(_FAILED if any(result.fault for result in results) else _PASSED)


def _fire(settings: Settings, target: Target, only: str, *, quiet: bool) -> list[Result]:
    bar = Progress(console=Console(stderr=True), transient=True, disable=quiet)
    with bar:
        task = bar.add_task(f"firing at {target.url}")

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return asyncio.run(fire_all(target, policy_of(settings), only, progress))


def _address(settings: Settings) -> str:
    """The gateway of these settings, on this machine. Another machine's has to be named."""
    host = settings.host
    if not settings.on_loopback:
        text = f"PROMPTGUARD_HOST is {host}, which others can reach; to fire at it, name it with --url"
        raise SystemExit(_said(text, _FAILED))
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _key(settings: Settings, key: str | None) -> str:
    chosen = key or settings.api_key
    if not chosen:
        text = "the selftest needs a key: PROMPTGUARD_API_KEY or --key (`promptguard keys create` makes one)"
        raise SystemExit(_said(text, _FAILED))
    return chosen


def _said(what: object, code: int) -> int:
    print(f"promptguard: {what}", file=sys.stderr)
    return code
