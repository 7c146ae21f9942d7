"""What a scan says of the tools of an MCP server: the findings of the detectors, and what only a comparison shows.

Codes are those of PromptGuard's scanner. A server can change its tools after they were approved (`E301`), and can name
a tool like one of another server, so that a model calls the wrong one (`E002`).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator

from promptguard_gateway.core.findings import Family, Finding
from promptguard_gateway.core.fold import fold_text, skeleton_text
from promptguard_gateway.core.policy import Action
from promptguard_gateway.proxy.inspect import Judgement
from promptguard_gateway.wire.agent import canonical
from promptguard_gateway.wire.schemas import ManifestFinding, ManifestRequest, ManifestScan, ManifestSeverity, ToolHash
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue

INJECTED, HIDDEN, SHADOWS, OTHER, TWICE, CHANGED, NOT_SCANNED = "E001", "W021", "E002", "E003", "W022", "E301", "E900"

_CODES = {
    Family.INJECTION: INJECTED,
    Family.FORGERY: INJECTED,
    Family.EXFILTRATION: INJECTED,
    Family.HIDDEN: HIDDEN,
}
_ALL = "*"
# A name that is more than a word of the language: `send_email`, `sendEmail`, `mail.send`.
_TELLING = re.compile(r"\w[_.\-]\w|[a-z][A-Z]")
_NAME = re.compile(r"[\w.\-]+")


def scanned(body: JsonObject, request: ManifestRequest, judgement: Judgement) -> ManifestScan:
    """The answer to a scan of the tools in this body, whose texts have been judged."""
    tools = body["tools"]
    entries = tools if isinstance(tools, list) else []
    digest = _sha256("[" + ",".join(sorted(map(canonical, entries))) + "]")
    unscanned = [tool.name for tool in request.tools] if judgement.inspection.degraded else []
    findings = [
        *_detected(request, judgement),
        *_disguised(request),
        *_shadowing(request, entries),
        *_doubled(request),
        *_changed(request, digest),
        *(_finding(NOT_SCANNED, name, "high", "A detector failed: it was not scanned.") for name in unscanned),
    ]
    return ManifestScan(
        sha256=digest,
        ok=not any(found.severity == "high" for found in findings),
        findings=findings,
        tools=[
            ToolHash(name=tool.name, sha256=_sha256(canonical(entry)))
            for tool, entry in zip(request.tools, entries, strict=True)
        ],
        incomplete=bool(unscanned),
        unscanned_tools=unscanned,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _finding(code: str, tool: str, severity: ManifestSeverity, reason: str, **details: str) -> ManifestFinding:
    return ManifestFinding(code=code, tool=tool, severity=severity, reason=reason, details=dict(details))


def _detected(request: ManifestRequest, judgement: Judgement) -> Iterator[ManifestFinding]:
    """What the detectors found and the policy does not let pass unseen."""
    for reason in judgement.decision.reasons:
        if reason.action is Action.OFF:
            continue
        finding = judgement.inspection.findings[reason.finding]
        code = _CODES.get(finding.family, OTHER)
        severity: ManifestSeverity = "high" if reason.action is Action.BLOCK else "info" if code == OTHER else "medium"
        details = {"detector": finding.detector, "rule": finding.rule, "path": judgement.segments[finding.segment].path}
        yield _finding(code, _tool_of(finding, request, judgement), severity, reason.text, **details)


def _tool_of(finding: Finding, request: ManifestRequest, judgement: Judgement) -> str:
    match judgement.segments[finding.segment].location:
        case ("tools", int(index), *_):
            return request.tools[index].name
    return _ALL


def _disguised(request: ManifestRequest) -> Iterator[ManifestFinding]:
    for tool in request.tools:
        if _plain(tool.name) != tool.name.casefold():
            yield _finding(HIDDEN, tool.name, "medium", "The tool's name holds invisible or look-alike characters.")


def _plain(name: str) -> str:
    """A name as a reader may see it."""
    return skeleton_text(fold_text(name)).casefold()


def _shadowing(request: ManifestRequest, entries: list[JsonValue]) -> Iterator[ManifestFinding]:
    """Names of another server's tools, as the name of a tool here or in what it says of itself."""
    owners = {_plain(tool.name): server.name for server in request.other_servers for tool in server.tools}
    if not owners:
        return
    telling = {
        _plain(tool.name) for server in request.other_servers for tool in server.tools if _TELLING.search(tool.name)
    }
    telling -= {_plain(tool.name) for tool in request.tools}
    for tool, entry in zip(request.tools, entries, strict=True):
        owner = owners.get(_plain(tool.name))
        if owner is not None:
            yield _finding(SHADOWS, tool.name, "high", "Another server has a tool of this name.", server=owner)
        said = {_plain(word.strip(".-")) for text in _texts(entry) for word in _NAME.findall(text)}
        for name in sorted(said & telling):
            yield _finding(
                SHADOWS, tool.name, "medium", "It speaks of a tool of another server.", server=owners[name], named=name
            )


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _texts(child)


def _doubled(request: ManifestRequest) -> Iterator[ManifestFinding]:
    counts = Counter(_plain(tool.name) for tool in request.tools)
    named = {_plain(tool.name): tool.name for tool in reversed(request.tools)}
    for plain, count in counts.items():
        if count > 1:
            yield _finding(TWICE, named[plain], "medium", f"{count} tools have this name, read without regard to case.")


def _changed(request: ManifestRequest, digest: str) -> Iterator[ManifestFinding]:
    if request.pin is not None and request.pin != digest:
        yield _finding(CHANGED, _ALL, "high", "The tools are not those that were pinned.")
