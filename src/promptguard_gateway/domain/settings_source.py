"""Reading settings: the environment beats `.env`, which beats `promptguard.yaml`, which beats the defaults.

A wrong setting stops the start, with one line that names it, where it stands and the way out. Names that nobody knows
are wrong too: a misspelt limit that is silently ignored is a limit that is off.
"""

import difflib
import io
import math
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
import yaml
from dotenv.parser import Binding, parse_stream
from msgspec import Struct, structs

from promptguard_gateway.core.presets import NAMES_IN_WORDS, PRESETS
from promptguard_gateway.domain import strict_tree
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.strict_tree import TreeError

# Settings of PromptGuard's clients, which may stand in the same environment and mean nothing to the gateway.
CLIENT_NAMES = frozenset(
    {
        "PROMPTGUARD_BASE_URL",
        "PROMPTGUARD_API_URL",
        "PROMPTGUARD_API_BASE",
        "PROMPTGUARD_BLOCK_ON_ERROR",
        "PROMPTGUARD_CONFIG",  # where promptguard.yaml lies; read by the command line
    }
)
_SPECIAL = {"vllm_base_url": "VLLM_BASE_URL", "vllm_api_key": "VLLM_API_KEY"}
# vLLM has many variables of its own; only a name this close to one of ours is a misspelling of it.
_MISSPELT = 0.88
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
_BOOLEANS = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}

_Path = tuple[str, ...]
T = TypeVar("T")


class SettingsError(Exception):
    """A setting that stops the start; the message is the line to print."""


def setting_names() -> dict[str, _Path]:
    """Environment name -> way to the field in `Settings`, for every setting there is."""
    return {_environment_name(path): path for path in _fields(Settings, ())}


