"""The OpenAPI document and its page, generated from the table of routes and the types of the bodies."""

import html
import re
from collections.abc import Mapping

import msgspec

from promptguard_gateway.wire import schemas
from promptguard_gateway.wire.route import Authentication, Route
from promptguard_gateway.wire.routes import ROUTES

_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"
_KEYS: list[dict[str, list[str]]] = [{"ApiKeyAuth": []}, {"BearerAuth": []}]
_TYPES = (schemas.ErrorResponse, schemas.QuotaErrorDetail)


def document(version: str) -> dict[str, object]:
    """The OpenAPI 3.1 document of every route, as a JSON object."""
    bodies = [kind for route in ROUTES for kind in (route.request, route.response) if kind is not None]
    _, components = msgspec.json.schema_components([*bodies, *_TYPES], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "PromptGuard", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": {path: _methods(path) for path in _paths()},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "BearerAuth": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _paths() -> list[str]:
    return [path for route in ROUTES for path in route.paths]


def _methods(path: str) -> dict[str, object]:
    return {route.method.lower(): _operation(route, path) for route in ROUTES if path in route.paths}


def _operation(route: Route, path: str) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": f"{route.name} {path}".replace("/", "_").replace(" ", "_").replace(".", "_"),
        "summary": route.summary,
        "x-inspected": route.inspected.value,
        "security": _KEYS if route.authentication is Authentication.KEY else [],
        "responses": {
            str(route.status): {"description": "Success", **_content(route.response, many=route.many)},
            "default": {"description": "An error", **_content(schemas.ErrorResponse)},
        },
    }
    parameters = [_parameter(name) for name in _PARAMETER.findall(path)]
    if route.query is not None:
        parameters += _query(route.query)
    if parameters:
        operation["parameters"] = parameters
    if route.authentication is Authentication.KEY:
        operation["x-scope"] = route.scope.value
    if route.request is not None:
        operation["requestBody"] = {"required": True, **_content(route.request)}
    return operation


def _parameter(name: str) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query(kind: type[msgspec.Struct]) -> list[dict[str, object]]:
    _, components = msgspec.json.schema_components([kind], ref_template=_REF)
    fields = components[kind.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]


def _content(kind: type[msgspec.Struct] | None, *, many: bool = False) -> dict[str, object]:
    if kind is None:
        return {}
    one: dict[str, object] = {"$ref": _REF.format(name=kind.__name__)}
    return {"content": {"application/json": {"schema": {"type": "array", "items": one} if many else one}}}


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#eee;padding:.1em .3em;border-radius:3px}"
    "td,th{text-align:left;vertical-align:top;padding:.4em .8em .4em 0;border-bottom:1px solid #ddd}"
)

# What a browser may do with the page: show it. Nothing is loaded and nothing runs.
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def page(version: str) -> str:
    """The routes as an HTML page without scripts or anything from elsewhere."""
    rows = "".join(_row(route) for route in ROUTES)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>PromptGuard API</title>"
        f"<style>{_STYLE}</style><h1>PromptGuard API {html.escape(version)}</h1>"
        "<p>The machine-readable form is <a href=/openapi.json>/openapi.json</a>. "
        "Keys go into <code>X-API-Key</code> or <code>Authorization: Bearer</code>.</p>"
        f"<table><tr><th>Route<th>Key<th>Inspected<th>What it does</tr>{rows}</table></html>"
    )


def _row(route: Route) -> str:
    paths = "<br>".join(f"<code>{route.method} {html.escape(path)}</code>" for path in route.paths)
    key = "yes" if route.authentication is Authentication.KEY else "no"
    summary = re.sub(r"`(.*?)`", r"<code>\1</code>", html.escape(route.summary))
    cells = (paths, key, html.escape(route.inspected.value), summary)
    return f"<tr>{''.join(f'<td>{cell}' for cell in cells)}</tr>"
