"""The house keeps its shape: packages import along the arrows only, and the pure ones stay pure.

The table below is the architecture. It is checked on the syntax tree of every file, so an import inside a function or
under TYPE_CHECKING counts as well.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import promptguard_gateway

PACKAGE = "promptguard_gateway"
ROOT = Path(promptguard_gateway.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# package -> the packages of ours that it may import, besides itself. `app` joins all.
MAY_IMPORT = {
    "core": set(),
    "detectors": {"core"},
    "inference": {"core"},
    "domain": {"core"},
    "wire": {"domain", "core"},
    "proxy": {"wire", "domain", "core"},
    "control": {"proxy", "wire", "domain", "core"},
    "upstream": {"wire", "domain", "core"},
    "store": {"domain", "core"},
    "console": {"domain", "core"},
    "plugins": {"domain", "core"},
    "configuration": {"wire", "domain", "core"},
    "console_app": {"console", "proxy", "domain", "core"},
    "policies": {"plugins", "text_models", "inference", "detectors", "proxy", "wire", "domain", "core"},
    "text_models": {"inference", "proxy", "domain", "core"},
    "offices": {"policies", "control", "proxy", "store", "domain", "core"},
    "cli": {"app"},
}
LEAVES = {"app", "__init__", "__main__"}

PURE = ("core", "detectors", "domain", "wire")

# What a pure package may import from elsewhere: values and computations. Whatever waits, reads, draws or looks at the
# clock is absent: asyncio, time, random, secrets, os, socket, logging, pathlib, subprocess, threading, tempfile ...
PURE_IMPORTS = {
    "abc",
    "base64",
    "binascii",
    "bisect",
    "codecs",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "io",  # StringIO, BytesIO; the rest is forbidden below
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "quopri",
    "re",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib",  # urllib.parse, not urllib.request: see FORBIDDEN_MODULES
    "weakref",
    "zlib",
    # third parties, all of them computations
    "dotenv",
    "msgspec",
    "phonenumbers",
    "re2",
    "stdnum",
    "yaml",
}
PURE_NAMES = {"sys.maxsize"}  # single names of modules that are not pure as a whole
FORBIDDEN_MODULES = {"urllib.request", "urllib.error", "urllib.robotparser"}
FORBIDDEN_CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
# Readings of the clock and of files that hide in modules which are otherwise fine.
FORBIDDEN_ATTRIBUTES = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("io", "open"),
    ("io", "open_code"),
    ("io", "FileIO"),
    ("dotenv", "load_dotenv"),
    ("dotenv", "find_dotenv"),
}


def layer_of(file: Path) -> str:
    """`.../core/policy.py` -> `core`; `.../app.py` -> `app`."""
    first = file.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def is_pure(file: Path) -> bool:
    return layer_of(file) in PURE


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported; `from a import b` gives `a.b`, because b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def layers_imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and layer of every import of our own; names of the package itself (`__version__`) belong to no layer."""
    for line, name in imports(tree):
        parts = name.split(".")
        if parts[0] == PACKAGE and len(parts) > 1 and not parts[1].startswith("__"):
            yield line, parts[1]


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def impurities(tree: ast.AST) -> Iterator[str]:
    """Everything in a pure file that should not be there, as sentences."""
    for line, name in imports(tree):
        top = name.partition(".")[0]
        if top != PACKAGE and top not in PURE_IMPORTS and name not in PURE_NAMES:
            yield f"line {line}: imports {name}"
        if any(name == module or name.startswith(module + ".") for module in FORBIDDEN_MODULES):
            yield f"line {line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            yield f"line {node.lineno}: calls {node.func.id}()"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in FORBIDDEN_ATTRIBUTES:
                yield f"line {node.lineno}: reads {owner}.{node.attr}"
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"line {node.lineno}: waits"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_imports_along_the_arrows_only(file: Path) -> None:
    """A package imports what the table allows it, and nothing else of ours."""
    layer = layer_of(file)
    if layer in LEAVES:
        return
    assert layer in MAY_IMPORT, f"{layer} has no place in the table"
    allowed = MAY_IMPORT[layer] | {layer}
    wrong = [f"line {line}: {layer} -> {other}" for line, other in layers_imported(parse(file)) if other not in allowed]
    assert wrong == []


@pytest.mark.parametrize("file", [file for file in FILES if is_pure(file)], ids=name_of)
def test_a_pure_file_has_no_way_to_the_outside(file: Path) -> None:
    """core, detectors, domain and wire import only values and computations, never wait and never look at a clock."""
    assert list(impurities(parse(file))) == []


@pytest.mark.parametrize("file", [file for file in FILES if is_pure(file)], ids=name_of)
def test_only_the_ports_declare_waiting(file: Path) -> None:
    """`async def` stands in `domain/ports.py`, where it describes others' work, and in no other pure file."""
    if name_of(file) == "domain/ports.py":
        return
    assert [node.lineno for node in ast.walk(parse(file)) if isinstance(node, ast.AsyncFunctionDef)] == []


def test_the_arrows_form_no_circle() -> None:
    """Every package can be put in an order in which it imports only earlier ones."""
    placed: set[str] = set()
    waiting = {**MAY_IMPORT, "app": set(MAY_IMPORT) - {"cli"}}
    while waiting:
        ready = {name for name, needs in waiting.items() if needs <= placed}
        assert ready, f"a circle among {sorted(waiting)}"
        placed |= ready
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}


@pytest.mark.parametrize(
    "name", ["asyncio", "time", "random", "secrets", "os", "socket", "logging", "pathlib", "threading"]
)
def test_the_list_of_pure_imports_holds_nothing_that_acts(name: str) -> None:
    """Nobody adds a clock, a file or a socket to the list of pure imports by mistake."""
    assert name in sys.stdlib_module_names
    assert name not in PURE_IMPORTS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", ["line 1: imports time"]),
        ("def f():\n    from os import path", ["line 2: imports os.path"]),
        ("import urllib.request", ["line 1: imports urllib.request"]),
        ("from urllib import request", ["line 1: imports urllib.request"]),
        ("import datetime\ndatetime.datetime.now()", ["line 2: reads datetime.now"]),
        ("open('x')", ["line 1: calls open()"]),
        ("from urllib.parse import urlsplit\nimport msgspec", []),
    ],
)
def test_the_check_itself_sees_what_it_should(source: str, found: list[str]) -> None:
    """The purity check is not blind: each kind of impurity is reported, and ordinary imports are not."""
    assert list(impurities(ast.parse(source))) == found
