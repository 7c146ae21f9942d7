"""The table of projects changes as a whole, and a policy that cannot be used takes nobody's place."""

import logging
import threading

import pytest

from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import Configuration, Project
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.proxy.inspect import Judge
from promptguard_gateway.proxy.projects import Projects


class Prepare:
    """Makes judges without detectors, counts them, and fails for versions below zero."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int | None]] = []

    def __call__(self, project: Project) -> Judge:
        self.made.append((project.id, project.policy))
        if project.policy == -1:
            raise TreeError("thresholds", "must be between 0 and 1.")
        if project.policy == -2:
            raise RuntimeError("the secret value in somebody's detector")
        return Judge((), PRESETS["moderate"])


def configuration(changes: int, **policies: int | None) -> Configuration:
    """Projects with these versions."""
    projects = {name: Project(id=name, name=name, created=0, policy=policy) for name, policy in policies.items()}
    return Configuration(changes, {}, projects)


def test_only_what_changed_is_made_anew() -> None:
    """The judge of a project stays while its policy and failure mode stay, whatever else changes."""
    prepare = Prepare()
    projects = Projects(prepare)
    projects.adopt(configuration(0, a=1, b=None))
    before = projects.of("a")
    projects.adopt(configuration(1, a=1, b=2, c=3))
    assert projects.of("a").judge is before.judge
    assert prepare.made == [("a", 1), ("b", None), ("b", 2), ("c", 3)]


def test_an_unknown_project_is_refused() -> None:
    """So is one that was removed; neither gets somebody else's policy."""
    projects = Projects(Prepare())
    projects.adopt(configuration(0, a=1))
    projects.adopt(configuration(1))
    with pytest.raises(GatewayError) as caught:
        projects.of("a")
    assert (caught.value.code, caught.value.status) == ("policy_unavailable", 503)


def test_a_policy_that_cannot_be_used_replaces_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The project keeps the one that it had; one that had none is refused. The reason is known, and logged."""
    prepare = Prepare()
    projects = Projects(prepare)
    projects.adopt(configuration(0, a=1))
    before = projects.of("a").judge
    with caplog.at_level(logging.ERROR):
        projects.adopt(configuration(1, a=-1, b=-1))
    assert projects.of("a").judge is before
    with pytest.raises(GatewayError):
        projects.of("b")
    assert projects.faults == dict.fromkeys("ab", "thresholds: must be between 0 and 1.")
    assert "keeps the policy" in caplog.text
    projects.adopt(configuration(2, a=3))
    assert projects.of("a").judge is not before
    assert projects.faults == {}


def test_what_a_detector_says_when_it_breaks_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Its words may hold a text of somebody's."""
    projects = Projects(Prepare())
    with caplog.at_level(logging.ERROR):
        projects.adopt(configuration(0, a=-2))
    assert projects.faults == {"a": "RuntimeError"}
    assert "secret" not in caplog.text


def test_an_older_configuration_never_takes_the_place_of_a_newer() -> None:
    """Two threads may bring them in the wrong order."""
    projects = Projects(Prepare())
    projects.adopt(configuration(5, a=5))
    newer = projects.of("a")
    projects.adopt(configuration(4, a=4, b=4))
    assert projects.of("a") is newer


def test_requests_go_on_while_a_policy_is_made_ready() -> None:
    """The old one is in force until the new one is at work, and nobody waits."""
    going, may_go = threading.Event(), threading.Event()

    def slowly(project: Project) -> Judge:
        if project.policy == 2:
            going.set()
            may_go.wait()
        return Judge((), PRESETS["moderate"])

    projects = Projects(slowly)
    projects.adopt(configuration(0, a=1))
    before = projects.of("a")
    projects.follow(configuration(1, a=2))
    assert going.wait(5)
    assert projects.of("a") is before
    may_go.set()
    projects.close()
    assert projects.of("a").project.policy == 2
