"""Reading settings: which source wins, and that a wrong one is a line that names it and the way out."""

import pytest
from msgspec import structs

from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import CLIENT_NAMES, SettingsError, read_settings, setting_names


def test_nothing_set_is_the_defaults() -> None:
    """A gateway starts without any setting, on loopback."""
    assert read_settings({}) == Settings()
    assert read_settings({"PATH": "/bin", "HOME": "/", "PORT": "1"}, "", "  \n") == Settings()
    assert Settings().on_loopback


def test_every_field_has_one_name() -> None:
    """Nested limits too; the two names of the guide are spelled as the guide does."""
    names = setting_names()
    assert names["VLLM_BASE_URL"] == ("vllm_base_url",)
    assert names["VLLM_API_KEY"] == ("vllm_api_key",)
    assert names["PROMPTGUARD_HTTP_MAX_BODY_BYTES"] == ("http", "max_body_bytes")
    assert len(set(names.values())) == len(names)
    assert not CLIENT_NAMES & names.keys()


def value_of(settings: Settings, path: tuple[str, ...]) -> object:
    value: object = settings
    for name in path:
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_can_be_set_by_its_name(name: str) -> None:
    """From the environment, in its own type."""
    path = setting_names()[name]
    default = value_of(Settings(), path)
    choices = {"policy": "strict", "mode": "monitor", "failure_input": "open", "failure_output": "open"}
    choices |= {"model_streams": "hold"}
    text: str = {bool: "off", int: "7", float: "7.5", tuple: "a, b,,c"}.get(
        type(default), choices.get(path[-1], "text")
    )
    expected = {bool: False, int: 7, float: 7.5, tuple: ("a", "b", "c")}.get(type(default), text)
    assert value_of(read_settings({name: text}), path) == expected


def test_the_environment_beats_dotenv_beats_yaml() -> None:
    """And each setting is taken from the best source that has it."""
    yaml = "port: 1\nhost: a.example\npolicy: strict\nhttp:\n  max_headers: 5\n  max_connections: 6\n"
    dotenv = "PROMPTGUARD_PORT=2\nPROMPTGUARD_HOST=b.example\nPROMPTGUARD_HTTP_MAX_HEADERS=7\nUNRELATED=1\n"
    settings = read_settings({"PROMPTGUARD_PORT": "3"}, dotenv, yaml)
    assert (settings.port, settings.host, settings.policy) == (3, "b.example", "strict")
    assert (settings.http.max_headers, settings.http.max_connections) == (7, 6)


def test_an_empty_variable_is_an_unset_one() -> None:
    """As in every shell; it does not hide a setting of another source."""
    assert read_settings({"PROMPTGUARD_PORT": ""}, "PROMPTGUARD_PORT=5").port == 5


def test_dotenv_is_read_as_people_write_it() -> None:
    """Quotes, comments, `export`; nothing is interpolated."""
    text = (
        "# a comment\nexport PROMPTGUARD_POLICY='strict'\nPROMPTGUARD_CANARIES=\"a$HOME,b\" # why\nVLLM_API_KEY=${X}y\n"
    )
    settings = read_settings({}, text)
    assert (settings.policy, settings.canaries, settings.vllm_api_key) == ("strict", ("a$HOME", "b"), "${X}y")


@pytest.mark.parametrize("word", ["on", "ON", "yes", "true", "1"])
def test_words_for_on(word: str) -> None:
    """And their opposites."""
    assert read_settings({"PROMPTGUARD_DEMO": word}).demo is True
    opposite = {"on": "off", "yes": "no", "true": "false", "1": "0"}[word.lower()]
    assert read_settings({"PROMPTGUARD_DEMO": opposite}).demo is False


def test_settings_of_clients_may_stand_beside() -> None:
    """One environment may serve the gateway and a client."""
    assert read_settings(dict.fromkeys(CLIENT_NAMES, "x")) == Settings()


