"""The bodies of our routes as types: what the guard routes decode into, and what the OpenAPI document shows.

Model routes accept further fields (docs/api.md); their bodies are validated field by field in their dialect, because
an unknown field there is text to inspect and not an error. Field names and casing follow the PromptGuard API:
snake_case on `guard`, camelCase on `security`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Json = Annotated[object, Meta(extra_json_schema={"description": "any JSON value"})]
JsonObject = dict[str, Json]


class ChatCompletionRequest(Struct, kw_only=True):
    """An OpenAI chat request. `model` is `vllm/` and the name that the upstream serves."""

    model: str
    messages: Annotated[list[JsonObject], Meta(min_length=1)]
    stream: bool = False
    n: Annotated[int, Meta(ge=1, le=8)] = 1
    temperature: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    tools: list[JsonObject] | None = None
    tool_choice: str | JsonObject | None = None
    response_format: JsonObject | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    stream_options: JsonObject | None = None
    seed: int | None = None
    user: str | None = None


class ChatCompletion(Struct, kw_only=True):
    """An OpenAI chat completion, as the upstream gave it, inspected."""

    id: str
    object: str
    created: int
    model: str
    choices: list[JsonObject]
    usage: JsonObject | None = None


class CompletionRequest(Struct, kw_only=True):
    """An OpenAI text completion request. Token ids are refused: there is no text in them to inspect."""

    model: str
    prompt: str | list[str]
    stream: bool = False
    n: Annotated[int, Meta(ge=1, le=8)] = 1
    max_tokens: int | None = None
    temperature: float | None = None


class Completion(Struct, kw_only=True):
    """An OpenAI text completion."""

    id: str
    object: str
    created: int
    model: str
    choices: list[JsonObject]
    usage: JsonObject | None = None


class EmbeddingRequest(Struct, kw_only=True):
    """An OpenAI embedding request."""

    model: str
    input: str | list[str]
    encoding_format: str | None = None
    dimensions: int | None = None


class EmbeddingList(Struct, kw_only=True):
    """Embeddings in the order of the inputs."""

    object: str
    data: list[JsonObject]
    model: str
    usage: JsonObject | None = None


class ModelList(Struct, kw_only=True):
    """Models under the names to use here: `vllm/<id>`."""

    object: str
    data: list[JsonObject]


# The limit is a setting (`BodyLimits.max_scan_characters`), so it is checked where the settings are known.
ScanText = Annotated[str, Meta(extra_json_schema={"maxLength": 100_000})]


class GuardMessage(Struct, kw_only=True):
    """One message. `content`: text, or blocks in the shape of OpenAI or Anthropic."""

    role: str
    content: str | list[Json] | None = None
    tool_calls: list[JsonObject] | None = None
    name: str | None = None
    tool_call_id: str | None = None


class RetrievedDocument(Struct, kw_only=True):
    """A document that retrieval added to the prompt; inspected as untrusted text."""

    content: str
    source: str | None = None
    metadata: JsonObject | None = None


class GuardContext(Struct, kw_only=True):
    """Where a call comes from. `tool_calls` is inspected; the rest is not text for the model."""

    framework: str | None = None
    chain_name: str | None = None
    agent_id: str | None = None
    session_id: Annotated[str, Meta(max_length=255)] | None = None
    tool_calls: list[JsonObject] | None = None
    metadata: JsonObject | None = None


class GuardRequest(Struct, kw_only=True):
    """Messages to decide on. With `direction: output` every text is judged as an answer, whatever its role."""

    messages: Annotated[list[GuardMessage], Meta(min_length=1)]
    direction: Literal["input", "output"] = "input"
    model: str | None = None
    context: GuardContext | None = None
    retrieved_context: list[RetrievedDocument] | None = None
    media: list[JsonObject] | None = None
    images: list[str] | None = None


class ThreatRule(Struct, kw_only=True):
    """The rule behind a threat."""

    detector: str
    id: str
    suppressible: bool


class ThreatBand(Struct, kw_only=True):
    """Where a score lies between the thresholds."""

    band: Literal["warn", "block"]
    warn: float
    block: float
    score: float


class ThreatDetail(Struct, kw_only=True):
    """One finding, as the PromptGuard API names it. `match_sha256`: digest of the matched text, lower-case hex."""

    type: str
    confidence: float
    details: str
    technique: str | None = None
    rule: ThreatRule | None = None
    status: Literal["active", "candidate", "suppressed"] = "active"
    threshold: ThreatBand | None = None
    match_sha256: str | None = None


class Unscanned(Struct, kw_only=True):
    """Something of the request that no detector could read."""

    index: int
    reason: str
    detail: str


class Unavailable(Struct, kw_only=True):
    """A detector that did not run."""

    detector: str
    reason: str


class GuardResponse(Struct, kw_only=True):
    """The decision. `redacted_messages` (only on redact) keeps length, order and roles."""

    decision: Literal["allow", "block", "redact"]
    event_id: str
    confidence: float
    threats: list[ThreatDetail]
    latency_ms: float
    threat_type: str | None = None
    redacted_messages: list[GuardMessage] | None = None
    unscanned: list[Unscanned] = []
    unavailable: list[Unavailable] = []


class ScanRequest(Struct, kw_only=True):
    """One text. `text` and `direction` are accepted as older names of `content` and `type`."""

    content: ScanText | UnsetType = UNSET
    type: Literal["prompt", "response"] | UnsetType = UNSET
    text: ScanText | UnsetType = UNSET
    direction: Literal["input", "output"] | UnsetType = UNSET
    project_id: str | None = None


class ScanResponse(Struct, kw_only=True, rename="camel"):
    """The decision on one text."""

    blocked: bool
    decision: Literal["allow", "block", "redact"]
    reason: str
    confidence: float
    event_id: str
    processing_time_ms: float
    threat_type: str | None = None
    flagged: bool = False


class RedactRequest(Struct, kw_only=True):
    """One text; `pii_types` null or absent means everything the policy knows."""

    content: ScanText
    pii_types: list[str] | None = None


class RedactResponse(Struct, kw_only=True, rename="camel"):
    """The text before and after, and the kinds of data found."""

    original: str
    redacted: str
    pii_found: list[str]


class ValidateToolRequest(Struct, kw_only=True):
    """A call that an agent is about to make."""

    agent_id: str
    tool_name: str
    arguments: JsonObject = {}
    session_id: str | None = None


RiskLevel = Literal["safe", "low", "medium", "high", "critical"]
RISK_LEVELS: tuple[RiskLevel, ...] = ("safe", "low", "medium", "high", "critical")


class ToolValidation(Struct, kw_only=True):
    """Whether to make the call. `risk_score` is 0 to 1; `risk_level` names its fifth. docs/api.md has the bands."""

    allowed: bool
    risk_score: float
    risk_level: RiskLevel
    reason: str
    warnings: list[str]
    blocked_reasons: list[str]
    event_id: str


class McpTool(Struct, kw_only=True):
    """One entry of a server's `tools/list`. All other members are inspected too."""

    name: str
    description: str | None = None
    inputSchema: JsonObject | None = None
    input_schema: JsonObject | None = None


