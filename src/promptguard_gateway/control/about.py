"""What the gateway tells about itself: health, metrics and its documentation. No request's body is involved."""

import time

import msgspec

from promptguard_gateway import __version__
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.metrics import Metrics
from promptguard_gateway.wire import openapi
from promptguard_gateway.wire.schemas import Health

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class About:
    """The open routes. Health asks no store, so that a probe costs microseconds and cannot lie about the loop."""

    def __init__(self, metrics: Metrics, *, show_metrics: bool) -> None:
        self._metrics = metrics
        self._show_metrics = show_metrics
        self._document = msgspec.json.encode(openapi.document(__version__))
        self._page = openapi.page(__version__).encode()

    async def health(self) -> Reply:
        """GET health."""
        body = Health(status="ok", timestamp=time.time(), version=__version__)
        return json_response(200, msgspec.json.encode(body))

    async def metrics(self) -> Reply:
        """GET metrics; 404 when the operator turned it off."""
        if not self._show_metrics:
            return json_response(404, b"metrics are off\n", content_type="text/plain; charset=utf-8")
        return json_response(200, self._metrics.render(), content_type=_TEXT)

    async def openapi(self) -> Reply:
        """GET openapi.json."""
        return json_response(200, self._document)

    async def docs(self) -> Reply:
        """GET docs."""
        return json_response(200, self._page, openapi.PAGE_HEADERS, content_type="text/html; charset=utf-8")
