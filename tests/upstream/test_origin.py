"""One spelling for every upstream, and nothing that two parsers could read differently."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.upstream.origin import canonical_origin, host_of, same_place

CANONICAL = [
    ("http://localhost:8000", "http://localhost:8000"),
    ("http://localhost:8000/", "http://localhost:8000"),
    ("http://localhost:8000/v1", "http://localhost:8000"),
    ("http://localhost:8000/v1/", "http://localhost:8000"),
    ("HTTP://LocalHost:8000/V1", "http://localhost:8000"),
    ("http://localhost", "http://localhost:80"),
    ("https://vllm.example", "https://vllm.example:443"),
    ("https://vllm.example:8443", "https://vllm.example:8443"),
    ("http://gpu-server.internal:8000", "http://gpu-server.internal:8000"),
    ("http://vllm_server:8000", "http://vllm_server:8000"),
    ("http://10.0.0.7:8000", "http://10.0.0.7:8000"),
    ("http://[::1]:8000", "http://[::1]:8000"),
    ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
    ("http://[2001:DB8::1]", "http://[2001:db8::1]:80"),
    ("http://[::ffff:127.0.0.1]:8000", "http://[::ffff:7f00:1]:8000"),
    ("http://3com.example:1", "http://3com.example:1"),
    ("http://host:65535", "http://host:65535"),
]

HOSTILE = [
    # user information
    "http://user@localhost:8000",
    "http://user:pass@localhost:8000",
    "http://localhost:8000@evil.example",
    "http://localhost:8000@evil.example:8000/v1",
    "http://@localhost:8000",
    "http://evil.example\\@localhost:8000",
    "http://localhost:8000\\@evil.example",
    "http://localhost:8000%40evil.example",
    # paths, queries, fragments
    "http://localhost:8000/v1/../../metrics",
    "http://localhost:8000/v2",
    "http://localhost:8000//",
    "http://localhost:8000/v1//",
    "http://localhost:8000/%761",
    "http://localhost:8000/v1;x=1",
    "http://localhost:8000?x=1",
    "http://localhost:8000/v1?x=1",
    "http://localhost:8000#fragment",
    "http://localhost:8000/#",
    "http://localhost:8000\\v1",
    "http:\\\\localhost:8000",
    # schemes
    "localhost:8000",
    "//localhost:8000",
    "ftp://localhost:8000",
    "file:///etc/passwd",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock",
    "gopher://localhost:8000",
    "http:localhost:8000",
    "http:///localhost:8000",
    "httpx://localhost:8000",
    "javascript:alert(1)",
    # control characters and blanks
    " http://localhost:8000",
    "http://localhost:8000 ",
    "http://localhost:8000\n",
    "http://localhost:8000\r\nX-Evil: 1",
    "http://local\thost:8000",
    "ht\ntp://localhost:8000",
    "http://localhost:8000\x00",
    "http://localhost:80\x0000",
    "http://localhost :8000",
    # ports
    "http://localhost:",
    "http://localhost:0",
    "http://localhost:08000",
    "http://localhost:65536",
    "http://localhost:99999999",
    "http://localhost:-1",
    "http://localhost:8000:8000",
    "http://localhost:８０００",
    # numbers that resolvers take for addresses
    "http://2130706433:8000",
    "http://0x7f000001:8000",
    "http://0x7f.1:8000",
    "http://0177.0.0.1:8000",
    "http://127.1:8000",
    "http://127.0.0.1.:8000",
    "http://127.0.0.256:8000",
    "http://a.0x:8000",
    "http://1.2.3.4.5:8000",
    # look-alikes
    "http://①②⑦.⓪.⓪.①:8000",
    "http://127。0。0。1:8000",
    "http://127.0.0.１:8000",
    "http://ｌocalhost:8000",
    "http://locaⅼhost:8000",
    "http://loc\u00adalhost:8000",
    "http://ßerver:8000",
    "http://\u212aube:8000",
    # names
    "http://localhost.:8000",
    "http://.localhost:8000",
    "http://a..b:8000",
    "http://-a:8000",
    "http://a-:8000",
    "http://a%2eb:8000",
    "http://*.example:8000",
    "http://" + "a" * 64 + ":8000",
    "http://" + "a." * 130 + "b:8000",
    # brackets
    "http://[::1",
    "http://::1:8000",
    "http://[::1%25lo]:8000",
    "http://[::1%lo]:8000",
    "http://[127.0.0.1]:8000",
    "http://[localhost]:8000",
    "http://[v1.x]:8000",
    "http://[:::1]:8000",
    "http://[]:8000",
    # nothing
    "",
    "http://",
    "http://:8000",
    "/",
]


@pytest.mark.parametrize(("url", "origin"), CANONICAL)
def test_accepted_spellings(url: str, origin: str) -> None:
    """Every plain spelling of an endpoint becomes scheme, host and port."""
    assert canonical_origin(url) == origin


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_spellings(url: str) -> None:
    """A spelling that anybody could read differently is refused, and the message does not repeat it."""
    with pytest.raises(ValueError) as caught:
        canonical_origin(url)
    assert len(url) < 8 or url not in str(caught.value)


def test_there_are_sixty_of_them() -> None:
    """The table of hostile spellings stays long."""
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("origin", [origin for _, origin in CANONICAL])
def test_canonical_form_is_stable(origin: str) -> None:
    """A canonical origin is its own canonical form."""
    assert canonical_origin(origin) == origin


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.text(alphabet="htps:/.@\\#?%[]0123456789axvl \t\u3002\uff11-_", max_size=40).map(lambda rest: "http://" + rest)
)
def test_whatever_is_accepted_is_harmless(url: str) -> None:
    """An accepted origin is ASCII, has one host and one port, and is stable."""
    try:
        origin = canonical_origin(url)
    except ValueError:
        return
    assert origin.isascii()
    assert not set("@\\#?% \t") & set(origin)
    assert canonical_origin(origin) == origin


def test_names_of_loopback_are_one_place() -> None:
    """localhost, 127.0.0.1 and ::1 are the same machine; another port, scheme or host is another place."""
    names = ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"]
    assert all(same_place(one, other) for one in names for other in names)
    for other in (
        "http://localhost:8001",
        "https://localhost:8000",
        "http://127.0.0.2:8000",
        "http://localhost.example:8000",
    ):
        assert not same_place("http://localhost:8000", other)


def test_host_of() -> None:
    """The host of an origin, with the brackets of an IPv6 address."""
    assert host_of("http://[::1]:8000") == "[::1]"
    assert host_of("https://vllm.example:443") == "vllm.example"
