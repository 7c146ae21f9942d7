"""The `promptguard` command. Nothing heavy is imported before a command is chosen, so `--help` answers at once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="PromptGuard: a security gateway for language models. `serve` starts it; the others help to run it.",
)
keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Create, list and revoke API keys.")
projects = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Create, list and remove projects.")
events = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Read the record of what was decided.")
policies = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check and show policies.")
console = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Let people into the console.")
models = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check and measure text models.")
app.add_typer(keys, name="keys")
app.add_typer(projects, name="projects")
app.add_typer(events, name="events")
app.add_typer(policies, name="policies")
app.add_typer(models, name="models")
app.add_typer(console, name="console")


def _show_version(asked: bool) -> None:
    if asked:
        from promptguard_gateway import __version__

        print(f"promptguard {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What stands before the command."""


@app.command()
def serve() -> None:
    """Start the gateway.

    Settings come from the environment, then .env, then promptguard.yaml in this folder. docs/environment.md lists them.
    """
    from promptguard_gateway.cli.serve import serve_command

    serve_command(os.environ, Path.cwd())


@app.command(short_help="Judge a text or a file, without a gateway.")
def scan(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text, the path of a file, or - for standard input.")],
    answer: Annotated[bool, typer.Option("--answer", help="Judge as an answer of a model, not as a prompt.")] = False,
) -> None:
    """Judge a text, or each line of a .jsonl file, by the policy in the settings. No gateway and no model is needed.

    Exit code 0: nothing blocked, 1: an error, 2: something blocked.
    """
    from promptguard_gateway.cli.scan import scan_command

    scan_command(os.environ, Path.cwd(), text, answer=answer)


@app.command(short_help="Attack the running gateway and show what it stops.")
def selftest(
    url: Annotated[str | None, typer.Option("--url", help="Where the gateway is; else where the settings say.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="An API key; else PROMPTGUARD_API_KEY.")] = None,
    only: Annotated[str, typer.Option("--only", metavar="ID", help="Only cases whose id begins with this.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the matrix.")] = False,
) -> None:
    """Fire a catalogue of attacks and of their harmless twins at the running gateway, in every form.

    Exit code 0: all rows passed, 1: some failed, or an error, 3: no gateway was reached.
    """
    from promptguard_gateway.cli.selftest.command import selftest_command

    selftest_command(os.environ, Path.cwd(), url, key, only=only, json=json)


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")] = "unnamed",
    project: Annotated[str, typer.Option("--project", metavar="ID", help="Whose key it is.")] = "default",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="proxy (the default), manage or admin; may be repeated.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="After so many days it ends by itself.", min=1)] = None,
) -> None:
    """Make a key of a project and print it, this once."""
    from promptguard_gateway.cli.keys import create_command

    create_command(os.environ, Path.cwd(), name, project=project, scopes=scope or ("proxy",), days=days)


@keys.command("list")
def keys_list() -> None:
    """List all keys by the part that may be shown."""
    from promptguard_gateway.cli.keys import list_command

    list_command(os.environ, Path.cwd())


@keys.command("revoke")
def keys_revoke(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The id of the key, or its shown beginning or the start of that.")
    ],
) -> None:
    """Revoke a key. A running gateway refuses it within a second."""
    from promptguard_gateway.cli.keys import revoke_command

    revoke_command(os.environ, Path.cwd(), key)


