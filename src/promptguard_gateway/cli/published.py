"""`promptguard policies export|diff|apply|test`: policies as files, and as what is in force in a project."""

import difflib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from promptguard_gateway.app import (
    OPERATOR,
    Asked,
    Desks,
    Judge,
    PolicyDocument,
    PolicyPublish,
    Settings,
    SettingsError,
    desks,
    document_of,
    judge_of,
    judge_text,
    load_settings,
    policy_of,
    read_yaml,
    with_policy,
)
from promptguard_gateway.cli.folder import opened
from promptguard_gateway.cli.policies import described


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text and what must be decided on it. `flag`: it passes, and something in it is flagged."""

    text: str
    expect: Literal["allow", "flag", "redact", "block"]
    answer: bool = False
    why: str = ""


class Cases(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of `policies test`."""

    cases: tuple[Case, ...]


def export_command(environ: Mapping[str, str], folder: Path, project: str) -> None:
    """Print the document in force as YAML that `apply` takes."""
    with _desks(environ, folder) as (managed, _):
        document = managed.policies.get(_asked(project)).document
    print(msgspec.yaml.encode(document).decode(), end="")


def diff_command(environ: Mapping[str, str], folder: Path, project: str, file: str) -> None:
    """Print the lines that a file changes, `-` as it is and `+` as it would be."""
    with _desks(environ, folder) as (managed, settings):
        now = managed.policies.get(_asked(project)).document
    new = _document(settings, folder, file)
    before, after = (list(described(policy_of(_with(settings, each)))) for each in (now, new))
    lines = list(difflib.unified_diff(before, after, project, file, n=0, lineterm=""))
    for line in lines or _rules_that_differ(now, new):
        print(line)


def _rules_that_differ(now: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """Where no cell differs, what is written may."""
    texts = (msgspec.yaml.encode(each).decode().splitlines() for each in (now, new))
    before, after = texts
    yield from list(difflib.unified_diff(before, after, n=0, lineterm="")) or ["no difference"]


def apply_command(environ: Mapping[str, str], folder: Path, project: str, file: str, note: str) -> None:
    """Publish the policy of a file. Raises SettingsError or GatewayError, which name what is wrong."""
    with _desks(environ, folder) as (managed, settings):
        document = _document(settings, folder, file)
        done = managed.policies.put(_asked(project), PolicyPublish(document=document, note=note))
    print(f"version {done.version} is in force in {project}")


def test_command(environ: Mapping[str, str], folder: Path, file: str, cases: str) -> None:
    """Judge every case; exit code 1 when one is decided otherwise."""
    settings = with_policy(load_settings(environ, folder), folder, file)
    try:
        text = (folder / cases).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{cases} cannot be read ({type(error).__name__}).") from None
    known = read_yaml(text, cases, Cases).cases
    judge = judge_of(settings)
    failed = 0
    for number, case in enumerate(known, 1):
        seen = _decided(judge, case)
        if seen != case.expect:
            failed += 1
            print(f"case {number}: expected {case.expect}, decided {seen}. {case.why}".rstrip())
    print(f"{len(known) - failed} of {len(known)} cases are decided as expected")
    if failed:
        sys.exit(1)


def _decided(judge: Judge, case: Case) -> str:
    decision = judge_text(judge, case.text, answer=case.answer).decision
    return "flag" if decision.verb == "allow" and decision.flagged else decision.verb.value


@contextmanager
def _desks(environ: Mapping[str, str], folder: Path) -> Iterator[tuple[Desks, Settings]]:
    settings = load_settings(environ, folder)
    store = opened(environ, folder)
    try:
        yield desks(settings, store), settings
    finally:
        store.close()


def _asked(project: str) -> Asked:
    return Asked(OPERATOR.authority, OPERATOR.author, {"project": project})


def _document(settings: Settings, folder: Path, file: str) -> PolicyDocument:
    return document_of(with_policy(settings, folder, file))


def _with(settings: Settings, document: PolicyDocument) -> Settings:
    return msgspec.structs.replace(settings, policy=document, policy_file=None)
