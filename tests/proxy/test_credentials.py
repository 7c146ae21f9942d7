"""Who is calling: two headers, one key, and no way to tell an unknown key from a revoked one."""

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import ApiKey
from promptguard_gateway.proxy.credentials import Authenticator, Principal

OURS = "pg_live_" + "ours00000000"
OTHER = "pg_live_" + "other0000000"
PLAIN = "operators-own-word"
THEIRS = "sk-" + "their-own-vllm-token"
KNOWN = {OURS: "key_1", OTHER: "key_2", PLAIN: "key_3"}


class Keys:
    """A key store that remembers what it was asked."""

    def __init__(self, *, down: bool = False) -> None:
        self.asked: list[str] = []
        self._down = down

    def digest(self, key: str) -> str:
        return f"digest of {key}"

    async def find_key(self, digest: str) -> ApiKey | None:
        self.asked.append(digest)
        if self._down:
            raise GatewayError("auth_store_unavailable", "API keys cannot be checked now.")
        name = KNOWN.get(digest.removeprefix("digest of "))
        return ApiKey(id=name, project="default", name="n", prefix="pg_live_", created=0) if name else None


async def authenticate(keys: Keys | None = None, **headers: str) -> Principal:
    return await Authenticator(keys or Keys()).authenticate({k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize(
    ("headers", "key", "upstream"),
    [
        ({"x_api_key": OURS}, "key_1", None),
        ({"authorization": f"Bearer {OURS}"}, "key_1", None),
        ({"authorization": f"bearer   {OURS} "}, "key_1", None),
        ({"authorization": f"BEARER {PLAIN}"}, "key_3", None),
        ({"x_api_key": OURS, "authorization": f"Bearer {OURS}"}, "key_1", None),
        ({"x_api_key": OURS, "authorization": f"Bearer {THEIRS}"}, "key_1", THEIRS),
        ({"x_api_key": OURS, "authorization": "Basic dTpw"}, "key_1", None),
        ({"x_api_key": OURS, "authorization": "Bearer "}, "key_1", None),
    ],
)
async def test_the_ways_to_present_a_key(headers: dict[str, str], key: str, upstream: str | None) -> None:
    """X-API-Key, or the bearer token alone; beside X-API-Key the bearer token is for the upstream."""
    principal = await authenticate(**headers)
    assert (principal.key.id, principal.upstream_credential) == (key, upstream)


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({}, "missing_api_key", 401),
        ({"x_api_key": ""}, "invalid_api_key", 401),
        ({"authorization": ""}, "invalid_api_key", 401),
        ({"authorization": f"Basic {OURS}"}, "invalid_api_key", 401),
        ({"authorization": OURS}, "invalid_api_key", 401),
        ({"x_api_key": OURS + "x"}, "invalid_api_key", 401),
        ({"x_api_key": OURS.upper()}, "invalid_api_key", 401),
        ({"x_api_key": THEIRS, "authorization": f"Bearer {OURS}"}, "invalid_api_key", 401),
        ({"x_api_key": OURS, "authorization": f"Bearer {OTHER}"}, "ambiguous_credentials", 400),
        ({"x_api_key": OURS, "authorization": f"Bearer {PLAIN}"}, "ambiguous_credentials", 400),
        ({"x_api_key": OURS, "authorization": "Bearer pg_live_unknown00"}, "ambiguous_credentials", 400),
    ],
)
async def test_what_is_turned_away(headers: dict[str, str], code: str, status: int) -> None:
    """Nothing, something unknown, and two keys of ours at once; no message repeats a key."""
    with pytest.raises(GatewayError) as caught:
        await authenticate(**headers)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert OURS not in caught.value.message


@pytest.mark.parametrize("key", ["short", "x" * 129, "' OR 1=1 -- 000000", "a" * 16 + "\n", "é" * 20])
async def test_what_is_no_key_never_reaches_the_store(key: str) -> None:
    """Its shape is enough to say no."""
    keys = Keys()
    with pytest.raises(GatewayError):
        await authenticate(keys, x_api_key=key)
    assert keys.asked == []


async def test_a_store_that_is_down_is_not_a_wrong_key() -> None:
    """503, so that a client tries again instead of giving up its key."""
    with pytest.raises(GatewayError) as caught:
        await authenticate(Keys(down=True), x_api_key=OURS)
    assert (caught.value.code, caught.value.status) == ("auth_store_unavailable", 503)


async def test_a_principal_does_not_show_its_key() -> None:
    """Not in logs, not in tracebacks."""
    assert OURS not in repr(await authenticate(x_api_key=OURS, authorization=f"Bearer {THEIRS}"))
    assert THEIRS not in repr(await authenticate(x_api_key=OURS, authorization=f"Bearer {THEIRS}"))
