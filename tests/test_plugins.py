"""Packages with detectors: only those that are named are loaded, and what is wrong with one stops the start."""

from importlib.metadata import EntryPoint

import pytest
from msgspec import structs

from core.test_contract import GOOD, SPEC
from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.settings_source import SettingsError
from promptguard_gateway.plugins import GROUP, load_detectors

LIKE_A_JUDGE = structs.replace(GOOD, spec=structs.replace(SPEC, id="judge.llama_guard"))
LIKE_OURS = PatternDetector(spec=structs.replace(SPEC, id="pii.badge"), patterns=GOOD.patterns)
PAIR = (GOOD, structs.replace(GOOD, spec=structs.replace(SPEC, id="acme.second")))


def entry(value: str) -> list[EntryPoint]:
    return [EntryPoint("acme", value, GROUP)]


OFFERED = {
    "acme-badges": entry("core.test_contract:GOOD"),
    "acme-pair": entry("test_plugins:PAIR"),
    "acme-text": entry("core.test_contract:__doc__"),
    "acme-bold": entry("test_plugins:LIKE_OURS"),
    "acme-court": entry("test_plugins:LIKE_A_JUDGE"),
    "acme-gone": entry("acme_gone:DETECTORS"),
    "acme-lost": entry("test_plugins:NOWHERE"),
}


def loaded(*packages: str) -> list[str]:
    return [detector.spec.id for detector in load_detectors(packages, OFFERED, DETECTORS)]


def test_what_is_named_is_loaded_in_order() -> None:
    """Names are compared as installers do; an entry is one detector or a tuple; nothing else is touched."""
    assert loaded() == []
    assert loaded("Acme_Badges") == ["acme.badge"]
    assert loaded("acme.pair") == ["acme.badge", "acme.second"]


@pytest.mark.parametrize(
    ("packages", "says"),
    [
        (["acme-unknown"], "not installed or offers no detectors. Installed ones that do: acme-badges, acme-bold"),
        (["acme-text"], "a str is neither"),
        (["acme-bold"], "pii.badge has a name that is taken"),
        (["acme-court"], "judge.llama_guard has a name that is taken"),
        (["acme-badges", "acme-pair"], "acme.badge has a name that is taken"),
        (["acme-gone"], "cannot be loaded .ModuleNotFoundError."),
        (["acme-lost"], "cannot be loaded .AttributeError."),
    ],
)
def test_what_is_wrong_stops_the_start(packages: list[str], says: str) -> None:
    """With one line that names the setting and the package."""
    with pytest.raises(SettingsError, match=says) as caught:
        loaded(*packages)
    assert str(caught.value).startswith(f"PROMPTGUARD_PLUGINS names {packages[-1]!r}")
    assert "\n" not in str(caught.value)
