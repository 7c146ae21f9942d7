"""The `promptguard` command. Nothing heavy is imported before a command is chosen, so `--help` answers at once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="PromptGuard: a security gateway for language models."
)
keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")
events = typer.Typer(no_args_is_help=True, help="Read the events that exchanges leave behind.")
app.add_typer(keys, name="keys")
app.add_typer(events, name="events")


@app.command()
def serve() -> None:
    """Start the gateway. Settings: the environment, .env and promptguard.yaml (docs/environment.md)."""
    from promptguard_gateway.cli.serve import serve_command

    serve_command(os.environ, Path.cwd())


@app.command()
def scan(
    text: Annotated[str, typer.Argument(help="A text, the path of a file, or - for standard input.")],
    answer: Annotated[bool, typer.Option("--answer", help="Judge as an answer of a model, not as a prompt.")] = False,
) -> None:
    """Decide on a text, or on every line of a .jsonl file. Exit code 0: nothing blocked, 2: something blocked."""
    from promptguard_gateway.cli.scan import scan_command

    scan_command(os.environ, Path.cwd(), text, answer=answer)


@keys.command("create")
def keys_create(name: Annotated[str, typer.Argument(help="What the key is for.")] = "unnamed") -> None:
    """Make a key of the default project and print it, this once."""
    from promptguard_gateway.cli.keys import create_command

    create_command(os.environ, Path.cwd(), name)


@keys.command("list")
def keys_list() -> None:
    """List all keys by the part that may be shown."""
    from promptguard_gateway.cli.keys import list_command

    list_command(os.environ, Path.cwd())


@keys.command("revoke")
def keys_revoke(key: Annotated[str, typer.Argument(help="The id or the shown beginning of the key.")]) -> None:
    """Revoke a key. A running gateway refuses it within a second."""
    from promptguard_gateway.cli.keys import revoke_command

    revoke_command(os.environ, Path.cwd(), key)


@events.command("tail")
def events_tail(
    count: Annotated[int, typer.Option("-n", help="How many events to begin with.", min=0)] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new events.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest events."""
    from promptguard_gateway.cli.events import tail_command

    tail_command(os.environ, Path.cwd(), count, follow=follow, as_json=json)


@events.command("show")
def events_show(event_id: Annotated[str, typer.Argument(help="evt_...")]) -> None:
    """Show one event whole, as JSON."""
    from promptguard_gateway.cli.events import show_command

    show_command(os.environ, Path.cwd(), event_id)


def main() -> None:
    """Run the command; errors that an operator can mend are one line and exit code 1."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from promptguard_gateway.cli.failures import OPERATOR_ERRORS

        if not isinstance(error, OPERATOR_ERRORS):
            raise
        print(f"promptguard: {error}", file=sys.stderr)
        sys.exit(1)