def _fields(kind: type[Struct], prefix: _Path) -> Iterator[_Path]:
    for field in structs.fields(kind):
        path = (*prefix, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from _fields(field.type, path)
        else:
            yield path


def _environment_name(path: _Path) -> str:
    return _SPECIAL.get(path[0], "PROMPTGUARD_" + "_".join(path).upper())


def read_settings(environ: Mapping[str, str], dotenv_text: str = "", yaml_text: str = "") -> Settings:
    """The settings of these three sources. Raises SettingsError."""
    tree = _from_yaml(yaml_text, "promptguard.yaml")
    sources: dict[_Path, str] = {}
    for source, variables in ((".env", read_dotenv(dotenv_text)), ("the environment", environ)):
        for path, value in _known(variables, source):
            _put(tree, path, value)
            sources[path] = source
    settings = _convert(tree)
    _check_ranges(settings, sources)
    return settings


def read_policy(text: str, source: str) -> PolicyDocument:
    """The policy document in the text of a YAML file. Raises SettingsError, which names the file as `source`."""
    return read_yaml(text, source, PolicyDocument)


def read_yaml(text: str, source: str, kind: type[T]) -> T:
    """The text of a YAML file as a value of this type. Raises SettingsError, which names the file as `source`."""
    try:
        return strict_tree.convert(_from_yaml(text, source), kind)
    except TreeError as error:
        raise SettingsError(f"{error.place or 'The file'} (in {source}): {error.what} See docs/policies.md.") from None


def _from_yaml(text: str, source: str) -> dict[str, object]:
    if not text.strip():
        return {}
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        tree: dict[str, object] = msgspec.convert(yaml.safe_load(text), dict[str, object])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        # What YAML says of an error quotes the text, which may hold a key.
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        if mark:
            way = "is not valid YAML. Look at its quotes, brackets, colons and indentation"
            raise SettingsError(f"{source} (line {mark.line + 1}) {way}.") from None
        raise SettingsError(f"{source} must hold names with values, such as `port: 8081`.") from None
    _refuse_twins(root, source)
    return tree


def _refuse_twins(node: yaml.Node | None, source: str) -> None:
    """YAML's reader takes the last of two equal keys; one of the two was meant."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twins(item, source)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[object] = set()
    for key, value in node.value:
        if key.value in seen:
            line = key.start_mark.line + 1
            raise SettingsError(f"{source} (line {line}) sets {key.value} twice. Keep one of them.")
        seen.add(key.value)
        _refuse_twins(value, source)


def read_dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` file; nothing is interpolated. Raises SettingsError for a line that is none."""
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise SettingsError(
                f".env (line {_line_of(binding)}) cannot be read. Write NAME=VALUE, or # for a comment."
            )
        if binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values


def _line_of(binding: Binding) -> int:
    """Blank lines before a binding are part of it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _known(variables: Mapping[str, str], source: str) -> Iterator[tuple[_Path, object]]:
    names = setting_names()
    for name, value in variables.items():
        if name in names:
            if value != "":  # an empty variable is an unset one, as in every shell
                yield names[name], _typed(name, names[name], value, source)
        elif (name.startswith("PROMPTGUARD_") and name not in CLIENT_NAMES) or _is_misspelt(name):
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SettingsError(
                f"{name} (in {source}) is not a setting. {hint}All settings are listed in docs/environment.md."
            )


def _is_misspelt(name: str) -> bool:
    return name.startswith("VLLM") and bool(difflib.get_close_matches(name, _SPECIAL.values(), cutoff=_MISSPELT))


def _typed(name: str, path: _Path, text: str, source: str) -> object:
    """The text of a variable as a value of its field's type."""
    kind = _type_of(path)
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise SettingsError(f"{name} (in {source}) must be on or off, not {text!r}.")
        return _BOOLEANS[text.lower()]
    if kind == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind in (int, float):
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            raise SettingsError(f"{name} (in {source}) must be a number, not {text!r}.") from None
    return text


def _type_of(path: _Path) -> object:
    kind: type[Struct] = Settings
    for name in path[:-1]:
        kind = {field.name: field.type for field in structs.fields(kind)}[name]
    return {field.name: field.type for field in structs.fields(kind)}[path[-1]]


def _put(tree: dict[str, object], path: _Path, value: object) -> None:
    for name in path[:-1]:
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{name} in promptguard.yaml must be a mapping of settings.")
        tree = inner
    tree[path[-1]] = value


def _convert(tree: dict[str, object]) -> Settings:
    _refuse_unknown(tree, Settings, "")
    try:
        return msgspec.convert(tree, Settings, strict=True)
    except msgspec.ValidationError as error:
        # Variables have their types by now.
        wrong = strict_tree.explain(error, Settings)
        page = "policies" if wrong.place.startswith("policy") else "environment"
        raise SettingsError(
            f"{wrong.place or 'The file'} (in promptguard.yaml): {wrong.what} See docs/{page}.md."
        ) from None


def _refuse_unknown(tree: Mapping[str, object], kind: type[Struct], prefix: str) -> None:
    fields = {field.name: field.type for field in structs.fields(kind)}
    for name, value in tree.items():
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"Did you mean {prefix}{near[0]}? " if near else ""
            raise SettingsError(
                f"{prefix}{name} (in promptguard.yaml) is not a setting. {hint}See docs/environment.md."
            )
        inner = fields[name]
        if isinstance(inner, type) and issubclass(inner, Struct) and isinstance(value, dict):
            _refuse_unknown(value, inner, f"{prefix}{name}.")


_CHOICES = {
    "mode": ("enforce", "monitor"),
    "failure_input": ("closed", "open"),
    "failure_output": ("closed", "open"),
    "model_streams": ("pass", "hold"),
}


def _check_ranges(settings: Settings, sources: Mapping[_Path, str]) -> None:
    def wrong(path: _Path, what: str) -> SettingsError:
        source = sources.get(path)
        name = _environment_name(path) if source else ".".join(path)
        return SettingsError(f"{name} (in {source or 'promptguard.yaml'}) {what}.")

    ports: dict[_Path, int] = {("port",): settings.port, ("console", "port"): settings.console.port}
    for path, port in ports.items():
        if not 0 <= port <= 65535:
            raise wrong(path, f"must be between 0 and 65535, not {port}")
    if settings.model_budget_ms < 1:
        raise wrong(("model_budget_ms",), f"must be at least 1, not {settings.model_budget_ms}")
    if settings.workers < 1:
        raise wrong(("workers",), f"must be at least 1, not {settings.workers}")
    if isinstance(settings.policy, str) and settings.policy not in PRESETS:
        raise wrong(("policy",), f"must be {NAMES_IN_WORDS}, not {settings.policy!r}")
    for name, choices in _CHOICES.items():
        value = getattr(settings, name)
        if value not in choices:
            raise wrong((name,), f"must be one of {', '.join(choices)}, not {value!r}")
    names: dict[_Path, tuple[str, ...]] = {
        ("allowed_hosts",): settings.allowed_hosts,
        ("console", "allowed_hosts"): settings.console.allowed_hosts,
    }
    for listed, hosts in names.items():
        if not all(map(_HOST.fullmatch, hosts)):
            raise wrong(listed, "must be host names, without scheme, port, path or wildcard")
    for section in ("http", "body", "upstream"):
        limits = getattr(settings, section)
        for field in structs.fields(limits):
            if not 0 < getattr(limits, field.name) < math.inf:
                raise wrong((section, field.name), "must be greater than 0, and finite")
