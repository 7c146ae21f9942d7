"""The table of routes, walked: every raw path, its key, its methods, and everything that is not in it."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.house import KEY, House, house
from lab.rawclient import RawAnswer, RawClient
from promptguard_gateway.domain.projects import Scope
from promptguard_gateway.proxy.credentials import Authenticator
from promptguard_gateway.proxy.gateway import Gateway
from promptguard_gateway.wire.route import Authentication, Inspected, Plane, Route, Table
from promptguard_gateway.wire.routes import ROUTES

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATA = [route for route in ROUTES if route.plane is not Plane.MANAGEMENT]
PATHS = [(path, route) for route in DATA for path in route.paths]
MANAGED = [(path, route) for route in ROUTES if route.plane is Plane.MANAGEMENT for path in route.paths]
KEYED = [(path, route) for path, route in PATHS if route.authentication is Authentication.KEY]
OPEN = [(path, route) for path, route in PATHS if route.authentication is Authentication.OPEN]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("routes")) as it:
        yield it


async def send(here: House, method: str, path: str, body: bytes = b"", key: str | None = None) -> RawAnswer:
    async with RawClient("127.0.0.1", here.port) as client:
        await client.send(client.request(method, path, body, key=key, **{"content-type": "application/json"}))
        return await client.answer()


async def test_the_table_is_complete_and_unambiguous() -> None:
    """Every route has its classes; no path and method lead to two; what takes text wants a key and is inspected."""
    pairs = [(path, route.method) for path, route in (*PATHS, *MANAGED)]
    assert len(set(pairs)) == len(pairs)
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert isinstance(route.authentication, Authentication)
        assert isinstance(route.inspected, Inspected)
        assert route.summary.endswith(".")
        if route.plane is Plane.MANAGEMENT:
            assert route.authentication is Authentication.KEY
            assert route.scope is not Scope.PROXY
        elif route.request is not None:
            assert route.method == "POST"
            assert route.authentication is Authentication.KEY
            assert route.inspected in (Inspected.BOTH, Inspected.REQUEST)
        if route.authentication is Authentication.OPEN:
            assert route.inspected is Inspected.NONE


@pytest.mark.parametrize(("path", "route"), KEYED, ids=lambda value: value if isinstance(value, str) else "")
async def test_every_keyed_path_has_a_handler_behind_its_key(here: House, path: str, route: Route) -> None:
    """401 before anything is read; with the key it is answered by its own handler."""
    denied = await send(here, route.method, path, b"{oops" if route.request else b"")
    assert (denied.status, denied.json()["error"]["code"]) == (401, "missing_api_key")
    answer = await send(here, route.method, path, b"{}" if route.request else b"", KEY)
    assert answer.status == (200 if route.request is None else route.validation_status)


@pytest.mark.parametrize(("path", "route"), MANAGED, ids=lambda value: value if isinstance(value, str) else "")
async def test_nothing_is_managed_without_a_key_that_is_good_for_it(here: House, path: str, route: Route) -> None:
    """401 without a key, 403 with one for models, both before a body is read."""
    path = re.sub(r"{\w+}", "default", path)
    denied = await send(here, route.method, path, b"{oops" if route.request else b"")
    assert (denied.status, denied.json()["error"]["code"]) == (401, "missing_api_key")
    answer = await send(here, route.method, path, b"{oops" if route.request else b"", KEY)
    assert (answer.status, answer.json()["error"]["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("path", "route"), OPEN, ids=lambda value: value if isinstance(value, str) else "")
async def test_every_open_path_answers(here: House, path: str, route: Route) -> None:
    """Without a key, and to HEAD as to GET without the body."""
    answer = await send(here, route.method, path)
    assert answer.status == 200
    assert answer.body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(here: House, method: str) -> None:
    """On every path; the message says what it takes."""
    for path, methods in Table(ROUTES).paths.items():
        if method in methods:
            continue
        answer = await send(here, method, re.sub(r"{\w+}", "default", path), key=KEY)
        assert (answer.status, answer.json()["error"]["code"]) == (405, "method_not_allowed"), path
        assert all(allowed in answer.json()["error"]["message"] for allowed in methods)


def near_misses() -> list[str]:
    """Paths that a careless router would take for one of the table."""
    table = Table(ROUTES)
    known = [path for path, _ in (*PATHS, *MANAGED) if "{" not in path]
    made = {
        changed
        for path in known
        for changed in (
            path + "/",
            "/" + path,
            path.upper(),
            path.replace("/v1", "/v1/."),
            path.replace("/v1", "/v1/../v1"),
            path.replace("a", "%61"),
            path.replace("/", "%2f"),
            path + "%00",
            path + ";x",
            path + "/batch",
            path.replace("/v1", "/v2"),
            "/api" + path,
        )
    }
    return sorted(
        {path for path in made if table.find(path) is None}
        | {"/", "/v1", "/tokenize", "/v1/load_lora_adapter", "/pause", "/sleep", "/abort"}
    )


async def test_no_other_path_exists(here: House) -> None:
    """404 for every near miss, and the upstream hears of none."""
    heard = len(here.upstream.requests)
    for path in near_misses():
        for method in ("GET", "POST"):
            answer = await send(here, method, path, key=KEY)
            assert answer.status in (400, 404), (method, path)
    assert len(here.upstream.requests) == heard


async def test_a_query_does_not_change_the_path(here: House) -> None:
    """And says nothing to the upstream."""
    answer = await send(here, "GET", "/health?x=/v1/models")
    assert answer.status == 200


async def test_metrics_hold_no_creation_times(here: House) -> None:
    """Counters only, with labels from closed lists."""
    page = (await send(here, "GET", "/metrics")).body.decode()
    assert "promptguard_requests_total{" in page
    assert "_created" not in page


async def test_a_route_without_a_handler_cannot_be_built() -> None:
    """It fails at start, not when the first request comes."""
    with pytest.raises(LookupError, match="has no handler"):
        Gateway({}, {}, Authenticator(None), 1)  # type: ignore[arg-type]
