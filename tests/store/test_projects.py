"""Projects and policies in the store: versions are for ever, and every process learns of a change within a second."""

import time
from pathlib import Path

import pytest
from msgspec import structs

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, Project, StaleVersion
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.keys import SqlKeyStore
from promptguard_gateway.store.live import LiveConfiguration
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.projects import SqlProjectStore

STRICT, PERMISSIVE = PolicyDocument(preset="strict"), PolicyDocument(preset="permissive", candidates=("pii.email",))
SUPPORT = Project(id="support", name="Support", created=0, fail_mode="open", zero_retention=True)


class Opened:
    """A store's parts over one database."""

    def __init__(self, folder: Path) -> None:
        self.engine = engine_for(folder / DATABASE)
        upgrade(self.engine)
        self.live = LiveConfiguration(self.engine)
        self.projects = SqlProjectStore(self.engine, self.live, clock=lambda: 1.0)
        self.keys = SqlKeyStore(self.engine, b"p" * 32, self.live)

    @property
    def seen(self) -> dict[str, Project]:
        """What requests see."""
        return dict(self.live.snapshot.configuration.projects)


@pytest.fixture
def store(tmp_path: Path) -> Opened:
    return Opened(tmp_path)


def test_there_is_a_default_project_from_the_beginning(store: Opened) -> None:
    """It has no policy of its own, and it cannot be removed."""
    [project] = store.projects.list_projects()
    assert (project.id, project.policy, project.fail_mode) == (DEFAULT_PROJECT, None, None)
    assert not store.projects.remove(DEFAULT_PROJECT)


def test_a_new_project_is_there_at_once_with_its_policy(store: Opened) -> None:
    """What requests see is what was created; an id is given once, also after its project is gone."""
    made = store.projects.create(SUPPORT, STRICT, "key_1")
    assert made is not None
    version = store.projects.version(made.policy or 0)
    assert version is not None
    assert (version.project, version.author, version.document) == ("support", "key_1", STRICT)
    assert made == structs.replace(SUPPORT, created=1000, policy=version.id)
    assert store.seen["support"] == made == store.projects.get("support")
    assert store.projects.create(SUPPORT, None, "key_1") is None
    assert store.projects.remove("support")
    assert store.projects.create(SUPPORT, None, "key_1") is None


def test_removing_a_project_revokes_its_keys_and_keeps_its_policies(store: Opened) -> None:
    """No key outlives its project; events may still name the versions."""
    made = store.projects.create(SUPPORT, STRICT, "key_1")
    key = store.keys.create_key("laptop", project="support").key
    assert made is not None
    assert store.projects.remove("support")
    assert not store.projects.remove("support")
    assert "support" not in store.seen
    assert store.projects.get("support") is None
    assert store.live.snapshot.configuration.keys == {}
    removed = store.keys.get(key.id)
    assert removed is not None
    assert removed.revoked is not None
    assert store.projects.version(made.policy or 0) is not None
    with pytest.raises(StoreError):
        store.keys.create_key("another", project="support")


def test_a_version_never_changes_and_the_newest_is_in_force(store: Opened) -> None:
    """Going back is publishing an old document again; without a version the gateway's policy is in force."""
    first = store.projects.publish(DEFAULT_PROJECT, STRICT, author="a", note="stricter")
    second = store.projects.publish(DEFAULT_PROJECT, PERMISSIVE, author="b")
    assert first is not None
    assert second is not None
    assert store.seen[DEFAULT_PROJECT].policy == second.id > first.id
    assert store.projects.versions(DEFAULT_PROJECT) == [second, first]
    assert store.projects.version(first.id) == first
    assert store.projects.withdraw(DEFAULT_PROJECT)
    assert store.seen[DEFAULT_PROJECT].policy is None
    assert store.projects.publish("unknown", STRICT, author="a") is None
    assert not store.projects.withdraw("unknown")


def test_of_two_who_change_the_same_version_the_second_is_told(store: Opened) -> None:
    """Nobody's change is lost silently."""
    first = store.projects.publish(DEFAULT_PROJECT, STRICT, author="a")
    assert first is not None
    second = store.projects.publish(DEFAULT_PROJECT, PERMISSIVE, author="b", over=first.id)
    assert second is not None
    with pytest.raises(StaleVersion) as caught:
        store.projects.publish(DEFAULT_PROJECT, STRICT, author="c", over=first.id)
    assert caught.value.current == second.id
    assert store.seen[DEFAULT_PROJECT].policy == second.id


def test_the_policy_of_the_settings_is_a_version_too(store: Opened) -> None:
    """The same policy keeps its version from start to start, and a changed one gets a new one."""
    first = store.projects.settle(STRICT)
    assert first.project is None
    assert store.projects.settle(STRICT) == first
    second = store.projects.settle(PERMISSIVE)
    assert second.id != first.id
    assert store.projects.settle(STRICT).id not in (first.id, second.id)
    assert store.projects.versions(DEFAULT_PROJECT) == []


def test_a_change_keeps_the_policy(store: Opened) -> None:
    """Names, failure mode and retention change; the policy is published by itself, and an id never changes."""
    made = store.projects.create(SUPPORT, STRICT, "key_1")
    assert made is not None
    wanted = structs.replace(made, name="Help desk", description="d", fail_mode=None, zero_retention=False, policy=99)
    changed = store.projects.change(wanted)
    assert changed == structs.replace(wanted, policy=made.policy) == store.seen["support"]
    assert store.projects.change(structs.replace(made, id="unknown")) is None


def test_another_process_sees_a_change_within_a_second(tmp_path: Path, store: Opened) -> None:
    """Whoever listens is told the new configuration once, and it counts up."""
    heard: list[int] = []
    store.live.subscribe(lambda configuration: heard.append(configuration.changes))
    store.live.watch()
    try:
        command = Opened(tmp_path)
        began = time.monotonic()
        version = command.projects.publish(DEFAULT_PROJECT, STRICT, author="a")
        assert version is not None
        while store.seen[DEFAULT_PROJECT].policy != version.id:
            assert time.monotonic() - began < 1.0
            time.sleep(0.01)
    finally:
        store.live.close()
    assert heard == [0, 1]


def test_a_document_that_this_program_cannot_read_is_named_and_not_quoted(store: Opened) -> None:
    """A newer PromptGuard may have stored fields that this one does not know."""
    version = store.projects.publish(DEFAULT_PROJECT, STRICT, author="a")
    assert version is not None
    with store.engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE policy_versions SET document = '{"preset": "strict", "passphrase": 1}'""")
    with pytest.raises(StoreError, match=f"Version {version.id} of a policy") as caught:
        store.projects.version(version.id)
    assert "passphrase" not in str(caught.value)