@projects.command("create")
def projects_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it; its id is made of it.")],
    use_case: Annotated[str | None, typer.Option("--use-case", help="Such as support_bot.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="strict, moderate or permissive.")] = None,
) -> None:
    """Make a project and print its id. With a use case or a level it has a policy of its own."""
    from promptguard_gateway.cli.projects import create_command

    create_command(os.environ, Path.cwd(), name, use_case, level)


@projects.command("list")
def projects_list() -> None:
    """List the projects with the policies that are in force."""
    from promptguard_gateway.cli.projects import list_command

    list_command(os.environ, Path.cwd())


@projects.command("remove")
def projects_remove(project: Annotated[str, typer.Argument(metavar="ID", help="Its id.")]) -> None:
    """Remove a project and revoke its keys. Its events stay."""
    from promptguard_gateway.cli.projects import remove_command

    remove_command(os.environ, Path.cwd(), project)


@events.command("tail")
def events_tail(
    count: Annotated[int, typer.Option("-n", metavar="COUNT", help="How many events to begin with.", min=0)] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new events.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest events, a line each."""
    from promptguard_gateway.cli.events import tail_command

    tail_command(os.environ, Path.cwd(), count, follow=follow, as_json=json)


@events.command("show")
def events_show(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="evt_..., from an error or from `tail`.")],
) -> None:
    """Show one event whole, as JSON."""
    from promptguard_gateway.cli.events import show_command

    show_command(os.environ, Path.cwd(), event_id)


@policies.command("check")
def policies_check(file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file with a policy.")]) -> None:
    """Read a policy file as the start would. Exit code 1: it is wrong, and one line says where and why."""
    from promptguard_gateway.cli.policies import check_command

    check_command(os.environ, Path.cwd(), file)


@policies.command("show", short_help="Print every cell and threshold of a policy.")
def policies_show(
    preset: Annotated[
        str | None, typer.Argument(metavar="PRESET", help="Such as support_bot:strict; else the settings' policy.")
    ] = None,
) -> None:
    """Print every cell and threshold of a policy, and what in it does not act."""
    from promptguard_gateway.cli.policies import show_command

    show_command(os.environ, Path.cwd(), preset)


_FOLDER = typer.Argument(metavar="FOLDER", help="The folder of a model; else that of the settings.")


@models.command("list")
def models_list() -> None:
    """Print the text model that is used, and the one that comes with the package."""
    from promptguard_gateway.cli.models import list_command

    list_command(os.environ, Path.cwd())


@models.command("verify")
def models_verify(folder: Annotated[str | None, _FOLDER] = None) -> None:
    """Check a model's folder as the start does: digests, inputs and outputs, examples."""
    from promptguard_gateway.cli.models import verify_command

    verify_command(os.environ, Path.cwd(), folder)


@models.command("bench")
def models_bench(folder: Annotated[str | None, _FOLDER] = None) -> None:
    """Print what one window costs on this machine, by its length."""
    from promptguard_gateway.cli.models import bench_command

    bench_command(os.environ, Path.cwd(), folder)


@models.command("calibrate", short_help="Print thresholds for harmless texts of your own.")
def models_calibrate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A .jsonl file of harmless texts, 200 or more.")],
    folder: Annotated[str | None, _FOLDER] = None,
    speaker: Annotated[str, typer.Option("--speaker", help="Who says them: user, document, tool, output.")] = "user",
) -> None:
    """Print, for each detector, the thresholds that 0.1 to 5 % of harmless texts of your own reach."""
    from promptguard_gateway.cli.models import calibrate_command

    calibrate_command(os.environ, Path.cwd(), file, speaker, folder)


@console.command("link")
def console_link(
    role: Annotated[str, typer.Option("--role", help="What the person may do: viewer, analyst or admin.")] = "admin",
) -> None:
    """Print a link that makes an account of the console, once and within 15 minutes."""
    from promptguard_gateway.cli.console import link_command

    link_command(os.environ, Path.cwd(), role)


_PROJECT_ARGUMENT = typer.Argument(metavar="PROJECT", help="The id of a project.")


@policies.command("export")
def policies_export(project: Annotated[str, _PROJECT_ARGUMENT] = "default") -> None:
    """Print the policy in force in a project as YAML."""
    from promptguard_gateway.cli.published import export_command

    export_command(os.environ, Path.cwd(), project)


@policies.command("diff")
def policies_diff(
    project: Annotated[str, _PROJECT_ARGUMENT],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file with a policy.")],
) -> None:
    """Show what a file would change in a project: cells, thresholds, and what does not act."""
    from promptguard_gateway.cli.published import diff_command

    diff_command(os.environ, Path.cwd(), project, file)


@policies.command("apply")
def policies_apply(
    project: Annotated[str, _PROJECT_ARGUMENT],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file with a policy.")],
    note: Annotated[str, typer.Option("--note", help="Why, for those who read the list of versions.")] = "",
) -> None:
    """Put the policy of a file in force in a project. A running gateway decides by it soon."""
    from promptguard_gateway.cli.published import apply_command

    apply_command(os.environ, Path.cwd(), project, file, note)


@policies.command("test")
def policies_test(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file with a policy.")],
    cases: Annotated[str, typer.Argument(metavar="CASES", help="A YAML file with texts and expected decisions.")],
) -> None:
    """Judge texts by a policy. Exit code 1: a decision is not the expected one."""
    from promptguard_gateway.cli.published import test_command

    test_command(os.environ, Path.cwd(), file, cases)


def main() -> None:
    """Run the command; errors that an operator can mend are one line and exit code 1."""
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:  # its own exit code would be 2, which means blocked
        message = error.format_message()
        is_help = message.startswith("Usage: ")  # a group without a command
        print(message if is_help else f"promptguard: {message.rstrip('.')}. See `promptguard --help`.", file=sys.stderr)
        sys.exit(1)
    except typer.Abort:
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from promptguard_gateway.cli.failures import OPERATOR_ERRORS

        if not isinstance(error, OPERATOR_ERRORS):
            raise
        print(f"promptguard: {error}", file=sys.stderr)
        sys.exit(1)