class McpToolName(Struct, kw_only=True):
    """A tool of another server: only its name is read."""

    name: str


class McpOtherServer(Struct, kw_only=True):
    """Another server of the same agent."""

    name: str
    tools: list[McpToolName]


class ManifestRequest(Struct, kw_only=True):
    """The tools of a server of the Model Context Protocol. `pin`: the `sha256` of an earlier answer."""

    tools: Annotated[list[McpTool], Meta(max_length=500)]
    pin: str | None = None
    other_servers: list[McpOtherServer] = []


ManifestSeverity = Literal["high", "medium", "info"]


class ManifestFinding(Struct, kw_only=True):
    """Something about a tool, or about the list as a whole (`*`). docs/api.md lists the codes."""

    code: str
    tool: str
    severity: ManifestSeverity
    reason: str
    details: JsonObject = {}


class ToolHash(Struct, kw_only=True):
    """A tool's own hash, to tell which one changed."""

    name: str
    sha256: str


class ManifestScan(Struct, kw_only=True):
    """`ok` is false if a finding is high or a tool was not scanned. `sha256` is the pin for the next scan."""

    sha256: str
    ok: bool
    findings: list[ManifestFinding]
    tools: list[ToolHash]
    incomplete: bool
    unscanned_tools: list[str]


class Health(Struct, kw_only=True):
    """`status` is `ok`. `timestamp` is Unix time in seconds. A gateway that is stopping answers 503 instead."""

    status: str
    timestamp: float
    version: str


class ErrorDetail(Struct, kw_only=True):
    """The object under `error`."""

    message: str
    type: str
    code: str
    param: str | None = None
    event_id: str | None = None
    request_id: str | None = None
    details: JsonObject | None = None


class QuotaErrorDetail(Struct, kw_only=True):
    """The object under `error` when a quota is spent (part of the PromptGuard API; no quota is set by default)."""

    message: str
    type: str
    code: str
    current_plan: str
    requests_used: int
    requests_limit: int
    upgrade_url: str
    retry_after: int | None = None


class ErrorResponse(Struct, kw_only=True):
    """Every error has this shape."""

    error: ErrorDetail
