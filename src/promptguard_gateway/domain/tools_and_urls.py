"""The sections `tools` and `urls` of a policy: what a model may call, and which addresses may be spoken of.

What they say is checked here, and becomes the rules of `core.tool_rules` and `core.url_rules`.
"""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict

from promptguard_gateway.core.policy import Action, Policy
from promptguard_gateway.core.segments import ANSWER_COLUMNS
from promptguard_gateway.core.tool_rules import SPECS, ToolRules
from promptguard_gateway.core.url_rules import PRIVATE, UrlDetector, UrlRules, is_entry
from promptguard_gateway.domain.strict_tree import TreeError

_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]{0,31}\Z")


class Tools(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`core.tool_rules.ToolRules`, as they are written down."""

    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    allow_servers: tuple[str, ...] | None = None
    block_servers: tuple[str, ...] = ()
    max_argument_bytes: int | None = None
    check_schema: bool = False


class Urls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`core.url_rules.UrlRules`, as they are written down."""

    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] = ()
    schemes: tuple[str, ...] | None = None
    credentials: bool = False
    numbers: bool = True


def rules_for_tools(tools: Tools) -> ToolRules:
    """The section at work. Raises TreeError."""
    if tools.max_argument_bytes is not None and tools.max_argument_bytes < 1:
        raise TreeError("tools.max_argument_bytes", "must be a number of bytes, at least 1.")
    return ToolRules(**asdict(tools))


def detector_for_urls(urls: Urls) -> UrlDetector:
    """The section at work. Raises TreeError."""
    _check_hosts("urls.allow", urls.allow or ())
    _check_hosts("urls.block", urls.block)
    for index, scheme in enumerate(urls.schemes or ()):
        if not _SCHEME.match(scheme):
            raise TreeError(f"urls.schemes[{index}]", "must be a scheme in small letters, such as https.")
    return UrlDetector(UrlRules(**asdict(urls)))


def _check_hosts(place: str, entries: Sequence[str]) -> None:
    for index, entry in enumerate(entries):
        if not is_entry(entry):
            what = f"must be a host, an address, a network or {PRIVATE}, without scheme, port or path."
            raise TreeError(f"{place}[{index}]", what)


def check_calls(policy: Policy) -> None:
    """A call goes through or does not: nothing of it can be replaced. Raises TreeError."""
    for spec in SPECS:
        if any(Action.REDACT in policy.cells(spec.id, spec.family, column) for column in ANSWER_COLUMNS):
            raise TreeError("matrix.tool", "can be off, flag or block in answers: a call of a tool cannot be redacted.")
