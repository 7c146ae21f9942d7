"""What an operator can set, as values with their defaults. `domain.settings_source` reads them.

Every field is documented in docs/environment.md; a test compares the two.
"""

import ipaddress

from msgspec import Struct

from promptguard_gateway.domain.policy_document import PolicyDocument

INCLUDED = "included"
"""The text model that comes with the package, if it comes with one."""
OFF = "off"


class HttpLimits(Struct, frozen=True, kw_only=True):
    """What a client may send and how slowly. Seconds, bytes and counts.

    Defaults follow the CIS nginx benchmark (10 s for headers), HAProxy's request timer and vLLM's own limits.
    """

    first_byte_timeout: float = 10.0  # from accept to the first byte of a request
    header_timeout: float = 10.0  # from the first byte to the end of the header
    body_timeout: float = 30.0  # plus one second for every 64 KiB received
    keepalive_timeout: float = 60.0  # idle between requests
    write_timeout: float = 60.0  # a client that accepts no byte of its answer for so long is gone
    drain_timeout: float = 600.0  # after SIGTERM, for exchanges in flight
    max_connections: int = 6000
    max_connections_per_address: int = 2048
    max_headers: int = 64
    max_header_bytes: int = 32 * 1024
    max_header_line: int = 8 * 1024
    max_body_bytes: int = 10 * 1024 * 1024


class BodyLimits(Struct, frozen=True, kw_only=True):
    """What a JSON body may hold. Over a limit is an error, never a silent cut."""

    max_depth: int = 64
    max_nodes: int = 200_000
    max_string: int = 1024 * 1024  # characters
    max_n: int = 8
    max_tools: int = 128
    max_stop: int = 16
    max_messages: int = 4096
    max_scan_characters: int = 100_000  # content of guard, scan and redact


class UpstreamLimits(Struct, frozen=True, kw_only=True):
    """Patience with an upstream, in seconds, and what it may send, in bytes and counts."""

    connect_timeout: float = 5.0
    first_byte_timeout: float = 120.0
    idle_timeout: float = 60.0  # between two pieces of an answer
    total_timeout: float = 1800.0
    pool_timeout: float = 2.0
    keepalive_timeout: float = 4.0  # below the five seconds after which vLLM closes
    max_connections: int = 1024
    max_body_bytes: int = 32 * 1024 * 1024
    max_stream_bytes: int = 32 * 1024 * 1024
    max_stream_events: int = 200_000
    max_line_bytes: int = 1024 * 1024


class JudgeSettings(Struct, frozen=True, kw_only=True):
    """A guard model that is asked besides the detectors. Without an `upstream` there is none."""

    upstream: str | None = None  # the origin of a vLLM server
    key: str | None = None  # presented to it, and to it alone
    model: str | None = None
    format: str = "llama_guard"
    directions: str = "input"
    budget_ms: int = 2000  # for all questions about one direction of an exchange
    window: int = 8000  # characters of one question
    questions: int = 8  # about one direction of an exchange
    streams: str = "refuse"  # or hold: what happens to streams whose answers are to be judged
    categories: tuple[str, ...] = ()  # CODE=family, or CODE=off


class ConsoleSettings(Struct, frozen=True, kw_only=True):
    """The console's own listener. Its names besides addresses and `localhost` must be listed."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8081
    allowed_hosts: tuple[str, ...] = ()


class UpstreamSettings(Struct, frozen=True, kw_only=True):
    """One approved endpoint. `key` is presented to it, and to it alone."""

    origin: str  # canonical: scheme://host:port
    key: str | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """Everything, with defaults that start a gateway on loopback and no other service."""

    host: str = "127.0.0.1"
    port: int = 8080
    data: str = "data"
    api_key: str | None = None
    vllm_base_url: str = "http://localhost:8000"
    vllm_api_key: str | None = None
    vllm_upstreams: tuple[str, ...] = ()  # further approved origins, chosen by X-VLLM-Base-URL
    demo: bool = True
    policy: str | PolicyDocument = "moderate"
    policy_file: str | None = None  # a YAML file with a policy document, in place of `policy`
    mode: str = "enforce"
    failure_input: str = "closed"
    failure_output: str = "closed"
    allow_fields: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()  # packages whose detectors run; nothing runs just because it is installed
    allowed_hosts: tuple[str, ...] = ()
    metrics: bool = True
    workers: int = 1
    model: str = OFF  # or included, or the folder of a text model
    model_budget_ms: int = 5000  # for what the text model reads in one direction of an exchange
    model_streams: str = "pass"  # or hold: a streamed answer leaves when the text model has read all of it
    http: HttpLimits = HttpLimits()
    body: BodyLimits = BodyLimits()
    upstream: UpstreamLimits = UpstreamLimits()
    judge: JudgeSettings = JudgeSettings()
    console: ConsoleSettings = ConsoleSettings()

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the gateway."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
