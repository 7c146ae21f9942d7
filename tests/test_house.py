"""Rules of the house that no type checker knows: what a tracked file may hold, and what a dependency must explain."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "promptguard_gateway"
# Where packages come from is pip's configuration, which differs from machine to machine. Assembled here, so that this
# file passes its own test.
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "npmjs" + ".com",
    "deb." + "debian.org",
    "crates" + ".io",
    "download." + "pytorch.org",
]
# Shapes of keys as scanners know them. Tests and documents assemble theirs from pieces.
LIVE_LOOKING = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "OpenAI or Anthropic key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "GitHub token": r"\b(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack token": r"\bxox[abeprs]-[0-9A-Za-z-]{10,}",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "Hugging Face token": r"\bhf_[A-Za-z]{34}\b",
    "PromptGuard key": r"\bpg_live_[A-Za-z0-9_-]{43}\b",
    "signed web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40,}",
}
GENERATED = {".venv", ".git", "node_modules", "dist", "data", ".hypothesis", "__pycache__"}
LONGEST_FILE = 400


def tracked_files() -> list[Path]:
    """What git tracks or would track; in a copy without git, every file that no tool made."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    files = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in files if not GENERATED & set(path.relative_to(ROOT).parts)]


TEXTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace")
    for path in tracked_files()
    if b"\0" not in path.read_bytes()[:1024]
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted(name for name in TEXTS if name.endswith(".lock"))
# The one lock without hashes: PyTorch's CPU builds differ from one source to the next. Used by client tests only.
UNHASHED = {"tools/tiny_vllm/requirements.lock"}


def source_files() -> list[str]:
    return sorted(name for name in TEXTS if name.startswith("src/") and name.endswith(".py"))


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host: str) -> None:
    """Installing works from whatever index pip is configured for, so no file names one."""
    assert [name for name, text in TEXTS.items() if host in text.lower()] == []


@pytest.mark.parametrize(("kind", "shape"), LIVE_LOOKING.items(), ids=list(LIVE_LOOKING))
def test_no_file_holds_a_key_that_looks_live(kind: str, shape: str) -> None:
    """Keys in tests are assembled from pieces, so that a secret scanner's alarm is always a real one."""
    found = re.compile(shape)
    assert [name for name, text in TEXTS.items() if found.search(text)] == [], kind


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_in_a_lock_has_hashes(name: str) -> None:
    """A lock pins exact versions with hashes, and neither an index nor a link."""
    text = TEXTS[name]
    assert "://" not in text
    if name in UNHASHED:
        return
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9_.\-]+(\[[a-z,]+\])?==\S+", block), block[:60]
        assert "--hash=sha256:" in block, block[:60]


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9_.\-]+)==(\S+)", TEXTS[name], flags=re.MULTILINE))


def test_the_tests_run_with_the_packages_that_serve() -> None:
    """The development lock holds every runtime package in the same version."""
    development = pins("requirements/dev.lock")
    assert {name: development.get(name) for name in pins("requirements/runtime.lock")} == pins(
        "requirements/runtime.lock"
    )


def runtime_dependencies() -> list[str]:
    return [re.split(r"[<>=!~;\[ ]", line)[0] for line in PROJECT["dependencies"]]


@pytest.mark.parametrize("package", runtime_dependencies())
def test_every_runtime_dependency_is_locked_and_explained(package: str) -> None:
    """A dependency of a security product needs a reason that people can read."""
    assert package in pins("requirements/runtime.lock")
    assert f"| `{package}` |" in TEXTS["docs/dependencies.md"]


def test_no_explained_dependency_is_gone() -> None:
    """docs/dependencies.md lists no runtime dependency that the package no longer has."""
    runtime = TEXTS["docs/dependencies.md"].partition("\n## Not")[0]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", runtime, flags=re.MULTILINE)) == set(runtime_dependencies())


@pytest.mark.parametrize("name", source_files())
def test_a_source_file_says_why_it_exists_and_stays_short(name: str) -> None:
    """Every module opens with a docstring and fits into four hundred lines."""
    text = TEXTS[name]
    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert len(text.splitlines()) < LONGEST_FILE


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "Not" + "ImplementedError", "X" * 3])
def test_nothing_is_left_for_later(word: str) -> None:
    """What is not done is named in the change log, not hidden in the code."""
    marker = re.compile(rf"\b{word}\b")
    assert [name for name in source_files() if marker.search(TEXTS[name])] == []


@pytest.mark.parametrize("word", ["unittest" + ".mock", "Magic" + "Mock", "monkey" + "patch"])
def test_tests_use_values_and_fakes(word: str) -> None:
    """No test patches the code it tests."""
    tests = {name: text for name, text in TEXTS.items() if name.startswith("tests/") and name.endswith(".py")}
    assert [name for name, text in tests.items() if word in text] == []


def test_every_test_states_its_behaviour() -> None:
    """Each test function has a docstring: a sentence about what holds."""
    silent = []
    for name, text in TEXTS.items():
        if re.match(r"tests/.*test_[^/]*\.py$", name):
            for node in ast.walk(ast.parse(text)):
                is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
                if is_test and not ast.get_docstring(node):
                    silent.append(f"{name}: {node.name}")
    assert silent == []


def test_the_version_stands_in_one_release_of_the_change_log() -> None:
    """The version in pyproject.toml, in the package and at the top of the change log is the same."""
    version = PROJECT["version"]
    assert f'__version__ = "{version}"' in TEXTS["src/promptguard_gateway/__init__.py"]
    assert f"\n## {version}" in TEXTS["CHANGELOG.md"]


def test_shell_scripts_can_be_run() -> None:
    """Every script that starts with `#!` has its executable bit."""
    scripts = [name for name, text in TEXTS.items() if text.startswith("#!") and not name.startswith("tests/")]
    assert [name for name in scripts if not (ROOT / name).stat().st_mode & 0o100] == []
