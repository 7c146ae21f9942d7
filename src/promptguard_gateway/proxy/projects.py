"""The projects as requests find them: each with its policy at work, in one table that is replaced as a whole.

A request looks its project up once and keeps what it got to its end, so none sees half of a change. A policy is made
ready before it is put into the table, in a thread of its own, because that takes a second or more. One that cannot be
made ready takes nobody's place: the project keeps what it had, and a project that had nothing is refused.
"""

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError, StoreError
from promptguard_gateway.domain.projects import Configuration, Project
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.proxy.inspect import Judge

log = logging.getLogger("promptguard")

Prepare = Callable[[Project], Judge]
"""Makes a project's policy ready. Blocks, and raises when it cannot; StoreError and TreeError are fit for a log."""


class Ready(Struct, frozen=True):
    """A project, and its policy at work. `fault`: why that is not the policy which the project names, if it is not."""

    project: Project
    judge: Judge
    fault: str = ""


class _Table(Struct, frozen=True):
    """What was adopted, as of so many changes. `refused`: projects without any policy, and why."""

    changes: int
    ready: Mapping[str, Ready]
    refused: Mapping[str, str]


class Projects:
    """Who may ask, and by which rules."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._table = _Table(-1, {}, {})
        self._adopting = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="policies")

    def of(self, project: str) -> Ready:
        """A project as it is now. Raises GatewayError `policy_unavailable`."""
        ready = self._table.ready.get(project)
        if ready is None:
            raise GatewayError(
                "policy_unavailable", "The policy of this project is not ready. Try again; if it stays, see the log."
            )
        return ready

    @property
    def ready(self) -> Mapping[str, Ready]:
        """All that can be asked for."""
        return self._table.ready

    @property
    def faults(self) -> Mapping[str, str]:
        """Projects whose policy could not be made ready, and why."""
        table = self._table
        kept = {name: ready.fault for name, ready in table.ready.items() if ready.fault}
        return {**kept, **table.refused}

    def adopt(self, configuration: Configuration) -> None:
        """Replace the table, unless it is newer. Returns when the policies are at work: for threads that may wait."""
        with self._adopting:
            before = self._table
            if configuration.changes <= before.changes:
                return
            ready: dict[str, Ready] = {}
            refused: dict[str, str] = {}
            for name, project in configuration.projects.items():
                made = self._made(project, before.ready.get(name))
                if isinstance(made, Ready):
                    ready[name] = made
                else:
                    refused[name] = made
            self._table = _Table(configuration.changes, ready, refused)
            if any(name not in ready or ready[name].judge is not old.judge for name, old in before.ready.items()):
                gc.collect()  # judges are circles of a hundred megabytes, which the collector does not see the size of

    def follow(self, configuration: Configuration) -> None:
        """Adopt it soon, in another thread."""
        self._pool.submit(self.adopt, configuration)

    def close(self) -> None:
        """End that thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _made(self, project: Project, before: Ready | None) -> Ready | str:
        """The project with its policy, or why there is none."""
        if before is not None and _same_rules(before.project, project):
            return Ready(project, before.judge, before.fault)
        try:
            return Ready(project, self._prepare(project))
        except Exception as error:  # a detector of somebody else's may fail in any way
            fault = str(error) if isinstance(error, StoreError | TreeError) else type(error).__name__
        what = "its requests are refused" if before is None else "it keeps the policy that it had"
        log.error("project %s: its policy (version %s) cannot be used, %s: %s", project.id, project.policy, what, fault)
        return fault if before is None else Ready(project, before.judge, fault)


def _same_rules(one: Project, other: Project) -> bool:
    return (one.policy, one.fail_mode) == (other.policy, other.fail_mode)
