"""Reading settings: the environment beats `.env`, which beats `promptguard.yaml`, which beats the defaults.

A wrong setting stops the start, with one line that names it, where it stands and the way out. Names that nobody knows
are wrong too: a misspelt limit that is silently ignored is a limit that is off.
"""

import difflib
import io
import math
from collections.abc import Iterator, Mapping

import dotenv
import msgspec
import yaml
from msgspec import Struct, structs

from promptguard_gateway.domain.settings import Settings

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
_BOOLEANS = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}

_Path = tuple[str, ...]


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
    tree = _from_yaml(yaml_text)
    for source, variables in ((".env", _from_dotenv(dotenv_text)), ("the environment", environ)):
        for path, value in _known(variables, source):
            _put(tree, path, value)
    return _convert(tree)


def _from_yaml(text: str) -> dict[str, object]:
    if not text.strip():
        return {}
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        tree: dict[str, object] = msgspec.convert(yaml.safe_load(text), dict[str, object])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        # What YAML says of an error quotes the text, which may hold a key.
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        where = f" (line {mark.line + 1})" if mark else ""
        raise SettingsError(f"promptguard.yaml cannot be read{where}. It must be a mapping of settings.") from None
    _refuse_twins(root)
    return tree


def _refuse_twins(node: yaml.Node | None) -> None:
    """YAML's reader takes the last of two equal keys; one of the two was meant."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[object] = set()
    for key, value in node.value:
        if key.value in seen:
            line = key.start_mark.line + 1
            raise SettingsError(f"promptguard.yaml (line {line}) sets {key.value} twice. Keep one of them.")
        seen.add(key.value)
        _refuse_twins(value)


def _from_dotenv(text: str) -> dict[str, str]:
    values = dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _known(variables: Mapping[str, str], source: str) -> Iterator[tuple[_Path, object]]:
    names = setting_names()
    for name, value in variables.items():
        if name in names:
            if value != "":  # an empty variable is an unset one, as in every shell
                yield names[name], _typed(name, names[name], value, source)
        elif name.startswith("PROMPTGUARD_") and name not in CLIENT_NAMES:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SettingsError(
                f"{name} (in {source}) is not a setting. {hint}All settings are listed in docs/environment.md."
            )


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
        settings = msgspec.convert(tree, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting is wrong: {error}. See docs/environment.md.") from error
    _check_ranges(settings)
    return settings


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
    "policy": ("strict", "moderate", "permissive"),
    "mode": ("enforce", "monitor"),
    "failure_input": ("closed", "open"),
    "failure_output": ("closed", "open"),
}


def _check_ranges(settings: Settings) -> None:
    if not 0 <= settings.port <= 65535:
        raise SettingsError(f"PROMPTGUARD_PORT must be between 0 and 65535, not {settings.port}.")
    if settings.workers < 1:
        raise SettingsError(f"PROMPTGUARD_WORKERS must be at least 1, not {settings.workers}.")
    for name, choices in _CHOICES.items():
        value = getattr(settings, name)
        if value not in choices:
            raise SettingsError(f"PROMPTGUARD_{name.upper()} must be one of {', '.join(choices)}, not {value!r}.")
    for section in ("http", "body", "upstream"):
        limits = getattr(settings, section)
        for field in structs.fields(limits):
            if not 0 < getattr(limits, field.name) < math.inf:
                name = f"PROMPTGUARD_{section.upper()}_{field.name.upper()}"
                raise SettingsError(f"{name} must be greater than 0, and finite.")
