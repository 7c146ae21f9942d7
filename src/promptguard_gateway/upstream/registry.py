"""Which endpoint answers a request: a choice among the operator's list, made without a look-up or a socket."""

from collections.abc import Sequence

from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import Upstream
from promptguard_gateway.domain.settings import Settings, UpstreamLimits, UpstreamSettings
from promptguard_gateway.upstream.demo import MODEL as DEMO_MODEL
from promptguard_gateway.upstream.demo import DemoUpstream
from promptguard_gateway.upstream.origin import canonical_origin, same_place
from promptguard_gateway.upstream.vllm import VllmUpstream

PREFIX = "vllm/"
_MAX_HEADER = 512


class Choice(Struct, frozen=True):
    """Where a request goes and the model's name there."""

    upstream: Upstream
    model: str


class Upstreams:
    """The approved endpoints, the first of which is the default; raises ValueError if one has no proper origin."""

    def __init__(
        self,
        endpoints: Sequence[UpstreamSettings],
        *,
        limits: UpstreamLimits,
        demo: bool = False,
    ) -> None:
        self._endpoints = tuple(VllmUpstream(each.origin, key=each.key, limits=limits) for each in endpoints)
        if not self._endpoints:
            raise ValueError("at least one upstream is needed")
        self._demo = DemoUpstream() if demo else None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Upstreams":
        """The upstreams of the settings. `VLLM_API_KEY` belongs to `VLLM_BASE_URL` and goes to no other endpoint.

        Raises ValueError, which names the setting.
        """
        base = _origin_of("VLLM_BASE_URL", settings.vllm_base_url)
        first = UpstreamSettings(origin=base, key=settings.vllm_api_key)
        listed = [_origin_of("PROMPTGUARD_VLLM_UPSTREAMS", url) for url in settings.vllm_upstreams]
        others = [UpstreamSettings(origin=origin) for origin in listed if not same_place(origin, base)]
        return cls([first, *others], limits=settings.upstream, demo=settings.demo and settings.on_loopback)

    @property
    def endpoints(self) -> Sequence[VllmUpstream]:
        """All endpoints outside the process, the default first."""
        return self._endpoints

    @property
    def demo(self) -> DemoUpstream | None:
        """The demonstration model, if it is enabled."""
        return self._demo

    @property
    def local_models(self) -> tuple[str, ...]:
        """Models that answer inside the process."""
        return () if self._demo is None else (DEMO_MODEL,)

    def resolve(self, model: str, base_url: str | None = None) -> Choice:
        """The endpoint for a model's name and the value of X-VLLM-Base-URL.

        Raises GatewayError `no_provider` or `upstream_not_allowed`.
        """
        name = model.removeprefix(PREFIX)
        if name == model or not name.strip():
            raise GatewayError(
                "no_provider",
                "No provider found for model: the model's name does not begin with vllm/. Write vllm/<id>, where <id> "
                "is the name vLLM serves the model under; GET /models lists the names.",
                param="model",
            )
        endpoint = self.select(base_url)
        if self._demo is not None and name == DEMO_MODEL:
            return Choice(self._demo, name)
        return Choice(endpoint, name)

    def select(self, base_url: str | None = None) -> VllmUpstream:
        """The approved endpoint a header names, or the default. Raises GatewayError `upstream_not_allowed`."""
        if base_url is None:
            return self._endpoints[0]
        wanted = _origin_or_none(base_url)
        for endpoint in self._endpoints:
            if wanted is not None and same_place(endpoint.origin, wanted):
                return endpoint
        raise GatewayError(
            "upstream_not_allowed",
            "X-VLLM-Base-URL names an endpoint that the operator of this gateway has not approved. Leave the header "
            "out, or ask for the endpoint to be added to PROMPTGUARD_VLLM_UPSTREAMS.",
            param="X-VLLM-Base-URL",
        )

    async def close(self) -> None:
        """Close the connections of all endpoints."""
        for endpoint in self._endpoints:
            await endpoint.close()


def _origin_of(setting: str, url: str) -> str:
    try:
        return canonical_origin(url)
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def _origin_or_none(url: str) -> str | None:
    if len(url) > _MAX_HEADER:
        return None
    try:
        return canonical_origin(url)
    except ValueError:
        return None
