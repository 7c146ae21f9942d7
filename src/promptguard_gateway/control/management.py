"""The management API: each of its routes with the function behind it."""

from promptguard_gateway.control.events import EventDesk
from promptguard_gateway.control.keys import KeyDesk
from promptguard_gateway.control.managing import Managing
from promptguard_gateway.control.policies import PolicyDesk
from promptguard_gateway.control.presets import PresetDesk
from promptguard_gateway.control.projects import ProjectDesk
from promptguard_gateway.proxy.gateway import Handler
from promptguard_gateway.wire import management as bodies


def handlers(
    managing: Managing, projects: ProjectDesk, policies: PolicyDesk, keys: KeyDesk, events: EventDesk
) -> dict[str, Handler]:
    """The handlers by the names of their routes."""
    presets = PresetDesk()
    read, write = managing.reading, managing.writing
    return {
        "projects.list": read(projects.list),
        "projects.create": write(bodies.ProjectCreate, projects.create),
        "projects.get": read(projects.get),
        "projects.change": write(bodies.ProjectChange, projects.change),
        "projects.remove": read(projects.remove),
        "guardrails.get": read(policies.guardrails),
        "guardrails.put": write(bodies.GuardrailsBody, policies.put_guardrails),
        "rules.get": read(policies.rules),
        "rules.put": write(bodies.RulesBody, policies.put_rules),
        "suppressions.get": read(policies.suppressions),
        "suppressions.put": write(bodies.SuppressionsBody, policies.put_suppressions),
        "policy.get": read(policies.get),
        "policy.put": write(bodies.PolicyPublish, policies.put),
        "policy.withdraw": read(policies.withdraw),
        "policy.check": write(bodies.PolicyDraft, policies.check),
        "policy.rollback": write(bodies.PolicyRollback, policies.rollback),
        "policy.versions": read(policies.versions),
        "policy.version": read(policies.version),
        "keys.list": read(keys.list),
        "keys.create": write(bodies.KeyCreate, keys.create),
        "keys.get": read(keys.get),
        "keys.change": write(bodies.KeyChange, keys.change),
        "keys.toggle": read(keys.toggle),
        "keys.revoke": read(keys.revoke),
        "events.list": managing.asking(bodies.EventQuery, events.list),
        "events.export": managing.asking(bodies.EventExport, events.export),
        "events.get": read(events.get),
        "presets.list": read(presets.list),
        "presets.get": read(presets.get),
    }