WRONG = [
    ({"PROMPTGUARD_PROT": "1"}, "", "", "PROMPTGUARD_PROT", "Did you mean PROMPTGUARD_PORT?"),
    ({}, "PROMPTGUARD_MOED=monitor", "", "PROMPTGUARD_MOED (in .env)", "PROMPTGUARD_MODE"),
    ({"PROMPTGUARD_XYZZY": "1"}, "", "", "PROMPTGUARD_XYZZY", "docs/environment.md"),
    ({"PROMPTGUARD_PORT": "eighty"}, "", "", "PROMPTGUARD_PORT", "number"),
    ({"PROMPTGUARD_PORT": "70000"}, "", "", "PROMPTGUARD_PORT", "65535"),
    ({"PROMPTGUARD_PORT": "-1"}, "", "", "PROMPTGUARD_PORT", "0"),
    ({"PROMPTGUARD_PORT": "80.5"}, "", "", "PROMPTGUARD_PORT", "number"),
    ({"PROMPTGUARD_WORKERS": "0"}, "", "", "PROMPTGUARD_WORKERS", "1"),
    ({"PROMPTGUARD_DEMO": "perhaps"}, "", "", "PROMPTGUARD_DEMO", "on or off"),
    ({"PROMPTGUARD_POLICY": "lax"}, "", "", "PROMPTGUARD_POLICY", "strict, moderate, permissive"),
    ({"PROMPTGUARD_MODE": "Enforce"}, "", "", "PROMPTGUARD_MODE", "enforce, monitor"),
    ({"PROMPTGUARD_FAILURE_INPUT": "ajar"}, "", "", "PROMPTGUARD_FAILURE_INPUT", "closed, open"),
    ({"PROMPTGUARD_HTTP_HEADER_TIMEOUT": "0"}, "", "", "PROMPTGUARD_HTTP_HEADER_TIMEOUT", "greater than 0"),
    ({"PROMPTGUARD_HTTP_HEADER_TIMEOUT": "nan"}, "", "", "PROMPTGUARD_HTTP_HEADER_TIMEOUT", "greater than 0"),
    ({"PROMPTGUARD_HTTP_HEADER_TIMEOUT": "inf"}, "", "", "PROMPTGUARD_HTTP_HEADER_TIMEOUT", "greater than 0"),
    ({"PROMPTGUARD_BODY_MAX_DEPTH": "-5"}, "", "", "PROMPTGUARD_BODY_MAX_DEPTH", "greater than 0"),
    ({}, "", "prot: 1", "prot", "Did you mean port?"),
    ({}, "", "http:\n  max_header: 1", "http.max_header", "Did you mean http.max_headers?"),
    ({}, "", "http: 5", "http", ""),
    ({"PROMPTGUARD_HTTP_MAX_HEADERS": "5"}, "", "http: 5", "http", "mapping"),
    ({}, "", "port: eighty", "port", ""),
    ({}, "", "- a\n- b", "promptguard.yaml", "names with values"),
    ({}, "", "port: [", "promptguard.yaml (line 1)", "quotes, brackets"),
    ({}, "", "just a word", "promptguard.yaml", "names with values"),
    ({}, "", "port: 1\nport: 2", "promptguard.yaml", ""),
    ({}, "", "port: 70000", "port (in promptguard.yaml)", "65535"),
    ({}, "", "http:\n  max_headers: 0", "http.max_headers (in promptguard.yaml)", "greater than 0"),
    ({}, "", "http:\n  max_headers: many", "http.max_headers (in promptguard.yaml)", "a whole number"),
    ({}, "", "allowed_hosts: a.example", "allowed_hosts (in promptguard.yaml)", "a list"),
    ({}, "PROMPTGUARD_POLICY=lax", "", "PROMPTGUARD_POLICY (in .env)", "strict"),
    ({"PROMPTGUARD_PORT": "70000"}, "PROMPTGUARD_PORT=5", "", "PROMPTGUARD_PORT (in the environment)", "65535"),
    ({}, "A=1\n\n\nPROMPTGUARD_MODE monitor\nB=2", "", ".env (line 4)", "NAME=VALUE"),
    ({}, "# fine\nPROMPTGUARD_MODE: monitor", "", ".env (line 2)", "NAME=VALUE"),
    ({}, 'VLLM_API_KEY="open', "", ".env (line 1)", "NAME=VALUE"),
    ({}, "PROMPTGUARD_MODE", "", ".env (line 1)", "NAME=VALUE"),
    ({"PROMPTGUARD_ALLOWED_HOSTS": "https://a.example"}, "", "", "PROMPTGUARD_ALLOWED_HOSTS", "host names"),
    ({"PROMPTGUARD_ALLOWED_HOSTS": "a.example:8080"}, "", "", "PROMPTGUARD_ALLOWED_HOSTS", "without scheme, port"),
    ({"PROMPTGUARD_ALLOWED_HOSTS": "*.example"}, "", "", "PROMPTGUARD_ALLOWED_HOSTS", "wildcard"),
    ({"VLLM_BASEURL": "http://x"}, "", "", "VLLM_BASEURL (in the environment)", "Did you mean VLLM_BASE_URL?"),
    ({}, "VLLM_API_KEYS=x", "", "VLLM_API_KEYS (in .env)", "Did you mean VLLM_API_KEY?"),
]


@pytest.mark.parametrize(("environ", "dotenv", "yaml", "names", "way_out"), WRONG)
def test_a_wrong_setting_is_one_line_that_names_it(
    environ: dict[str, str], dotenv: str, yaml: str, names: str, way_out: str
) -> None:
    """Which setting, and what it should be; in one line, because that is what gets printed."""
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, dotenv, yaml)
    line = str(caught.value)
    assert names in line
    assert way_out in line
    assert "\n" not in line


def test_variables_of_vllm_may_stand_beside() -> None:
    """vLLM on the same machine has many of its own."""
    own = ("LOGGING_LEVEL", "USE_V1", "HOST_IP", "PORT", "RPC_BASE_PATH", "CACHE_ROOT", "API_SERVER_COUNT", "USE_AITER")
    assert read_settings({f"VLLM_{name}": "1" for name in own}) == Settings()


def test_names_of_hosts() -> None:
    """With and without dots, addresses, IPv6 in brackets."""
    hosts = "localhost,Gate.example.com,10.0.0.1,[::1]"
    assert read_settings({"PROMPTGUARD_ALLOWED_HOSTS": hosts}).allowed_hosts == tuple(hosts.split(","))


@pytest.mark.parametrize("name", ["VLLM_API_KEY", "PROMPTGUARD_API_KEY"])
def test_no_line_repeats_a_key(name: str) -> None:
    """Keys are text of any kind; beside another mistake they stay unsaid."""
    secret = "sk-" + "donotshowthisvalue"
    with pytest.raises(SettingsError) as caught:
        read_settings({name: secret, "PROMPTGUARD_PORT": "x"})
    assert secret not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        read_settings({}, "", f"{name.lower()}: {secret}\nvllm_api_key: [{secret}]")
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("127.evil.example", False),
    ],
)
def test_loopback_is_only_this_machine(host: str, local: bool) -> None:
    """An address that others can reach is not taken for loopback."""
    assert structs.replace(Settings(), host=host).on_loopback is local
